"""`micrographia benchmarks score-real`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from micrographia.commandline import Subparsers, add_settings, settings_of
from micrographia.config import Benchmarks


def register(verbs: Subparsers) -> None:
    """Add the verb `score-real`."""
    score = verbs.add_parser(
        "score-real", help="score the crystals read from real pictures; writes JSON, parquet, CSV"
    )
    score.add_argument("table", type=Path, metavar="CSV", help="table of the pictures")
    score.add_argument(
        "--pictures", type=Path, default=None, metavar="FOLDER",
        help="where the table's paths begin; default: beside the table",
    )  # fmt: skip
    score.add_argument(
        "--reconstructions", type=Path, required=True, metavar="FOLDER",
        help="what `reconstruction real` wrote",
    )  # fmt: skip
    score.add_argument("--out", type=Path, required=True, metavar="JSON", help="JSON to write")
    add_settings(score, Benchmarks)
    score.set_defaults(run=_score)


def _score(arguments: argparse.Namespace) -> int:
    import pandas as pd

    from micrographia.benchmarks.structure.real.scores import score_real, summarise_real
    from micrographia.io.atomic import refuse_inputs, write_text
    from micrographia.io.benchmark_results import write_result
    from micrographia.io.datasets.real_pictures import read_real_pictures
    from micrographia.io.schemas import REAL_PICTURES, REAL_SCORES, RECONSTRUCTIONS
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    table, text = (arguments.out.with_suffix(suffix) for suffix in (".parquet", ".csv"))
    refuse_inputs([arguments.out, table, text], [arguments.table])
    pictures = read_real_pictures(arguments.table, arguments.pictures)
    used = read_rows(arguments.reconstructions / "pictures.parquet", REAL_PICTURES)
    answers = read_rows(arguments.reconstructions / "reconstructions.parquet", RECONSTRUCTIONS)
    rows = score_real(pictures, _by_name(used), _by_name(answers))
    provenance = stamp(settings)
    write_table(rows, table, REAL_SCORES, provenance)
    write_text(text, pd.DataFrame(rows, columns=REAL_SCORES.names).to_csv(index=False))
    write_result(
        arguments.out,
        "structure_real",
        summarise_real(rows),
        provenance,
        n=len(rows),
        n_failed=sum(row["failure"] is not None for row in rows),
    )
    return 0


def _by_name(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {row["image_id"]: row for row in rows}
