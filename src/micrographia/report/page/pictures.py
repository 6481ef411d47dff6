"""Arrays become small pictures that the page carries inside itself."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from micrographia.arrays import ColourImage, GreyImage, LabelMask
from micrographia.io.label_masks import overlaps


def data_uri(pixels: ColourImage, quality: int = 72) -> str:
    """Return a grey (h, w) or RGB (h, w, 3) picture as `data:image/webp;base64,…`.

    A micrograph's noise makes a PNG of it five times as large as what the eye needs.
    """
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").save(buffer, format="WEBP", quality=quality, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def to_grey(pixels: NDArray[Any], low: float = 0.5, high: float = 99.5) -> GreyImage:
    """Stretch a picture between two of its percentiles to 8 bit; a flat one becomes mid-grey.

    Examples
    --------
    >>> to_grey(np.array([[0.0, 1.0]]), 0, 100).tolist()
    [[0, 255]]
    >>> to_grey(np.zeros((1, 2))).tolist()
    [[128, 128]]
    """
    values = np.asarray(pixels, dtype=np.float64)
    bottom, top = np.percentile(values, (low, high))
    if not top > bottom:
        return np.full(values.shape, 128, dtype=np.uint8)
    scaled = np.clip((values - bottom) / (top - bottom), 0, 1)
    return np.asarray(np.round(255 * scaled), dtype=np.uint8)


def shrink(pixels: GreyImage, side: int) -> GreyImage:
    """Make the longer side at most `side` pixels, by area; smaller pictures stay as they are."""
    height, width = pixels.shape[:2]
    factor = side / max(height, width)
    if factor >= 1:
        return pixels
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))


def shrink_labels(labels: LabelMask, side: int) -> LabelMask:
    """As `shrink`, for label masks: each pixel takes one label that was there."""
    factor = side / max(labels.shape)
    if factor >= 1:
        return labels
    rows = np.minimum(
        (np.arange(max(1, round(labels.shape[0] * factor))) + 0.5) / factor, labels.shape[0] - 1
    ).astype(int)
    columns = np.minimum(
        (np.arange(max(1, round(labels.shape[1] * factor))) + 0.5) / factor, labels.shape[1] - 1
    ).astype(int)
    return labels[np.ix_(rows, columns)]


def partners(truth: LabelMask, predicted: LabelMask) -> tuple[set[int], set[int]]:
    """Labels of truth and of prediction that overlap one another with IoU above one half.

    Above one half no instance can have two partners, so no assignment is needed.

    Examples
    --------
    >>> truth = np.array([[1, 1, 2, 2]], dtype=np.int32)
    >>> partners(truth, np.array([[7, 7, 0, 9]], dtype=np.int32))
    ({1}, {7})
    """
    found = overlaps(truth, predicted)
    half = found.iou > 0.5
    return (
        set(found.true_labels[found.true[half]].tolist()),
        set(found.predicted_labels[found.predicted[half]].tolist()),
    )
