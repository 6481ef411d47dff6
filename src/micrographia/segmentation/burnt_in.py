"""Instances and burnt-in text: what lies on text is none, what reaches into it is cut.

The picture itself is left as it is: painted over, it gains smears that are taken for instances,
and particles under a label change (`studies/text_and_instances.py` compares both).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from micrographia.arrays import BoolArray, LabelMask
from micrographia.io.working_picture import MARGIN, grown

Box = tuple[int, int, int, int]

#: A panel's letter stands within this share of both sides from a corner, is this tall [share of
#: the height], and at most this wide [of its own height]; so many instances are asked about.
_CORNER, _TALL, _WIDE, _MOST_SUSPECTS = 0.2, (0.02, 0.15), 2.0, 6
#: Share of an instance within text from which it is no instance.
MOST_INSIDE = 0.5
#: Share of an instance's outline at or in text from which its size is not known.
_MOST_OUTLINE = 0.1


class TextFinder(Protocol):
    """Finds text in grey pictures of shape (H, W): boxes, ends exclusive [px]."""

    def __call__(self, pixels: NDArray[Any]) -> Sequence[Box]:
        """Return the text regions of a picture."""

    def letters(self, pixels: NDArray[Any], boxes: Sequence[Box]) -> Sequence[Box]:
        """Return those of some boxes in which a letter or digit is read beyond doubt."""


def beside_text(
    labels: LabelMask, text: Sequence[Box], pixels: NDArray[Any], find: TextFinder | None
) -> LabelMask:
    """Return a label mask without what lies on text, and without letters that nobody found.

    Parameters
    ----------
    labels
        Label mask, shape (H, W), 1…n.
    text
        The text regions of the picture.
    pixels
        The picture.
    find
        Reads in instances near the corners; None where nothing can.
    """
    kept = drop_on_text(labels, text)
    return kept if find is None else drop_on_text(kept, find.letters(pixels, suspects(kept)))


def suspects(labels: LabelMask) -> list[Box]:
    """Return the boxes of instances that may be panel letters by place and size, nearest first."""
    height, width = labels.shape
    found = []
    for rows, columns in filter(None, ndimage.find_objects(labels)):
        tall, wide = rows.stop - rows.start, columns.stop - columns.start
        x, y = (columns.start + columns.stop) / 2 / width, (rows.start + rows.stop) / 2 / height
        away = min(x, 1 - x), min(y, 1 - y)
        fits = _TALL[0] * height <= tall <= _TALL[1] * height and wide <= _WIDE * tall
        if fits and max(away) <= _CORNER:
            box = (columns.start, rows.start, columns.stop, rows.stop)
            found.append((float(np.hypot(*away)), box))
    return [box for _, box in sorted(found)[:_MOST_SUSPECTS]]


def drop_on_text(labels: LabelMask, text: Sequence[Box], share: float = MOST_INSIDE) -> LabelMask:
    """Return a label mask without the instances that lie on text; the others stay whole.

    Parameters
    ----------
    labels
        Label mask, shape (H, W), 1…n.
    text
        Regions x0, y0, x1, y1, ends exclusive [px]; `MARGIN` is added.
    share
        An instance goes if this share of its area or more lies in them.

    Returns
    -------
    array
        The instances that stay, numbered again from 1 in the same order.
    """
    if not text:
        return labels
    area = np.bincount(labels.ravel())
    inside = np.bincount(labels[_within(labels.shape, text)], minlength=len(area))
    stays = inside < share * area
    stays[0] = False
    number = np.where(stays, np.cumsum(stays), 0).astype(labels.dtype)
    return np.asarray(number[labels])


def reaching_into_text(labels: LabelMask, text: Sequence[Box]) -> list[int]:
    """Return the labels of instances of whose outline a tenth or more lies at or in text.

    What such an instance is like under the text is a guess, and an opaque ground ends it.
    """
    if not text:
        return []
    outline = _outline(labels)
    length = np.bincount(labels[outline], minlength=int(labels.max()) + 1)
    within = _within(labels.shape, text, 2 * MARGIN) & outline
    hidden = np.bincount(labels[within], minlength=len(length))
    found = (hidden > 0) & (hidden >= _MOST_OUTLINE * length)
    return [int(label) for label in np.flatnonzero(found) if label]


def mark_cut(instances: pd.DataFrame, labels: LabelMask, text: Sequence[Box]) -> pd.DataFrame:
    """Return rows of `schemas.INSTANCES` of a mask in which what reaches into text is `cut`."""
    reaching = instances["label"].isin(reaching_into_text(labels, text))
    return instances.assign(cut=instances["cut"] | reaching)


def _outline(labels: LabelMask) -> BoolArray:
    """Pixels of instances with another label above, below, left or right of them."""
    padded = np.pad(labels, 1, mode="edge")
    around = (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:])
    return np.asarray((labels > 0) & np.any([other != labels for other in around], axis=0))


def _within(shape: tuple[int, ...], text: Sequence[Box], margin: int = MARGIN) -> BoolArray:
    """Pixels of text regions and of a margin around them [px]."""
    mask = np.zeros(shape, dtype=bool)
    for x0, y0, x1, y1 in grown(text, margin, shape[1], shape[0]):
        mask[y0:y1, x0:x1] = True
    return mask
