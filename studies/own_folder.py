"""The workflow on a folder of one's own pictures, today and at an earlier commit.

    python studies/own_folder.py FOLDER --base 3514c46

Prints the seconds of `snakemake --cores 2` with nothing but the folder in its settings, and their
ratio. Each run has a checkout of its own in a temporary folder, and the packages of this Python.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def seconds(commit: str, pictures: Path, place: Path) -> float:
    """Time one run of a commit's workflow."""
    checkout = place / commit
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(checkout)], check=True)
    subprocess.run(["git", "checkout", "--quiet", commit], cwd=checkout, check=True)
    overlay = place / "own.yaml"
    overlay.write_text(f'data: {{micrographs: {{source: "{pictures.resolve()}"}}}}\n')
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(checkout / "src")}
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", str(overlay)]
    start = time.perf_counter()
    with (place / f"{commit}.log").open("w") as log:
        subprocess.run(command, cwd=checkout, env=environment, stdout=log, stderr=log, check=True)
    return time.perf_counter() - start


def main() -> None:
    """Run both, and print their times and ratio."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("pictures", type=Path, metavar="FOLDER")
    parser.add_argument("--base", default="3514c46", help="earlier commit (default: 3514c46)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        before, now = (
            seconds(commit, arguments.pictures, Path(place)) for commit in (arguments.base, "HEAD")
        )
    print(f"{arguments.base}: {before:.1f} s; now: {now:.1f} s; ratio {now / before:.2f}")


if __name__ == "__main__":
    main()
