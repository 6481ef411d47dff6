"""Shapes as sets of pixels, and sets of pixels as one label mask.

A pixel (x, y) is the square from x to x + 1 and from y to y + 1, and belongs to a shape when its
centre, (x + 0.5, y + 0.5), lies in it: the rule of ImageJ for areas. So polygons along the edges
of pixels, as ImageJ traces them and as our own exports are, hold their pixels exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from micrographia.arrays import BoolArray, FloatArray, LabelMask

Shape = tuple[int, int]


class Drawn(NamedTuple):
    """The pixels of one object.

    Attributes
    ----------
    top, left
        Where `mask` lies in the picture.
    mask
        Shape (h, w), both may be 0: the object lies outside the picture.
    label
        Number that the object has where it comes from; None where it has none.
    """

    top: int
    left: int
    mask: BoolArray
    label: int | None = None


class Labelled(NamedTuple):
    """A label mask and how it came about.

    Attributes
    ----------
    labels
        Shape (H, W).
    n_instances
        Instances in it.
    n_outside
        Objects without a pixel in the picture.
    n_covered
        Objects of which others left no pixel.
    overlap_px
        Pixels that are in more than one object.
    """

    labels: LabelMask
    n_instances: int
    n_outside: int
    n_covered: int
    overlap_px: int


def fill(polygons: Sequence[NDArray], shape: Shape) -> Drawn:
    """Fill polygons by the even-odd rule; what lies outside the picture is cut off.

    Parameters
    ----------
    polygons
        Corners (x, y), shape (n, 2) each, the first need not be repeated [px].
    shape
        Height and width of the picture [px].

    Examples
    --------
    >>> fill([np.array([[1, 0], [3, 0], [3, 1], [1, 1]])], (2, 4))[:3]
    (0, 1, array([[ True,  True]]))
    """
    corners = np.concatenate([np.asarray(polygon, dtype=np.float64) for polygon in polygons])
    low = np.clip(np.ceil(corners.min(axis=0) - 0.5), 0, shape[::-1]).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0) - 0.5), 0, shape[::-1]).astype(int)
    left, top = low.tolist()
    width, height = np.maximum(high - low, 0).tolist()
    # Along each row of centres, the places where an edge is crossed.
    crossed = np.zeros((height, width + 1), dtype=np.int64)
    for polygon in polygons:
        points = np.asarray(polygon, dtype=np.float64)
        for start, end in zip(points, np.roll(points, -1, axis=0), strict=True):
            _cross(crossed, start - low, end - low)
    return Drawn(top, left, (np.cumsum(crossed, axis=1) % 2 == 1)[:, :width])


def _cross(crossed: NDArray[np.int64], start: FloatArray, end: FloatArray) -> None:
    """Count an edge in each row whose centre it crosses, at the first centre right of it."""
    if start[1] > end[1]:
        start, end = end, start
    height, most = crossed.shape[0], crossed.shape[1] - 1
    first = int(np.clip(np.ceil(start[1] - 0.5), 0, height))
    last = int(np.clip(np.ceil(end[1] - 0.5), 0, height))
    if first >= last:
        return
    rows = np.arange(first, last)
    slope = (end[0] - start[0]) / (end[1] - start[1])
    places = np.ceil(start[0] + (rows + 0.5 - start[1]) * slope - 0.5)
    crossed[rows, places.clip(0, most).astype(int)] += 1


def ellipse(box: tuple[float, float, float, float], shape: Shape) -> Drawn:
    """Fill the ellipse in a box x0, y0, x1, y1 [px]."""
    x0, y0, x1, y1 = box
    left, right = (int(np.clip(edge, 0, shape[1])) for edge in (np.floor(x0), np.ceil(x1)))
    top, bottom = (int(np.clip(edge, 0, shape[0])) for edge in (np.floor(y0), np.ceil(y1)))
    rows = (np.arange(top, bottom) + 0.5 - (y0 + y1) / 2) / max((y1 - y0) / 2, 1e-9)
    columns = (np.arange(left, right) + 0.5 - (x0 + x1) / 2) / max((x1 - x0) / 2, 1e-9)
    return Drawn(top, left, rows[:, None] ** 2 + columns[None] ** 2 <= 1)


def place(mask: BoolArray, x: int, y: int, shape: Shape) -> Drawn:
    """Lay a mask into a picture with its upper left pixel at (x, y); cut off what is outside."""
    top, left = max(y, 0), max(x, 0)
    bottom, right = min(y + mask.shape[0], shape[0]), min(x + mask.shape[1], shape[1])
    inside = mask[top - y : max(bottom - y, top - y), left - x : max(right - x, left - x)]
    return Drawn(top, left, inside)


def united(parts: Sequence[Drawn], label: int | None = None) -> Drawn:
    """Return the parts of one object as one."""
    parts = [part for part in parts if part.mask.any()] or list(parts[:1])
    top, left = min(part.top for part in parts), min(part.left for part in parts)
    bottom = max(part.top + part.mask.shape[0] for part in parts)
    right = max(part.left + part.mask.shape[1] for part in parts)
    mask = np.zeros((bottom - top, right - left), dtype=bool)
    for part in parts:
        y, x = part.top - top, part.left - left
        mask[y : y + part.mask.shape[0], x : x + part.mask.shape[1]] |= part.mask
    return Drawn(top, left, mask, label)


def labelled(objects: Sequence[Drawn], shape: Shape) -> Labelled:
    """Draw objects into one label mask.

    A pixel in several objects is that of the smallest, which lies on top, of equals that of the
    first. Objects keep their numbers where all have different ones; else they are numbered from
    1 in their order.
    """
    areas = [int(np.count_nonzero(one.mask)) for one in objects]
    seen = [number for number, area in enumerate(areas) if area]
    own = [objects[number].label for number in seen]
    given = [label for label in own if label is not None]
    keeps = len(set(given)) == len(seen)
    numbers = dict(zip(seen, given if keeps else range(1, len(seen) + 1), strict=True))
    labels = np.zeros(shape, dtype=np.int32)
    covers = np.zeros(shape, dtype=np.int32)
    for number in sorted(seen, key=lambda each: (-areas[each], -each)):
        top, left, mask, _ = objects[number]
        box = np.s_[top : top + mask.shape[0], left : left + mask.shape[1]]
        labels[box][mask] = numbers[number]
        covers[box][mask] += 1
    left_over = int(np.count_nonzero(np.unique(labels)))
    return Labelled(
        labels,
        left_over,
        len(objects) - len(seen),
        len(seen) - left_over,
        int(np.count_nonzero(covers > 1)),
    )
