"""`micrographia stem structures`: write a table of crystals from any source."""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from micrographia.commandline import Subparsers, add_settings, non_negative, settings_of
from micrographia.config import StructureSource

if TYPE_CHECKING:
    from micrographia.stem.crystals.structures import Entry

logger = logging.getLogger(__name__)

EMBEDDED = "prototypes"
MATERIALS_PROJECT = "materials-project"


def register(verbs: Subparsers) -> None:
    """Add the verb `structures`."""
    parser = verbs.add_parser("structures", help="read, standardise and filter 2D crystals")
    parser.add_argument(
        "source",
        nargs="?",
        default=None,
        help="'prototypes' (embedded), 'materials-project' (online), a folder of CIF or POSCAR "
        "files, an ASE database or a parquet table; default: the source in the settings",
    )
    parser.add_argument("--out", type=Path, required=True, help="table to write")
    parser.add_argument(
        "--table",
        type=Path,
        default=None,
        help="table of prototypes to use instead of the embedded one",
    )
    parser.add_argument(
        "--seed", type=non_negative, default=0, help="random seed of the sample and of the splits"
    )
    add_settings(parser, StructureSource)
    parser.set_defaults(run=_structures)


def _structures(arguments: argparse.Namespace) -> int:
    from micrographia.errors import ConfigError, StructureError
    from micrographia.io.schemas import STRUCTURES
    from micrographia.io.tables import write_table
    from micrographia.provenance import stamp
    from micrographia.stem.crystals.structures import curate

    settings = settings_of(arguments)
    source = arguments.source or settings.source
    if source == "none":
        raise ConfigError(
            "There is no source of crystals",
            remedy="Set data.structures.source, which is 'none'; 'prototypes' is the embedded set",
        )
    source = EMBEDDED if source == "auto" else source
    # A folder's name, not its path: a table must not depend on where it was made.
    label = source if source in (EMBEDDED, MATERIALS_PROJECT) else Path(source).resolve().name
    rows = curate(
        _entries(source, arguments.table, settings.materials),
        settings.filter,
        settings.limit,
        arguments.seed,
        source=label,
        duplicate_tolerance=settings.duplicate_tolerance if settings.merge_duplicates else None,
        splits=settings.splits,
    )
    kept = sum(row["status"] == "kept" for row in rows)
    for row in rows:
        if row["status"] == "rejected":
            logger.debug("%s is rejected: %s", row["structure_id"], row["reason"])
        if row["note"]:
            logger.info("%s: %s", row["structure_id"], row["note"])
    if kept == 0:
        reasons = Counter(str(row["reason"]) for row in rows).most_common(3)
        raise StructureError(
            f"None of the {len(rows)} crystals of {source} can be used; for example: "
            + "; ".join(f"{reason} ({count}×)" for reason, count in reasons),
            remedy="Loosen data.structures.filter, or give other crystals",
        )
    write_table(rows, arguments.out, STRUCTURES, stamp(settings, arguments.seed))
    print(f"{arguments.out}: {kept} crystals kept, {len(rows) - kept} rejected")
    return 0


def _entries(source: str, table: Path | None, materials: Sequence[str]) -> Iterator[Entry]:
    from micrographia.io.structures import read_structures
    from micrographia.stem.crystals.materials_project import read_materials_project
    from micrographia.stem.crystals.prototypes import EMBEDDED_TABLE, read_prototypes

    if source == EMBEDDED:
        yield from read_prototypes(table or EMBEDDED_TABLE)
    else:
        online = source == MATERIALS_PROJECT
        items = read_materials_project(materials) if online else read_structures(source)
        for name, atoms, failure in items:
            yield name, atoms, failure, None
