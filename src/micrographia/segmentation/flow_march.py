"""Fast marching over label masks: each pixel's direction on the cheapest way to its centre."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]

#: The eight steps (y, x) in order of angle; even ones are straight, odd ones diagonal.
STEPS = np.array(
    [(0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1)], dtype=np.int64
)


@numba.njit(nogil=True, cache=True)
def march(
    state: Ints,
    cost: Floats,
    width: int,
    centre: NDArray[np.int64],
    mine: NDArray[np.int64],
    time: Floats,
    field: Floats,
) -> None:
    """Solve |∇T| = cost within each part, T = 0 at its centre; write the direction of -∇T.

    Pixels are settled in order of T, each from settled pixels of its own part only: from one
    neighbour, or from a point between a straight and a diagonal neighbour. So every vector
    lies between two directions that lead to pixels of the same instance nearer to its centre,
    and whoever follows either arrives.

    Parameters
    ----------
    state
        Numbers of the parts, framed by background and flat; settled pixels become negative.
    cost
        Cost of a way [1/px], same shape.
    width
        Pixels in a row of the framed picture.
    centre
        Flat index of each part's centre.
    mine
        Numbers of the parts to solve. Parts share no pixel, so threads need not wait.
    time
        Result T, infinite at first.
    field
        Result, shape (2, pixels), 0 at first: unit vectors (y, x), 0 at the centres.

    Notes
    -----
    Sethian, PNAS 93, 1591 (1996), on the eight triangles around a pixel.
    """
    step = STEPS[:, 0] * width + STEPS[:, 1]
    keys = np.empty(1024, np.float32)
    pixels = np.empty(1024, np.int64)
    for number in mine:
        part = state[centre[number]]
        time[centre[number]] = 0
        keys[0], pixels[0] = 0, centre[number]
        size = 1
        while size:
            here, key = pixels[0], keys[0]
            size -= 1
            _sift_down(keys, pixels, size)
            if state[here] != part or key > time[here]:
                continue
            state[here] = -part
            if size + 8 > len(keys):
                keys = np.concatenate((keys, np.empty_like(keys)))
                pixels = np.concatenate((pixels, np.empty_like(pixels)))
            for k in range(8):
                there = here + step[k]
                if state[there] == part and _improve(
                    state, cost, step, time, field, there, (k + 4) % 8, -part
                ):
                    _sift_up(keys, pixels, size, time[there], there)
                    size += 1


@numba.njit(nogil=True, cache=True)
def _improve(
    state: Ints,
    cost: Floats,
    step: Any,
    time: Floats,
    field: Floats,
    pixel: int,
    k: int,
    settled: int,
) -> bool:
    """Reach a pixel by its neighbour k, just settled; return whether that is quicker."""
    slope = cost[pixel]
    base = time[pixel + step[k]]
    diagonal = k % 2
    best = base + slope * (np.float32(1.4142135) if diagonal else np.float32(1))
    share, other = np.float32(0), k
    for turn in (-1, 1):
        j = (k + turn) % 8
        if state[pixel + step[j]] != settled:
            continue
        # T falls from the straight neighbour to the diagonal one by `fall`.
        fall = time[pixel + step[j]] - base if diagonal else base - time[pixel + step[j]]
        if fall <= 0 or fall >= slope * np.float32(0.70710678):
            continue  # the way leads through one of the two: tried as such
        root = np.sqrt(slope * slope - fall * fall)
        value = (time[pixel + step[j]] if diagonal else base) + root
        if value < best:
            best = value
            share = fall / root  # from the straight to the diagonal neighbour
            other = j
    if best >= time[pixel]:
        return False
    time[pixel] = best
    if other == k:
        y, x = np.float32(STEPS[k, 0]), np.float32(STEPS[k, 1])
    else:
        a, d = (other, k) if diagonal else (k, other)
        y = STEPS[a, 0] + share * np.float32(STEPS[d, 0] - STEPS[a, 0])
        x = STEPS[a, 1] + share * np.float32(STEPS[d, 1] - STEPS[a, 1])
    length = np.sqrt(y * y + x * x)
    field[0, pixel] = y / length
    field[1, pixel] = x / length
    return True


@numba.njit(nogil=True, cache=True)
def _sift_up(keys: Floats, pixels: Any, hole: int, key: float, pixel: int) -> None:
    """Put an entry into the heap of `hole` entries."""
    while hole > 0:
        parent = (hole - 1) >> 1
        if keys[parent] <= key:
            break
        keys[hole], pixels[hole] = keys[parent], pixels[parent]
        hole = parent
    keys[hole], pixels[hole] = key, pixel


@numba.njit(nogil=True, cache=True)
def _sift_down(keys: Floats, pixels: Any, size: int) -> None:
    """Close the hole at the top with the last of the `size` + 1 entries."""
    key, pixel = keys[size], pixels[size]
    hole = 0
    while True:
        child = 2 * hole + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[hole], pixels[hole] = keys[child], pixels[child]
        hole = child
    keys[hole], pixels[hole] = key, pixel
