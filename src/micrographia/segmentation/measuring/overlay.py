"""Outlines of instances drawn on their micrograph, for the eye."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from micrographia.arrays import BoolArray, ColourImage, RealArray
from micrographia.io.atomic import atomic_path

#: Outline colour: Okabe and Ito's orange, seen on black and on white and by the colour-blind.
_COLOUR = (230, 159, 0)
#: Sky blue of the same palette: outlines of what is in doubt.
_DOUBT = (86, 180, 233)


def boundaries(labels: NDArray[np.integer]) -> BoolArray:
    """Return which pixels have a neighbour of another label: the inner and the outer outline.

    The same as `find_boundaries(labels, mode="thick")` of scikit-image, whose import takes longer
    than all the rest of drawing.

    Parameters
    ----------
    labels
        Label mask, shape (H, W).

    Examples
    --------
    >>> boundaries(np.array([[0, 0, 0, 7]])).tolist()
    [[False, False, True, True]]
    """
    found = np.zeros(labels.shape, bool)
    below = labels[1:] != labels[:-1]
    found[1:] |= below
    found[:-1] |= below
    beside = labels[:, 1:] != labels[:, :-1]
    found[:, 1:] |= beside
    found[:, :-1] |= beside
    return found


def draw_outlines(
    image: RealArray,
    labels: NDArray[np.integer],
    doubtful: NDArray[np.integer] | None = None,
) -> ColourImage:
    """Return the image in colour with every instance outlined.

    Parameters
    ----------
    image
        Grey image, 0..1, shape (H, W).
    labels
        Label mask, shape (H, W).
    doubtful
        Label mask of instances that are drawn in blue, not orange.

    Returns
    -------
    ndarray
        Shape (H, W, 3), uint8.
    """
    grey = (np.clip(image, 0, 1) * 255).astype(np.uint8)
    colour = np.repeat(grey[..., None], 3, axis=2)
    if doubtful is not None:
        colour[boundaries(doubtful)] = _DOUBT
    colour[boundaries(labels)] = _COLOUR
    return colour


def write_overlay(
    path: str | os.PathLike[str],
    image: RealArray,
    labels: NDArray[np.integer],
    doubtful: NDArray[np.integer] | None = None,
) -> None:
    """Write `draw_outlines` as PNG, atomically."""
    with atomic_path(path) as temporary:
        Image.fromarray(draw_outlines(image, labels, doubtful)).save(temporary, format="PNG")
