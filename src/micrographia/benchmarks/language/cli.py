"""`micrographia benchmarks score-written`, `compare-written`: structures written as text."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from micrographia.commandline import Subparsers, add_settings, non_negative, settings_of
from micrographia.config import Benchmarks


def register(verbs: Subparsers) -> None:
    """Add the verbs `score-written` and `compare-written`."""
    score = verbs.add_parser(
        "score-written",
        help="score structures that were written as text; writes JSON and parquet",
    )
    score.add_argument("texts", type=Path, help="table of `language texts`, the true crystals")
    score.add_argument(
        "--answers", type=Path, required=True, metavar="TABLE",
        help="table of `language structures`",
    )  # fmt: skip
    score.add_argument("--method", default="structure text", help="name of what wrote them")
    _add_rest(score)
    score.set_defaults(run=_score)
    compare = verbs.add_parser(
        "compare-written",
        help="compare two tables of structures that were written for the same pictures; writes "
        "JSON",
        description="Compare two tables of structures that were written for the same pictures. "
        "Every figure is that of --answers less that of --against, with an interval that "
        "resamples both together.",
    )
    compare.add_argument("texts", type=Path, help="table of `language texts`, the true crystals")
    for option, default, told in (
        ("answers", "first", "the first table of `language structures`"),
        ("against", "second", "the second table, whose figures are taken off"),
    ):
        compare.add_argument(f"--{option}", type=Path, required=True, metavar="TABLE", help=told)
        compare.add_argument(
            f"--{option}-method", default=None, metavar="NAME",
            help=f"name of what wrote the {default} table; default: that of its file",
        )  # fmt: skip
    _add_rest(compare)
    compare.set_defaults(run=_compare)


def _add_rest(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of the confidence intervals"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="JSON", help="JSON to write")
    add_settings(parser, Benchmarks)


def _score(arguments: argparse.Namespace) -> int:
    import pandas as pd

    from micrographia.benchmarks.language.summary import summarise
    from micrographia.benchmarks.published import STRUCTURE_TEXT_NOTE, published_rows
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.benchmark_results import write_result
    from micrographia.io.schemas import WRITTEN_SCORES
    from micrographia.io.tables import write_table
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    table = arguments.out.with_suffix(".parquet")
    refuse_inputs([arguments.out, table], [arguments.texts, arguments.answers])
    rows = _scored(arguments.texts, arguments.answers, arguments.method)
    provenance = stamp(settings, arguments.seed)
    write_table(rows, table, WRITTEN_SCORES, provenance)
    frame = pd.DataFrame(rows, columns=WRITTEN_SCORES.names)
    metrics = summarise(frame, settings, arguments.seed, arguments.method)
    write_result(
        arguments.out,
        arguments.out.stem,
        metrics,
        provenance,
        n=len(frame),
        n_failed=int(frame["failure"].notna().sum()),
        published={"note": STRUCTURE_TEXT_NOTE, "rows": published_rows("structure_text")},
    )
    for entry in metrics:
        if entry["group"] == "all" and entry["value"] is not None:
            print(f"{entry['metric']}: {entry['value']:.3f} (n = {entry['n']})")
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    import pandas as pd

    from micrographia.benchmarks.language.comparison import compare_written
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.benchmark_results import write_result
    from micrographia.io.schemas import WRITTEN_SCORES
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    first, second = arguments.answers, arguments.against
    refuse_inputs([arguments.out], [arguments.texts, first, second])
    names = [arguments.answers_method or first.stem, arguments.against_method or second.stem]
    one, other = (
        pd.DataFrame(
            _scored(arguments.texts, table, name, copies=False), columns=WRITTEN_SCORES.names
        )
        for table, name in zip((first, second), names, strict=True)
    )
    metrics = compare_written(one, other, settings, arguments.seed)
    whole = metrics[0]
    write_result(
        arguments.out,
        arguments.out.stem,
        metrics,
        stamp(settings, arguments.seed),
        n=whole["n"],
        n_failed=whole["n_failed"],
    )
    for entry in metrics:
        if entry["group"] == "all" and entry["value"] is not None:
            low, high = (entry[end] if entry[end] is not None else float("nan")
                         for end in ("low", "high"))  # fmt: skip
            print(f"{entry['metric']}, {entry['method']}: {entry['value']:+.3f} "
                  f"({low:+.3f} to {high:+.3f}, n = {entry['n']})")  # fmt: skip
    return 0


def _scored(texts: Path, answers: Path, method: str, copies: bool = True) -> list[dict[str, Any]]:
    from micrographia.benchmarks.language.scores import score_written
    from micrographia.io.schemas import CRYSTAL_TEXTS, WRITTEN_CRYSTALS
    from micrographia.io.tables import read_rows

    truth = read_rows(texts, CRYSTAL_TEXTS)
    return score_written(truth, read_rows(answers, WRITTEN_CRYSTALS), method, copies)
