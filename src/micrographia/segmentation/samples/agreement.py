"""Agreement of predicted instances with the ground truth, to choose weights in training.

The scores that are reported are the benchmark room's; a test makes sure that these are equal.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from micrographia.io.label_masks import overlaps


class Agreement(NamedTuple):
    """AP@0.5 = TP/(TP+FP+FN) and PQ@0.5 of one picture; 1 where there is nothing and none."""

    ap50: float
    pq50: float


def agreement(true: NDArray[np.integer], found: NDArray[np.integer]) -> Agreement:
    """Compare two label masks of the same shape; a match has IoU above 0.5.

    Examples
    --------
    >>> agreement(np.array([[1, 1, 2, 2]]), np.array([[1, 1, 0, 5]]))  # one IoU is just 0.5
    Agreement(ap50=0.3333333333333333, pq50=0.5)
    """
    # Pixels in doubt, -1, are in no pair; they count as one instance that nothing can match.
    iou = overlaps(np.maximum(true, 0), found).iou
    matched = iou[iou > 0.5]
    counts = _count(true) + _count(found)
    if not counts:
        return Agreement(1.0, 1.0)
    return Agreement(len(matched) / (counts - len(matched)), float(matched.sum()) * 2 / counts)


def _count(labels: NDArray[np.integer]) -> int:
    return int(np.count_nonzero(np.unique(labels)))
