"""Drawings as masks: each object whole, in layers, and all of them as one flat label mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from micrographia.arrays import BoolArray, FloatArray, LabelMask
from micrographia.io.datasets.drawn import Drawing
from micrographia.io.masks.shapes import Drawn, Shape, fill, united


class Painted(NamedTuple):
    """The objects of a picture as pixels.

    Attributes
    ----------
    layers
        Each object whole, also where it lies under others; `label` is its number. The lowest
        comes first: painted one after the other they give `labels`.
    labels
        Label mask of what is seen from above, shape (H, W).
    ignored
        Pixels that are ignored, shape (H, W); none of an object.
    """

    layers: tuple[Drawn, ...]
    labels: LabelMask
    ignored: BoolArray


def paint(drawing: Drawing, shape: Shape) -> Painted:
    """Paint a drawing from its largest depth to its smallest.

    A pixel belongs to a polygon when its centre lies in it (`io.masks.shapes`). What lies outside
    the frame is cut off. Of two objects of equal depth the smaller one lies on top, of equally
    large ones that with the smaller number. Where an ignored region runs over an object, the
    object wins.

    Parameters
    ----------
    drawing
        What was drawn in the picture.
    shape
        Height and width of the picture [px].

    Examples
    --------
    >>> from micrographia.io.datasets.drawn import DrawnObject
    >>> square = np.array([[0, 0], [2, 0], [2, 1], [0, 1]], float)
    >>> lower, upper = DrawnObject(1, 1, (square,)), DrawnObject(2, 0, (square + [1, 0],))
    >>> painted = paint(Drawing("a.png", "rod", "choose", (lower, upper), ()), (1, 4))
    >>> painted.labels.tolist(), [int(layer.mask.sum()) for layer in painted.layers]
    ([[1, 2, 2, 0]], [2, 2])
    """
    whole = [
        (one, united([fill([part], shape) for part in one.polygons], one.instance))
        for one in drawing.objects
    ]
    whole.sort(key=lambda pair: (-pair[0].depth, -int(pair[1].mask.sum()), -pair[0].instance))
    labels = np.zeros(shape, dtype=np.int32)
    for one, layer in whole:
        labels[_box(layer)][layer.mask] = one.instance
    layers = tuple(layer for _, layer in whole)
    return Painted(layers, labels, _covered(drawing.ignored, shape) & (labels == 0))


def _covered(polygons: Sequence[FloatArray], shape: Shape) -> BoolArray:
    """Pixels in any of the polygons, shape (H, W)."""
    covered = np.zeros(shape, dtype=bool)
    for polygon in polygons:
        region = fill([polygon], shape)
        covered[_box(region)] |= region.mask
    return covered


def _box(region: Drawn) -> tuple[slice, slice]:
    """Rows and columns of the picture that a region's mask lies on."""
    height, width = region.mask.shape
    return np.s_[region.top : region.top + height, region.left : region.left + width]
