"""Duplicate crystals: nearly equal layers of one formula, found with pymatgen's matcher."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Structure

#: Most relative difference of two lattice vectors, and of two angles [degree], of one crystal.
LENGTH_TOLERANCE = 0.05
ANGLE_TOLERANCE = 3.0
#: Layers are compared in cells of one height, this much above the thicker of both [Å]: two
#: sources leave different vacuum around the same layer.
_VACUUM = 15.0


def find_duplicates(
    names: Sequence[str], formulas: Sequence[str], layers: Sequence[Atoms], tolerance: float
) -> dict[str, str]:
    """Find crystals that repeat an earlier one.

    Only crystals with the same reduced formula, as many atoms in the primitive cell and areas
    that the tolerance of the lattice allows are compared, each with the first of its kind. The
    layer group does not divide them: a shift of 0.02 Å may lower it. Mirror images count as one
    crystal.

    Parameters
    ----------
    names
        Unique names.
    formulas
        Reduced formulas.
    layers
        Primitive cells, upright.
    tolerance
        Most displacement of an atom after both are laid on one another [Å].

    Returns
    -------
    Name of each repeated crystal, and of the one it repeats.
    """
    kinds: dict[tuple[str, int], list[tuple[str, Atoms]]] = defaultdict(list)
    found = {}
    for name, formula, layer in zip(names, formulas, layers, strict=True):
        firsts = kinds[formula, len(layer)]
        twin = next((first for first, other in firsts if same(other, layer, tolerance)), None)
        if twin is None:
            firsts.append((name, layer))
        else:
            found[name] = twin
    return found


def same(one: Atoms, other: Atoms, tolerance: float) -> bool:
    """Whether two primitive layers are one crystal (`find_duplicates` says when)."""
    areas = [abs(float(np.linalg.det(layer.cell[:2, :2]))) for layer in (one, other)]
    if max(areas) > min(areas) * (1 + LENGTH_TOLERANCE) ** 2:
        return False
    height = _VACUUM + max(float(np.ptp(layer.positions[:, 2])) for layer in (one, other))
    # pymatgen states displacements in units of the mean distance (V/N)^(1/3).
    unit = (np.sqrt(areas[0] * areas[1]) * height / len(one)) ** (1 / 3)
    matcher = StructureMatcher(
        ltol=LENGTH_TOLERANCE,
        angle_tol=ANGLE_TOLERANCE,
        stol=tolerance / unit,
        primitive_cell=False,
        scale=False,
    )
    result: Any = matcher.get_rms_dist(_structure(one, height), _structure(other, height))
    return result is not None and bool(result[1] * unit <= tolerance)


def _structure(layer: Atoms, height: float) -> Structure:
    cell = np.array(layer.cell[:])
    cell[2] = (0.0, 0.0, height)
    positions = layer.positions - [0.0, 0.0, float(layer.positions[:, 2].mean()) - height / 2]
    return Structure(Lattice(cell), layer.numbers.tolist(), positions, coords_are_cartesian=True)
