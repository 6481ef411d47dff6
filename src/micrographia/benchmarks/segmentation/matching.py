"""One-to-one matching of instances between two label masks, and the scores built on it.

A label mask is an integer array of shape (H, W): 0 is background, every other value one
instance. Labels may have gaps and an instance may have several parts: all pixels of one value
are one instance. Overlaps are kept as the list of pairs that really touch, so that masks with
thousands of instances cost no more than one pass over the pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: IoU thresholds of AP@0.5:0.95, after COCO (Lin et al., ECCV 2014).
COCO_THRESHOLDS: tuple[float, ...] = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
#: Upper ends of COCO's small and medium instances [px²].
SIZE_CLASSES = {"small": 32**2, "medium": 96**2, "large": np.inf}


class Overlaps(NamedTuple):
    """Pairs of touching instances and the sizes of the two sets.

    `true` and `predicted`, shape (n_pairs,), number the instances from 0 in order of their
    labels; `iou`, shape (n_pairs,), is the pairs' intersection over union, 0 < iou <= 1.
    `true_area` and `predicted_area`, one number per instance, are in px².
    """

    n_true: int
    n_predicted: int
    true: NDArray[np.int64]
    predicted: NDArray[np.int64]
    iou: NDArray[np.float64]
    true_area: NDArray[np.int64]
    predicted_area: NDArray[np.int64]


class Counts(NamedTuple):
    """True positives, false positives and false negatives, with the matched pairs' IoU sum."""

    tp: int
    fp: int
    fn: int
    iou_sum: float


def overlaps(true: NDArray[np.integer], predicted: NDArray[np.integer]) -> Overlaps:
    """Return every pair of a true and a predicted instance that share a pixel.

    Parameters
    ----------
    true, predicted
        Label masks of the same shape (H, W), integer, not negative.

    Raises
    ------
    ValueError
        The shapes differ, or a mask is no two-dimensional array of integers >= 0.

    Examples
    --------
    >>> found = overlaps(np.array([[7, 7, 0]]), np.array([[0, 2, 2]]))
    >>> found.n_true, found.n_predicted, found.iou.round(3).tolist()
    (1, 1, [0.333])
    """
    for name, mask in (("true", true), ("predicted", predicted)):
        if mask.ndim != 2 or not np.issubdtype(mask.dtype, np.integer):
            raise ValueError(
                f"the {name} mask has shape {mask.shape} and type {mask.dtype}; "
                "allowed: two dimensions, integers"
            )
        if mask.size and mask.min() < 0:
            raise ValueError(f"the {name} mask has the label {mask.min()}; allowed: 0 and above")
    if true.shape != predicted.shape:
        raise ValueError(f"the shapes differ: true {true.shape}, predicted {predicted.shape}")
    true_labels, true_index, true_area = _number(true)
    predicted_labels, predicted_index, predicted_area = _number(predicted)
    both = (true_index >= 0) & (predicted_index >= 0)
    width = max(1, len(predicted_labels))
    keys, shared = np.unique(true_index[both] * width + predicted_index[both], return_counts=True)
    rows, columns = np.divmod(keys, width)
    union = true_area[rows] + predicted_area[columns] - shared
    return Overlaps(
        len(true_labels),
        len(predicted_labels),
        rows,
        columns,
        shared / np.maximum(union, 1),
        true_area,
        predicted_area,
    )


def _number(
    mask: NDArray[np.integer],
) -> tuple[NDArray[np.integer], NDArray[np.int64], NDArray[np.int64]]:
    """Return (labels without 0, each pixel's instance number or -1, areas in px)."""
    labels, inverse, areas = np.unique(mask, return_inverse=True, return_counts=True)
    index = inverse.ravel().astype(np.int64)
    if labels.size and labels[0] == 0:
        return labels[1:], index - 1, areas[1:].astype(np.int64)
    return labels, index, areas.astype(np.int64)


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


def _classes(areas: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of the class of `SIZE_CLASSES` that each area belongs to."""
    return np.searchsorted(list(SIZE_CLASSES.values()), areas, side="right")


def _assign(found: Overlaps, above: NDArray[np.bool_]) -> NDArray[np.float64]:
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


def precision_curve(found: Overlaps, thresholds: Sequence[float]) -> NDArray[np.float64]:
    """AP of one image at each threshold, shape (len(thresholds),).

    Examples
    --------
    >>> found = overlaps(np.array([[1, 1, 1, 1]]), np.array([[1, 1, 1, 0]]))
    >>> precision_curve(found, (0.5, 0.75, 0.9)).tolist()
    [1.0, 0.0, 0.0]
    """
    return np.array([average_precision(count(found, value)) for value in thresholds])
