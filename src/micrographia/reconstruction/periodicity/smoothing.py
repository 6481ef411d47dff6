"""The path of the rows that noisy measurements of each make most likely.

A row lies at a slow path, a random walk, plus a deviation of its own, both along x and y. Steps of
the walk and deviations have standard deviations that are estimated from the picture (the marginal
likelihood of the linearised measurements, both integrated out); at their lower ends the rows are
not moved at all. All of it is banded linear algebra in the number of rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve_banded, cholesky_banded

from micrographia.arrays import FloatArray

_STEPS = np.geomspace(1e-4, 1.0, 9)  # standard deviations of a step of the walk [px]
_DEVIATIONS = np.array([1e-4, *np.geomspace(0.01, 3.0, 12)])  # of a row about the walk [px]
_SWEEPS = 3
_STILL = 2.0  # log-likelihood that a deviation must add to be believed


@dataclass(frozen=True)
class Path:
    """Estimated displacements.

    Attributes
    ----------
    displacement, deviation
        Of each row (rows, 2) [px]: in all, and beside the slow path.
    jitter
        Standard deviation of the rows about the path along x and y (2,) [px].
    uncertainty
        Usual standard deviation of the displacements along x and y (2,) [px].
    """

    displacement: FloatArray
    deviation: FloatArray
    jitter: FloatArray
    uncertainty: FloatArray


def smooth_path(information: FloatArray, force: FloatArray, start: FloatArray) -> Path:
    """Estimate the rows' displacements.

    Parameters
    ----------
    information
        Inverse covariance of the measurement of each row (rows, 2, 2) [1/px²].
    force
        Information times the measured step from `start` (rows, 2) [1/px].
    start
        Displacements (rows, 2) [px] about which the picture was linearised.
    """
    data = force + np.einsum("rij,rj->ri", information, start)
    chosen = np.array([len(_STEPS) // 2, len(_STEPS) // 2, 4, 4])
    best = _cost(information, data, chosen)
    for _ in range(_SWEEPS):
        before = chosen.copy()
        for axis in (2, 0, 3, 1):
            for way in (-1, 1):
                best, chosen = _walk(information, data, chosen, best, axis, way)
        if (before == chosen).all():
            break
    chosen = _be_still(information, data, chosen, best)
    steps, deviations = _STEPS[chosen[:2]], _DEVIATIONS[chosen[2:]]
    slow = _Solved(information, data, steps, deviations).slow
    rest = data - np.einsum("rij,rj->ri", information, slow)
    variance = np.diag(np.square(deviations))
    inner = np.linalg.inv(np.eye(2) + information @ variance)
    deviation = np.einsum("ij,rjk,rk->ri", variance, inner, rest)
    jitter = np.where(deviations > 2 * _DEVIATIONS[0], deviations, 0.0)
    uncertainty = _uncertainty(information, steps, deviations)
    return Path(slow + deviation, deviation, jitter, uncertainty)


def _walk(
    information: FloatArray, data: FloatArray, chosen: FloatArray, best: float, axis: int, way: int
) -> tuple[float, FloatArray]:
    """Move one of the standard deviations along its scale as long as that helps."""
    size = len(_STEPS) if axis < 2 else len(_DEVIATIONS)
    while 0 <= chosen[axis] + way < size:
        other = chosen.copy()
        other[axis] += way
        cost = _cost(information, data, other)
        if cost >= best:
            break
        best, chosen = cost, other
    return best, chosen


def _be_still(
    information: FloatArray, data: FloatArray, chosen: FloatArray, best: float
) -> FloatArray:
    """Drop a walk or a deviation that hardly makes the picture more likely."""
    for axis in (2, 3, 0, 1):
        other = chosen.copy()
        other[axis] = 0
        cost = _cost(information, data, other)
        if cost < best + 2 * _STILL:
            best, chosen = max(cost, best), other
    return chosen


def _cost(information: FloatArray, data: FloatArray, chosen: FloatArray) -> float:
    return _Solved(information, data, _STEPS[chosen[:2]], _DEVIATIONS[chosen[2:]]).cost


class _Solved:
    """The walk for given standard deviations, and minus twice its log-likelihood."""

    def __init__(
        self, information: FloatArray, data: FloatArray, steps: FloatArray, deviations: FloatArray
    ) -> None:
        rows = len(data)
        variance = np.diag(np.square(deviations))
        inner = np.eye(2) + information @ variance
        determinant = inner[:, 0, 0] * inner[:, 1, 1] - inner[:, 0, 1] * inner[:, 1, 0]
        adjoint = np.array([[inner[:, 1, 1], -inner[:, 0, 1]], [-inner[:, 1, 0], inner[:, 0, 0]]])
        inverse = (adjoint / determinant).transpose(2, 0, 1)
        known = inverse @ information
        pull = np.einsum("rij,rj->ri", inverse, data)
        tight = 1 / np.square(steps)
        # Lower bands of the walk's precision plus what is known, unknowns in the order x, y, x, y.
        bands = np.zeros((3, 2 * rows))
        ends = np.full(rows, 2.0)
        ends[[0, -1]] = 1.0
        for axis in (0, 1):
            bands[0, axis::2] = ends * tight[axis] + known[:, axis, axis]
            bands[2, axis:-2:2] = -tight[axis]
        bands[0] += 1e-6
        bands[1, ::2] = known[:, 0, 1]
        factor = cholesky_banded(bands, lower=True)
        self.slow = cho_solve_banded((factor, True), pull.ravel()).reshape(rows, 2)
        gained = float(np.einsum("ri,ri->", data @ variance, pull))
        self.cost = (
            2 * float(np.log(factor[0]).sum())
            - (rows - 1) * float(np.log(tight).sum())
            + float(np.log(determinant).sum())
            - gained
            - float((pull * self.slow).sum())
        )


def _uncertainty(information: FloatArray, steps: FloatArray, deviations: FloatArray) -> FloatArray:
    """Steady state of the smoother along x and y (2,) for the mean information of a row."""
    mean = np.maximum(np.diagonal(information.mean(axis=0)), 1e-12)
    own = 1 / (1 / np.square(deviations) + mean)
    path = steps / 2 * np.sqrt(1 / mean + np.square(deviations))
    return np.asarray(np.sqrt(own + path * (mean * np.square(deviations) + 1) ** -2))
