"""Proposals for text regions by the look of annotation: strips, bars with labels, lines.

Proposals are many and mostly wrong; the detector decides which of them count. What they add to
its boxes is exact edges, and regions that it saw too faintly to stand alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from micrographia.arrays import BoolArray, FloatImage
from micrographia.curation.scale.banner import find_banner
from micrographia.curation.scale.bars import Bar, find_bars

Box = tuple[int, int, int, int]

#: Ink is nearly white or nearly black: at least this far from the middle of the range.
_SATURATED = 0.9
#: Letters: least and most height [share of the picture's]; most of them in a picture.
_LEAST_TALL, _MOST_TALL, _MOST_PIECES = 0.011, 0.2, 500
#: Of one line are letters that overlap by half in height and are no further apart than this
#: share of the taller; the smaller is at least this share of it.
_GAP, _SMALLEST = 0.75, 0.2
#: A label lies no further from its bar than this many times its height.
_LABEL_GAP = 1.5


class Proposal(NamedTuple):
    """A box that may be a region, and of which class it would be."""

    box: Box
    kind: str


def propose(unit: FloatImage) -> list[Proposal]:
    """Return what may be text in a picture on 0…1."""
    height, width = unit.shape
    found = []
    top = find_banner(unit)
    if top is not None:
        found.append(Proposal((0, top, width, height), "banner"))
    for bar in find_bars(unit):
        found += [Proposal(box, "scale_bar") for box in _with_label(unit, bar)]
    for values in (unit, 1 - unit):
        found += [Proposal(box, "text") for box in _lines(values >= _SATURATED, 1)]
    return found


def _with_label(unit: FloatImage, bar: Bar) -> Iterator[Box]:
    """Yield a bar with the line above it, with that below it, and alone."""
    height, width = unit.shape
    values = unit if bar.bright else 1 - unit
    x0, x1 = max(int(bar.x0), 0), min(int(np.ceil(bar.x1)), width)
    alone = (x0, bar.y0, x1, bar.y1)
    reach, beside = int(0.17 * height), int(max(0.5 * bar.length, 0.12 * width))
    left, right = max(x0 - beside, 0), min(x1 + beside, width)
    level = bar.level - 0.45 * bar.contrast
    for top, bottom in ((max(bar.y0 - reach, 0), bar.y0), (bar.y1, min(bar.y1 + reach, height))):
        window = values[top:bottom, left:right] >= level
        near = []
        for a, b, c, d in _lines(window, 2):
            line = (a + left, b + top, c + left, d + top)
            gap = max(bar.y0 - line[3], line[1] - bar.y1)
            if line[0] < x1 and line[2] > x0 and gap <= _LABEL_GAP * (line[3] - line[1]):
                near.append((gap, line))
        if near:
            yield _hull([min(near)[1], alone])
    yield alone


def _lines(mask: BoolArray, fewest: int) -> list[Box]:
    """Return boxes of letters side by side, of at least `fewest` letters."""
    pieces, count = ndimage.label(mask, np.ones((3, 3)))
    if count == 0:
        return []
    slices = ndimage.find_objects(pieces)
    boxes = np.array([[s[1].start, s[0].start, s[1].stop, s[0].stop] for s in slices])
    tall, wide = boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0]
    whole = max(mask.shape[0], 300)
    fits = (tall >= max(_LEAST_TALL * whole, 3)) & (tall <= _MOST_TALL * whole)
    boxes = boxes[fits & (wide <= 6 * tall)]
    if len(boxes) > _MOST_PIECES:  # no text but noise
        return []
    tall = boxes[:, 3] - boxes[:, 1]
    i, j = np.triu_indices(len(boxes), 1)
    gap = np.maximum(boxes[i, 0], boxes[j, 0]) - np.minimum(boxes[i, 2], boxes[j, 2])
    common = np.minimum(boxes[i, 3], boxes[j, 3]) - np.maximum(boxes[i, 1], boxes[j, 1])
    larger, smaller = np.maximum(tall[i], tall[j]), np.minimum(tall[i], tall[j])
    joined = (gap <= _GAP * larger) & (common >= 0.5 * smaller) & (smaller >= _SMALLEST * larger)
    groups = _groups(len(boxes), i[joined], j[joined])
    return [_hull(boxes[group].tolist()) for group in groups if len(group) >= fewest]


def _groups(count: int, i: NDArray[np.intp], j: NDArray[np.intp]) -> list[list[int]]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(i)), (i, j)), shape=(count, count))
    total, names = connected_components(links, directed=False) if count else (0, np.empty(0))
    return [np.flatnonzero(names == name).tolist() for name in range(total)]


def _hull(boxes: Sequence[Sequence[int]]) -> Box:
    edges = np.array(boxes)
    low, high = edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])
