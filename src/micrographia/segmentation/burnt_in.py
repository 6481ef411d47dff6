"""Instances and burnt-in text: what lies on text is none, what reaches into it is cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from micrographia.arrays import BoolArray, LabelMask
from micrographia.io.working_picture import MARGIN, WorkingPicture, grown

Box = tuple[int, int, int, int]
#: Finds the text regions of a grey picture of shape (H, W): boxes, ends exclusive [px].
TextFinder = Callable[[NDArray[Any]], Sequence[Box]]

#: Share of an instance within text from which it is no instance.
_MOST_INSIDE = 0.5
#: Share of an instance's outline within text from which its size is not known.
_MOST_OUTLINE = 0.1


def avoid_text(working: WorkingPicture, find: TextFinder | None) -> WorkingPicture:
    """Return a picture without its text: inpainted, so that letters are no particles.

    Parameters
    ----------
    working
        The picture.
    find
        Finds its text; None where there is nothing to find, or nobody to find it.
    """
    boxes = find(working.pixels) if find is not None else ()
    return working.painted(boxes) if boxes else working


def drop_on_text(labels: LabelMask, text: Sequence[Box]) -> LabelMask:
    """Return a label mask without the instances that lie on text; the others stay whole.

    Parameters
    ----------
    labels
        Label mask, shape (H, W), 1…n.
    text
        Regions x0, y0, x1, y1, ends exclusive [px]; `MARGIN` is added. An instance goes if half
        of its area or more lies in them.

    Returns
    -------
    array
        The instances that stay, numbered again from 1 in the same order.
    """
    if not text:
        return labels
    area = np.bincount(labels.ravel())
    inside = np.bincount(labels[_within(labels.shape, text)], minlength=len(area))
    stays = inside < _MOST_INSIDE * area
    stays[0] = False
    number = np.where(stays, np.cumsum(stays), 0).astype(labels.dtype)
    return np.asarray(number[labels])


def reaching_into_text(labels: LabelMask, text: Sequence[Box]) -> list[int]:
    """Return the labels of instances of whose outline a tenth or more lies in text regions.

    What such an instance is like under the text is a guess, and an opaque ground ends it.
    """
    if not text:
        return []
    outline = _outline(labels)
    length = np.bincount(labels[outline], minlength=int(labels.max()) + 1)
    within = _within(labels.shape, text) & outline
    hidden = np.bincount(labels[within], minlength=len(length))
    found = (hidden > 0) & (hidden >= _MOST_OUTLINE * length)
    return [int(label) for label in np.flatnonzero(found) if label]


def _outline(labels: LabelMask) -> BoolArray:
    """Pixels of instances with another label above, below, left or right of them."""
    padded = np.pad(labels, 1, mode="edge")
    around = (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:])
    return np.asarray((labels > 0) & np.any([other != labels for other in around], axis=0))


def _within(shape: tuple[int, ...], text: Sequence[Box]) -> BoolArray:
    """Pixels of text regions and of a margin around them."""
    mask = np.zeros(shape, dtype=bool)
    for x0, y0, x1, y1 in grown(text, MARGIN, shape[1], shape[0]):
        mask[y0:y1, x0:x1] = True
    return mask
