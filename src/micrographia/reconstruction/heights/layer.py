"""A layer made of a projected crystal, with nominal heights.

One projection does not hold the heights. These are the most plausible ones by bonds and symmetry;
they make a valid CIF and are marked as nominal.
"""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from ase.neighborlist import neighbor_list

from micrographia.arrays import FloatArray, IntArray
from micrographia.reconstruction.heights.rank import rank_heights

#: Share of a bond's length below which heights that bonds and symmetry chose are given up.
_CROWDED = 0.6


def build_layer(cell: FloatArray, xy: FloatArray, numbers: IntArray, vacuum: float) -> Atoms:
    """Make a layer from a projected cell, with the heights that suit bonds and symmetry best.

    Parameters
    ----------
    cell
        In-plane vectors (2, 2) [Å].
    xy
        Columns' Cartesian positions (n, 2) [Å]; atoms of one column repeat it.
    numbers
        Atomic numbers (n,).
    vacuum
        Added along c [Å].

    Returns
    -------
    Layer with a along x, c along z.
    """
    return rank_layers(cell, xy, numbers, vacuum, 1)[0]


def rank_layers(
    cell: FloatArray, xy: FloatArray, numbers: IntArray, vacuum: float, count: int
) -> list[Atoms]:
    """Make layers of one projected cell with different heights, the most plausible first.

    Parameters
    ----------
    cell, xy, numbers, vacuum
        As in `build_layer`.
    count
        Most layers; at least one is returned.
    """
    upright = _upright(cell)
    places = xy @ np.linalg.inv(cell) @ upright
    layers = [
        raised_layer(cell, xy, numbers, heights, vacuum)
        for heights in rank_heights(upright, places, numbers, count)
    ]
    roomy = [layer for layer in layers if shortest_bond(layer) >= _CROWDED]
    if roomy:
        return roomy
    # Atoms too close in the plane for any pattern are pushed apart along z, as far as it takes.
    heights = nominal_heights(upright, places, numbers)
    return [raised_layer(cell, xy, numbers, heights, vacuum)]


def raised_layer(
    cell: FloatArray, xy: FloatArray, numbers: IntArray, heights: FloatArray, vacuum: float
) -> Atoms:
    """A layer of these heights (n,) [Å], with half of the vacuum below and above, a along x."""
    upright = _upright(cell)
    heights = heights - heights.min()
    box = np.zeros((3, 3))
    box[:2, :2], box[2, 2] = upright, heights.max() + vacuum
    places = xy @ np.linalg.inv(cell) @ upright
    positions = np.column_stack([places, heights + vacuum / 2])
    atoms = Atoms(numbers=numbers, positions=positions, cell=box, pbc=(True, True, True))
    atoms.wrap()
    return atoms


def _upright(cell: FloatArray) -> FloatArray:
    """The same vectors (2, 2), the first along x."""
    lengths = np.linalg.norm(cell, axis=1)
    cosine = float(cell[0] @ cell[1] / lengths.prod())
    upright = np.array(
        [[lengths[0], 0], [lengths[1] * cosine, lengths[1] * np.sqrt(1 - cosine**2)]]
    )
    if np.linalg.det(cell) < 0:
        upright[1, 1] *= -1
    return upright


def shortest_bond(layer: Atoms) -> float:
    """Shortest distance of two atoms over the sum of their covalent radii; inf for one atom."""
    first, second, distance = neighbor_list("ijd", layer, 3.0)
    if not len(distance):
        return float("inf")
    radii = covalent_radii[layer.numbers]
    return float((distance / (radii[first] + radii[second])).min())


def nominal_heights(cell: FloatArray, xy: FloatArray, numbers: IntArray) -> FloatArray:
    """Heights [Å] that keep atoms of close columns a bond apart.

    Starting flat, with the atoms of one column spread up and down, every pair that is closer
    than nine tenths of the sum of its covalent radii is pushed apart along z until none is.
    """
    count = len(numbers)
    heights = np.zeros(count)
    shifts = np.array([[i, j] for i in (-1, 0, 1) for j in (-1, 0, 1)]) @ cell
    gaps = xy[:, None, None, :] - xy[None, :, None, :] + shifts
    flat = np.linalg.norm(gaps, axis=-1).min(axis=2)
    bond = 0.9 * (covalent_radii[numbers][:, None] + covalent_radii[numbers][None, :])
    mates = flat < 0.1
    rank = (mates & np.tri(count, k=-1, dtype=bool)).sum(axis=1)
    heights += rank - (mates.sum(axis=1) - 1) / 2
    # A fixed small spread decides which of two equal atoms goes up.
    heights += 0.02 * (np.arange(count) - (count - 1) / 2)
    for _ in range(200):
        rise = heights[:, None] - heights[None, :]
        needed = np.sqrt(np.clip(bond**2 - flat**2, 0, None))
        lack = np.clip(needed - np.abs(rise), 0, None)
        np.fill_diagonal(lack, 0)
        if lack.max(initial=0) < 1e-3:
            break
        heights = heights + 0.25 * (np.sign(rise) * lack).sum(axis=1) / np.maximum(
            1, (lack > 0).sum(axis=1)
        )
    return heights
