"""Measure the time of dry runs (demo, 100,000 micrographs) and of a run without work.

    python studies/workflow_speed.py [--finished]

With --finished a run that has nothing left to do is timed too (`make demo` must have ended).
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from micrographia.provenance import machine

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Time each case three times; print the median and the number of jobs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--finished", action="store_true", help="time a run without work too")
    parser.add_argument("--pictures", type=int, default=100_000)
    arguments = parser.parse_args()
    here = machine()
    print(f"{here['processor']}, {here['cores']} cores\n")
    print("| case | jobs | seconds, median of 3 |\n|---|---|---|")
    if arguments.finished:
        _report("finished run, nothing to be done", [])
    _report("dry run of the demo", ["-n", "--forceall"])
    with tempfile.TemporaryDirectory() as name:
        pictures = Path(name, "pictures")
        pictures.mkdir()
        for number in range(arguments.pictures):
            (pictures / f"{number:06d}.png").touch()
        overlay = Path(name, "overlay.yaml")
        overlay.write_text(
            f"results: results/never\nshards: {{micrographs: 200}}\n"
            f"data: {{micrographs: {{source: {pictures}}}}}\n"
        )
        label = f"dry run of {arguments.pictures:,} micrographs in 200 shards"
        _report(label, ["-n", "--configfile", str(overlay)])


def _report(label: str, arguments: list[str]) -> None:
    seconds, jobs = [], 0
    for _ in range(3):
        started = time.perf_counter()
        answer = subprocess.run(
            [sys.executable, "-m", "snakemake", "--cores", "2", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
        seconds.append(time.perf_counter() - started)
        total = re.search(r"^total\s+(\d+)", answer.stdout, re.M)
        jobs = int(total.group(1)) if total else 0
    print(f"| {label} | {jobs} | {sorted(seconds)[1]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
