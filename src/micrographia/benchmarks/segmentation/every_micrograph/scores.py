"""Scores of predicted label masks on one picture: drawn, counted or empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

from micrographia.arrays import BoolArray
from micrographia.benchmarks.segmentation.every_micrograph.cases import Case, find_picture
from micrographia.benchmarks.segmentation.matching import COCO_THRESHOLDS, count, precision_curve
from micrographia.errors import MicrographiaError
from micrographia.io.datasets.counted import Counted
from micrographia.io.datasets.drawn import Drawing
from micrographia.io.datasets.painted import Painted, paint
from micrographia.io.images import read_labels, read_micrograph
from micrographia.io.label_masks import Overlaps, check_labels, overlaps
from micrographia.io.schemas import EVERY_MICROGRAPH_SCORES
from micrographia.io.schemas.rows import EveryMicrographScoreRow, blank

#: A prediction is left out from this share of its area in ignored regions on.
IGNORED_SHARE = 0.5
#: A number of instances is right within this share of the true one.
COUNT_TOLERANCE = 0.25


class DrawnScores(TypedDict):
    """What `score_drawn` finds; see there."""

    n_true: int
    n_predicted: int
    n_ignored: int
    n_found: int
    n_merged: int
    ap50: float
    ap50_95: float
    recall50: float


class Masks(NamedTuple):
    """Predicted label masks of one method.

    Attributes
    ----------
    files
        By the picture's name without folder and suffix.
    failures
        Why there is no mask, where that is known, by the same names.
    method
        Whose they are.
    """

    files: Mapping[str, Path]
    failures: Mapping[str, str]
    method: str


def drop_ignored(
    predicted: NDArray[np.integer], ignored: BoolArray
) -> tuple[NDArray[np.integer], int]:
    """Take out the predictions that lie mostly in ignored regions.

    None of them can be the partner of an object: no pixel of an object is ignored, so its IoU
    with any is at most 0.5.

    Parameters
    ----------
    predicted
        Label mask, shape (H, W).
    ignored
        Shape (H, W); False on every object.

    Returns
    -------
    kept, n_dropped
        The label mask without them, and how many they are.

    Examples
    --------
    >>> drop_ignored(np.array([[1, 1, 2, 2]]), np.array([[False, False, True, False]]))
    (array([[1, 1, 0, 0]]), 1)
    """
    labels, inverse, areas = np.unique(predicted, return_inverse=True, return_counts=True)
    hidden = np.bincount(inverse.ravel(), weights=ignored.ravel(), minlength=len(labels))
    dropped = (hidden >= IGNORED_SHARE * areas) & (labels != 0)
    kept = np.where(dropped[inverse.reshape(predicted.shape)], 0, predicted)
    return kept, int(dropped.sum())


def score_drawn(predicted: NDArray[np.integer], true: Painted) -> DrawnScores:
    """Score a label mask against what is seen of the objects of a drawing.

    Parameters
    ----------
    predicted
        Label mask, shape (H, W).
    true
        The drawing as pixels, of the same shape.

    Returns
    -------
    dict
        `n_true` (objects of which something is seen), `n_predicted` (without the `n_ignored` that
        are left out), `n_found` (objects with a partner of IoU > 0.5), `n_merged` (see
        `count_merged`), `ap50`, `ap50_95` (mean over IoU 0.5, 0.55 … 0.95) and `recall50`, the
        share of the objects that is found: 1 where there is none.

    Raises
    ------
    ValueError
        The shapes differ, or the prediction is no label mask.

    Examples
    --------
    >>> labels = np.array([[1, 1, 0, 0]], np.int32)
    >>> true = Painted((), labels, np.array([[False, False, True, True]]))
    >>> score_drawn(np.array([[5, 5, 0, 6]]), true)["ap50"]
    1.0
    """
    check_labels(predicted, "predicted mask")
    if predicted.shape != true.labels.shape:
        raise ValueError(
            f"the predicted mask has the shape {predicted.shape}, the picture {true.labels.shape}"
        )
    kept, n_ignored = drop_ignored(predicted, true.ignored)
    found = overlaps(true.labels, kept)
    curve = precision_curve(found, COCO_THRESHOLDS)
    pairs = count(found, 0.5).tp
    return {
        "n_true": found.n_true,
        "n_predicted": found.n_predicted,
        "n_ignored": n_ignored,
        "n_found": pairs,
        "n_merged": count_merged(found),
        "ap50": float(curve[0]),
        "ap50_95": float(curve.mean()),
        "recall50": pairs / found.n_true if found.n_true else 1.0,
    }


def count_merged(found: Overlaps) -> int:
    """Count the objects that are lost since a prediction runs over them and others.

    They have no partner of IoU > 0.5, and more than half of each lies in one prediction that holds
    more than half of another object, too.

    Parameters
    ----------
    found
        What `overlaps` returned for truth and prediction.

    Examples
    --------
    >>> count_merged(overlaps(np.array([[1, 1, 1, 2]]), np.array([[5, 5, 5, 5]])))
    1
    """
    areas = found.true_area[found.true] + found.predicted_area[found.predicted]
    shared = found.iou / (1 + found.iou) * areas
    inside = shared > 0.5 * found.true_area[found.true]
    held = np.bincount(found.predicted[inside], minlength=found.n_predicted)
    partner = np.zeros(found.n_true, dtype=bool)
    partner[found.true[found.iou > 0.5]] = True
    return int((inside & (held[found.predicted] > 1) & ~partner[found.true]).sum())


def count_is_right(n_predicted: int, truth: Counted) -> bool:
    """Whether a number is within 25 % of the count, or in the range of a careful person.

    Examples
    --------
    >>> count_is_right(15, Counted("a.png", "rods", "choose", count=12, low=11, high=13))
    True
    """
    near = abs(n_predicted - truth.count) <= COUNT_TOLERANCE * truth.count
    return near or truth.low <= n_predicted <= truth.high


def score_case(case: Case, folders: Sequence[Path], masks: Masks) -> EveryMicrographScoreRow:
    """Score the mask of one picture; where there is none the row has a `failure` and scores 0.

    Parameters
    ----------
    case
        The picture.
    folders
        Where pictures are looked for.
    masks
        The predictions.

    Raises
    ------
    MicrographiaError
        A picture that was drawn is missing or cannot be read: its size is part of the truth.
    """
    row: EveryMicrographScoreRow = blank(EVERY_MICROGRAPH_SCORES)
    row.update({"file": case.file, "kind": case.kind, "part": case.part, "article": case.article})
    row["method"] = masks.method
    truth = case.truth
    painted: Painted | None = None
    if isinstance(truth, Drawing):
        height, width = read_micrograph(find_picture(case.file, folders)).pixels.shape
        painted = paint(truth, (height, width))
        row["n_true"] = len(np.setdiff1d(painted.labels, [0]))
        row.update({"n_found": 0, "n_merged": 0, "ap50": 0.0, "ap50_95": 0.0, "recall50": 0.0})
    elif truth is None:
        row.update({"n_true": 0, "right": False})
    else:
        row.update({"objects": truth.objects, "n_true": truth.count, "right": False})
        row.update({"low": truth.low, "high": truth.high})
    try:
        predicted = _read_mask(case.file, masks)
        if painted is not None:
            return {**row, **score_drawn(predicted, painted)}
        row["n_predicted"] = n = len(np.setdiff1d(predicted, [0]))
        row["right"] = count_is_right(n, truth) if isinstance(truth, Counted) else n == 0
    except (MicrographiaError, ValueError) as error:
        row["failure"] = str(error)
    return row


def _read_mask(file: str, masks: Masks) -> NDArray[np.integer]:
    name = Path(file).stem
    failure = masks.failures.get(name)  # first: a mask of an earlier run may lie beside it
    if failure is None and name not in masks.files:
        failure = f"There is no predicted mask {name}.png"
    if failure is not None:
        raise MicrographiaError(failure)
    return read_labels(masks.files[name])
