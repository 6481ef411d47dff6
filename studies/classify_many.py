"""Print the peak memory of `classification predict` on few and on many pictures.

    python studies/classify_many.py --counts 1000 10000

Draws small noise pictures (64 px, PNG) into a temporary folder, classifies the first ones of them
with the shipped classifier in a process of its own each time, and prints the peak of its resident
memory, its processor time, and the rows of its table.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from micrographia.io.tables import read_table
from micrographia.provenance import machine


def main() -> None:
    """Print one line of JSON for each count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 10000])
    arguments = parser.parse_args()
    print(json.dumps(machine()))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drawn = 0
        for number, count in enumerate(sorted(arguments.counts)):
            for index in range(drawn, count):
                draw(folder / f"part{number}", index)
            drawn = count
            print(json.dumps(classified(folder, number, count)), flush=True)


def draw(folder: Path, index: int) -> None:
    """Write a picture of noise that follows from its index."""
    folder.mkdir(exist_ok=True)
    noise = np.random.default_rng(index).integers(0, 256, (64, 64), dtype=np.uint8)
    Image.fromarray(noise).save(folder / f"{index:06d}.png")


def classified(folder: Path, number: int, count: int) -> dict[str, float]:
    """Classify the folders drawn so far in a new process, and return what it took."""
    parts = [str(folder / f"part{place}") for place in range(number + 1)]
    out = folder / "answers.parquet"
    words = ["classification", "predict", *parts, "--jobs", "1", "--out", str(out)]
    with open(os.devnull, "w") as nowhere:
        process = subprocess.Popen([sys.executable, "-m", "micrographia", *words], stdout=nowhere)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"classification predict failed with status {status}")
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "pictures": count,
        "rows": len(read_table(out)),
        "peak memory [MB]": round(usage.ru_maxrss * unit / 1e6, 1),
        "processor time [s]": round(usage.ru_utime + usage.ru_stime, 1),
    }


if __name__ == "__main__":
    main()
