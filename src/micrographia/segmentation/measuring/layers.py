"""Layered masks: instances that lie on one another, each whole, beside the label mask.

A label mask gives every pixel to one instance; of a fibre under another it holds two halves.
Layers hold each instance with all its pixels, hidden ones included, and how deep it lies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from micrographia.arrays import BoolArray, IntArray, LabelMask
from micrographia.io.masks.run_lengths import compress, expand, places_of_runs, run_lengths


class Layer(NamedTuple):
    """One instance with all its pixels.

    `label` is its number, from 1; `depth` is 0 on top; `runs` are its compressed run lengths in
    the whole picture (`io.run_lengths.compress`).
    """

    label: int
    depth: int
    runs: str


class Cropped(NamedTuple):
    """Pixels of an instance in the box that holds them: `x`, `y` of its corner, `mask` (h, w)."""

    label: int
    depth: int | None
    x: int
    y: int
    mask: BoolArray


def layers_of(labels: LabelMask) -> list[Layer]:
    """Return the instances of a label mask as layers, all of them on top.

    Parameters
    ----------
    labels
        Label mask, shape (H, W).

    Examples
    --------
    >>> layers_of(np.array([[0, 2]], np.int32))
    [Layer(label=2, depth=0, runs='11')]
    """
    height, width = labels.shape
    return [
        Layer(one.label, 0, compress(run_lengths(one.mask, one.x, one.y, (height, width))))
        for one in instances_of(labels)
    ]


def flatten(layers: Iterable[Layer], shape: tuple[int, int]) -> LabelMask:
    """Return the label mask that is seen from above: each pixel is that of the least depth.

    Of two instances of one depth that share a pixel, it is that of the smaller label.

    Parameters
    ----------
    layers
        Any number; an instance of which nothing is seen has no pixel in the mask.
    shape
        Height and width of the picture.

    Examples
    --------
    >>> flatten([Layer(1, 1, "03"), Layer(2, 0, "11")], (1, 3)).tolist()
    [[1, 2, 1]]
    """
    flat = np.zeros(shape[0] * shape[1], np.int32)
    for layer in sorted(layers, key=lambda one: (-one.depth, -one.label)):
        flat[places_of_runs(expand(layer.runs))] = layer.label
    return np.ascontiguousarray(flat.reshape(shape[1], shape[0]).T)


def cropped(layer: Layer, shape: tuple[int, int]) -> Cropped | None:
    """Return the pixels of a layer in the box that holds them; None for an empty one."""
    places = places_of_runs(expand(layer.runs))
    if not len(places):
        return None
    columns, rows = np.divmod(places, shape[0])
    x, y = int(columns.min()), int(rows.min())
    mask = np.zeros((int(rows.max()) - y + 1, int(columns.max()) - x + 1), dtype=bool)
    mask[rows - y, columns - x] = True
    return Cropped(layer.label, layer.depth, x, y, mask)


def instances_of(labels: LabelMask, layers: Sequence[Layer] | None = None) -> Iterator[Cropped]:
    """Yield the instances of a picture: of its layers where there are any, else of its mask.

    Parameters
    ----------
    labels
        Label mask, shape (H, W).
    layers
        The same instances whole; None for what the mask has, whose depth is None.
    """
    if layers is not None:
        height, width = labels.shape
        yield from filter(None, (cropped(layer, (height, width)) for layer in layers))
        return
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is not None:
            yield Cropped(label, None, box[1].start, box[0].start, labels[box] == label)


def hidden(layers: Sequence[Layer], shape: tuple[int, int]) -> IntArray:
    """Count the pixels of each layer that others hide, shape (n,) [px]."""
    seen = np.bincount(flatten(layers, shape).ravel())
    areas = [len(places_of_runs(expand(layer.runs))) for layer in layers]
    left = [int(seen[layer.label]) if layer.label < len(seen) else 0 for layer in layers]
    return np.array(areas, dtype=np.int64) - np.array(left, dtype=np.int64)
