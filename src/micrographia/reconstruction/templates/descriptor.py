"""Radial descriptor of a projected crystal, by which templates are found.

AutoMat (eq. 11 and 12) counts the pairs of atomic centroids of a picture in 32 radial bins and
compares pictures by the cosine. Here the pairs are those of the periodic crystal, so that neither
the field nor its border matters, each column's weight is one, and every pair is spread over
neighbouring bins, so that a distance near the edge of a bin does not jump.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from micrographia.arrays import FloatArray
from micrographia.physics.lattice import gauss_reduce, minimum_image

BINS = 32
#: Radius that the bins cover [Å].
REACH = 8.0
#: Radius of the shape's bins, in units of the mean distance of columns.
_SHAPE_REACH = 4.0
#: Columns nearer than this look like one in a picture [Å].
_RESOLVED = 0.5


def radial_descriptor(cell: FloatArray, xy: FloatArray) -> FloatArray:
    """Distribution of the distances between columns, per column and unit area (32,).

    Parameters
    ----------
    cell, xy
        In-plane cell (2, 2) and columns (n, 2) [Å]; those within 0.5 Å count as one.

    Returns
    -------
    Density in 32 bins up to 8 Å, of unit norm: the cosine of two crystals is a dot product.
    """
    return _distribution(cell, resolve(cell, xy), REACH)


def shape_descriptor(cell: FloatArray, xy: FloatArray) -> FloatArray:
    """The same with distances in units of √(area per column): blind to the lattice constant."""
    columns = resolve(cell, xy)
    unit = np.sqrt(abs(np.linalg.det(cell)) / len(columns))
    return _distribution(cell / unit, columns / unit, _SHAPE_REACH)


def resolve(cell: FloatArray, xy: FloatArray) -> FloatArray:
    """Columns (m, 2) that can be told apart: the means of those within 0.5 Å [Å]."""
    inverse = np.linalg.inv(cell)
    heads: list[FloatArray] = []
    groups: list[list[FloatArray]] = []
    for point in xy:
        for head, group in zip(heads, groups, strict=True):
            gap = (point - head) @ inverse
            gap = minimum_image(gap) @ cell
            if np.linalg.norm(gap) < _RESOLVED:
                group.append(head + gap)
                break
        else:
            heads.append(point)
            groups.append([point])
    return np.array([np.mean(group, axis=0) for group in groups])


def _distribution(cell: FloatArray, xy: FloatArray, reach: float) -> FloatArray:
    reduced = gauss_reduce(cell)[0]
    inverse = np.linalg.inv(reduced)
    steps = np.ceil((reach + 1) * np.linalg.norm(inverse, axis=0)).astype(int) + 1
    grid = np.mgrid[-steps[0] : steps[0] + 1, -steps[1] : steps[1] + 1].reshape(2, -1).T
    gaps = (xy[None] - xy[:, None]) @ inverse
    gaps = minimum_image(gaps)[:, :, None] + grid
    distances = np.linalg.norm(gaps @ reduced, axis=-1).ravel()
    width = reach / BINS
    distances = distances[(distances > 1e-6) & (distances < reach + 3 * width)]
    centres = (np.arange(BINS) + 0.5) * width
    spread = np.exp(-0.5 * np.square((centres - distances[:, None]) / width))
    density = spread.sum(axis=0) / centres
    norm = float(np.linalg.norm(density))
    return np.asarray(density / norm if norm else density, dtype=np.float64)


def composition_similarity(first: Mapping[int, int], second: Mapping[int, int]) -> float:
    """Cosine of two compositions, given as the number of atoms of each species.

    Examples
    --------
    >>> round(composition_similarity({42: 1, 16: 2}, {42: 2, 16: 4}), 9)
    1.0
    """
    kinds = sorted({*first, *second})
    one, two = (np.array([counts.get(kind, 0) for kind in kinds]) for counts in (first, second))
    norms = float(np.linalg.norm(one) * np.linalg.norm(two))
    return float(one @ two) / norms if norms else 0.0
