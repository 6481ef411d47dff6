"""Arrays become small pictures that the page carries inside itself."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from micrographia.arrays import BoolArray, ColourImage, GreyImage, LabelMask
from micrographia.io.label_masks import overlaps

#: Colour-blind safe (Okabe and Ito 2008): an instance with a partner, and one without.
PARTNER = (0, 158, 115)
ALONE = (230, 84, 20)
_FILL = 0.38


def data_uri(pixels: ColourImage) -> str:
    """Return a grey (h, w) or RGB (h, w, 3) picture as `data:image/png;base64,…`."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", optimize=True)
    return png_uri(buffer.getvalue())


def png_uri(content: bytes) -> str:
    """Return the bytes of a PNG file as a data URI."""
    return "data:image/png;base64," + base64.b64encode(content).decode("ascii")


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


def overlay(grey: GreyImage, labels: LabelMask, paired: set[int] | None = None) -> ColourImage:
    """Colour instances over a picture of the same shape: a light fill and a firm outline.

    Parameters
    ----------
    grey
        Picture (h, w).
    labels
        Label mask (h, w).
    paired
        Labels drawn in the colour for a partner, all others in that for none; None draws all
        as if they had one.
    """
    colours = np.stack([grey] * 3, axis=-1).astype(np.float64)
    paired_mask = labels > 0
    if paired is not None:
        paired_mask = np.isin(labels, sorted(paired)) & (labels > 0)
    edges = (labels > 0) & _outlines(labels)
    for mask, colour in ((paired_mask, PARTNER), ((labels > 0) & ~paired_mask, ALONE)):
        colours[mask] += _FILL * (np.array(colour) - colours[mask])
        colours[mask & edges] = colour
    return np.asarray(np.round(colours), dtype=np.uint8)


def _outlines(labels: LabelMask) -> BoolArray:
    footprint = ndimage.generate_binary_structure(2, 1)
    inner = ndimage.minimum_filter(labels, footprint=footprint)
    outer = ndimage.maximum_filter(labels, footprint=footprint)
    return np.asarray(inner != outer)


def scale_bar(extent: float, unit: str) -> tuple[float, str]:
    """Choose a round length of about a quarter of the picture's width.

    Parameters
    ----------
    extent
        Width of the picture in `unit`.
    unit
        `nm`, `Å` or `px`.

    Returns
    -------
    share, label
        Length as a share of the width, and what to write beside it.

    Examples
    --------
    >>> scale_bar(48.0, "Å")
    (0.20833333333333334, '10 Å')
    >>> scale_bar(9000.0, "nm")[1]
    '2 µm'
    """
    power = 10.0 ** np.floor(np.log10(extent / 4))
    length = max(step * power for step in (1, 2, 5) if step * power <= extent / 4 * 1.0001)
    if unit == "nm" and length >= 1000:
        return float(length / extent), f"{length / 1000:g} µm"
    return float(length / extent), f"{length:g} {unit}"
