"""Curation at scale: near neighbours among hashes, and many small pictures ingested.

    python studies/curation_scale.py hashes
    python studies/curation_scale.py pictures --count 100000 --jobs 2

`hashes` checks the search against brute force on 20,000 hashes, times it on a million (random;
clustered: 2,000 pictures in 500 versions with four bits flipped; all equal), and times the loop
over all pairs that `imagehash`'s own `-` makes on 1,000, scaled to a million by the number of
pairs. `pictures` makes pictures of 256 px (half PNG, half JPEG; one in a hundred a copy, one in a
thousand cut short) in a temporary folder, reads them all with Pillow alone, then ingests them and
searches for copies, and prints the memory of all processes over time. Times are of the wall
clock, and of the processors, which does not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import tempfile
import threading
import time
from pathlib import Path

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from micrographia.config import Curation, Synthesis
from micrographia.curation.copies.dedup import mark_duplicates
from micrographia.curation.intake.ingest import ingest_table
from micrographia.curation.intake.listing import list_micrographs
from micrographia.io.copies.fingerprint import INGESTED
from micrographia.io.copies.neighbours import groups, near_pairs
from micrographia.io.tables import read_tables
from micrographia.synthesis.procedural.micrograph import make_micrograph

MILLION = 1_000_000


def _peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _cpu() -> float:
    """Processor time of this process and those it waited for [s]."""
    own, ended = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


def time_hashes() -> None:
    """Print exactness and speed of the search."""
    rng = np.random.default_rng(0)
    near = rng.integers(0, 2**64, 20_000, dtype=np.uint64)
    near[10_000:] = _flipped(near[:10_000], 4, rng)
    found = {tuple(pair) for pair in near_pairs(near, 6).tolist()}
    true = set()
    for start in range(0, len(near), 1000):
        distance = np.bitwise_count(near[start : start + 1000, None] ^ near[None])
        one, other = np.nonzero(distance <= 6)
        true |= {
            (i, j) for i, j in zip((one + start).tolist(), other.tolist(), strict=True) if i < j
        }
    print(
        f"20,000 hashes, radius 6: {len(found)} pairs, brute force {len(true)}, {found == true=}"
    )
    centres = rng.integers(0, 2**64, 2000, dtype=np.uint64)
    sets = {
        "random": rng.integers(0, 2**64, MILLION, dtype=np.uint64),
        "clustered": _flipped(np.repeat(centres, 500), 4, rng),
        "equal": np.full(MILLION, 77, dtype=np.uint64),
    }
    groups(sets["random"][:1000], 6)  # compile
    fastest = np.inf
    for radius in (6, 14):
        for name, hashes in sets.items():
            start, used = time.perf_counter(), time.process_time()
            count = int(groups(hashes, radius).max()) + 1
            wall, cpu = time.perf_counter() - start, time.process_time() - used
            print(
                f"1,000,000 {name} hashes, radius {radius}: {wall:.1f} s ({cpu:.1f} s processor), "
                f"{count} groups, peak {_peak_gb():.2f} GB"
            )
            if (name, radius) == ("random", 6):
                fastest = cpu
    bits = rng.random((1000, 8, 8)) < 0.5
    made = [imagehash.ImageHash(matrix) for matrix in bits]
    used = time.process_time()
    sum(one - other <= 6 for number, one in enumerate(made) for other in made[:number])
    loop = (time.process_time() - used) * (MILLION * (MILLION - 1)) / (1000 * 999)
    print(
        f"imagehash's loop over all pairs, extrapolated from 1,000 hashes: {loop:.3g} s; "
        f"ratio {loop / fastest:.3g}"
    )


def _flipped(
    hashes: NDArray[np.uint64], bits: int, rng: np.random.Generator
) -> NDArray[np.uint64]:
    for _ in range(bits):
        hashes = hashes ^ (np.uint64(1) << rng.integers(0, 64, len(hashes)).astype(np.uint64))
    return hashes


def write_pictures(folder: Path, numbers: range, bases: NDArray[np.uint8]) -> None:
    """Write one part of the pictures: windows of procedural micrographs, turned, with noise."""
    for number in numbers:
        copied = number % 100 == 99
        rng = np.random.default_rng(number - 1 if copied else number)
        base = bases[rng.integers(len(bases))]
        top, left = rng.integers(0, base.shape[0] - 256, 2)
        window = np.rot90(base[top : top + 256, left : left + 256], rng.integers(4)).astype(
            np.int16
        )
        window = window + rng.integers(-6, 7, window.shape, dtype=np.int16)
        picture = Image.fromarray(np.clip(window, 0, 255).astype(np.uint8))
        path = folder / f"{number:06d}.{'png' if number % 2 else 'jpg'}"
        picture.save(path, **({"compress_level": 1} if number % 2 else {"quality": 90}))
        if number % 1000 == 0:
            path.write_bytes(path.read_bytes()[:2000])


def read_with_pillow(paths: list[str]) -> int:
    """Decode files and do nothing with them."""
    done = 0
    for path in paths:
        try:
            with Image.open(path) as picture:
                done += np.asarray(picture).size > 0
        except OSError:
            pass
    return done


class Memory(threading.Thread):
    """Resident memory of this process and its children, every few seconds [MB]."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.samples: list[tuple[float, float]] = []
        self.done = threading.Event()

    def run(self) -> None:
        start = time.perf_counter()
        while not self.done.wait(2.0):
            pids = [os.getpid(), *(child.pid for child in multiprocessing.active_children())]
            total = 0.0
            for pid in pids:
                try:
                    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                except OSError:
                    continue
                total += pages * os.sysconf("SC_PAGE_SIZE") / 1e6
            self.samples.append((time.perf_counter() - start, total))


