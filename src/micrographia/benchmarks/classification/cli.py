"""Verbs `score-classification` and `compare-classifiers`: scores of predicted classes."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, add_settings, non_negative, settings_of
from micrographia.config import Benchmarks


def register(verbs: Subparsers) -> None:
    """Add the verbs."""
    score = verbs.add_parser(
        "score-classification", help="score the classes predicted for pictures; writes JSON"
    )
    score.add_argument(
        "tables", type=Path, nargs="+", help="written by `classification bench` or `predict`"
    )
    _add_options(score)
    score.set_defaults(run=_score)
    splits = verbs.add_parser(
        "score-classification-splits",
        help="score the same pictures held out in several ways, to compare; writes JSON",
    )
    splits.add_argument(
        "tables", type=Path, nargs="+",
        help="written by `classification bench --split`; a file's name is that of its split",
    )  # fmt: skip
    _add_options(splits)
    splits.set_defaults(run=_score_splits)
    several = verbs.add_parser(
        "compare-classifiers",
        help="compare trained baselines side by side; writes JSON, parquet and PNG",
    )
    several.add_argument(
        "results", type=Path, nargs="+", metavar="JSON", help="results of `score-classification`"
    )
    several.add_argument(
        "--cards", type=Path, nargs="+", required=True, metavar="JSON",
        help="files that `classification baseline` wrote beside its answers",
    )  # fmt: skip
    several.add_argument(
        "--out", type=Path, required=True, metavar="JSON", help="JSON file to write"
    )
    several.set_defaults(run=_compare)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--quality", nargs="*", default=[], metavar="WORD",
        help="count only pictures whose quality has these words, such as: clean sure",
    )  # fmt: skip
    parser.add_argument(
        "--split", type=Path, metavar="TABLE",
        help="written by `classification split`; count only its part `test`",
    )  # fmt: skip
    parser.add_argument(
        "--none-of-these", default="other", metavar="LABEL",
        help="label of pictures that belong to no class (default: other)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of the confidence intervals"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="JSON", help="JSON file to write"
    )
    add_settings(parser, Benchmarks)


def _score(arguments: argparse.Namespace) -> int:
    from micrographia.benchmarks.classification.scores import cases_of, confusion, summarise
    from micrographia.io.benchmark_results import write_result
    from micrographia.io.schemas import CLASSIFIED, SPLITS
    from micrographia.io.tables import read_rows
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    rows = [row for table in arguments.tables for row in read_rows(table, CLASSIFIED)]
    if arguments.split is not None:
        parts = read_rows(arguments.split, SPLITS)
        tested = {row["path"] for row in parts if row["part"] == "test"}
        rows = [row for row in rows if row["path"] in tested]
    metrics = summarise(rows, settings, arguments.seed, arguments.quality, arguments.none_of_these)
    tables = {}
    for method in dict.fromkeys(row["method"] for row in rows):
        own = [row for row in rows if row["method"] == method]
        cases = cases_of(own, arguments.quality, arguments.none_of_these)
        tables[method] = {
            "classes": cases.classes,
            "counts": confusion(cases).astype(int).tolist(),
        }
    write_result(
        arguments.out,
        "classification",
        metrics,
        stamp(settings, arguments.seed),
        n=len({row["path"] for row in rows}),
        n_failed=len({row["path"] for row in rows if row["failure"] is not None}),
        confusion=tables,
    )
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    from micrographia.benchmarks.classification.baselines import compare
    from micrographia.io.atomic import refuse_inputs

    refuse_inputs([arguments.out], [*arguments.results, *arguments.cards])
    for row in compare(arguments.results, arguments.cards, arguments.out):
        low, high = row["top1_low"], row["top1_high"]
        interval = "" if low is None else f" ({low:.3f} to {high:.3f})"
        print(f"{row['family']}, {row['name']}: top-1 {row['top1']:.3f}{interval}")
    return 0


def _score_splits(arguments: argparse.Namespace) -> int:
    from micrographia.benchmarks.classification.scores import summarise_splits
    from micrographia.io.benchmark_results import write_result
    from micrographia.io.schemas import CLASSIFIED
    from micrographia.io.tables import read_rows
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    splits = {table.stem: read_rows(table, CLASSIFIED) for table in arguments.tables}
    metrics = summarise_splits(
        splits, settings, arguments.seed, arguments.quality, arguments.none_of_these
    )
    failed = {row["path"] for rows in splits.values() for row in rows if row["failure"]}
    write_result(
        arguments.out,
        "classification_splits",
        metrics,
        stamp(settings, arguments.seed),
        n=len({row["path"] for rows in splits.values() for row in rows}),
        n_failed=len(failed),
    )
    return 0
