"""`micrographia language examples`: pictures of answers for the report."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import (
    Subparsers,
    add_settings,
    exit_status,
    non_negative,
    positive,
    settings_of,
)
from micrographia.config import StructureText


def register(verbs: Subparsers) -> None:
    """Add the verb `examples`."""
    examples = verbs.add_parser(
        "examples", help="draw some of the answered pictures again, from the best to the worst"
    )
    examples.add_argument("texts", type=Path, help="table of `language texts`")
    examples.add_argument(
        "--scores", type=Path, required=True, metavar="TABLE",
        help="parquet table of `benchmarks score-written`",
    )  # fmt: skip
    examples.add_argument(
        "--split", default="test", choices=("train", "validation", "test"),
        help="which crystals were answered",
    )  # fmt: skip
    examples.add_argument(
        "--count", type=positive, default=6,
        help="number of pictures at equal steps of rank (default: 6); half as many misses are "
        "added",
    )  # fmt: skip
    examples.add_argument(
        "--seed", type=non_negative, default=1665,
        help="random seed of the pictures, as for `language structures` (default: 1665)",
    )  # fmt: skip
    examples.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="folder to write"
    )
    add_settings(examples, StructureText)
    examples.set_defaults(run=_examples)


def _examples(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import atomic_directory
    from micrographia.io.schemas import CRYSTAL_TEXTS, WRITTEN_EXAMPLES, WRITTEN_SCORES
    from micrographia.io.tables import read_rows, write_table
    from micrographia.language.structure.views.examples import draw_examples
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    rows = read_rows(arguments.texts, CRYSTAL_TEXTS)
    answered = [row for row in rows if row["split"] == arguments.split]
    scores = read_rows(arguments.scores, WRITTEN_SCORES)
    with atomic_directory(arguments.out, [arguments.texts, arguments.scores]) as folder:
        lines = draw_examples(answered, scores, settings, arguments.seed, arguments.count, folder)
        provenance = stamp(settings, arguments.seed)
        write_table(lines, folder / "examples.parquet", WRITTEN_EXAMPLES, provenance)
    failed = sum(line["failure"] is not None for line in lines)
    print(f"{arguments.out}: {len(lines) - failed} pictures, {failed} failed")
    return exit_status(failed, len(lines))
