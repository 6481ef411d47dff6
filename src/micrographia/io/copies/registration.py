"""Registration of two thumbnails: one is stretched and shifted until it lies on the other."""

from __future__ import annotations

import math

import numba
import numpy as np

from micrographia.arrays import FloatArray, GreyImage

#: Most stretch and shift that a crop can make, as shares of the side.
_MOST_STRETCH, _MOST_SHIFT = 0.12, 0.1
_STEPS = 10
#: Least share of the pixels that two registered thumbnails have in common.
_LEAST_COMMON = 0.4


@numba.njit(cache=True)
def register(a: FloatArray, b: FloatArray, place: FloatArray, kept: FloatArray) -> float:
    """Lay `b` on `a`: fit stretch and shift along x and y, with gain and offset.

    Gauss-Newton steps (Lucas & Kanade 1981).

    Parameters
    ----------
    a, b
        Smoothed thumbnails, see `smoothed`; pixels of `a` that are NaN take no part.
    place
        Stretch along x and y, shift along x and y [px], where the fit begins; where it was best,
        afterwards.
    kept
        Set to `b` as it lies on `a` there; NaN outside.

    Returns
    -------
    The best correlation where they overlap.
    """
    side = a.shape[0]
    warped, slopes = np.empty((side, side)), np.empty((2, side, side))
    now = place.copy()
    best = -2.0
    for step in range(_STEPS):
        score = _warp(a, b, now, warped, slopes)
        if score > best:
            best = score
            kept[:], place[:] = warped, now
        normal, target = np.zeros((6, 6)), np.zeros(6)
        _accumulate(a, warped, slopes, normal, target)
        _solve(normal, target)
        gain = target[4]
        if gain < 0.1 or step == _STEPS - 1:
            break
        for k in range(4):
            now[k] += _within(target[k] / gain, 0.05 if k < 2 else 1.0)
        if max(abs(now[0] - 1), abs(now[1] - 1)) > _MOST_STRETCH:
            break
        if max(abs(now[2]), abs(now[3])) > _MOST_SHIFT * side:
            break
    return best


@numba.njit(cache=True)
def ratio(
    n: float, sum_a: float, sum_b: float, square_a: float, square_b: float, product: float
) -> float:
    """Correlation by sums; 1 of two constant pictures, 0 of one and another."""
    variance_a, variance_b = n * square_a - sum_a**2, n * square_b - sum_b**2
    flat = n * n * 1e-3
    if variance_a <= flat or variance_b <= flat:
        return 1.0 if variance_a <= flat and variance_b <= flat else 0.0
    return (n * product - sum_a * sum_b) / math.sqrt(variance_a * variance_b)


@numba.njit(cache=True)
def _within(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))


@numba.njit(cache=True)
def smoothed(thumbnail: GreyImage) -> FloatArray:
    """Smooth a thumbnail by a binomial of three pixels."""
    side = thumbnail.shape[0]
    rows, result = np.empty((side, side)), np.empty((side, side))
    for y in range(side):
        for x in range(side):
            left, right = thumbnail[y, max(x - 1, 0)], thumbnail[y, min(x + 1, side - 1)]
            rows[y, x] = 0.25 * left + 0.5 * thumbnail[y, x] + 0.25 * right
    for y in range(side):
        for x in range(side):
            above, below = rows[max(y - 1, 0), x], rows[min(y + 1, side - 1), x]
            result[y, x] = 0.25 * above + 0.5 * rows[y, x] + 0.25 * below
    return result


@numba.njit(cache=True)
def _warp(
    a: FloatArray,
    b: FloatArray,
    place: FloatArray,
    warped: FloatArray,
    slopes: FloatArray,
) -> float:
    """Sample `b` and its slopes on the grid of `a`, NaN outside; return the correlation."""
    side = a.shape[0]
    middle = (side - 1) / 2
    n, sum_a, sum_b, square_a, square_b, product = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    for y in range(side):
        v = place[1] * (y - middle) + place[3] + middle
        for x in range(side):
            u = place[0] * (x - middle) + place[2] + middle
            if math.isnan(a[y, x]) or u < 0 or v < 0 or u > side - 1 or v > side - 1:
                warped[y, x] = np.nan
                continue
            left, top = min(int(u), side - 2), min(int(v), side - 2)
            p, q = u - left, v - top
            b00, b01 = b[top, left], b[top, left + 1]
            b10, b11 = b[top + 1, left], b[top + 1, left + 1]
            value = (1 - q) * ((1 - p) * b00 + p * b01) + q * ((1 - p) * b10 + p * b11)
            warped[y, x] = value
            slopes[0, y, x] = (1 - q) * (b01 - b00) + q * (b11 - b10)
            slopes[1, y, x] = (1 - p) * (b10 - b00) + p * (b11 - b01)
            n += 1
            sum_a += a[y, x]
            sum_b += value
            square_a += a[y, x] ** 2
            square_b += value**2
            product += a[y, x] * value
    if n < _LEAST_COMMON * side * side:
        return -1.0
    return ratio(n, sum_a, sum_b, square_a, square_b, product)


@numba.njit(cache=True)
def _accumulate(
    a: FloatArray, warped: FloatArray, slopes: FloatArray, normal: FloatArray, target: FloatArray
) -> None:
    """Normal equations of a = gain (b + slopes times change) + offset, lightly damped."""
    side = a.shape[0]
    middle = (side - 1) / 2
    row = np.ones(6)
    for y in range(side):
        for x in range(side):
            if math.isnan(warped[y, x]):
                continue
            row[0] = slopes[0, y, x] * (x - middle)
            row[1] = slopes[1, y, x] * (y - middle)
            row[2], row[3], row[4] = slopes[0, y, x], slopes[1, y, x], warped[y, x]
            for i in range(6):
                for j in range(i + 1):
                    normal[i, j] += row[i] * row[j]
                target[i] += row[i] * a[y, x]
    for i in range(6):
        normal[i, i] = normal[i, i] * (1 + 1e-4) + 1e-6


@numba.njit(cache=True)
def _solve(normal: FloatArray, target: FloatArray) -> None:
    """Solve in place by Cholesky's factors of the lower triangle."""
    size = target.size
    for i in range(size):
        for j in range(i + 1):
            rest = normal[i, j]
            for k in range(j):
                rest -= normal[i, k] * normal[j, k]
            normal[i, j] = math.sqrt(max(rest, 1e-30)) if i == j else rest / normal[j, j]
    for i in range(size):
        for k in range(i):
            target[i] -= normal[i, k] * target[k]
        target[i] /= normal[i, i]
    for i in range(size - 1, -1, -1):
        for k in range(i + 1, size):
            target[i] -= normal[k, i] * target[k]
        target[i] /= normal[i, i]
