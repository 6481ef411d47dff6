"""Layers that one projection does not tell apart: more atoms than the projected cell shows.

The heights of a layer may repeat in a larger cell than its projection: a chain that zigzags
upwards and downwards looks like one of half its period. Of 4,005 layers of `structures2d` 958 are
such (`studies/layer_statistics.py`). Where the atoms of the primitive cell are known and the
projected cell holds a fraction of them, the larger cell is one of few, and its heights must differ
between the repeated columns.
"""

from __future__ import annotations

import itertools

import numpy as np
from ase import Atoms

from micrographia.arrays import BoolArray, FloatArray, IntArray
from micrographia.physics.lattice import gauss_reduce, minimum_image, repeats
from micrographia.reconstruction.heights.layer import raised_layer
from micrographia.reconstruction.heights.rank import scored_heights
from micrographia.reconstruction.symmetry.wallpaper import find_wallpaper

_TOLERANCE = 0.25  # within which columns are images of each other [Å]
_STRETCH = 0.04  # of a vector, within which vectors count as equal
_EQUAL = 0.3  # heights that differ by less repeat [Å]
_MOST = 6  # projected cells in one of the layer's
_LOOKED_AT = 60  # sets of heights of each larger cell


def larger_layers(
    cell: FloatArray, xy: FloatArray, numbers: IntArray, index: int, count: int, vacuum: float
) -> list[Atoms]:
    """Layers whose projection has a smaller cell than they.

    Parameters
    ----------
    cell
        Vectors of the projected cell (2, 2) [Å].
    xy, numbers
        Positions (n, 2) [Å] and atomic numbers (n,) of its atoms.
    index
        How many projected cells the layer's cell holds.
    count
        Most layers of each larger cell.
    vacuum
        Added along c [Å].

    Returns
    -------
    The most plausible first, by bonds and symmetry; none of them repeats in a smaller cell. None
    beyond six projected cells, of which there are too many to look through.
    """
    found: list[tuple[float, Atoms]] = []
    for whole in sublattices(cell, xy, numbers, index) if index <= _MOST else []:
        large = whole @ cell
        places, tiled, shifts = _tiled(cell, xy, numbers, whole)
        images = _images(large, places, tiled, shifts)
        sets = itertools.islice(scored_heights(large, places, tiled), _LOOKED_AT)
        apart = ((cost, heights) for heights, cost in sets if not _repeats(heights, images))
        for cost, heights in itertools.islice(apart, count):
            found.append((cost, raised_layer(large, places, tiled, heights, vacuum)))
    return [layer for _, layer in sorted(found, key=lambda item: item[0])]


def sublattices(cell: FloatArray, xy: FloatArray, numbers: IntArray, index: int) -> list[IntArray]:
    """Larger lattices of an index, as whole multiples (2, 2); of equivalent ones the first.

    Two are equivalent where an operation of the projection's plane group maps one on the other.
    """
    stretch = _STRETCH * float(np.linalg.norm(cell, axis=1).max())
    group = find_wallpaper(cell, xy, numbers, _TOLERANCE, stretch).operations.rotations
    turns = [np.asarray(turn) for turn in group] or [np.eye(2)]
    kept: list[IntArray] = []
    seen: set[tuple[int, ...]] = set()
    for first in (n for n in range(1, index + 1) if index % n == 0):
        for shear in range(index // first):
            whole = np.array([[first, shear], [0, index // first]])
            if _key(whole) not in seen:
                # The same lattice by its shortest vectors.
                kept.append(gauss_reduce(whole @ cell)[1] @ whole)
                seen |= {_key(np.rint(whole @ turn).astype(int)) for turn in turns}
                seen |= {_key(np.rint(whole @ turn.T).astype(int)) for turn in turns}
    return kept


def _key(whole: IntArray) -> tuple[int, ...]:
    """The Hermite normal form of a lattice's basis: the same for every basis of it."""
    (a, b), (c, d) = (tuple(int(v) for v in row) for row in whole)
    while c:
        factor = a // c
        (a, b), (c, d) = (c, d), (a - factor * c, b - factor * d)
    a, b = (a, b) if a > 0 else (-a, -b)
    d = abs(d)
    return a, b % d, d


def _tiled(
    cell: FloatArray, xy: FloatArray, numbers: IntArray, whole: IntArray
) -> tuple[FloatArray, IntArray, FloatArray]:
    """Atoms repeated over a larger cell, and the vectors (k, 2) [Å] by which they are."""
    shifts = repeats(whole) @ cell
    return (xy[None] + shifts[:, None]).reshape(-1, 2), np.tile(numbers, len(shifts)), shifts


def _images(
    cell: FloatArray, xy: FloatArray, numbers: IntArray, shifts: FloatArray
) -> list[BoolArray]:
    """For each shift but none: which atoms (n, n) lie where it takes others."""
    found = []
    for shift in shifts:
        gaps = minimum_image((xy[:, None] + shift - xy[None]) @ np.linalg.inv(cell)) @ cell
        if np.linalg.norm(minimum_image(shift @ np.linalg.inv(cell)) @ cell) > 1e-6:
            near = np.linalg.norm(gaps, axis=-1) < _TOLERANCE
            found.append(near & (numbers[:, None] == numbers[None]))
    return found


def _repeats(heights: FloatArray, images: list[BoolArray]) -> bool:
    """Whether a shift takes every atom to one of the same height."""
    equal = np.abs(heights[:, None] - heights[None]) < _EQUAL
    return any(bool((near & equal).any(axis=1).all()) for near in images)
