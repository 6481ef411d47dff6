"""Measure the throughput of the STEM room, and the effect of a kill -9.

    python studies/stem_throughput.py --structures results/stem/structures.parquet
    python studies/stem_throughput.py --workflow tests/config/stem_full.yaml

The first form makes finished noisy TIFFs from a table of crystals in this process, on one core,
and prints images per second and the peak memory early and at the end. The second runs the workflow
up to the noisy images on all cores, kills it half-way with SIGKILL, resumes it, and prints the
times and whether every image is there once.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import yaml

from micrographia.config import Stem
from micrographia.io.schemas import STEM_IMAGES, STRUCTURES
from micrographia.io.tables import read_rows
from micrographia.provenance import machine
from micrographia.stem.images import clean_images, exposures

DOSES = (1e4, 2e4, 3e4, 4e4, 5e4, 6e4)


def main() -> None:
    """Measure one of the two forms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--structures", type=Path, help="structures.parquet")
    parser.add_argument("--workflow", type=Path, help="overlay of a run")
    parser.add_argument("--images", type=int, default=600)
    arguments = parser.parse_args()
    here = machine()
    print(f"{here['processor']}, {here['cores']} cores")
    if arguments.structures:
        _one_core(arguments.structures, arguments.images)
    if arguments.workflow:
        _interrupted(arguments.workflow)


def _one_core(table: Path, wanted: int) -> None:
    settings = Stem(doses=DOSES)
    kept = [row for row in read_rows(table, STRUCTURES) if row["status"] == "kept"]
    done, memory = 0, []
    with tempfile.TemporaryDirectory() as name:
        clean, noisy = Path(name, "clean"), Path(name, "noisy")
        clean.mkdir()
        noisy.mkdir()
        # The first call computes the transfer function and loads libraries for all.
        clean_images(kept[:1], settings, 0, clean, "phase-object")
        started, processor = time.perf_counter(), time.process_time()
        for row in islice(kept * (wanted // len(kept) + 1), wanted // len(DOSES)):
            images = clean_images([row], settings, 0, clean, "phase-object")
            done += len(list(exposures(images, clean, settings, 0, noisy)))
            memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        wall, processor = time.perf_counter() - started, time.process_time() - processor
    print(f"{done} finished noisy 480×480 images in {wall:.1f} s on one core")
    print(f"{done / wall:.1f} images/s by the clock, {done / processor:.1f} per processor second")
    print(f"peak memory {memory[len(memory) // 6]:.0f} MiB early, {memory[-1]:.0f} MiB at the end")


def _interrupted(overlay: Path) -> None:
    results = Path(yaml.safe_load(overlay.read_text())["results"])
    command = [sys.executable, "-m", "snakemake", "--cores", "all", "--until", "stem_expose"]
    command += ["--configfile", str(overlay)]
    started = time.perf_counter()
    run = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
    while len(list(results.glob("stem/exposures/*/images.parquet"))) < 6 and run.poll() is None:
        time.sleep(0.2)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    first = time.perf_counter() - started
    subprocess.run([*command, "--unlock"], check=True, stderr=subprocess.DEVNULL)
    before = len(list(results.glob("stem/exposures/*/images.parquet")))
    started = time.perf_counter()
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    second = time.perf_counter() - started
    rows = [
        (row["image_id"], folder.parent / row["path"])
        for folder in sorted(results.glob("stem/exposures/*/images.parquet"))
        for row in read_rows(folder, STEM_IMAGES)
        if row["path"]
    ]
    files = {path.resolve() for path in results.glob("stem/exposures/*/*.tif")}
    once = len({name for name, _ in rows}) == len(rows)
    there = {path.resolve() for _, path in rows} == files
    print(f"killed after {first:.0f} s with {before} shards done, finished {second:.0f} s later")
    print(f"{len(rows)} images; each once: {once}; table and files agree: {there}")


if __name__ == "__main__":
    main()
