"""Read every picture of STEM2Crystal-Bench or of its double, and score the ranked crystals.

    python studies/stem2crystal.py DATASET --out FOLDER [--heights chgnet] [--limit N] [--oracle]

runs `reconstruction ranked`, with `--heights chgnet` also `energy rerank`, and `benchmarks
score-stem2crystal`; each can be run alone. With `--limit` only the first pictures are answered and
scored. `--oracle` puts the true projections in the solver's place, which leaves the heights to be
found. A double is made by `python -m tests.stem2crystal_double --help`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from micrographia.cli import main as run_command
from micrographia.io.datasets.ranked import find_table

#: Crystals of different heights among which energies choose.
CANDIDATES = 24
#: Of these the best, whose heights are relaxed.
RELAXED = 5


def main() -> None:
    """Answer, order, score."""
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    dataset = _first(options.dataset, options.limit)
    energies = options.heights == "chgnet"
    answers = options.out / "answers.jsonl"
    count = CANDIDATES if energies else 5
    solve = ["reconstruction", "ranked", str(dataset), "--out", str(answers)]
    solve += ["--count", str(count), "--time-limit", str(options.time_limit)]
    _run([*solve, *(["--oracle"] if options.oracle else [])])
    if energies:
        ordered = options.out / "answers-chgnet.jsonl"
        _run(["energy", "rerank", str(answers), "--out", str(ordered), "--relaxed", str(RELAXED)])
        answers = ordered
    scores = str(options.out / "scores.json")
    _run(["benchmarks", "score-stem2crystal", str(dataset), "--answers", str(answers),
          "--out", scores])  # fmt: skip


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("dataset", type=Path, help="table of pictures, or the folder with it")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument(
        "--heights", choices=("geometry", "chgnet"), default="geometry",
        help="order heights by bonds and symmetry, or by CHGNet's energies (5 s a crystal)",
    )  # fmt: skip
    parser.add_argument("--oracle", action="store_true", help="give the true projections")
    parser.add_argument("--limit", type=int, default=None, help="only the first N pictures")
    parser.add_argument("--time-limit", type=float, default=60.0, help="of a picture [s]")
    return parser.parse_args()


def _first(dataset: Path, limit: int | None) -> Path:
    """The table, or one beside it of its first rows: what is not asked for is no failure."""
    table = find_table(dataset)
    if limit is None:
        return table
    if table.suffix != ".jsonl":
        sys.exit(f"--limit wants a table of JSON lines, not {table}")
    lines = table.read_text(encoding="utf-8").splitlines()[:limit]
    first = table.with_name(f"first-{limit}.jsonl")
    first.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return first


def _run(command: list[str]) -> None:
    status = run_command(command)
    if status:
        sys.exit(status)


if __name__ == "__main__":
    main()
