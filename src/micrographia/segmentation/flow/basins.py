"""Compiled loops of `flow_follow`: pointers, basins, and how their borders part the flow."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from micrographia.arrays import BoolArray, Float32Array, Int32Array
from micrographia.segmentation.flow.march import STEPS

#: Steps that the two sides of a border are followed for to see whether they part.
REACH = 4


@numba.njit(nogil=True, cache=True)
def point(
    down: Float32Array, right: Float32Array, inside: BoolArray, target: Any, top: int, bottom: int
) -> None:
    """Write the pixel that each pixel of rows top...bottom points to: a neighbour or itself.

    Of the eight neighbours inside the foreground that whose direction is nearest the vector's
    is taken, at most 90° off; without such a one, or with the vector 0, the pixel stays.

    Parameters
    ----------
    down, right
        Components of the field, shape (H, W).
    inside
        The foreground, shape (H, W).
    target
        Result, flat indices, shape (H, W); -1 outside the foreground.
    top, bottom
        Rows to write, the bottom one outside.
    """
    height, width = inside.shape
    for y in range(top, bottom):
        for x in range(width):
            if not inside[y, x]:
                target[y, x] = -1
                continue
            target[y, x] = y * width + x
            v, u = down[y, x], right[y, x]
            best = np.float32(0)
            for k in range(8):
                j, i = y + STEPS[k, 0], x + STEPS[k, 1]
                if j < 0 or j >= height or i < 0 or i >= width or not inside[j, i]:
                    continue
                along = v * STEPS[k, 0] + u * STEPS[k, 1]
                if k % 2:
                    along *= np.float32(0.70710678)
                if along > best:
                    best = along
                    target[y, x] = j * width + i


@numba.njit(nogil=True, cache=True)
def basins(target: Any, basin: Int32Array) -> tuple[Any, Any]:
    """Follow all pointers to where nothing moves; number the ends in reading order.

    Each pixel is walked over twice at most: a walk stops at the first pixel whose end is known.
    Pixels that point around a circle end together.

    Parameters
    ----------
    target
        Flat index that each pixel points to, -1 for the background; flat.
    basin
        Result, 0 for the background, 1...n else; flat.

    Returns
    -------
    ends, area : ndarray
        Flat index of each basin's end and its number of pixels, from the first basin on.
    """
    basin[:] = 0
    ends, area = [np.int64(-1)], [np.int64(0)]
    for start in range(target.size):
        if target[start] < 0 or basin[start] != 0:
            continue
        here = np.int64(start)
        while basin[here] == 0:
            basin[here] = -1
            here = np.int64(target[here])
        number = basin[here]
        if number < 0:  # a circle that nobody has met before
            number = np.int32(len(ends))
            ends.append(here)
            area.append(np.int64(0))
        here = np.int64(start)
        while basin[here] < 0:
            basin[here] = number
            area[number] += 1
            here = np.int64(target[here])
    return np.array(ends)[1:], np.array(area)[1:]


@numba.njit(nogil=True, cache=True)
def partings(target: Any, basin: Int32Array, top: int, bottom: int) -> tuple[Any, Any, Any, Any]:
    """Return how far the flow parts at each place where two basins touch.

    From two touching pixels of different basins both are followed a few steps. Where two
    instances touch, the ways lead apart; where one instance has two ends, side by side.

    Parameters
    ----------
    target
        As `point` wrote it, shape (H, W).
    basin
        Numbers of the basins, shape (H, W).
    top, bottom
        Rows to look at, with what lies below them; the bottom one outside.

    Returns
    -------
    smaller, larger
        The two basins.
    growth
        By how much their distance grew [px].
    way
        Length of the two ways together [px]; growth <= way.
    """
    height, width = basin.shape
    flat = target.ravel()
    count = 0
    for y in range(top, bottom):
        for x in range(width):
            count += x + 1 < width and _border(basin[y, x], basin[y, x + 1])
            count += y + 1 < height and _border(basin[y, x], basin[y + 1, x])
    smaller, larger = np.empty(count, np.int32), np.empty(count, np.int32)
    growth, way = np.empty(count, np.float32), np.empty(count, np.float32)
    count = 0
    for y in range(top, bottom):
        for x in range(width):
            for j, i in ((y, x + 1), (y + 1, x)):
                if j >= height or i >= width or not _border(basin[y, x], basin[j, i]):
                    continue
                a, ahead = _walk(flat, y * width + x, width)
                b, behind = _walk(flat, j * width + i, width)
                smaller[count] = min(basin[y, x], basin[j, i])
                larger[count] = max(basin[y, x], basin[j, i])
                growth[count] = _distance(a, b, width) - 1
                way[count] = ahead + behind
                count += 1
    return smaller, larger, growth, way


@numba.njit(nogil=True, cache=True)
def _border(a: int, b: int) -> bool:
    return a != 0 and b != 0 and a != b


@numba.njit(nogil=True, cache=True)
def _walk(target: Any, pixel: int, width: int) -> tuple[Any, float]:
    """Follow a pixel for `REACH` steps; return where it is and the length of its way [px]."""
    here, length = np.int64(pixel), 0.0
    for _ in range(REACH):
        there = np.int64(target[here])
        length += _distance(here, there, width)
        here = there
    return here, length


@numba.njit(nogil=True, cache=True)
def _distance(a: Any, b: Any, width: int) -> float:
    return np.hypot(float(a // width - b // width), float(a % width - b % width))


@numba.njit(nogil=True, cache=True)
def total(labels: Int32Array, values: Any, count: int) -> Any:
    """Return the sum of `values` over each label 1...count; flat arrays."""
    found = np.zeros(count + 1, np.float64)
    for pixel in range(labels.size):
        found[labels[pixel]] += values[pixel]
    return found[1:]


@numba.njit(nogil=True, cache=True)
def differences(labels: Int32Array, field: Float32Array, own: Float32Array, count: int) -> Any:
    """Return the sum over each label 1...count of the squared distance of two fields.

    Parameters
    ----------
    labels
        Shape (H, W).
    field
        Shape (2, H, W).
    own
        Shape (2, H + 2, W + 2): with a frame.
    """
    found = np.zeros(count + 1, np.float64)
    for y in range(labels.shape[0]):
        for x in range(labels.shape[1]):
            down = own[0, y + 1, x + 1] - field[0, y, x]
            right = own[1, y + 1, x + 1] - field[1, y, x]
            found[labels[y, x]] += down * down + right * right
    return found[1:]
