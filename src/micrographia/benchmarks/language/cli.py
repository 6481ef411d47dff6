"""`micrographia benchmarks score-written`: score structures that were written as text."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, add_settings, non_negative, settings_of
from micrographia.config import Benchmarks


def register(verbs: Subparsers) -> None:
    """Add the verb `score-written`."""
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
    score.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of the confidence intervals"
    )
    score.add_argument("--out", type=Path, required=True, metavar="JSON", help="JSON to write")
    add_settings(score, Benchmarks)
    score.set_defaults(run=_score)


def _score(arguments: argparse.Namespace) -> int:
    import pandas as pd

    from micrographia.benchmarks.language.scores import score_written
    from micrographia.benchmarks.language.summary import PUBLISHED, PUBLISHED_HITS, summarise
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.benchmark_results import write_result
    from micrographia.io.schemas import CRYSTAL_TEXTS, WRITTEN_CRYSTALS, WRITTEN_SCORES
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    table = arguments.out.with_suffix(".parquet")
    refuse_inputs([arguments.out, table], [arguments.texts, arguments.answers])
    texts = read_rows(arguments.texts, CRYSTAL_TEXTS)
    answers = read_rows(arguments.answers, WRITTEN_CRYSTALS)
    rows = score_written(texts, answers, arguments.method)
    provenance = stamp(settings, arguments.seed)
    write_table(rows, table, WRITTEN_SCORES, provenance)
    frame = pd.DataFrame(rows, columns=WRITTEN_SCORES.names)
    metrics = summarise(frame, settings, arguments.seed, arguments.method)
    write_result(
        arguments.out,
        "structure_text",
        metrics,
        provenance,
        n=len(rows),
        n_failed=int(frame["failure"].notna().sum()),
        published={
            "note": "On the authors' own pictures and crystals: MicroscopyGPT's Table 1 (JARVIS, "
            "C2DB) and Hit@1 on STEM2Crystal-Bench.",
            "distributions": PUBLISHED,
            "Hit@1": PUBLISHED_HITS,
        },
    )
    for entry in metrics:
        if entry["group"] == "all" and entry["value"] is not None:
            print(f"{entry['metric']}: {entry['value']:.3f} (n = {entry['n']})")
    return 0
