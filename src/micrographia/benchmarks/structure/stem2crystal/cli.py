"""`micrographia benchmarks score-stem2crystal`."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, add_settings, non_negative, settings_of
from micrographia.config import Benchmarks


def register(verbs: Subparsers) -> None:
    """Add the verb `score-stem2crystal`."""
    score = verbs.add_parser(
        "score-stem2crystal",
        help="score ranked crystals by the metrics of STEM2Crystal-Bench; writes JSON and parquet",
    )
    score.add_argument(
        "dataset", type=Path, metavar="DATASET",
        help="table with picture, cif or structure, composition, pixel_size or field_of_view; "
        "or the folder that holds it as truth, table, metadata or index (.jsonl, .csv, .parquet)",
    )  # fmt: skip
    score.add_argument(
        "--answers", type=Path, required=True, metavar="JSONL",
        help="lines with picture, and answers (CIF texts, the best first) or failure",
    )  # fmt: skip
    score.add_argument("--method", default="analysis", help="name of the solver in the result")
    score.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of the confidence intervals"
    )
    score.add_argument("--out", type=Path, required=True, metavar="JSON", help="JSON to write")
    add_settings(score, Benchmarks)
    score.set_defaults(run=_score)


def _score(arguments: argparse.Namespace) -> int:
    import pandas as pd

    from micrographia.benchmarks.structure.stem2crystal.scores import score_pictures
    from micrographia.benchmarks.structure.stem2crystal.summary import PUBLISHED, summarise
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.benchmark_results import write_result
    from micrographia.io.datasets.answers import read_answers
    from micrographia.io.datasets.ranked import (
        find_table,
        read_dataset,
    )
    from micrographia.io.schemas import RANKED_SCORES
    from micrographia.io.tables import write_table
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    table = arguments.out.with_suffix(".parquet")
    refuse_inputs([arguments.out, table], [find_table(arguments.dataset), arguments.answers])
    items = read_dataset(arguments.dataset)
    rows = score_pictures(items, read_answers(arguments.answers))
    provenance = stamp(settings, arguments.seed)
    write_table(rows, table, RANKED_SCORES, provenance)
    frame = pd.DataFrame(rows, columns=RANKED_SCORES.names)
    metrics = summarise(frame, settings, arguments.seed, arguments.method)
    write_result(
        arguments.out,
        "stem2crystal",
        metrics,
        provenance,
        n=len(rows),
        n_failed=int(frame["failure"].notna().sum()),
        published={
            "note": "The best published on the original data set; a double's scores are others.",
            "values": PUBLISHED,
        },
    )
    for entry in metrics:
        if entry["group"] == "all" and entry["value"] is not None:
            print(f"{entry['metric']}: {entry['value']:.3f} (n = {entry['n']})")
    return 0
