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
        help="score a method on the pictures kept from training; JSON, parquet and PNG",
    )
    one.add_argument(
        "--pictures", type=Path, required=True, help="table of `segmentation pictures`"
    )
    one.add_argument(
        "--predictions", type=Path, required=True, metavar="DIR",
        help="folder of `segmentation predict --held-out`",
    )  # fmt: skip
    one.add_argument("--method", required=True, help="method that is scored")
    one.add_argument("--seed", type=non_negative, default=1665, help="seed of the intervals")
    one.add_argument("--out", type=Path, required=True, metavar="JSON", help="result")
    add_settings(one, Benchmarks)
    one.set_defaults(run=_score)
    several = verbs.add_parser(
        "compare-segmenters", help="results of `score-segmenter` side by side; JSON and PNG"
    )
    several.add_argument("results", nargs="+", type=Path, metavar="JSON", help="their results")
    several.add_argument("--out", type=Path, required=True, metavar="JSON", help="result")
    several.set_defaults(run=_compare)
    curve = verbs.add_parser(
        "segmentation-scaling",
        help="a method that learned from fewer and from more pictures; JSON, parquet and PNG",
    )
    curve.add_argument(
        "--scores", type=Path, nargs="+", required=True, metavar="JSON",
        help="results of `score-segmenter`, one for each training",
    )  # fmt: skip
    curve.add_argument(
        "--pictures", type=Path, nargs="+", required=True, metavar="FILE",
        help="in the same order: tables of `segmentation subset`",
    )  # fmt: skip
    curve.add_argument("--seed", type=non_negative, default=1665, help="seed of the intervals")
    curve.add_argument("--out", type=Path, required=True, metavar="JSON", help="result")
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
