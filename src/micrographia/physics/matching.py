"""Distance between two projected crystals, minimised over all alignments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from micrographia.arrays import FloatArray, IntArray
from micrographia.physics.lattice import lattice_mappings, minimum_image

#: Most translations that are refined with an optimal assignment, the most promising first.
_REFINED = 64
_ANCHORS = 4
_ITERATIONS = 20
_IMAGES = np.array([[i, j] for i in (-1, 0, 1) for j in (-1, 0, 1)], dtype=float)


@dataclass(frozen=True)
class Projection:
    """A primitive projected cell: rows of `cell` (2, 2) [Å], `xy` (n, 2) [Å], `numbers` (n,)."""

    cell: FloatArray
    xy: FloatArray
    numbers: IntArray

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
    mappings = lattice_mappings(truth.cell, answer.cell, length_tolerance, angle_tolerance_deg)
    pairs = [_Pair.sorted(answer, truth, mapping) for mapping in mappings]
    starts = [
        (cost, place, shift)
        for place, pair in enumerate(pairs)
        for cost, shift in zip(*pair.promise(), strict=True)
    ]
    starts.sort(key=lambda start: start[0])
    best: float | None = None
    for cost, place, shift in starts[:_REFINED]:
        # What is promised is at best kept: several atoms may have the same nearest one.
        if best is not None and cost >= best**2 * len(truth.numbers):
            break
        found = pairs[place].refine(shift)
        best = found if best is None else min(best, found)
    return best


@dataclass(frozen=True)
class _Pair:
    """Answer and truth in the truth's fractional frame, both sorted by element.

    Attributes
    ----------
    points, target
        Fractional positions (n, 2) of answer and truth.
    blocks
        First and last place of each element's atoms, rarest element first.
    cell
        The truth's (2, 2) [Å].
    """

    points: FloatArray
    target: FloatArray
    blocks: list[tuple[int, int]]
    cell: FloatArray

    @classmethod
    def sorted(cls, answer: Projection, truth: Projection, mapping: IntArray) -> _Pair:
        points = answer.xy @ np.linalg.inv(mapping @ answer.cell)
        target = truth.xy @ np.linalg.inv(truth.cell)
        counts = np.unique(truth.numbers, return_counts=True)[1]
        ends = np.cumsum(counts)
        blocks = [(int(ends[k] - counts[k]), int(ends[k])) for k in np.argsort(counts)]
        return cls(
            points[np.argsort(answer.numbers, kind="stable")],
            target[np.argsort(truth.numbers, kind="stable")],
            blocks,
            truth.cell,
        )

    def promise(self) -> tuple[FloatArray, FloatArray]:
        """Translations worth a try (s, 2) and what they promise (s,).

        Each lays an atom of the answer on one of a few true atoms of its element; several, so
        that a single misplaced atom cannot spoil all. The promise is the spread of
        the vectors to the nearest true atoms: the best translation takes away their mean.
        """
        ends = [place for start, end in self.blocks for place in (start, end - 1)]
        anchors = list(dict.fromkeys(ends))[:_ANCHORS]
        shifts = np.concatenate(
            [
                self.target[anchor] - self.points[start:end]
                for anchor in anchors
                for start, end in self.blocks
                if start <= anchor < end
            ]
        )
        vectors = []
        for start, end in self.blocks:
            delta = self.target[start:end] - self.points[start:end, None] - shifts[:, None, None]
            delta = minimum_image(delta) @ self.cell
            nearest = np.square(delta).sum(axis=-1).argmin(axis=-1)
            vectors.append(np.take_along_axis(delta, nearest[..., None, None], axis=2)[:, :, 0])
        every = np.concatenate(vectors, axis=1)
        return np.square(every - every.mean(axis=1, keepdims=True)).sum(axis=(1, 2)), shifts

    def refine(self, shift: FloatArray) -> float:
        """Assign, take away the mean, assign again until that changes nothing; rms [Å]."""
        best = np.inf
        for _ in range(_ITERATIONS):
            vectors = self._assign(shift)
            mean = vectors.mean(axis=0)
            rms = float(np.sqrt(np.square(vectors - mean).sum(axis=1).mean()))
            if rms > best - 1e-12:
                break
            best = rms
            shift = shift + mean @ np.linalg.inv(self.cell)
        return best

    def _assign(self, shift: FloatArray) -> FloatArray:
        """Vectors (n, 2) [Å] from the moved points to the targets assigned to them."""
        vectors = []
        for start, end in self.blocks:
            delta = self.target[start:end] - self.points[start:end, None] - shift
            # Rounding finds the nearest image of short vectors only, so the others are tried.
            images = minimum_image(delta)[:, :, None] + _IMAGES
            squared = np.square(images @ self.cell).sum(axis=-1)
            nearest = squared.argmin(axis=-1)
            rows, columns = linear_sum_assignment(squared.min(axis=-1))
            vectors.append(images[rows, columns, nearest[rows, columns]] @ self.cell)
        return np.concatenate(vectors)
