"""The embedded crystals: well-known 2D prototypes built from a table of lattice constants."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from ase import Atoms

from micrographia.errors import StructureError

_VACUUM = 20.0  # added to the thickness along c [Å]
_THIRD, _TWO_THIRDS = 1 / 3, 2 / 3
_COLUMNS = ("structure_id", "kind", "elements", "a", "b", "p1", "p2", "family")


def read_prototypes(
    table: str | os.PathLike[str],
) -> Iterator[tuple[str, Atoms | None, str, str]]:
    """Build every crystal of a table of prototypes.

    Parameters
    ----------
    table
        CSV with the columns structure_id, kind, elements, a, b [Å], p1, p2, family; what p1 and
        p2 mean is said at each kind's builder. Lines that begin with # are comments.

    Yields
    ------
    structure_id, layer (None if the line is faulty), reason (empty if it is not), family

    Raises
    ------
    StructureError
        The table is absent or lacks a column.
    """
    path = Path(table)
    if not path.is_file():
        raise StructureError(f"The table of prototypes {path} does not exist")
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    reader = csv.DictReader(lines)
    missing = sorted(set(_COLUMNS) - set(reader.fieldnames or ()))
    if missing:
        raise StructureError(f"{path} lacks the columns {missing}", allowed=", ".join(_COLUMNS))
    for row in reader:
        name = row["structure_id"]
        try:
            yield name, _build(row), "", row["family"]
        except (KeyError, ValueError) as error:
            reason = f"{path}: prototype '{name}' is faulty: {error}; kinds: {', '.join(BUILDERS)}"
            yield name, None, reason, row["family"]


def _build(row: dict[str, str]) -> Atoms:
    a = float(row["a"])
    b = float(row["b"]) if row["b"] else a
    first, second = (float(row[name] or 0) for name in ("p1", "p2"))
    species = row["elements"].split()
    hexagonal, places = BUILDERS[row["kind"]]
    symbols, sites = [], []
    for role, x, y, z in places(first, second):
        symbols.append(species[role])
        sites.append((x, y, z))
    plane = [[a, 0], [-a / 2, a * np.sqrt(3) / 2]] if hexagonal else [[a, 0], [0, b]]
    cell = np.zeros((3, 3))
    cell[:2, :2] = plane
    heights = np.array([site[2] for site in sites])
    cell[2, 2] = np.ptp(heights) + _VACUUM
    positions = np.array([site[:2] for site in sites]) @ cell[:2]
    positions[:, 2] = heights - (heights.min() + heights.max()) / 2 + cell[2, 2] / 2
    layer = Atoms(symbols, positions=positions, cell=cell, pbc=True)
    layer.wrap()
    return layer


Place = tuple[int, float, float, float]  # role (place in `elements`), fractional x, y, height z


def _honeycomb(buckling: float, _: float) -> list[Place]:
    """Two sites of a honeycomb; p1: their difference in height."""
    return [(0, _THIRD, _TWO_THIRDS, 0), (1, _TWO_THIRDS, _THIRD, buckling)]


def _prismatic(up: float, down: float) -> list[Place]:
    """1H: elements M X Y; X above, Y below the same site; p1, p2: their distances from M."""
    return [
        (0, _THIRD, _TWO_THIRDS, 0),
        (1, _TWO_THIRDS, _THIRD, up),
        (2, _TWO_THIRDS, _THIRD, -down),
    ]


def _octahedral(up: float, down: float) -> list[Place]:
    """1T: elements M X Y; p1, p2: heights of X above and of Y below M."""
    return [(0, 0, 0, 0), (1, _THIRD, _TWO_THIRDS, up), (2, _TWO_THIRDS, _THIRD, -down)]


def _double_layer(metal: float, other: float) -> list[Place]:
    """GaS: elements M X; p1, p2: heights of M and X above and below the middle."""
    return [
        (0, _THIRD, _TWO_THIRDS, metal),
        (0, _THIRD, _TWO_THIRDS, -metal),
        (1, _TWO_THIRDS, _THIRD, other),
        (1, _TWO_THIRDS, _THIRD, -other),
    ]


def _tetrahedral(height: float, _: float) -> list[Place]:
    """FeSe and litharge: elements (in plane) (apex); p1: height of the apex."""
    return [(0, 0, 0, 0), (0, 0.5, 0.5, 0), (1, 0, 0.5, height), (1, 0.5, 0, -height)]


def _puckered(thickness: float, shift: float) -> list[Place]:
    """Black phosphorus, a zigzag, b armchair; p1: thickness, p2: fractional shift along b."""
    half = thickness / 2
    return [
        (0, 0, shift, half),
        (1, 0, -shift, -half),
        (0, 0.5, 0.5 - shift, half),
        (1, 0.5, 0.5 + shift, -half),
    ]


def _trihalide(height: float, x: float) -> list[Place]:
    """BiI₃ (CrI₃): elements M X; p1: height of X, p2: its fractional coordinate."""
    above = [(1, x, 0.0, height), (1, 0.0, x, height), (1, -x, -x, height)]
    below = [(role, -u, -v, -z) for role, u, v, z in above]
    return [(0, _THIRD, _TWO_THIRDS, 0), (0, _TWO_THIRDS, _THIRD, 0), *above, *below]


#: Kinds of the table: whether the cell is hexagonal (γ = 120°), and the sites.
BUILDERS: dict[str, tuple[bool, Callable[[float, float], list[Place]]]] = {
    "honeycomb": (True, _honeycomb),
    "1H": (True, _prismatic),
    "1T": (True, _octahedral),
    "GaS": (True, _double_layer),
    "FeSe": (False, _tetrahedral),
    "puckered": (False, _puckered),
    "BiI3": (True, _trihalide),
}
