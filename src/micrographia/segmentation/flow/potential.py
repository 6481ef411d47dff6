"""Parts of instances, their depths and centres, from which the flow is computed.

Compiled loops over flat arrays with a frame of one background pixel, so that no loop asks
whether it has left the picture. They release the interpreter: a thread may take a band of rows
each, whatever started this process (no OpenMP that forbids a fork).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from micrographia.arrays import Float32Array, Int32Array, IntArray

#: Pixels at least this deep, as a share of the deepest, may be the centre.
CORE = 0.5


@numba.njit(nogil=True, cache=True)
def number_parts(labels: NDArray[np.integer], parts: Int32Array) -> Any:
    """Number the connected parts of the labels; pixels touching at a corner belong together.

    Two passes with a forest of joined numbers, after Rosenfeld and Pfaltz, J. ACM 13, 471 (1966).

    Parameters
    ----------
    labels
        Label mask, 0 for background, shape (H, W).
    parts
        Result, framed, 0 at first: 1...n in reading order; shape (H + 2, W + 2).

    Returns
    -------
    first, area
        Flat index of each part's first pixel, and its number of pixels, shape (n,) each.
    """
    height, width = labels.shape
    parent = np.zeros(1024, np.int32)
    count = 1
    for y in range(height):
        for x in range(width):
            label = labels[y, x]
            if label == 0:
                continue
            if y > 0 and labels[y - 1, x] == label:  # it has joined what is beside it already
                parts[y + 1, x + 1] = parts[y, x + 1]
                continue
            mine = np.int32(0)
            if x > 0 and labels[y, x - 1] == label:
                mine = parts[y + 1, x]
            elif x > 0 and y > 0 and labels[y - 1, x - 1] == label:
                mine = parts[y, x]
            if y > 0 and x + 1 < width and labels[y - 1, x + 1] == label:
                mine = _joined(parent, mine, parts[y, x + 2]) if mine else parts[y, x + 2]
            if mine == 0:
                if count == len(parent):
                    parent = np.concatenate((parent, np.empty_like(parent)))
                mine = np.int32(count)
                parent[mine] = mine
                count += 1
            parts[y + 1, x + 1] = mine
    # A root is the least of its tree: whoever hangs on it comes after it and finds its number.
    n_parts = 0
    for number in range(1, count):
        if parent[number] == number:
            n_parts += 1
            parent[number] = n_parts
        else:
            parent[number] = parent[parent[number]]
    first, area = np.zeros(n_parts, np.int64), np.zeros(n_parts, np.int64)
    for y in range(height):
        for x in range(width):
            part = parent[parts[y + 1, x + 1]]
            parts[y + 1, x + 1] = part
            if part:
                if area[part - 1] == 0:
                    first[part - 1] = y * width + x
                area[part - 1] += 1
    return first, area


@numba.njit(nogil=True, cache=True)
def _joined(parent: Int32Array, one: Any, two: Any) -> Any:
    """Join the trees of two numbers and return their root."""
    while parent[one] != one:
        one = parent[one]
    while parent[two] != two:
        two = parent[two]
    root = min(one, two)
    parent[max(one, two)] = root
    return root


@numba.njit(nogil=True, cache=True)
def vertical_gaps(parts: Int32Array, gap: Float32Array, left: int, right: int) -> None:
    """Write each pixel's vertical distance to the nearest pixel of another part [px].

    Parameters
    ----------
    parts
        Numbers of the parts, 0 for background, framed; shape (H + 2, W + 2).
    gap
        Result, same shape.
    left, right
        Columns to write, the right one outside.
    """
    height = parts.shape[0]
    for y in range(1, height - 1):
        for x in range(left, right):
            same = parts[y, x] == parts[y - 1, x]
            gap[y, x] = gap[y - 1, x] + 1 if same else 1
    for y in range(height - 2, 0, -1):
        for x in range(left, right):
            below = gap[y + 1, x] + 1 if parts[y, x] == parts[y + 1, x] else np.float32(1)
            if below < gap[y, x]:
                gap[y, x] = below


@numba.njit(nogil=True, cache=True)
def depths(parts: Int32Array, depth: Float32Array, top: int, bottom: int) -> None:
    """Turn vertical distances into Euclidean ones to the nearest pixel of another part.

    What lies outside the picture is another part. Within a run of one part the distance is the
    lower envelope of one parabola per column and of a wall at either end: Felzenszwalb and
    Huttenlocher, Theory of Computing 8, 415 (2012), with runs instead of rows.

    Parameters
    ----------
    parts
        As in `vertical_gaps`.
    depth
        The vertical distances; overwritten with the depth, 0 on the background.
    top, bottom
        Rows to write, the bottom one outside.
    """
    width = parts.shape[1]
    apex = np.empty(width + 2, np.int64)
    height = np.empty(width + 2, np.float64)
    start = np.empty(width + 3, np.float64)
    for y in range(top, bottom):
        x = 1
        while x < width - 1:
            part = parts[y, x]
            end = x + 1
            while end < width - 1 and parts[y, end] == part:
                end += 1
            if part == 0:
                depth[y, x:end] = 0
            else:
                _envelope(depth[y], x, end, apex, height, start)
            x = end


@numba.njit(nogil=True, cache=True)
def _envelope(
    row: Float32Array, left: int, right: int, apex: Any, height: Any, start: Any
) -> None:  # scratch arrays are shared by all runs
    """Replace vertical distances in row[left:right] by depths; walls at left - 1 and right."""
    apex[0], height[0], start[0] = left - 1, 0.0, -np.inf
    last = 0
    for x in range(left, right + 1):
        value = float(row[x]) ** 2 if x < right else 0.0
        while True:
            between = float(x) ** 2 + value - float(apex[last]) ** 2 - height[last]
            between /= 2.0 * (x - apex[last])
            if between > start[last]:
                break
            last -= 1
        last += 1
        apex[last], height[last], start[last] = x, value, between
    start[last + 1] = np.inf
    piece = 0
    for x in range(left, right):
        while start[piece + 1] < x:
            piece += 1
        row[x] = np.sqrt(float(x - apex[piece]) ** 2 + height[piece])


@numba.njit(nogil=True, cache=True)
def centres(parts: Int32Array, depth: Float32Array, count: int) -> IntArray:
    """Return each part's centre as flat index of the framed picture; entry 0 is unused.

    The centre is the pixel nearest the centroid among those at least `CORE` times as deep as
    the deepest: inside also where the centroid is not, and in the body of a tadpole rather
    than in its tail. Of equally near pixels the first in reading order is taken.

    Parameters
    ----------
    parts, depth
        As in `depths`.
    count
        Number of parts.
    """
    rows, columns = parts.shape
    area = np.zeros(count + 1, np.int64)
    middle = np.zeros((count + 1, 2), np.float64)
    deepest = np.zeros(count + 1, np.float32)
    for y in range(1, rows - 1):
        for x in range(1, columns - 1):
            part = parts[y, x]
            if part:
                area[part] += 1
                middle[part, 0] += y
                middle[part, 1] += x
                if depth[y, x] > deepest[part]:
                    deepest[part] = depth[y, x]
    nearest = np.full(count + 1, np.inf)
    centre = np.zeros(count + 1, np.int64)
    for y in range(1, rows - 1):
        for x in range(1, columns - 1):
            part = parts[y, x]
            if part and depth[y, x] >= CORE * deepest[part]:
                # Whole numbers decide, so that a tie is a tie.
                away = (y * area[part] - middle[part, 0]) ** 2
                away += (x * area[part] - middle[part, 1]) ** 2
                if away < nearest[part]:
                    nearest[part] = away
                    centre[part] = y * columns + x
    return centre
