"""Rows of eleven equidistant strokes, the scale bar of Hitachi's pictures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from micrographia.arrays import Float32Array, FloatArray, IntArray

#: Strokes of a row; how far they may lie off [px].
_TICKS, _OFF = 11, 1.3
#: Thresholds above the ground; a picture with more components above one is texture.
_LEVELS, _MOST = (0.15, 0.3, 0.5), 4000

Row = tuple[float, float, int, int]


def tick_rows(values: Float32Array) -> Iterator[Row]:
    """Yield rows of eleven bright strokes in the lowest third: x0, x1, y0, y1 [px].

    Parameters
    ----------
    values
        Picture on 0…1.
    """
    height, width = values.shape
    top, broad = 2 * height // 3, max(5, width // 120)
    # What is as bright as a stroke, but wider, is taken away: strokes hang from a banner's edge.
    strip = ndimage.white_tophat(values[top:], size=(1, 2 * broad + 1))
    for level in _LEVELS:
        marked, count = ndimage.label(strip > level)
        if count > _MOST:
            continue
        strokes = []
        for rows, columns in ndimage.find_objects(marked):
            wide, tall = columns.stop - columns.start, rows.stop - rows.start
            if wide <= broad and 3 <= tall <= 40 and tall >= 1.2 * wide:
                middle = (columns.start + columns.stop) / 2
                strokes.append((middle, top + rows.start, top + rows.stop))
        if len(strokes) >= _TICKS - 1:
            yield from _progressions(np.array(sorted(strokes), float), width / 9)


def _progressions(strokes: FloatArray, longest: float) -> Iterator[Row]:
    """Yield arithmetic progressions of eleven strokes (middle, top, bottom), sorted by middle."""
    for first in strokes:
        row = strokes[(np.abs(strokes[:, 1:] - first[1:]) <= 2).any(axis=1)]
        places = row[:, 0]
        steps = places - first[0]
        steps = steps[(steps >= 5) & (steps <= longest)]
        if len(row) < _TICKS - 1 or not len(steps):
            continue
        # One stroke before the first and two after the last: neither may be there.
        numbers = np.arange(-1, _TICKS + 2)
        wanted = first[0] + steps[:, None] * numbers
        nearest, off = _nearest(places, wanted)
        there = off <= _OFF * (1 + np.abs(numbers) / 5)
        inner = there[:, 1 : _TICKS + 1]
        fits = (inner.sum(axis=1) >= _TICKS - 1) & inner[:, -1]
        fits &= ~(there[:, 0] | there[:, -2] | there[:, -1])
        for at in np.flatnonzero(fits):
            kept = np.flatnonzero(inner[at])
            mates = row[nearest[at, 1 : _TICKS + 1][kept]]
            slope, offset = np.polyfit(kept, mates[:, 0], 1)
            if np.abs(mates[:, 0] - offset - slope * kept).max() <= _OFF:
                last = offset + (_TICKS - 1) * slope
                yield float(offset), float(last), int(mates[:, 1].min()), int(mates[:, 2].max())


def _nearest(places: FloatArray, wanted: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return which of the sorted places is nearest to each wanted one, and how far off."""
    after = np.clip(np.searchsorted(places, wanted), 1, len(places) - 1)
    nearer = wanted - places[after - 1] < places[after] - wanted
    nearest = np.where(nearer, after - 1, after)
    return nearest, np.abs(places[nearest] - wanted)
