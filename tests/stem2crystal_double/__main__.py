"""`python -m tests.stem2crystal_double --count 300 --split dev --out FOLDER`."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.stem2crystal_double.writer import FORMATS, write_double

SOURCE = Path("/work/shared/data/structures2d/structures2d.parquet")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, default=SOURCE, help="structures2d.parquet")
    parser.add_argument("--count", type=int, default=300, help="crystals; each has one picture")
    parser.add_argument(
        "--levels", type=int, nargs="+", default=[1, 2, 3], choices=(1, 2, 3),
        help="noise levels, dealt out in turn: 1 mild, 2 middle, 3 harsh",
    )  # fmt: skip
    parser.add_argument(
        "--split", choices=("dev", "apart"), default="dev",
        help="dev to work with; apart for one last figure; no formula is in both",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--max-atoms", type=int, default=16, help="most atoms of a primitive cell")
    parser.add_argument("--format", choices=FORMATS, default="png")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    options = parser.parse_args()
    count = write_double(
        options.source,
        options.out,
        count=options.count,
        levels=options.levels,
        split=options.split,
        seed=options.seed,
        max_atoms=options.max_atoms,
        suffix=options.format,
    )
    print(f"{options.out}: {count} pictures, truth.jsonl")


if __name__ == "__main__":
    main()
