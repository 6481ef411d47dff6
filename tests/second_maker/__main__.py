"""Write pictures and their truth into a folder."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from .crystals import SPLITS
from .kinds import KINDS
from .pictures import write_pictures


def main() -> None:
    """Make the pictures, one line each."""
    parser = argparse.ArgumentParser(prog="python -m tests.second_maker", description=__doc__)
    parser.add_argument("--mode", choices=("idpc", "haadf"), required=True)
    parser.add_argument("--kind", choices=KINDS, default="plain")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--split", choices=SPLITS, default="dev")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dose", type=float, default=None, help="electrons per Å²")
    parser.add_argument("--amount", type=float, default=None, help="strength of the kind")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    options = vars(parser.parse_args())
    started = time.perf_counter()
    for row in write_pictures(options.pop("out"), **options):
        seconds = time.perf_counter() - started
        print(f"{row['file']} {row['formula']} {row['encoding']} {seconds:.1f} s", flush=True)
        started = time.perf_counter()


if __name__ == "__main__":
    main()
