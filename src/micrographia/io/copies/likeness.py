"""Correlation of two thumbnails after alignment, to decide whether they show one picture."""

from __future__ import annotations

import numba
import numpy as np

from micrographia.arrays import GreyImage
from micrographia.io.copies.overlay import agree_outside_overlays
from micrographia.io.copies.registration import ratio, register, smoothed

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
def alike(one: GreyImage, other: GreyImage, way: int, least: float, even: float = 0.0) -> bool:
    """Whether `one` and `other`, turned in a way, show one picture.

    They correlate at least so much when one is laid on the other, and that not only because of
    something that is laid over both; see `overlay`.
    """
    turn = _turned(other, way)
    raw = _correlation(one, turn)
    if raw < min(_HOPELESS, least):
        return False
    place, a, b = np.array([1.0, 1.0, 0.0, 0.0]), smoothed(one), smoothed(turn)
    warped = b.copy()
    if raw < least and register(a, b, place, warped) < least:
        return False
    return agree_outside_overlays(a, b, place, warped, even)


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
    return ratio(
        float(a.size),
        float(sum_a),
        float(sum_b),
        float(square_a),
        float(square_b),
        float(product),
    )


@numba.njit(cache=True)
def registered(one: GreyImage, other: GreyImage) -> float:
    """Return the best correlation of two thumbnails when one is stretched and shifted a little."""
    place, warped = np.array([1.0, 1.0, 0.0, 0.0]), np.empty(one.shape)
    return register(smoothed(one), smoothed(other), place, warped)
