"""Sets of heights, the most plausible first."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from ase import Atoms

from micrographia.arrays import FloatArray, IntArray
from micrographia.physics.height_patterns import make_patterns
from micrographia.reconstruction.heights.bonds import find_pairs, relax

#: Height of a pattern's step before relaxation [Å].
_LEVEL = 1.2
#: Most patterns, and most patterns times pairs, which bounds time and memory.
_PATTERNS, _BUDGET = 400, 500_000
#: Energy per atom that a doubling of the symmetry outweighs, in units of a bond's well. Crystals
#: are symmetric far more often than patterns are.
_SYMMETRY = 0.4
#: Sets nearer than this in every atom, themselves or upside down, are one [Å].
_SAME = 0.25
_SEED = 0


def rank_heights(
    cell: FloatArray, xy: FloatArray, numbers: IntArray, count: int = 1
) -> list[FloatArray]:
    """Find heights that suit bonds and symmetry.

    Parameters
    ----------
    cell
        In-plane vectors (2, 2) [Å].
    xy
        Columns' positions (n, 2) [Å]; atoms of one column repeat it.
    numbers
        Atomic numbers (n,).
    count
        Most sets.

    Returns
    -------
    Different sets of heights (n,) [Å] centred on zero, the most plausible first. The same input
    gives the same sets.
    """
    return [heights for heights, _ in itertools.islice(scored_heights(cell, xy, numbers), count)]


def scored_heights(
    cell: FloatArray, xy: FloatArray, numbers: IntArray
) -> Iterator[tuple[FloatArray, float]]:
    """Every set of heights that suits bonds and symmetry, with what it costs, the cheapest first.

    Every site is put up, down or in the middle in patterns that keep the symmetry of the
    projection or much of it, a sign of each operation telling whether it turns the layer over.
    Each pattern is relaxed in the pair energy of `bonds`; the energy per atom, and what the
    symmetry is worth, order them. Parameters are those of `rank_heights`.
    """
    box = np.zeros((3, 3))
    box[:2, :2], box[2, 2] = cell, 20.0
    flat = Atoms(numbers, positions=np.column_stack([xy, np.zeros(len(xy))]), cell=box, pbc=True)
    pairs = find_pairs(cell, xy, numbers)
    most = max(30, min(_PATTERNS, _BUDGET // max(1, len(pairs))))
    levels, orders = make_patterns(flat, most, _SEED)
    heights, energies = relax(pairs, _LEVEL * levels)
    heights = heights - (heights.max(axis=1) + heights.min(axis=1))[:, None] / 2
    costs = energies - _SYMMETRY * np.log2(orders)
    kept: list[FloatArray] = []
    for place in np.argsort(costs, kind="stable"):
        found = heights[place]
        apart = [min(np.abs(found - one).max(), np.abs(found + one).max()) for one in kept]
        if min(apart, default=np.inf) > _SAME:
            kept.append(found)
            yield found, float(costs[place])
