"""Verb `score-annotation`: score annotators against true attributes."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, add_settings, non_negative, settings_of
from micrographia.config import Benchmarks


def register(verbs: Subparsers) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "score-annotation",
        help="score annotators on procedural micrographs; writes JSON, parquet and PNG",
    )
    parser.add_argument("--micrographs", type=Path, required=True, help="table of micrographs")
    parser.add_argument(
        "--truth",
        type=Path,
        nargs="+",
        required=True,
        metavar="DIR",
        help="folders written by `synthesis micrographs`, which hold truth.parquet",
    )
    parser.add_argument(
        "--answers",
        type=Path,
        nargs="+",
        required=True,
        metavar="TABLE",
        help="tables written by `annotation annotate`",
    )
    parser.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of the confidence intervals"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="JSON", help="JSON file to write"
    )
    add_settings(parser, Benchmarks)
    parser.set_defaults(run=_score)


def _score(arguments: argparse.Namespace) -> int:
    from micrographia.benchmarks.annotation.scores import draw, score, summarise
    from micrographia.io.benchmark_results import write_result
    from micrographia.io.schemas import ANNOTATION_SCORES, ATTRIBUTES, MICROGRAPHS, SYNTHETIC
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    rows = score(
        read_rows(arguments.micrographs, MICROGRAPHS),
        [
            row
            for folder in arguments.truth
            for row in read_rows(folder / "truth.parquet", SYNTHETIC)
        ],
        [row for table in arguments.answers for row in read_rows(table, ATTRIBUTES)],
    )
    metrics = summarise(rows, settings, arguments.seed)
    provenance = stamp(settings, arguments.seed)
    write_table(rows, arguments.out.with_suffix(".parquet"), ANNOTATION_SCORES, provenance)
    draw(rows, metrics, arguments.out.with_suffix(".png"))
    pictures = {(row["image_id"], row["annotator"]) for row in rows}
    failed = {(row["image_id"], row["annotator"]) for row in rows if row["failure"] is not None}
    write_result(
        arguments.out,
        "annotation",
        metrics,
        provenance,
        n=len(pictures),
        n_failed=len(failed),
    )
    return 0
