"""The largest part of a picture that shows no text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Box = tuple[int, int, int, int]


def largest_free(boxes: Sequence[Sequence[int]], width: int, height: int) -> Box | None:
    """Return the largest rectangle of a picture that none of `boxes` touches.

    Exact: each side of a largest rectangle lies on the picture's edge or on that of a box, so
    all pairs of a left and a right edge are tried, widest first; between them the boxes that
    reach into the strip leave gaps, and the tallest counts. A pair whose whole strip is smaller
    than the best found so far is passed over. O(n³) at worst for n boxes, which are few.

    Parameters
    ----------
    boxes
        x0, y0, x1, y1 with exclusive ends [px]; parts outside the picture do not count.
    width, height
        Size of the picture [px].

    Returns
    -------
    tuple or None
        x0, y0, x1, y1; of equal ones the widest, then the leftmost, then the topmost. None
        where boxes cover the whole picture.

    Examples
    --------
    >>> largest_free([(0, 90, 100, 100), (0, 0, 10, 10)], 100, 100)
    (10, 0, 100, 90)
    """
    clipped = np.array(boxes, dtype=np.int64).reshape(-1, 4)
    clipped[:, [0, 2]] = clipped[:, [0, 2]].clip(0, width)
    clipped[:, [1, 3]] = clipped[:, [1, 3]].clip(0, height)
    solid = (clipped[:, 2] > clipped[:, 0]) & (clipped[:, 3] > clipped[:, 1])
    clipped = clipped[solid]
    lefts = np.unique(np.append(clipped[:, 2], 0))
    rights = np.unique(np.append(clipped[:, 0], width))
    pairs = sorted(
        ((int(x0), int(x1)) for x0 in lefts for x1 in rights if x1 > x0),
        key=lambda pair: (pair[0] - pair[1], pair[0]),
    )
    best: Box | None = None
    area = 0
    for x0, x1 in pairs:
        if (x1 - x0) * height <= area:
            break
        inside = clipped[(clipped[:, 0] < x1) & (clipped[:, 2] > x0)]
        y0, y1 = _tallest_gap(inside[:, 1], inside[:, 3], height)
        if (x1 - x0) * (y1 - y0) > area:
            best, area = (x0, y0, x1, y1), (x1 - x0) * (y1 - y0)
    return best


def _tallest_gap(starts: np.ndarray, ends: np.ndarray, height: int) -> tuple[int, int]:
    """Return the tallest part of 0…height that no interval covers; the first of equals."""
    order = np.argsort(starts, kind="stable")
    # Where each gap begins: below everything that started before it.
    begins = np.maximum.accumulate(np.append(0, ends[order]))
    stops = np.append(starts[order], height)
    widest = int(np.argmax(stops - begins))
    if stops[widest] <= begins[widest]:
        return 0, 0
    return int(begins[widest]), int(stops[widest])
