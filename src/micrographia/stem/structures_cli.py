"""`micrographia stem structures`: crystals from anywhere become structures.parquet."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, add_settings, settings_of
from micrographia.config import StructureSource


def register(verbs: Subparsers) -> None:
    """Add the verb `structures`."""
    parser = verbs.add_parser("structures", help="make the table of two-dimensional crystals")
    parser.add_argument(
        "source",
        nargs="?",
        help="'prototypes', a folder of CIF/POSCAR, an ASE database or a parquet file; "
        "wins over the settings",
    )
    parser.add_argument("--out", type=Path, required=True, help="structures.parquet")
    parser.add_argument(
        "--table",
        type=Path,
        default=Path("resources/prototypes.csv"),
        help="table of the embedded prototypes",
    )
    parser.add_argument("--seed", type=int, default=1665, help="of the sample")
    add_settings(parser, StructureSource)
    parser.set_defaults(run=_structures)


def _structures(arguments: argparse.Namespace) -> int:
    from micrographia.errors import StructureError
    from micrographia.io.schemas import STRUCTURES
    from micrographia.io.structures import read_structures
    from micrographia.io.tables import write_table
    from micrographia.provenance import stamp
    from micrographia.stem.prototypes import read_prototypes
    from micrographia.stem.structures import curate

    settings = settings_of(arguments)
    source = arguments.source or settings.source
    items = (
        read_prototypes(arguments.table)
        if source == "prototypes"
        else ((name, atoms, reason, "other") for name, atoms, reason in read_structures(source))
    )
    rows = curate(items, settings.filter, settings.limit, arguments.seed, source)
    kept = sum(row["status"] == "kept" for row in rows)
    if not kept:
        reasons = sorted({str(row["reason"]) for row in rows})[:5]
        raise StructureError(
            f"None of the {len(rows)} crystals of {source} can be used: {'; '.join(reasons)}",
            remedy="Loosen data.structures.filter, or name another source",
        )
    write_table(rows, arguments.out, STRUCTURES, stamp(settings, arguments.seed))
    print(f"{arguments.out}: {kept} crystals, {len(rows) - kept} rejected")
    return 0
