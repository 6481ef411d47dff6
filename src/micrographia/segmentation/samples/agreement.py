"""Agreement of predicted instances with the ground truth, to choose weights in training.

The scores that are reported are the benchmark room's; a test makes sure that these are equal.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


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
    _, _, iou = overlaps(true, found)
    matched = iou[iou > 0.5]
    counts = _count(true) + _count(found)
    if not counts:
        return Agreement(1.0, 1.0)
    return Agreement(len(matched) / (counts - len(matched)), float(matched.sum()) * 2 / counts)


def overlaps(
    true: NDArray[np.integer], found: NDArray[np.integer]
) -> tuple[NDArray[np.integer], NDArray[np.integer], NDArray[np.float64]]:
    """Pairs of labels that share a pixel, background left out, and their IoU."""
    true_labels, rows = np.unique(true, return_inverse=True)
    found_labels, columns = np.unique(found, return_inverse=True)
    pairs, shared = np.unique(
        rows.ravel() * len(found_labels) + columns.ravel(), return_counts=True
    )
    row, column = np.divmod(pairs, len(found_labels))
    true_area = np.bincount(row, shared, len(true_labels))
    found_area = np.bincount(column, shared, len(found_labels))
    iou = shared / (true_area[row] + found_area[column] - shared)
    both = (true_labels[row] > 0) & (found_labels[column] > 0)
    return true_labels[row[both]], found_labels[column[both]], iou[both]


def _count(labels: NDArray[np.integer]) -> int:
    return int(np.count_nonzero(np.unique(labels)))
