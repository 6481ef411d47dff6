"""Wall time of short commands, this checkout beside another one, in alternating runs.

    python studies/command_start.py --image PICTURE --other CHECKOUT

Runs `segmentation predict` on one picture in a new process, `--help`, and `import micrographia`,
each `--runs` times, and prints the median seconds of both sides and their ratio. Both sides use
their own `.venv`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from micrographia.provenance import machine

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Time the commands; print a table as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--image", type=Path, required=True, help="picture to segment")
    parser.add_argument("--other", type=Path, help="another checkout, with its .venv")
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    sides = {"this": ROOT, **({"other": arguments.other} if arguments.other else {})}
    with tempfile.TemporaryDirectory() as folder:
        image = str(arguments.image.resolve())
        commands = {
            "segmentation predict": ["-m", "micrographia", "segmentation", "predict", image],
            "--help": ["-m", "micrographia", "--help"],
            "import micrographia": ["-c", "import micrographia"],
        }
        seconds: dict[str, dict[str, list[float]]] = {
            name: {side: [] for side in sides} for name in commands
        }
        for name, words in commands.items():
            for number in range(arguments.runs + 1):
                for side, root in sides.items():
                    out = ["--out", f"{folder}/{side}"] if "predict" in words else []
                    spent = timed([str(root / ".venv/bin/python"), *words, *out], root)
                    if number:  # the first fills the disk's cache
                        seconds[name][side].append(spent)
    medians = {
        name: {side: round(statistics.median(values), 3) for side, values in both.items()}
        for name, both in seconds.items()
    }
    for both in medians.values():
        if "other" in both:
            both["ratio"] = round(both["this"] / both["other"], 3)
    json.dump(
        {"machine": machine(), "runs": arguments.runs, "seconds": medians}, sys.stdout, indent=2
    )
    print()


def timed(command: list[str], root: Path) -> float:
    """Return the wall time of a command [s]."""
    start = time.perf_counter()
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
