"""The part of a picture that one grain fills: the largest upright rectangle within its mask."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import BoolArray

_STEPS = 48  # blocks a side among which the rectangle is sought


def largest_rectangle(mask: BoolArray) -> tuple[slice, slice]:
    """Rows and columns of the largest upright rectangle in which a mask is True.

    Parameters
    ----------
    mask
        (rows, columns). It is looked at in blocks of a fiftieth of its sides.

    Examples
    --------
    >>> mask = np.zeros((96, 96), dtype=bool)
    >>> mask[:, 48:] = True
    >>> largest_rectangle(mask)
    (slice(0, 96, None), slice(48, 96, None))
    """
    step = max(1, min(mask.shape) // _STEPS)
    rows, columns = (side // step for side in mask.shape)
    blocks = mask[: rows * step, : columns * step].reshape(rows, step, columns, step)
    whole = np.asarray(blocks.all(axis=(1, 3)), dtype=np.bool_).reshape(rows, columns)
    best, place = 0, (0, rows, 0, columns)
    for top in range(rows):
        filled = np.ones(columns, dtype=bool)
        for bottom in range(top, rows):
            filled &= whole[bottom]
            start, length = _longest_run(filled)
            if length == 0:
                break
            if (bottom + 1 - top) * length > best:
                best = (bottom + 1 - top) * length
                place = (top, bottom + 1, start, start + length)
    top, bottom, left, right = (edge * step for edge in place)
    return slice(top, bottom), slice(left, right)


def _longest_run(filled: BoolArray) -> tuple[int, int]:
    """Start and length of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], filled.astype(np.int8), [0]])))
    if not len(edges):
        return 0, 0
    lengths = edges[1::2] - edges[::2]
    longest = int(lengths.argmax())
    return int(edges[::2][longest]), int(lengths[longest])
