"""Choice of crystals for the slow engines: those listed, and a reproducible sample."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from micrographia.config import Stem
from micrographia.errors import MicrographiaError
from micrographia.io.schemas.rows import (
    StructureRow,
)
from micrographia.io.structures import from_cif
from micrographia.stem.multislice import orthogonal_cell

#: Largest orthogonal cell that is drawn [Å²]: a scan's cost grows with the square of it.
LARGEST_CELL = 80.0


def slow_sample(
    structures: Sequence[StructureRow], settings: Stem, seed: int
) -> list[StructureRow]:
    """Return the crystals for multislice, in the order of the table.

    Parameters
    ----------
    structures
        Kept rows of schema STRUCTURES.
    settings
        `multislice` names crystals, `multislice_sample` says how many others are drawn.
    seed
        Of the drawing. Crystals are ranked by a digest of seed and name, so a crystal that is
        added or removed changes the sample by one and no more.

    Notes
    -----
    Only crystals with an orthogonal cell of at most `LARGEST_CELL` are drawn; scores on the
    sample are therefore to be set beside those on the same crystals, not on all.
    """
    named = set(settings.multislice)
    ranked = sorted(
        (row for row in structures if row["structure_id"] not in named),
        key=lambda row: hashlib.sha256(f"{seed}|{row['structure_id']}".encode()).digest(),
    )
    drawn: set[str] = set()
    for row in ranked:
        if len(drawn) >= settings.multislice_sample:
            break
        if _is_small(str(row["cif"])):
            drawn.add(row["structure_id"])
    return [row for row in structures if row["structure_id"] in named | drawn]


def _is_small(cif: str) -> bool:
    try:
        cell, _ = orthogonal_cell(from_cif(cif))
    except MicrographiaError:
        return False
    return float(np.prod(cell.cell.lengths()[:2])) <= LARGEST_CELL
