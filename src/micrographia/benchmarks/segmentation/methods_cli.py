"""`micrographia benchmarks score-segmenter`, `compare-segmenters`, `segmentation-scaling`."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, add_settings, non_negative, settings_of
from micrographia.config import Benchmarks


def register(verbs: Subparsers) -> None:
    """Add the verbs `score-segmenter`, `compare-segmenters` and `segmentation-scaling`."""
    one = verbs.add_parser(
        "score-segmenter",
        help="score one method on the held-out pictures; writes JSON, parquet and PNG",
    )
    one.add_argument(
        "--pictures", type=Path, required=True, help="table written by `segmentation pictures`"
    )
    one.add_argument(
        "--predictions", type=Path, required=True, metavar="DIR",
        help="output folder of `segmentation predict --held-out`",
    )  # fmt: skip
    one.add_argument("--method", required=True, help="method to score")
    one.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of the confidence intervals"
    )
    one.add_argument("--out", type=Path, required=True, metavar="JSON", help="JSON file to write")
    add_settings(one, Benchmarks)
    one.set_defaults(run=_score)
    several = verbs.add_parser(
        "compare-segmenters",
        help="compare results of `score-segmenter` side by side; writes JSON and PNG",
    )
    several.add_argument(
        "results", nargs="+", type=Path, metavar="JSON", help="results of `score-segmenter`"
    )
    several.add_argument(
        "--out", type=Path, required=True, metavar="JSON", help="JSON file to write"
    )
    several.set_defaults(run=_compare)
    curve = verbs.add_parser(
        "segmentation-scaling",
        help="plot the score against the number of training pictures; writes JSON, parquet and "
        "PNG",
    )
    curve.add_argument(
        "--scores", type=Path, nargs="+", required=True, metavar="JSON",
        help="results of `score-segmenter`, one per training",
    )  # fmt: skip
    curve.add_argument(
        "--pictures", type=Path, nargs="+", required=True, metavar="FILE",
        help="tables of `segmentation subset`, one per training, in the same order",
    )  # fmt: skip
    curve.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of the confidence intervals"
    )
    curve.add_argument(
        "--out", type=Path, required=True, metavar="JSON", help="JSON file to write"
    )
    add_settings(curve, Benchmarks)
    curve.set_defaults(run=_scaling)


def _score(arguments: argparse.Namespace) -> int:
    from micrographia.benchmarks.segmentation.methods import score_held_out
    from micrographia.benchmarks.segmentation.scores import write_scores
    from micrographia.io.schemas import PREDICTIONS, TRAINING_PICTURES
    from micrographia.io.tables import read_table
    from micrographia.provenance import digest

    pictures = read_table(arguments.pictures, TRAINING_PICTURES)
    folder = arguments.predictions
    predictions = read_table(folder / "predictions.parquet", PREDICTIONS)
    rows = score_held_out(pictures, folder, predictions, arguments.method)
    summary = digest([[row["path"], row["n_true"]] for row in rows])
    write_scores(
        rows, arguments.out, arguments.method, settings_of(arguments), arguments.seed,
        pictures_digest=summary,
    )  # fmt: skip
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    from micrographia.benchmarks.segmentation.methods import compare

    compare(arguments.results, arguments.out)
    return 0


def _scaling(arguments: argparse.Namespace) -> int:
    from micrographia.benchmarks.segmentation.scaling import read_runs, write_curve

    runs = read_runs(arguments.scores, arguments.pictures)
    write_curve(runs, arguments.out, settings_of(arguments), arguments.seed)
    return 0
