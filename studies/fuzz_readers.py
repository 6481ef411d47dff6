"""Damage valid files of every kind and read them: no crash, no hang, every refusal with its cause.

    python studies/fuzz_readers.py --files 1000 --seed 1

Valid files are made by `fuzz_seeds.py` and damaged by a seeded random choice: bytes are flipped,
cut off, put in from elsewhere, and numbers of the header set to extremes. Another process reads
them; it is replaced when it dies or takes longer than the limit. Counted are files that were read,
refused with a `MicrographiaError`, and the failures: a dead process, a reading longer than the
limit, any other exception, a refusal without a cause. Status 1 if there is a failure.
Nothing of a damaged file is kept; the same seed makes the same files.
"""

from __future__ import annotations

import argparse
import collections
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from fuzz_seeds import BESIDE, FAMILIES, Seed

#: Longest reading [s]; most pixels; most memory of a reading process [bytes].
LIMIT_S, MOST_PIXELS, MEMORY = 10.0, 4_000_000, 6 * 2**30
#: A process that reads its first file of a kind imports what reads it [s].
_IMPORTS_S = 300.0
_EXTREMES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
_HEADER = 512


class Outcome(NamedTuple):
    """What became of one damaged file."""

    name: str
    what: str
    words: str
    seconds: float


