"""`micrographia benchmarks segmentation` and its workflow form `score-segmentation`."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import (
    Subparsers,
    add_settings,
    non_negative,
    print_json,
    settings_of,
)
from micrographia.config import Benchmarks

_SEED = 1665


def register(verbs: Subparsers) -> None:
    """Add the verbs `segmentation` and `score-segmentation`."""
    folders = verbs.add_parser(
        "segmentation", help="compare a folder of label masks with the ground truth; prints JSON"
    )
    folders.add_argument(
        "predictions", type=Path, metavar="PRED_DIR", help="folder of predicted masks"
    )
    folders.add_argument(
        "references",
        type=Path,
        metavar="REF_DIR",
        help="folder of ground-truth masks with the same file names",
    )
    folders.add_argument(
        "--seed", type=non_negative, default=_SEED, help="random seed of the confidence intervals"
    )
    add_settings(folders, Benchmarks)
    folders.set_defaults(run=_segmentation)
    tables = verbs.add_parser(
        "score-segmentation", help="score the workflow's predictions; writes JSON, parquet and PNG"
    )
    tables.add_argument("--micrographs", type=Path, required=True, help="table of micrographs")
    tables.add_argument(
        "--predictions", type=Path, nargs="+", required=True, metavar="DIR",
        help="output folders of `segmentation predict`",
    )  # fmt: skip
    tables.add_argument("--method", help="method to score, if the tables hold several")
    tables.add_argument(
        "--seed", type=non_negative, default=_SEED, help="random seed of the confidence intervals"
    )
    tables.add_argument(
        "--out", type=Path, required=True, metavar="JSON", help="JSON file to write"
    )
    add_settings(tables, Benchmarks)
    tables.set_defaults(run=_score_segmentation)


def _segmentation(arguments: argparse.Namespace) -> int:
    import logging

    from micrographia.benchmarks.segmentation.groups import DENSITIES, METRICS, SIZES
    from micrographia.benchmarks.segmentation.scores import (
        pair_folders,
        summarise,
        table_of,
    )

    settings = settings_of(arguments)
    _warn_of_training(arguments.predictions)
    rows, unused = pair_folders(arguments.predictions, arguments.references)
    log = logging.getLogger(__name__)
    if unused:
        log.warning("%d predictions have no reference: %s", len(unused), ", ".join(unused))
    failures = {row["image_id"]: row["failure"] for row in rows if row["failure"] is not None}
    if failures:
        log.warning("%d of %d images failed and count as 0", len(failures), len(rows))
    summary = summarise(table_of(rows), settings, arguments.seed)
    whole = {column: summary[metric]["all"] for metric, column in METRICS.items()}
    print_json(
        {
            **{column: entry["value"] for column, entry in whole.items()},
            "intervals": {name: [entry["low"], entry["high"]] for name, entry in whole.items()},
            "confidence": settings.confidence,
            "n": len(rows),
            "n_failed": len(failures),
            "failures": failures,
            "unused_predictions": unused,
            "groups": {
                group: {column: summary[metric][group] for metric, column in METRICS.items()}
                for group in ("sparse", "dense")
            },
            "ap50_by_density": {name: summary["AP@0.5"][name] for name in DENSITIES},
            "ap50_by_size": {name: summary["AP@0.5"][name] for name in SIZES},
        }
    )
    return 0


def _warn_of_training(folder: Path) -> None:
    """Warn where `predict` says that its network was trained on some of these pictures."""
    from micrographia.benchmarks.segmentation.scores import seen_in_training
    from micrographia.errors import TableError
    from micrographia.io.schemas import PREDICTIONS
    from micrographia.io.tables import read_table

    try:
        table = read_table(folder / "predictions.parquet", PREDICTIONS)
    except TableError:  # the masks are another program's, or of an earlier release
        return
    for method in sorted(set(table["method"])):
        seen_in_training([(folder, table)], method)


def _score_segmentation(arguments: argparse.Namespace) -> int:
    from micrographia.benchmarks.segmentation.scores import (
        score_tables,
        seen_in_training,
        write_scores,
    )
    from micrographia.errors import MicrographiaError
    from micrographia.io.schemas import MICROGRAPHS, PREDICTIONS
    from micrographia.io.tables import read_table

    settings = settings_of(arguments)
    micrographs = read_table(arguments.micrographs, MICROGRAPHS)
    predictions = [
        (folder, read_table(folder / "predictions.parquet", PREDICTIONS))
        for folder in arguments.predictions
    ]
    methods = sorted({name for _, table in predictions for name in table["method"]})
    if arguments.method is None and len(methods) != 1:
        raise MicrographiaError(
            "The predictions must come from exactly one method",
            seen=", ".join(methods) or "no prediction",
            remedy="Choose one with --method",
        )
    method = arguments.method or methods[0]
    rows, n_without_truth = score_tables(micrographs, predictions, method)
    write_scores(
        rows,
        arguments.out,
        method,
        settings,
        arguments.seed,
        n_without_truth=n_without_truth,
        n_seen_in_training=seen_in_training(predictions, method),
    )
    return 0
