"""`micrographia benchmarks every-micrograph`."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, add_settings, non_negative, settings_of
from micrographia.config import Benchmarks


def register(verbs: Subparsers) -> None:
    """Add the verb `every-micrograph`."""
    score = verbs.add_parser(
        "every-micrograph",
        help="score label masks on pictures that were drawn and counted by eye; writes JSON and "
        "parquet, prints a table",
    )
    score.add_argument(
        "set", type=Path, metavar="SET",
        help="folder of drawings (*.jsonl) and, where there are any, counts.csv and nothing.csv",
    )  # fmt: skip
    score.add_argument(
        "--images", type=Path, nargs="+", required=True, metavar="DIR",
        help="folders where the pictures' paths begin",
    )  # fmt: skip
    score.add_argument(
        "--predictions", type=Path, required=True, metavar="DIR",
        help="output folder of `segmentation predict`, or masks named as the pictures",
    )  # fmt: skip
    score.add_argument(
        "--part", choices=("choose", "score"),
        help="half of the set: choose (to choose methods on) or score (for the last score); "
        "default: both",
    )  # fmt: skip
    score.add_argument(
        "--articles", type=Path, metavar="CSV",
        help="table with the columns image and doi: pictures of one article are resampled "
        "together",
    )  # fmt: skip
    score.add_argument(
        "--method", help="name of the method (default: as the predictions say, or their folder)"
    )
    score.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of the confidence intervals"
    )
    score.add_argument(
        "--out", type=Path, required=True, metavar="JSON", help="JSON file to write"
    )
    add_settings(score, Benchmarks)
    score.set_defaults(run=_score)


def _score(arguments: argparse.Namespace) -> int:
    from micrographia.benchmarks.segmentation.every_micrograph.cases import read_cases
    from micrographia.benchmarks.segmentation.every_micrograph.predicted import read_masks
    from micrographia.benchmarks.segmentation.every_micrograph.scores import score_case
    from micrographia.benchmarks.segmentation.every_micrograph.summary import (
        table_of,
        write_summary,
    )
    from micrographia.errors import MicrographiaError
    from micrographia.io.datasets.counted import read_articles

    settings = settings_of(arguments)
    articles = read_articles(arguments.articles) if arguments.articles else {}
    cases = [
        case for case in read_cases(arguments.set, articles) if arguments.part in (None, case.part)
    ]
    if not cases:
        raise MicrographiaError(
            f"The set {arguments.set} has no picture in the half {arguments.part}",
            remedy="Leave --part out",
        )
    masks, n_seen = read_masks(arguments.predictions, arguments.method, cases)
    rows = [score_case(case, arguments.images, masks) for case in cases]
    part = arguments.part or "both"
    metrics = write_summary(
        rows, arguments.out, settings, arguments.seed, part=part, n_seen_in_training=n_seen
    )
    print(f"{masks.method}, half: {part}\n\n{table_of(rows, metrics)}")
    return 0
