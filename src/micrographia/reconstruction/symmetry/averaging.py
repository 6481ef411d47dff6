"""Averaging a crystal over its symmetry operations, in two or three dimensions.

Positions are fractional rows; an operation takes x to x @ rotation + translation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from micrographia.arrays import FloatArray, IntArray
from micrographia.physics.lattice import minimum_image


@dataclass(frozen=True)
class Operations:
    """A space group modulo its translations, and what it does to the sites of a crystal.

    Attributes
    ----------
    rotations, translations
        Integers (k, d, d) and fractions of the cell (k, d).
    places
        Site (k, n) on which each operation lays each site.
    """

    rotations: IntArray
    translations: FloatArray
    places: IntArray

    @property
    def orbits(self) -> IntArray:
        """For each site the first one that is equivalent to it (n,)."""
        return np.asarray(self.places.min(axis=0), dtype=np.int64)


def average_cell_metric(cell: FloatArray, rotations: IntArray) -> FloatArray:
    """The cell nearest to a given one whose metric keeps all rotations.

    Parameters
    ----------
    cell
        Rows are vectors (d, d) [Å].
    rotations
        A point group (k, d, d) in the cell's basis.

    Returns
    -------
    Cell (d, d) in the orientation of the input: it is strained, not turned.
    """
    metric = np.mean([m @ cell @ cell.T @ m.T for m in rotations.astype(float)], axis=0)
    upright = np.linalg.cholesky(metric)
    # The rotation that brings the new cell nearest to the old one (orthogonal Procrustes).
    left, _, right = np.linalg.svd(upright.T @ cell)
    return np.asarray(upright @ left @ right, dtype=np.float64)


def average_sites(fractions: FloatArray, operations: Operations) -> FloatArray:
    """Positions (n, d) averaged over their orbits, each near to where it was."""
    total = np.zeros_like(fractions)
    for rotation, translation, places in zip(
        operations.rotations, operations.translations, operations.places, strict=True
    ):
        images = fractions @ rotation + translation
        moves = images - fractions[places]
        total[places] += minimum_image(moves)
    return np.asarray(fractions + total / len(operations.rotations), dtype=np.float64)
