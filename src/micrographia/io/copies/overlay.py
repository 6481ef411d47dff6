"""Whether two thumbnails agree also outside what may be laid over both: bars, logos, insets.

A data bar can hold nearly all the contrast of a thumbnail: ten different pictures with the same
bar correlate at 0.99. So no rectangle may be what the likeness of two pictures rests on: they
must agree in the rest as well, whichever rectangle of up to two fifths of the picture is left out.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from micrographia.arrays import FloatArray, IntArray
from micrographia.io.copies.registration import register

#: Largest rectangle that is left out, as a share of the thumbnail.
_LARGEST = 0.4
#: Variance that makes no difference, about that of JPEG's and rounding's errors [grey level²].
_NOISE = 0.5
#: Correlation of the rest at which two pictures are of one sample, and that below which they are
#: not; between these the rests are laid on one another once more.
_LEAST, _HOPELESS = 0.93, 0.2
#: Steps of the rectangles' sides: coarse, then fine [px].
_COARSE, _FINE = 4, 2


@numba.njit(cache=True)
def agree_outside_overlays(
    a: FloatArray, b: FloatArray, place: FloatArray, warped: FloatArray, even: float
) -> bool:
    """Whether two pictures correlate in the rest, whichever rectangle is left out.

    Parameters
    ----------
    a, b
        Smoothed thumbnails, shape (side, side).
    place
        Stretch and shift at which `b` lies on `a`; see `registration.register`.
    warped
        `b` as it lies there; NaN outside.
    even
        Share of the weaker one's variance that makes no difference, beside that of rounding: for
        thumbnails that were stretched, and their errors with them.
    """
    sums = _sums(a, warped)
    box, nothing = np.zeros(4, dtype=np.int64), np.zeros(4, dtype=np.int64)
    noise = _noise(sums, even)
    lowest = _lowest(sums, noise, _COARSE, box)
    if lowest >= _HOPELESS:
        lowest = _lowest(sums, noise, _FINE, box)
    if lowest < _HOPELESS or lowest >= _LEAST:
        return lowest >= _LEAST
    rest, again, there = a.copy(), place.copy(), np.empty_like(a)
    rest[box[0] : box[2], box[1] : box[3]] = np.nan
    register(rest, b, again, there)
    return _rest(_sums(rest, there), noise, nothing) >= _LEAST


@numba.njit(cache=True)
def _noise(sums: FloatArray, even: float) -> tuple[float, float]:
    """Variances that make no difference: in the weaker picture, and the same in the other.

    One may have been stretched, the other not.
    """
    nothing = np.zeros(4, dtype=np.int64)
    n = max(_outside(sums, nothing, 0), 1.0)
    a, b = _outside(sums, nothing, 1) / n, _outside(sums, nothing, 2) / n
    one = max(_outside(sums, nothing, 3) / n - a * a, 1e-3)
    two = max(_outside(sums, nothing, 4) / n - b * b, 1e-3)
    weaker = min(one, two)
    share = _NOISE / weaker + even
    return share * one, share * two


@numba.njit(cache=True)
def _sums(a: FloatArray, b: FloatArray) -> FloatArray:
    """Sums over all pixels above and left of each: count, a, b, a², b², ab; without NaN."""
    side = a.shape[0]
    sums = np.zeros((side + 1, side + 1, 6))
    row = np.zeros(6)
    for y in range(side):
        row[:] = 0
        for x in range(side):
            u, v = a[y, x], b[y, x]
            if not (math.isnan(u) or math.isnan(v)):
                row[0] += 1
                row[1] += u
                row[2] += v
                row[3] += u * u
                row[4] += v * v
                row[5] += u * v
            sums[y + 1, x + 1] = sums[y, x + 1] + row
    return sums


@numba.njit(cache=True)
def _lowest(sums: FloatArray, noise: tuple[float, float], step: int, box: IntArray) -> float:
    """Lowest correlation of the rest over all rectangles; `box` is set to that rectangle.

    Ends as soon as one is hopeless.
    """
    side = sums.shape[0] - 1
    largest = _LARGEST * side * side
    tried = np.zeros(4, dtype=np.int64)
    lowest = 2.0
    for top in range(0, side, step):
        for bottom in range(top + step, side + 1, step):
            for left in range(0, side, step):
                for right in range(left + step, side + 1, step):
                    if (bottom - top) * (right - left) > largest:
                        break
                    tried[0], tried[1], tried[2], tried[3] = top, left, bottom, right
                    found = _rest(sums, noise, tried)
                    if found < lowest:
                        lowest = found
                        box[:] = tried
                        if lowest < _HOPELESS:
                            return lowest
    return lowest


@numba.njit(cache=True)
def _rest(sums: FloatArray, noise: tuple[float, float], box: IntArray) -> float:
    """Correlation outside a rectangle; where both are even but for noise, they agree."""
    n = _outside(sums, box, 0)
    if n < 1:
        return 1.0
    a, b = _outside(sums, box, 1) / n, _outside(sums, box, 2) / n
    one = max(_outside(sums, box, 3) / n - a * a, 0.0)
    two = max(_outside(sums, box, 4) / n - b * b, 0.0)
    product = _outside(sums, box, 5) / n - a * b
    both = math.sqrt(noise[0] * noise[1])
    return (product + both) / math.sqrt((one + noise[0]) * (two + noise[1]))


@numba.njit(cache=True, inline="always")
def _outside(sums: FloatArray, box: IntArray, k: int) -> float:
    top, left, bottom, right = box
    inside = sums[bottom, right, k] - sums[top, right, k]
    return sums[-1, -1, k] - (inside - sums[bottom, left, k] + sums[top, left, k])
