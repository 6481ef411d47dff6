"""`micrographia benchmarks structure` and its workflow form `score-structure`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from micrographia.commandline import (
    Subparsers,
    add_settings,
    non_negative,
    print_json,
    settings_of,
)
from micrographia.config import Benchmarks

if TYPE_CHECKING:
    import pyarrow as pa
    from ase import Atoms


def register(verbs: Subparsers) -> None:
    """Add the verbs `structure` and `score-structure`."""
    pair = verbs.add_parser("structure", help="compare one crystal with the true one; prints JSON")
    pair.add_argument("answer", type=Path, metavar="PRED.cif", help="predicted crystal")
    pair.add_argument("truth", type=Path, metavar="REF.cif", help="true crystal")
    pair.set_defaults(run=_structure)
    tables = verbs.add_parser(
        "score-structure", help="score the workflow's crystals; writes JSON, parquet and PNG"
    )
    tables.add_argument(
        "--structures", type=Path, required=True, help="structures.parquet, the true crystals"
    )
    tables.add_argument(
        "--images", type=Path, nargs="+", required=True, metavar="DIR|TABLE",
        help="images.parquet of every shard, or the folders that hold them",
    )  # fmt: skip
    tables.add_argument(
        "--reconstructions", type=Path, nargs="+", required=True, metavar="DIR|TABLE",
        help="reconstructions.parquet of every shard, or the folders that hold them",
    )  # fmt: skip
    tables.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of the confidence intervals"
    )
    tables.add_argument(
        "--out", type=Path, required=True, metavar="JSON", help="JSON file to write"
    )
    add_settings(tables, Benchmarks)
    tables.set_defaults(run=_score_structure)


def _structure(arguments: argparse.Namespace) -> int:
    from micrographia.benchmarks.structure.scores import compare

    print_json(compare(_read_layer(arguments.answer), _read_layer(arguments.truth)))
    return 0


def _read_layer(path: Path) -> Atoms:
    from micrographia.errors import StructureError
    from micrographia.io.structures import orient_layer, read_structure

    atoms = read_structure(path)
    try:
        return orient_layer(atoms)
    except StructureError as error:
        raise StructureError(f"{path}: {error}") from None


def _score_structure(arguments: argparse.Namespace) -> int:
    import pandas as pd

    from micrographia.benchmarks.published import NOTE, published_rows
    from micrographia.benchmarks.structure.figure import draw_scores
    from micrographia.benchmarks.structure.outcome import OUTCOMES
    from micrographia.benchmarks.structure.scores import score_rows
    from micrographia.benchmarks.structure.summary import (
        calibration,
        outcomes,
        refusals,
        summarise,
    )
    from micrographia.io import schemas
    from micrographia.io.atomic import atomic_path
    from micrographia.io.benchmark_results import write_result
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    images = _gather(arguments.images, "images.parquet", schemas.STEM_IMAGES)
    answers = _gather(
        arguments.reconstructions, "reconstructions.parquet", schemas.RECONSTRUCTIONS
    )
    structures = read_rows(arguments.structures, schemas.STRUCTURES)
    rows = score_rows(images, structures, answers)
    provenance = stamp(settings, arguments.seed)
    write_table(rows, arguments.out.with_suffix(".parquet"), schemas.STRUCTURE_SCORES, provenance)
    table = pd.DataFrame(rows, columns=schemas.STRUCTURE_SCORES.names)
    published = published_rows()
    with atomic_path(arguments.out.with_suffix(".png")) as temporary:
        draw_scores(table, published).savefig(temporary, dpi=150, metadata={"Software": None})
    write_result(
        arguments.out,
        "structure",
        summarise(table, settings, arguments.seed),
        provenance,
        n=len(rows),
        n_failed=int(table["rmsd_xy"].isna().sum()),
        calibration=calibration(table),
        outcomes={"names": list(OUTCOMES), "rows": outcomes(table)},
        refusals=refusals(table),
        published={"note": NOTE, "rows": published},
    )
    return 0


def _gather(places: list[Path], name: str, schema: pa.Schema) -> list[Any]:
    """Rows of all tables; a folder stands for the table of that name in it."""
    from micrographia.io.tables import read_rows

    tables = [place / name if place.is_dir() else place for place in places]
    return [row for table in tables for row in read_rows(table, schema)]
