"""Score of text regions: one-to-one matching of boxes that overlap enough."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from micrographia.arrays import FloatArray


def overlap(one: Sequence[Sequence[int]], other: Sequence[Sequence[int]]) -> FloatArray:
    """Return the intersection over union of every box of `one` with every box of `other`.

    Examples
    --------
    >>> overlap([(0, 0, 2, 2)], [(1, 0, 3, 2), (5, 5, 6, 6)]).round(3).tolist()
    [[0.333, 0.0]]
    """
    first = np.array([list(box) for box in one], dtype=np.float64).reshape(-1, 1, 4)
    second = np.array([list(box) for box in other], dtype=np.float64).reshape(1, -1, 4)
    low = np.maximum(first[..., :2], second[..., :2])
    high = np.minimum(first[..., 2:], second[..., 2:])
    common = np.maximum(high - low, 0).prod(axis=-1)
    area = [(boxes[..., 2:] - boxes[..., :2]).prod(axis=-1) for boxes in (first, second)]
    union = area[0] + area[1] - common
    return np.asarray(np.where(union > 0, common / np.where(union > 0, union, 1.0), 0.0))


def pairs(
    found: Sequence[Sequence[int]], true: Sequence[Sequence[int]], least: float
) -> list[tuple[int, int]]:
    """Pair found boxes with true ones, as many as possible, each at most once.

    Parameters
    ----------
    found, true
        x0, y0, x1, y1 with exclusive ends [px].
    least
        Least intersection over union of a pair.

    Returns
    -------
    list
        Indices of found and true boxes.
    """
    values = overlap(found, true)
    enough = values >= least
    # A pair more weighs more than any overlap.
    rows, columns = linear_sum_assignment(enough * (1.0 + 1e-3 * values), maximize=True)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if enough[i, j]]