def damaged(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """Return a file with one to three kinds of damage.

    Parameters
    ----------
    content
        A valid file.
    other
        Another one, whose bytes may be put in.
    rng
        Decides what is done where.
    """
    data = bytearray(content)
    for _ in range(int(rng.choice([1, 1, 1, 2, 3]))):
        if not data:
            break
        how = int(rng.integers(7))
        # Headers decide most: half of all places are there.
        span = len(data) if rng.random() < 0.5 else min(len(data), _HEADER)
        at = int(rng.integers(span))
        if how == 0:
            for place in rng.integers(span, size=int(rng.integers(1, 20))):
                data[place] ^= 1 << int(rng.integers(8))
        elif how == 1:
            del data[int(rng.integers(len(data))) :]
        elif how == 2:
            width = int(rng.choice([1, 2, 4, 8]))
            value = int(rng.choice(_EXTREMES)) & (2 ** (8 * width) - 1)
            order = "little" if rng.random() < 0.5 else "big"
            data[at : at + width] = value.to_bytes(width, order)  # type: ignore[arg-type]
        elif how == 3:
            length = int(rng.integers(1, 64))
            data[at : at + length] = other[:length]
        elif how == 4:
            length = int(rng.integers(1, 200))
            data[at:at] = data[at : at + length]
        elif how == 5:
            del data[at : at + int(rng.integers(1, 200))]
        else:
            data[at : at + 64] = rng.bytes(64)
    return bytes(data)


def read(kind: str, path: Path) -> None:
    """Read a file as the program would; raise what the program would show."""
    if kind == "picture":
        from micrographia.io.images import read_colours, read_micrograph
        from micrographia.io.stem_images import stem_metadata

        read_micrograph(path, MOST_PIXELS)
        read_colours(path, MOST_PIXELS)
        stem_metadata(path)
    elif kind == "mask":
        from micrographia.io.images import read_labels

        read_labels(path, MOST_PIXELS)
    elif kind == "crystal":
        from micrographia.errors import StructureError
        from micrographia.io.structures import read_structures

        failures = [failure for _, _, failure in read_structures(path) if failure]
        if failures:
            raise StructureError("; ".join(failures))
    else:
        _read_listed(path)


def _read_listed(path: Path) -> None:
    from micrographia.config import Curation
    from micrographia.curation.intake.ingest import ingest_file
    from micrographia.curation.intake.listing import list_micrographs
    from micrographia.errors import ImageError

    settings = Curation(max_pixels=MOST_PIXELS)
    rows = [ingest_file(row, settings) for row in list_micrographs([path])]
    reasons = [row["reason"] for row in rows if row["status"] == "rejected"]
    if len(reasons) == len(rows):
        raise ImageError("; ".join(str(reason) for reason in reasons))


def serve(pipe: Connection) -> None:
    """Read the files whose kinds and paths come through a pipe; send back what became of each."""
    import resource

    from micrographia.errors import MicrographiaError

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    while (task := pipe.recv()) is not None:
        kind, path = task
        try:
            read(kind, Path(path))
        except MicrographiaError as error:
            caused = _has_cause(str(error))
            pipe.send(("refused" if caused else "refused without a cause", str(error)))
        except BaseException as error:  # that is what is looked for
            pipe.send(("another exception", f"{type(error).__name__}: {error}"))
        else:
            pipe.send(("read", ""))


def _has_cause(words: str) -> bool:
    return len(words) > 20 and "short ()" not in words and not words.endswith(": .")


class _Reader:
    """A process that reads, and has read a whole file of every suffix: it imports no more."""

    def __init__(self, seeds: Iterable[Seed], folder: Path) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        for seed in {Path(seed.name).suffix: seed for seed in seeds}.values():
            path = folder / seed.name
            path.write_bytes(seed.content)
            if self.outcome(seed.kind, path, _IMPORTS_S)[0] not in ("read", "refused"):
                raise RuntimeError(f"{seed.name}, which is whole, cannot be read")
            path.unlink()

    def outcome(self, kind: str, path: Path, limit_s: float) -> tuple[str, str]:
        self.pipe.send((kind, str(path)))
        if not self.pipe.poll(limit_s):
            return "hang", f"longer than {limit_s:g} s"
        try:
            return self.pipe.recv()
        except EOFError:
            self.process.join(5)
            return "crash", f"exit code {self.process.exitcode}"

    def end(self) -> None:
        self.process.kill()
        self.process.join(5)


def fuzz(seeds: list[Seed], files: int, seed: int, limit_s: float = LIMIT_S) -> Iterator[Outcome]:
    """Damage the seeds in turn and read what comes of it.

    Parameters
    ----------
    seeds
        Valid files.
    files
        How many damaged ones to make.
    seed
        Of the random choices.
    limit_s
        Longest reading [s].
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / BESIDE.name).write_bytes(BESIDE.content)
        reader = _Reader(seeds, folder)
        for number in range(files):
            rng = np.random.default_rng([seed, number])
            origin = seeds[number % len(seeds)]
            other = seeds[int(rng.integers(len(seeds)))]
            path = folder / origin.name
            path.write_bytes(damaged(origin.content, other.content, rng))
            start = time.perf_counter()
            what, words = reader.outcome(origin.kind, path, limit_s)
            yield Outcome(origin.name, what, words, time.perf_counter() - start)
            path.unlink()
            if what in ("crash", "hang"):
                reader.end()
                reader = _Reader(seeds, folder)
        reader.end()


def families(names: Iterable[str]) -> list[Seed]:
    """Return the seeds of these families, interleaved, so that any part of a run has all."""
    lists = [list(FAMILIES[name]()) for name in names]
    longest = max(len(seeds) for seeds in lists)
    return [seeds[turn % len(seeds)] for turn in range(longest) for seeds in lists]


def main() -> int:
    """Run, print the counts and every failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=sorted(FAMILIES), nargs="+", default=list(FAMILIES))
    parser.add_argument("--words", action="store_true", help="print the words of every refusal")
    options = parser.parse_args()
    seeds = families(options.only)
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    slowest, failures = 0.0, 0
    for number, outcome in enumerate(fuzz(seeds, options.files, options.seed)):
        counts[Path(outcome.name).suffix or outcome.name][outcome.what] += 1
        slowest = max(slowest, outcome.seconds)
        failed = outcome.what not in ("read", "refused")
        failures += failed
        if failed or options.words:
            print(f"{number} {outcome.name}: {outcome.what}: {outcome.words}", flush=True)
    total: Any = sum(counts.values(), collections.Counter())
    for suffix, counted in sorted(counts.items()):
        print(f"{suffix}: {dict(counted)}")
    print(f"all {options.files}: {dict(total)}; {failures} failures; slowest {slowest:.1f} s")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
