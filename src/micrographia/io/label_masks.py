"""Label masks: what one is, the files of a folder, the instances of two that share pixels.

A label mask is an integer array of shape (H, W): 0 is background, every other value one
instance. Labels may have gaps and an instance may have several parts: all pixels of one value
are one instance. What other programs save is often a binary mask instead, in which all instances
have one value, 1 or 255: its connected parts are separated for measuring, and it is refused as
truth, since particles that touch are one part. Overlaps are kept as the list of pairs that really
touch, so that masks with thousands of instances cost no more than one pass over the pixels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from micrographia.arrays import BoolArray, FloatArray, IntArray, LabelMask
from micrographia.errors import ImageError, MicrographiaError

#: How the file of a label mask that a user brings may end.
MASK_SUFFIXES = (".png", ".tif", ".tiff")


class Overlaps(NamedTuple):
    """Pairs of touching instances and the sizes of the two sets.

    `true` and `predicted`, shape (n_pairs,), number the instances from 0 in order of their
    labels; `iou`, shape (n_pairs,), is the pairs' intersection over union, 0 < iou <= 1.
    `true_area` and `predicted_area`, one number per instance, are in px²;
    `true_labels` and `predicted_labels`, as long, are the values that the masks have.
    """

    n_true: int
    n_predicted: int
    true: IntArray
    predicted: IntArray
    iou: FloatArray
    true_area: IntArray
    predicted_area: IntArray
    true_labels: NDArray[np.integer]
    predicted_labels: NDArray[np.integer]


def check_labels(mask: NDArray[np.integer], name: str) -> None:
    """Raise a `ValueError` unless this is a label mask; `name` says which one in the message."""
    if mask.ndim != 2 or not np.issubdtype(mask.dtype, np.integer):
        raise ValueError(
            f"the {name} has shape {mask.shape} and type {mask.dtype}; "
            "allowed: two dimensions, integers"
        )
    if mask.size and mask.min() < 0:
        raise ValueError(f"the {name} has the label {mask.min()}; allowed: 0 and above")


def separated(labels: LabelMask) -> tuple[LabelMask, str | None]:
    """Separate the connected parts of a binary mask; other label masks are returned as they are.

    A mask is binary when all its instances have one value and are in several parts. Pixels that
    touch at a corner are connected, as in ImageJ.

    Parameters
    ----------
    labels
        Label mask, shape (H, W).

    Returns
    -------
    labels
        With the parts numbered from 1, row by row, where it was binary.
    note
        That they were separated; None where nothing was done.

    Examples
    --------
    >>> separated(np.array([[255, 0, 255]], np.int32))[0].tolist()
    [[1, 0, 2]]
    >>> separated(np.array([[7, 0, 9]], np.int32))[1] is None
    True
    """
    parts, count, value = _parts(labels)
    if count < 2:
        return labels, None
    return parts, (
        f"binary mask (all instances have the value {value}): its {count} connected parts were "
        "separated; particles that touch count as one"
    )


def refuse_binary(labels: LabelMask, name: str) -> None:
    """Refuse a binary mask where the truth about single instances is meant.

    Parameters
    ----------
    labels
        Label mask, shape (H, W).
    name
        Of its file, for the message.

    Raises
    ------
    ImageError
        All its instances have one value, and they are in several parts.
    """
    _, count, value = _parts(labels)
    if count > 1:
        raise ImageError(
            f"Label mask {name} is binary: it does not tell instances apart",
            seen=f"{count} separate parts, all of value {value}",
            allowed="one value for each instance, 1…n",
            remedy="Number the instances, in ImageJ by Analyze Particles with Count Masks, or by "
            "skimage.measure.label where none touch",
        )


def _parts(labels: LabelMask) -> tuple[LabelMask, int, int]:
    """Return connected parts, their number and value; no part unless all have one value."""
    value = int(labels.max(initial=0))
    filled: BoolArray = labels > 0
    if value == 0 or not np.array_equal(labels == value, filled):
        return labels, 0, value
    parts, count = ndimage.label(filled, structure=np.ones((3, 3), dtype=bool))
    return np.asarray(parts, dtype=np.int32), int(count), value


def one_channel(pixels: NDArray[Any]) -> NDArray[Any] | None:
    """Return the one channel of a mask that was saved in colours of grey; None for true colours.

    Parameters
    ----------
    pixels
        Shape (H, W), or (H, W, c): grey or R, G, B, and alpha, which must be opaque throughout.

    Examples
    --------
    >>> one_channel(np.full((1, 2, 3), 5, np.uint8)).tolist()
    [[5, 5]]
    """
    if pixels.ndim == 2:
        return pixels
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 2, 3, 4):
        return None
    if pixels.shape[2] in (2, 4):
        alpha = pixels[..., -1]
        opaque = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "ui" else 1
        if not (alpha == opaque).all():
            return None
        pixels = pixels[..., :-1]
    first = pixels[..., 0]
    return first if (pixels == first[..., None]).all() else None


def masks_in(folder: Path, what: str) -> dict[str, Path]:
    """Return the mask files of a folder (.png, .tif, .tiff) by their names without suffix.

    Parameters
    ----------
    folder
        Where they lie; files whose names begin with a dot are passed over.
    what
        Which masks they are, for the message: "reference", "corrected" …

    Raises
    ------
    MicrographiaError
        Two masks share a name.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in MASK_SUFFIXES or path.name.startswith("."):
            continue
        if path.stem in found:
            raise MicrographiaError(
                f"Two {what} masks share a name: {found[path.stem]} and {path}",
                remedy="Remove one of them",
            )
        found[path.stem] = path
    return found


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
    check_labels(true, "true mask")
    check_labels(predicted, "predicted mask")
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
        true_labels,
        predicted_labels,
    )


def _number(
    mask: NDArray[np.integer],
) -> tuple[NDArray[np.integer], IntArray, IntArray]:
    """Return (labels without 0, each pixel's instance number or -1, areas in px)."""
    labels, inverse, areas = np.unique(mask, return_inverse=True, return_counts=True)
    index = inverse.ravel().astype(np.int64)
    if labels.size and labels[0] == 0:
        return labels[1:], index - 1, areas[1:].astype(np.int64)
    return labels, index, areas.astype(np.int64)
