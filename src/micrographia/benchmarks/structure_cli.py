"""`micrographia benchmarks structure` and its workflow form `score-structure`."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, add_settings, print_json, settings_of
from micrographia.config import Benchmarks


def register(verbs: Subparsers) -> None:
    """Add the verbs `structure` and `score-structure`."""
    pair = verbs.add_parser("structure", help="compare a crystal with the truth; prints JSON")
    pair.add_argument("answer", type=Path, metavar="PRED.cif")
    pair.add_argument("truth", type=Path, metavar="REF.cif")
    pair.set_defaults(run=_structure)
    tables = verbs.add_parser(
        "score-structure", help="score the workflow's crystals; JSON, parquet and PNG"
    )
    tables.add_argument("--structures", type=Path, required=True, help="structures.parquet")
    tables.add_argument("--images", type=Path, nargs="+", required=True, metavar="DIR")
    tables.add_argument("--reconstructions", type=Path, nargs="+", required=True, metavar="DIR")
    tables.add_argument("--seed", type=int, default=1665, help="seed of the intervals")
    tables.add_argument("--out", type=Path, required=True, metavar="JSON")
    add_settings(tables, Benchmarks)
    tables.set_defaults(run=_score_structure)


def _structure(arguments: argparse.Namespace) -> int:
    from micrographia.benchmarks.structure import compare
    from micrographia.io.structures import orient_layer, read_structure

    answer, truth = (
        orient_layer(read_structure(path)) for path in (arguments.answer, arguments.truth)
    )
    print_json(compare(answer, truth))
    return 0


def _score_structure(arguments: argparse.Namespace) -> int:
    import pandas as pd

    from micrographia.benchmarks.results import write_result
    from micrographia.benchmarks.structure import score_rows, summarise
    from micrographia.benchmarks.structure_figure import draw_scores
    from micrographia.io import schemas
    from micrographia.io.atomic import atomic_path
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    images = [
        row
        for folder in arguments.images
        for row in read_rows(folder / "images.parquet", schemas.STEM_IMAGES)
    ]
    answers = [
        row
        for folder in arguments.reconstructions
        for row in read_rows(folder / "reconstructions.parquet", schemas.RECONSTRUCTIONS)
    ]
    structures = read_rows(arguments.structures, schemas.STRUCTURES)
    rows = score_rows(images, structures, answers)
    provenance = stamp(settings, arguments.seed)
    write_table(rows, arguments.out.with_suffix(".parquet"), schemas.STRUCTURE_SCORES, provenance)
    table = pd.DataFrame(rows, columns=schemas.STRUCTURE_SCORES.names)
    with atomic_path(arguments.out.with_suffix(".png")) as temporary:
        draw_scores(table).savefig(temporary, dpi=150, metadata={"Software": None})
    method = answers[0]["method"] if answers else "none"
    write_result(
        arguments.out,
        "structure",
        summarise(table, settings, arguments.seed, method),
        provenance,
        n=len(rows),
        n_failed=int(table["rmsd_xy"].isna().sum()),
    )
    return 0
