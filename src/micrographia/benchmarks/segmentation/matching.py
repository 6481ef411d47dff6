"""One-to-one matching of instances between two label masks, and the scores built on it.

Label masks and the pairs of instances that touch are those of `io.label_masks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from micrographia.arrays import BoolArray, FloatArray, IntArray
from micrographia.io.label_masks import Overlaps

#: IoU thresholds of AP@0.5:0.95, after COCO (Lin et al., ECCV 2014).
COCO_THRESHOLDS: tuple[float, ...] = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
#: Upper ends of COCO's small and medium instances [px²].
SIZE_CLASSES = {"small": 32**2, "medium": 96**2, "large": np.inf}


class Counts(NamedTuple):
    """True positives, false positives and false negatives, with the matched pairs' IoU sum."""

    tp: int
    fp: int
    fn: int
    iou_sum: float


def count(found: Overlaps, threshold: float) -> Counts:
    """Match one to one and count, a pair counting only if its IoU is above `threshold`.

    From 0.5 upwards an instance can exceed the threshold with one partner only, so the pairs
    are the matching. Below 0.5 the matching with the most pairs, and among these the one with
    the largest IoU sum, is found by optimal assignment.

    Parameters
    ----------
    found
        What `overlaps` returned.
    threshold
        IoU that must be exceeded, 0 <= threshold < 1.

    Examples
    --------
    >>> from micrographia.io.label_masks import overlaps
    >>> found = overlaps(np.array([[1, 1, 2, 2]]), np.array([[1, 1, 0, 5]]))
    >>> count(found, 0.5)  # the second pair has IoU 0.5, which is not above 0.5
    Counts(tp=1, fp=1, fn=1, iou_sum=1.0)
    >>> count(found, 0.4)
    Counts(tp=2, fp=0, fn=0, iou_sum=1.5)
    """
    if not 0 <= threshold < 1:
        raise ValueError(f"the IoU threshold is {threshold}; allowed: 0 <= threshold < 1")
    above = found.iou > threshold
    matched = found.iou[above] if threshold >= 0.5 else _assign(found, above)
    tp = len(matched)
    return Counts(tp, found.n_predicted - tp, found.n_true - tp, float(matched.sum()))


def count_sizes(found: Overlaps, threshold: float = 0.5) -> dict[str, Counts]:
    """Count as `count` does, for each class of `SIZE_CLASSES` apart.

    A pair and an unmatched true instance belong to the class of the true area, an unmatched
    prediction to that of its own: one too small for its truth is a miss of the truth's class.

    Parameters
    ----------
    found
        What `overlaps` returned.
    threshold
        IoU that must be exceeded, 0.5 <= threshold < 1, where pairs need no choice.

    Examples
    --------
    >>> from micrographia.io.label_masks import overlaps
    >>> found = overlaps(np.ones((40, 40), int), np.ones((40, 40), int))
    >>> [name for name, counts in count_sizes(found).items() if counts.tp]
    ['medium']
    """
    if not 0.5 <= threshold < 1:
        raise ValueError(f"the IoU threshold is {threshold}; allowed: 0.5 <= threshold < 1")
    above = found.iou > threshold
    lone = np.ones(found.n_predicted, dtype=bool)
    lone[found.predicted[above]] = False
    true_class, lone_class = _classes(found.true_area), _classes(found.predicted_area[lone])
    counts = {}
    for place, name in enumerate(SIZE_CLASSES):
        inside = true_class[found.true[above]] == place
        tp = int(inside.sum())
        n_true = int((true_class == place).sum())
        fp = int((lone_class == place).sum())
        counts[name] = Counts(tp, fp, n_true - tp, float(found.iou[above][inside].sum()))
    return counts


def _classes(areas: IntArray) -> IntArray:
    """Number of the class of `SIZE_CLASSES` that each area belongs to."""
    return np.searchsorted(list(SIZE_CLASSES.values()), areas, side="right")


def _assign(found: Overlaps, above: BoolArray) -> FloatArray:
    """Return the IoU of the pairs of the largest matching among `above`."""
    from scipy.optimize import linear_sum_assignment

    if not above.any():
        return np.zeros(0)
    _, rows = np.unique(found.true[above], return_inverse=True)
    _, columns = np.unique(found.predicted[above], return_inverse=True)
    iou = np.zeros((rows.max() + 1, columns.max() + 1))
    iou[rows, columns] = found.iou[above]
    # A bonus no sum of IoUs can reach makes one more pair worth more than any better overlap.
    gain = np.where(iou > 0, iou + 1.0 + min(iou.shape), 0.0)
    chosen = iou[linear_sum_assignment(gain, maximize=True)]
    return np.asarray(chosen[chosen > 0])


def average_precision(counts: Counts) -> float:
    """TP / (TP + FP + FN) of one image; 1 when there is neither truth nor prediction.

    This is the score of the 2018 Data Science Bowl (Caicedo et al., Nature Methods 2019), not
    the area under a precision-recall curve, which needs confidences.

    Examples
    --------
    >>> average_precision(Counts(tp=2, fp=1, fn=1, iou_sum=1.4))
    0.5
    >>> average_precision(Counts(tp=0, fp=0, fn=0, iou_sum=0.0))
    1.0
    """
    total = counts.tp + counts.fp + counts.fn
    return counts.tp / total if total else 1.0


def panoptic_quality(counts: Counts) -> float:
    """Panoptic quality: IoU sum of the matches / (TP + FP/2 + FN/2); 1 when all is empty.

    Kirillov et al., Panoptic Segmentation, CVPR 2019, equation 1; defined for thresholds of
    0.5 and above.

    Examples
    --------
    >>> panoptic_quality(Counts(tp=2, fp=1, fn=1, iou_sum=1.5))
    0.5
    """
    total = counts.tp + 0.5 * (counts.fp + counts.fn)
    return counts.iou_sum / total if total else 1.0


def precision_curve(found: Overlaps, thresholds: Sequence[float]) -> FloatArray:
    """AP of one image at each threshold, shape (len(thresholds),).

    Examples
    --------
    >>> from micrographia.io.label_masks import overlaps
    >>> found = overlaps(np.array([[1, 1, 1, 1]]), np.array([[1, 1, 1, 0]]))
    >>> precision_curve(found, (0.5, 0.75, 0.9)).tolist()
    [1.0, 0.0, 0.0]
    """
    return np.array([average_precision(count(found, value)) for value in thresholds])
