"""Data set of crystals as text: the table, and a split that holds whole formulas out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from micrographia.config import StructureText
from micrographia.errors import MicrographiaError
from micrographia.io.schemas import CRYSTAL_TEXTS
from micrographia.io.schemas.rows import StructureRow, blank
from micrographia.io.structures import from_cif
from micrographia.language.splits import split_groups
from micrographia.language.structure.canonical import write
from micrographia.language.structure.tokens import bravais_of, encode

#: Crystals of one prototype whose lengths and angle agree so well are siblings [relative, degree].
NEAR_LENGTHS, NEAR_ANGLE = 0.02, 1.0


def crystal_texts(
    structures: Sequence[StructureRow], settings: StructureText, seed: int
) -> list[dict[str, Any]]:
    """Write crystals as text and split them.

    Parameters
    ----------
    structures
        Rows of schema STRUCTURES; rejected ones are left out.
    settings
        Shares of the splits.
    seed
        Of the split.

    Returns
    -------
    Rows of schema CRYSTAL_TEXTS in the order of the structures.

    Notes
    -----
    Crystals of one reduced formula are on one side, so that no crystal has a match of its own
    species on another: pymatgen's StructureMatcher, which compares species, matches none across
    the sides. A crystal of other elements can have the same structure type and nearly the same
    cell: `sibling` names it, so that scores can be given with and without such crystals.
    """
    rows = [_row(row) for row in structures if row["status"] == "kept"]
    good = [row for row in rows if row["failure"] is None]
    sides = split([row["formula"] for row in good], settings, seed)
    for row, side in zip(good, sides, strict=True):
        row["split"] = side
    _name_siblings(good)
    return rows


def _row(structure: StructureRow) -> dict[str, Any]:
    row: dict[str, Any] = blank(CRYSTAL_TEXTS)
    for name in ("structure_id", "formula", "natoms", "prototype", "cif"):
        row[name] = structure[name]
    try:
        crystal = write(from_cif(str(structure["cif"])))
        row |= {
            "text": crystal.text(),
            "words": len(encode(crystal)),
            "a": crystal.a / 100,
            "b": crystal.b / 100,
            "gamma": crystal.gamma / 10,
            "bravais": bravais_of(crystal),
        }
    except MicrographiaError as error:
        row["failure"] = str(error)
    return row


def split(formulas: Sequence[str], settings: StructureText, seed: int) -> list[str]:
    """Give each crystal a side, train, validation or test: crystals of one formula the same."""
    return split_groups(formulas, settings.test, settings.validation, seed)


def _name_siblings(rows: list[dict[str, Any]]) -> None:
    """Name for each crystal that is held out the training crystal most like it, if one is."""
    trained = defaultdict(list)
    for row in rows:
        if row["split"] == "train" and row["prototype"] is not None:
            trained[row["prototype"]].append(row)
    for row in rows:
        if row["split"] == "train":
            continue
        near = [
            (_distance(row, other), other["structure_id"]) for other in trained[row["prototype"]]
        ]
        best = min(near, default=(1.0, None))
        row["sibling"] = best[1] if best[0] <= 1 else None


def _distance(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Largest difference of two cells in units of what counts as near."""
    lengths = max(abs(one[name] / other[name] - 1) for name in ("a", "b"))
    return max(lengths / NEAR_LENGTHS, abs(one["gamma"] - other["gamma"]) / NEAR_ANGLE)
