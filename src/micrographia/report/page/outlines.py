"""Outlines of instances as paths of SVG: sharp at any size, and they can be hidden."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from matplotlib.path import Path as Polyline
from numpy.typing import NDArray
from scipy import ndimage

from micrographia.arrays import FloatArray, LabelMask

#: How far a simplified outline may lie from the exact one [px of the shown picture].
_TOLERANCE = 0.35
#: From corner to corner along the side of a pixel, so that the instance lies to the right;
#: (row, column) of the start within the pixel, and the step.
_SIDES = (((0, 0), (0, 1)), ((0, 1), (1, 0)), ((1, 1), (0, -1)), ((1, 0), (-1, 0)))
#: The neighbour on whose side each of them lies.
_NEIGHBOURS = ((-1, 0), (0, 1), (1, 0), (0, -1))


def outline_path(labels: LabelMask, wanted: Collection[int] | None = None) -> str:
    """Return the outlines of instances as the attribute `d` of one SVG path, in half pixels.

    Parameters
    ----------
    labels
        Label mask (h, w) at the size of the shown picture.
    wanted
        Labels to outline; None for all.

    Examples
    --------
    >>> outline_path(np.pad(np.ones((2, 2), dtype=np.int32), 1))
    'M3 2l2 0 1 1 0 2-1 1-2 0-1-1 0-2z'
    """
    numbered = np.unique(labels)
    chosen = [int(one) for one in numbered if one > 0 and (wanted is None or int(one) in wanted)]
    if not chosen:
        return ""
    places = ndimage.find_objects(labels.astype(np.int32))
    parts = []
    for label in chosen:
        rows, columns = places[label - 1]
        inside = np.pad(labels[rows, columns] == label, 1)
        for loop in _loops(inside):
            shift = np.array([columns.start - 1, rows.start - 1])
            parts.append(_written(_simplified(loop) + shift))
    return "".join(parts)


def _loops(inside: NDArray[np.bool_]) -> list[FloatArray]:
    """Return closed outlines as points (n, 2) of x, y: the middles of the pixels' outer sides."""
    steps: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for (start, step), (down, right) in zip(_SIDES, _NEIGHBOURS, strict=True):
        open_side = inside & ~np.roll(inside, (-down, -right), axis=(0, 1))
        for row, column in np.argwhere(open_side).tolist():
            corner = (row + start[0], column + start[1])
            steps.setdefault(corner, []).append((corner[0] + step[0], corner[1] + step[1]))
    found = []
    while steps:
        first = next(iter(steps))
        corners = [first]
        while (after := steps.get(corners[-1])) is not None:
            # Where two pixels touch at a corner two ways lead on; either closes its loop.
            corners.append(after.pop())
            if not after:
                del steps[corners[-2]]
        points = np.array(corners, dtype=np.float64)[:, ::-1]
        found.append((points[:-1] + points[1:]) / 2)
    return found


def _simplified(loop: FloatArray) -> FloatArray:
    """Leave out points that lie within `_TOLERANCE` of the line between their neighbours."""
    line = Polyline(np.vstack([loop, loop[:1]]))
    line.simplify_threshold = _TOLERANCE
    cleaned = line.cleaned(simplify=True)
    points = np.asarray(cleaned.vertices, dtype=np.float64)
    if cleaned.codes is not None:
        points = points[np.asarray(cleaned.codes) != Polyline.STOP]
    # The outline is closed by its last command; the way back to its start is not written.
    while len(points) > 1 and np.allclose(points[0], points[-1]):
        points = points[:-1]
    return points


def _written(points: FloatArray) -> str:
    """Write points in half pixels, each by its step from the one before."""
    halves = np.round(2 * points).astype(int)
    start = " ".join(str(value) for value in halves[0].tolist())
    steps = " ".join(str(value) for value in np.diff(halves, axis=0).ravel().tolist())
    return f"M{start}l{steps.replace(' -', '-')}z" if steps else f"M{start}z"
