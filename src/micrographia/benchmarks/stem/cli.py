"""Verb `score-stem`: the phase object against multislice."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers


def register(verbs: Subparsers) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "score-stem", help="score the fast STEM engine against multislice; writes JSON and PNG"
    )
    parser.add_argument(
        "--engines", type=Path, required=True, help="engines.parquet, written by `stem engines`"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="JSON file to write; a PNG is written beside it"
    )
    parser.set_defaults(run=_score)


def _score(arguments: argparse.Namespace) -> int:
    from micrographia.benchmarks.stem.scores import draw_engines, summarise_engines
    from micrographia.io.atomic import atomic_path
    from micrographia.io.benchmark_results import write_result
    from micrographia.io.schemas import ENGINES
    from micrographia.io.tables import read_provenance, read_table
    from micrographia.provenance import machine

    table = read_table(arguments.engines, ENGINES)
    with atomic_path(arguments.out.with_suffix(".png")) as temporary:
        draw_engines(table).savefig(temporary, dpi=150, metadata={"Software": None})
    write_result(
        arguments.out,
        "stem",
        summarise_engines(table),
        read_provenance(arguments.engines),
        n=len(table),
        n_failed=int(table["failure"].notna().sum()),
        machine=machine(),
    )
    return 0
