"""How far two projected crystals are apart, over every way to lay one on the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from micrographia.physics.lattice import FloatArray, lattice_mappings


@dataclass(frozen=True)
class Projection:
    """A primitive projected cell: rows of `cell` (2, 2) [Å], `xy` (n, 2) [Å], `numbers` (n,)."""

    cell: FloatArray
    xy: FloatArray
    numbers: NDArray[np.int64]

    def same_composition(self, other: Projection) -> bool:
        """Whether both cells hold the same multiset of species."""
        return np.array_equal(np.sort(self.numbers), np.sort(other.numbers))


def site_distance(
    answer: Projection,
    truth: Projection,
    length_tolerance: float = 0.05,
    angle_tolerance_deg: float = 3.0,
) -> float | None:
    """Root mean square distance of the sites of two projected crystals [Å].

    The least over all mappings of the lattices (rotations and mirrors) and over translations;
    atoms are assigned one to one within each element under periodic boundaries. Fractional
    coordinates are compared in the truth's metric, so a strained cell does not count twice.

    Returns
    -------
    None when the lattices differ by more than the tolerances, or the species do.
    """
    if not answer.same_composition(truth):
        return None
    target = truth.xy @ np.linalg.inv(truth.cell)
    best: float | None = None
    for mapping in lattice_mappings(
        truth.cell, answer.cell, length_tolerance, angle_tolerance_deg
    ):
        points = answer.xy @ np.linalg.inv(mapping @ answer.cell)
        found = _best_translation(points, answer.numbers, target, truth)
        if best is None or found < best:
            best = found
    return best


def _best_translation(
    points: FloatArray, numbers: NDArray[np.int64], target: FloatArray, truth: Projection
) -> float:
    """Least rms [Å] over translations that bring one atom of the rarest element onto another."""
    species, counts = np.unique(truth.numbers, return_counts=True)
    rarest = species[counts.argmin()]
    anchor = target[truth.numbers == rarest][0]
    best = np.inf
    for start in points[numbers == rarest]:
        shift = anchor - start
        for _ in range(3):
            vectors = _assign(points + shift, numbers, target, truth)
            mean = vectors.mean(axis=0)
            rms = float(np.sqrt(np.square(vectors @ truth.cell).sum(axis=1).mean()))
            best = min(best, rms)
            if np.abs(mean).max() < 1e-9:
                break
            shift = shift + mean
    return best


def _assign(
    points: FloatArray, numbers: NDArray[np.int64], target: FloatArray, truth: Projection
) -> FloatArray:
    """Fractional vectors (n, 2) from moved points to the targets assigned to them."""
    vectors = []
    for kind in np.unique(numbers):
        delta = target[truth.numbers == kind][None, :] - points[numbers == kind][:, None]
        delta = delta - np.rint(delta)
        # In a reduced cell the nearest image of a short vector is the rounded one.
        cost = np.square(delta @ truth.cell).sum(axis=-1)
        rows, columns = linear_sum_assignment(cost)
        vectors.append(delta[rows, columns])
    return np.concatenate(vectors)
