"""Primitive cells proposed by the peaks of an autocorrelation.

Every lattice vector is a peak as high as the picture repeats itself there; a translation that
repeats only a part of the crystal is a lower one. A lattice is worth the sum, over its points, of
the height above a share of what is usual at such a lag. Points at which the crystal does not
repeat itself cost, so the sum is largest for the primitive lattice: a sparser one has fewer
points, a denser one bad ones. What is usual falls with the lag along either axis, because drift,
jitter of rows, bending and defects smear far repeats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from micrographia.arrays import BoolArray, FloatArray, RealArray
from micrographia.physics.lattice import gauss_reduce
from micrographia.reconstruction.periodicity.autocorrelation import (
    Autocorrelation,
    Peaks,
    autocorrelation,
    find_correlation_peaks,
)
from micrographia.reconstruction.periodicity.background import flatten, valid_pixels

_SEEDS = 28  # peaks whose pairs propose lattices
_SHORTLIST = 24  # proposals that are refined
_SHARE = 0.75  # of the usual height, from which a point counts as a repeat
_SLACK = 0.97  # of a lag, from which another counts as not shorter
_INNER = 0.72  # of the longest lag within which lattices are judged
_NEAR = 5.0  # and within this many lengths of the shortest high peak


@dataclass(frozen=True)
class CellLimits:
    """What cells are looked for.

    Attributes
    ----------
    shortest
        Least length of a lattice vector [px].
    largest
        Largest area of the primitive cell [px²].
    """

    shortest: float = 4.0
    largest: float = np.inf


@dataclass(frozen=True)
class CellProposal:
    """A primitive cell and what speaks for it.

    Attributes
    ----------
    cell
        Reduced vectors (2, 2) as rows (x, y) [px], as measured: distorted as the picture is.
    residual
        Root mean square distance of the peaks from the lattice's points [px].
    explained
        Share of the peaks, weighted by height, that lie on the lattice.
    on, off
        Mean height at the lattice's points, and the highest peak elsewhere, both over what is
        usual at their lag. A denser lattice would have to reach 1 at `off`.
    score
        Sum over the lattice's points of the height above three quarters of the usual one.
    points
        How many lattice points (half plane) were judged.
    """

    cell: FloatArray
    residual: float
    explained: float
    on: float
    off: float
    score: float
    points: int


def propose_cells(
    pixels: RealArray, mask: BoolArray | None = None, limits: CellLimits | None = None
) -> list[CellProposal]:
    """Propose primitive cells of a picture, the best first.

    Parameters
    ----------
    pixels
        Picture (rows, columns); NaN is invalid.
    mask
        True where a pixel is invalid, or None.
    limits
        Shortest vector and largest area; None for the defaults.

    Returns
    -------
    Different cells, best first; empty when no two peaks make a lattice.
    """
    flat = flatten(pixels, mask, min(pixels.shape) / 6).pixels
    weight = valid_pixels(pixels, mask).astype(np.float64)
    return cells_of(autocorrelation(flat, weight), limits or CellLimits())


def cells_of(correlation: Autocorrelation, limits: CellLimits) -> list[CellProposal]:
    """`propose_cells` from an autocorrelation."""
    peaks = find_correlation_peaks(correlation)
    bases = _bases(peaks, limits)
    judge = _Judge(correlation, peaks)
    rated = sorted(bases, key=lambda basis: -judge.rate(basis, loose=True))
    refined = [judge.refine(basis) for basis in rated[:_SHORTLIST]]
    refined = [cell for cell in refined if abs(float(np.linalg.det(cell))) <= limits.largest]
    proposals: list[CellProposal] = []
    for cell in sorted(refined, key=lambda basis: -judge.rate(basis)):
        if all(not _same(cell, other.cell) for other in proposals):
            proposals.append(judge.describe(cell))
    return [proposal for proposal in proposals if proposal.score > 0]


def rated(correlation: Autocorrelation, cell: FloatArray) -> CellProposal:
    """What an autocorrelation says for a cell that was found elsewhere, refined there."""
    judge = _Judge(correlation, find_correlation_peaks(correlation))
    return judge.describe(judge.refine(cell))


def _bases(peaks: Peaks, limits: CellLimits) -> list[FloatArray]:
    """Different reduced bases of pairs of peaks, high and short ones first."""
    lengths = np.hypot(peaks.vectors[:, 0], peaks.vectors[:, 1])
    if not len(lengths):
        return []
    appeal = peaks.heights * (1 - 0.5 * lengths / lengths.max())
    chosen = np.argsort(-appeal)[:_SEEDS]
    found: list[FloatArray] = []
    seen: set[tuple[int, ...]] = set()
    for first, second in zip(*np.triu_indices(len(chosen), 1), strict=True):
        pair = peaks.vectors[chosen[[first, second]]]
        area = abs(float(np.linalg.det(pair)))
        product = lengths[chosen[first]] * lengths[chosen[second]]
        if area > limits.largest or area < 0.15 * product:
            continue
        basis = gauss_reduce(pair)[0]
        short = np.linalg.norm(basis[0])
        if short < limits.shortest or area < 0.2 * np.linalg.norm(basis[1]) ** 2 * 0.5:
            continue
        key = tuple(np.rint((basis @ basis.T).ravel() / (0.06 * short**2)).astype(int))
        if key not in seen:
            seen.add(key)
            found.append(basis)
    return found


def _same(first: FloatArray, second: FloatArray) -> bool:
    """Whether two bases span nearly one lattice."""
    steps = first @ np.linalg.inv(second)
    whole = np.rint(steps)
    return bool(
        np.abs(steps - whole).max() < 0.12 and abs(abs(float(np.linalg.det(whole))) - 1) < 0.5
    )


class _Judge:
    """Heights at lattice points against what is usual at their lags."""

    def __init__(self, correlation: Autocorrelation, peaks: Peaks) -> None:
        self._correlation, self._peaks = correlation, peaks
        row, column = correlation.centre
        self._highest = float(peaks.heights.max(initial=1e-9))
        lengths = np.linalg.norm(peaks.vectors, axis=1)
        short = lengths[peaks.heights > 0.5 * self._highest].min(initial=np.inf)
        self._limit = np.minimum(_INNER * np.array([column, row]), _NEAR * short)
        self._usual = self._envelope(peaks.vectors)

    def _envelope(self, vectors: FloatArray) -> FloatArray:
        """The highest peak (n,) that is not nearer along either axis, for lags (n, 2)."""
        there = np.abs(self._peaks.vectors)
        there = np.where((there < self._limit / _INNER).all(axis=1)[:, None], there, 0.0)[None]
        here = np.abs(vectors)[:, None] * _SLACK
        beyond = (there >= here).all(axis=2)
        heights = np.where(beyond, self._peaks.heights[None], -1.0).max(axis=1, initial=-1.0)
        own = self._correlation.at(vectors)
        return np.maximum(np.maximum(heights, np.nan_to_num(own)), 0.05 * self._highest)

    def _points(self, basis: FloatArray) -> FloatArray:
        """Lattice points of the half plane within the reach, the nearest first (n, 2)."""
        reach = np.ceil(np.abs(self._limit @ np.abs(np.linalg.inv(basis)))).astype(int) + 1
        reach = np.minimum(reach, 12)
        grid = np.mgrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1].reshape(2, -1).T
        grid = grid[(grid[:, 0] > 0) | ((grid[:, 0] == 0) & (grid[:, 1] > 0))]
        points = grid @ basis
        inside = (np.abs(points) < self._limit).all(axis=1)
        grid, points = grid[inside], points[inside]
        order = np.argsort(np.hypot(points[:, 0], points[:, 1]), kind="stable")
        return np.asarray(grid[order], dtype=np.float64)

    def _top_near(self, points: FloatArray, tolerance: FloatArray) -> FloatArray:
        """Height (n,) of the highest peak within tolerances (n,), or the value at the point."""
        own = np.nan_to_num(self._correlation.at(points), nan=-1.0)
        if not len(self._peaks.heights):
            return own
        there = np.concatenate([self._peaks.vectors, -self._peaks.vectors])
        heights = np.tile(self._peaks.heights, 2)
        near = np.linalg.norm(points[:, None] - there[None], axis=2) < tolerance[:, None]
        return np.maximum(own, np.where(near, heights[None], -1.0).max(axis=1))

    def rate(self, basis: FloatArray, loose: bool = False) -> float:
        """Sum of the heights above a share of the usual; `loose` allows a misfit by distance."""
        points = self._points(basis) @ basis
        if len(points) < 2:
            return -np.inf
        worth, weight = self._worth(points, basis, 0.2 if loose else 0.1)
        return float((worth * weight).sum())

    def _worth(
        self, points: FloatArray, basis: FloatArray, tolerance: float
    ) -> tuple[FloatArray, FloatArray]:
        """Height above the share (n,), and how much it counts (n,): less where all is smeared."""
        shortest = float(np.linalg.norm(basis[0]))
        far = 1 + np.linalg.norm(points, axis=1) / (4 * shortest)
        usual = self._envelope(points)
        # Of a large cell every peak of the noise is near some point: a peak's width limits that.
        reach = np.minimum(tolerance * shortest, 10 * tolerance * self._correlation.width)
        tops = self._top_near(points, reach * np.minimum(far, 2.5))
        heights = np.clip(tops / usual, 0.0, 1.0)
        return heights - _SHARE, np.square(np.minimum(usual / self._highest, 1.0))

    def refine(self, basis: FloatArray) -> FloatArray:
        """Least squares over the peaks near the lattice's points, the near ones first."""
        current = basis
        grid = self._points(basis)
        if not len(grid) or not len(self._peaks.heights):
            return basis
        there = np.concatenate([self._peaks.vectors, -self._peaks.vectors])
        heights = np.tile(self._peaks.heights, 2)
        for count in (4, 10, 24, len(grid), len(grid)):
            points = grid[:count] @ current
            gaps = np.linalg.norm(points[:, None] - there[None], axis=2)
            nearest = gaps.argmin(axis=1)
            shortest = float(np.linalg.norm(current[0]))
            good = gaps[np.arange(len(points)), nearest] < 0.22 * shortest
            if good.sum() < 2 or np.linalg.matrix_rank(grid[:count][good]) < 2:
                continue
            # Far points have larger errors of drift and bending; near ones a shorter lever.
            far = 1 + np.linalg.norm(points[good], axis=1) / (4 * shortest)
            scale = (np.maximum(heights[nearest[good]], 0.01) / far)[:, None]
            solution = np.linalg.lstsq(
                grid[:count][good] * scale, there[nearest[good]] * scale, rcond=None
            )[0]
            if abs(np.linalg.det(solution)) > 0.3 * abs(np.linalg.det(basis)):
                current = np.asarray(solution)
        return gauss_reduce(current)[0]

    def describe(self, cell: FloatArray) -> CellProposal:
        """Statistics of a refined cell."""
        points = self._points(cell) @ cell
        tolerance = 0.15 * float(np.linalg.norm(cell[0]))
        worth, weight = self._worth(points, cell, 0.1)
        vectors, heights = self._peaks.vectors, self._peaks.heights
        inside = (np.abs(vectors) < self._limit).all(axis=1)
        indices = vectors @ np.linalg.inv(cell)
        misses = np.linalg.norm((indices - np.rint(indices)) @ cell, axis=1)
        member = inside & (misses < tolerance)
        others = inside & ~member
        power = np.square(heights)
        return CellProposal(
            cell=cell,
            residual=float(np.sqrt(np.square(misses[member]).mean())) if member.any() else 0.0,
            explained=float(power[member].sum() / max(power[inside].sum(), 1e-12)),
            on=float((worth * weight).sum() / max(weight.sum(), 1e-9)) + _SHARE,
            off=float((heights / self._usual)[others].max(initial=0.0)),
            score=float((worth * weight).sum()),
            points=len(points),
        )
