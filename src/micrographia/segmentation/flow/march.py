"""Fast marching over label masks: each pixel's direction on the cheapest way to its centre."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from micrographia.arrays import Float32Array, Int32Array, IntArray
from micrographia.segmentation.flow.potential import CORE

#: The eight steps (y, x) in order of angle; even ones are straight, odd ones diagonal.
STEPS = np.array(
    [(0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1)], dtype=np.int64
)
_Y, _X = STEPS[:, 0].astype(np.float32), STEPS[:, 1].astype(np.float32)
_ZERO, _ONE = np.float32(0), np.float32(1)
_ROOT, _HALF_ROOT = np.float32(2**0.5), np.float32(0.5**0.5)
#: Ways to a pixel, before they become vectors: 0...7 by one neighbour; `_CENTRE`; or from between
#: a straight and a diagonal one, `_BETWEEN` + 8 * straight + diagonal.
_CENTRE, _BETWEEN = 8, 64
#: Width of the queue's buckets, as a share of what the least cost in the part may be. Below the
#: square root of 1/2 no pixel is reached from another one of its own bucket.
_BUCKET = np.float32(0.7)


@numba.njit(nogil=True, cache=True)
def march(
    state: Int32Array,
    cost: Float32Array,
    width: int,
    centre: IntArray,
    mine: IntArray,
    time: Float32Array,
    field: Float32Array,
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
        Cost of a way [1/px], same shape: one over the depth, at most 1. That of the centre times
        `flow_potential.CORE` is at most the least of its part.
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
    Sethian, PNAS 93, 1591 (1996), on the eight triangles around a pixel. The queue is one of
    buckets (Dial, Commun. ACM 12, 632 (1969)), each a list in `pixels` and `after`: a way ends at
    least `_BUCKET` of the least cost later than the ways it comes from, so the order within a
    bucket changes no T. It is twice as fast as a heap, but for a deep body on a very long thin
    tail, where it passes many empty buckets.
    """
    step = STEPS[:, 0] * width + STEPS[:, 1]
    down, right = field[0], field[1]
    pixels, after = np.empty(1024, np.int64), np.empty(1024, np.int64)
    heads = np.full(64, -1, np.int64)
    for number in mine:
        start = centre[number]
        part = state[start]
        scale = _ONE / (_BUCKET * np.float32(CORE) * cost[start])
        # No way is longer than a diagonal at cost 1: so many buckets are in use at a time.
        while len(heads) < int(_ROOT * scale) + 3:
            heads = np.full(2 * len(heads), -1, np.int64)
        around = len(heads) - 1  # the number of buckets is a power of two
        time[start], right[start] = 0, _CENTRE
        pixels[0], after[0], heads[0] = start, -1, 0
        bucket, waiting, used, free = 0, 1, 1, -1
        while waiting:
            entry = heads[bucket & around]
            if entry < 0:
                bucket += 1
                continue
            here = pixels[entry]
            heads[bucket & around] = after[entry]
            after[entry], free = free, entry
            waiting -= 1
            if state[here] != part:  # a quicker way was found since
                continue
            state[here] = -part
            _point(down, right, here)
            for k in range(8):
                there = here + step[k]
                if state[there] != part:
                    continue
                known = time[there]
                if not _improve(state, cost, step, time, down, right, there, (k + 4) & 7, -part):
                    continue
                into = int(time[there] * scale)
                if known < np.inf and int(known * scale) == into:
                    continue  # it waits in the right bucket
                if free >= 0:
                    entry, free = free, after[free]
                else:
                    entry = used
                    used += 1
                    if used > len(pixels):
                        pixels = np.concatenate((pixels, np.empty_like(pixels)))
                        after = np.concatenate((after, np.empty_like(after)))
                pixels[entry], after[entry] = there, heads[into & around]
                heads[into & around] = entry
                waiting += 1


@numba.njit(nogil=True, cache=True, inline="always")
def _improve(
    state: Int32Array,
    cost: Float32Array,
    step: Any,
    time: Float32Array,
    share: Float32Array,
    way: Float32Array,
    pixel: int,
    k: int,
    settled: int,
) -> bool:
    """Reach a pixel by its neighbour k, just settled; return whether that is quicker.

    If so its way is noted in the two arrays that will hold the vector; see `_point`.
    """
    slope = cost[pixel]
    base = time[pixel + step[k]]
    diagonal = k & 1
    best = base + slope * (_ROOT if diagonal else _ONE)
    between, through = _ZERO, k
    for turn in (7, 1):
        j = (k + turn) & 7
        beside = pixel + step[j]
        if state[beside] != settled:
            continue
        # T falls from the straight neighbour to the diagonal one by `fall`.
        fall = time[beside] - base if diagonal else base - time[beside]
        if fall <= 0 or fall >= slope * _HALF_ROOT:
            continue  # the way leads through one of the two: tried as such
        root = np.sqrt(slope * slope - fall * fall)
        value = (time[beside] if diagonal else base) + root
        if value < best:
            best, between = value, fall / root  # from the straight to the diagonal neighbour
            through = _BETWEEN + (8 * j + k if diagonal else 8 * k + j)
    if best >= time[pixel]:
        return False
    time[pixel], share[pixel], way[pixel] = best, between, through
    return True


@numba.njit(nogil=True, cache=True, inline="always")
def _point(down: Float32Array, right: Float32Array, pixel: int) -> None:
    """Replace a way, its share in `down` and its number in `right`, by the unit vector."""
    way, share = int(right[pixel]), down[pixel]
    if way == _CENTRE:
        down[pixel], right[pixel] = _ZERO, _ZERO
        return
    if way < _BETWEEN:
        y, x = _Y[way], _X[way]
    else:
        straight, diagonal = (way >> 3) & 7, way & 7
        y = _Y[straight] + share * (_Y[diagonal] - _Y[straight])
        x = _X[straight] + share * (_X[diagonal] - _X[straight])
    length = np.sqrt(y * y + x * x)
    down[pixel], right[pixel] = y / length, x / length
