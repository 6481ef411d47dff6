"""Correlation of two thumbnails after alignment, to decide whether they show one picture."""

from __future__ import annotations

import math

import numba
import numpy as np

from micrographia.arrays import FloatArray, GreyImage

#: Side of a thumbnail [px]; that of the picture from which the perceptual hash is made.
SIDE = 32
#: The eight ways to turn and mirror: bit 0 mirrors left to right, 1 upside down, 2 transposes.
TRANSFORMS = np.arange(8, dtype=np.int64)
#: The same in words: what was done to a picture that became another.
WAYS = (
    "",
    "mirrored left to right",
    "mirrored upside down",
    "turned by 180°",
    "mirrored along its diagonal",
    "turned by 90° counter-clockwise",
    "turned by 90° clockwise",
    "mirrored along its other diagonal",
)
#: Thumbnails that correlate less where they lie are no crops of one another.
_HOPELESS = 0.45
#: Most stretch and shift that a crop can make, as shares of the side.
_MOST_STRETCH, _MOST_SHIFT = 0.12, 0.1
_STEPS = 10


def turned(thumbnail: GreyImage, way: int) -> GreyImage:
    """Return a square picture turned and mirrored in one of eight ways.

    Examples
    --------
    >>> turned(np.array([[1, 2], [3, 4]], dtype=np.uint8), 0b001).tolist()
    [[2, 1], [4, 3]]
    >>> turned(np.array([[1, 2], [3, 4]], dtype=np.uint8), 0b101).tolist()
    [[2, 4], [1, 3]]
    """
    return np.ascontiguousarray(_turned(thumbnail, way))


@numba.njit(cache=True)
def _turned(thumbnail: GreyImage, way: int) -> GreyImage:
    side = thumbnail.shape[0]
    result = np.empty_like(thumbnail)
    for y in range(side):
        for x in range(side):
            v, u = (x, y) if way & 4 else (y, x)
            v = side - 1 - v if way & 2 else v
            u = side - 1 - u if way & 1 else u
            result[y, x] = thumbnail[v, u]
    return result


@numba.njit(cache=True)
def alike(one: GreyImage, other: GreyImage, way: int, least: float) -> bool:
    """Whether `one` and `other`, turned in a way, correlate at least so much when registered."""
    turn = _turned(other, way)
    raw = _correlation(one, turn)
    if raw >= least or raw < _HOPELESS:
        return raw >= least
    return registered(one, turn) >= least


@numba.njit(cache=True)
def _correlation(one: GreyImage, other: GreyImage) -> float:
    """Correlate two thumbnails as they lie; flat ones are alike, a flat one and another not."""
    a, b = one.ravel(), other.ravel()
    sum_a, sum_b = np.int64(0), np.int64(0)
    square_a, square_b, product = np.int64(0), np.int64(0), np.int64(0)
    for place in range(a.size):
        u, v = np.int64(a[place]), np.int64(b[place])
        sum_a += u
        sum_b += v
        square_a += u * u
        square_b += v * v
        product += u * v
    return _ratio(
        float(a.size),
        float(sum_a),
        float(sum_b),
        float(square_a),
        float(square_b),
        float(product),
    )


@numba.njit(cache=True)
def _ratio(
    n: float, sum_a: float, sum_b: float, square_a: float, square_b: float, product: float
) -> float:
    variance_a, variance_b = n * square_a - sum_a**2, n * square_b - sum_b**2
    flat = n * n * 1e-3
    if variance_a <= flat or variance_b <= flat:
        return 1.0 if variance_a <= flat and variance_b <= flat else 0.0
    return (n * product - sum_a * sum_b) / math.sqrt(variance_a * variance_b)


@numba.njit(cache=True)
def registered(one: GreyImage, other: GreyImage) -> float:
    """Return the best correlation of two thumbnails when one is stretched and shifted a little.

    The stretch and the shift along x and y, with gain and offset, are fitted by Gauss-Newton
    steps (Lucas & Kanade 1981) on thumbnails smoothed by a binomial of three pixels.
    """
    side = one.shape[0]
    a, b = _smoothed(one), _smoothed(other)
    warped, slopes = np.empty((side, side)), np.empty((2, side, side))
    stretch_x, stretch_y, shift_x, shift_y = 1.0, 1.0, 0.0, 0.0
    best = -1.0
    for step in range(_STEPS):
        score = _warp(a, b, stretch_x, stretch_y, shift_x, shift_y, warped, slopes)
        best = max(best, score)
        normal, target = np.zeros((6, 6)), np.zeros(6)
        _accumulate(a, warped, slopes, normal, target)
        _solve(normal, target)
        gain = target[4]
        if gain < 0.1 or step == _STEPS - 1:
            break
        stretch_x += _within(target[0] / gain, 0.05)
        stretch_y += _within(target[1] / gain, 0.05)
        shift_x += _within(target[2] / gain, 1.0)
        shift_y += _within(target[3] / gain, 1.0)
        if max(abs(stretch_x - 1), abs(stretch_y - 1)) > _MOST_STRETCH:
            break
        if max(abs(shift_x), abs(shift_y)) > _MOST_SHIFT * side:
            break
    return best


@numba.njit(cache=True)
def _within(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))


@numba.njit(cache=True)
def _smoothed(thumbnail: GreyImage) -> FloatArray:
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
    stretch_x: float,
    stretch_y: float,
    shift_x: float,
    shift_y: float,
    warped: FloatArray,
    slopes: FloatArray,
) -> float:
    """Sample `b` and its slopes on the grid of `a`; NaN outside. Return the correlation."""
    side = a.shape[0]
    middle = (side - 1) / 2
    n, sum_a, sum_b, square_a, square_b, product = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    for y in range(side):
        v = stretch_y * (y - middle) + shift_y + middle
        for x in range(side):
            u = stretch_x * (x - middle) + shift_x + middle
            if u < 0 or v < 0 or u > side - 1 or v > side - 1:
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
    if n < side * side // 2:
        return -1.0
    return _ratio(n, sum_a, sum_b, square_a, square_b, product)


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