def time_pictures(count: int, jobs: int) -> None:
    """Print speed and memory of the whole way."""
    settings = Synthesis(size=512, annotated_share=0)
    bases = np.array([make_micrograph(0, seed, settings)[0] for seed in range(10)])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "in"
        folder.mkdir()
        context = multiprocessing.get_context("spawn")
        parts = [range(part, min(part + 500, count)) for part in range(0, count, 500)]
        with context.Pool(jobs) as pool:
            pool.starmap(write_pictures, [(folder, part, bases) for part in parts], chunksize=1)
        print(f"made {count} pictures", flush=True)
        listed = list_micrographs([folder])
        paths = [row["path"] for row in listed]
        start, used = time.perf_counter(), _cpu()
        with context.Pool(jobs) as pool:
            done = sum(
                pool.map(read_with_pillow, [paths[i : i + 500] for i in range(0, count, 500)])
            )
            pool.close()
            pool.join()
        pillow = _told(f"Pillow alone ({done} read)", count, start, used)
        memory = Memory()
        memory.start()
        start, used = time.perf_counter(), _cpu()
        ingest_table(listed, Curation(), Path(name) / "ingested.parquet", jobs)
        ingest = _told("listed, read, hashed, judged", count, start, used)
        memory.done.set()
        print(f"ratio of ingest to Pillow alone, processor time: {ingest / pillow:.2f}")
        shown = memory.samples[:: max(1, len(memory.samples) // 12)]
        print("memory [MB] at [s]:", ", ".join(f"{mb:.0f} at {at:.0f}" for at, mb in shown))
        del listed, paths
        start, used = time.perf_counter(), _cpu()
        marked = mark_duplicates(
            read_tables([Path(name) / "ingested.parquet"], INGESTED), Curation()
        )
        _told("copies searched", count, start, used)
        print(
            marked["status"].value_counts().to_dict(), f"peak of this process {_peak_gb():.2f} GB"
        )


def _told(what: str, count: int, start: float, used: float) -> float:
    wall, cpu = time.perf_counter() - start, _cpu() - used
    print(
        f"{what}: {wall:.0f} s, {count / wall:.0f} pictures/s; processor {cpu:.0f} s, "
        f"{count / cpu:.0f} pictures/s and core",
        flush=True,
    )
    return cpu


def main() -> None:
    """Run the part that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("part", choices=["hashes", "pictures"])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.part == "hashes":
        time_hashes()
    else:
        time_pictures(arguments.count, arguments.jobs)


if __name__ == "__main__":
    main()
