"""Outlines of masks along the edges of their pixels, and the widths between parallel lines."""

from __future__ import annotations

import cv2
import numpy as np

from micrographia.arrays import BoolArray, IntArray

#: Steps of the edges that lead right, down, left and up, as (x, y); y grows downwards.
_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))


def feret(mask: BoolArray) -> tuple[float, float]:
    """Largest and least distance of two parallel lines that enclose a mask [px].

    Pixels are unit squares, as in ImageJ: the figures of a rectangle are its diagonal and its
    shorter side.

    Parameters
    ----------
    mask
        Shape (H, W); some pixel is set. Several parts are enclosed together.

    Examples
    --------
    >>> feret(np.ones((3, 4), bool))
    (5.0, 3.0)
    """
    rows = np.flatnonzero(mask.any(axis=1))
    left = mask[rows].argmax(axis=1)
    right = mask.shape[1] - mask[rows, ::-1].argmax(axis=1)
    corners = np.column_stack(
        [np.concatenate([left, left, right, right]), np.tile(np.concatenate([rows, rows + 1]), 2)]
    )
    hull = cv2.convexHull(corners.astype(np.int32))[:, 0].astype(np.float64)
    sides = np.roll(hull, -1, axis=0) - hull
    normals = np.column_stack([-sides[:, 1], sides[:, 0]]) / np.hypot(*sides.T)[:, None]
    # The least width is that of a pair of lines of which one holds a side of the hull.
    across = hull @ normals.T
    widths = across.max(axis=0) - across.min(axis=0)
    between = hull[:, None] - hull[None]
    return float(np.hypot(*between.transpose(2, 0, 1)).max()), float(widths.min())


def outlines(mask: BoolArray) -> list[IntArray]:
    """Trace the outlines of a mask: closed polygons along the edges of its pixels.

    Filled by the even-odd rule, or by the winding rule, they are the mask to the pixel.

    Parameters
    ----------
    mask
        Shape (H, W).

    Returns
    -------
    list of ndarray
        Corners (x, y) of each polygon, shape (n, 2), the first not repeated, the upper left
        corner of the mask being (0, 0). Outer ones run clockwise on the screen, holes the other
        way. Pixels that touch at a corner alone are in different polygons.

    Examples
    --------
    >>> outlines(np.ones((1, 2), bool))[0].tolist()
    [[0, 0], [2, 0], [2, 1], [0, 1]]
    """
    following = _edges(mask)
    found = []
    while following:
        edge, corners = next(iter(following)), []
        while edge in following:
            direction = edge[1]
            edge = following.pop(edge)
            if edge[1] != direction:
                corners.append(edge[0])
        found.append(np.array(corners, dtype=np.int64))
    return [np.roll(polygon, -_first(polygon), axis=0) for polygon in found]


def _first(polygon: IntArray) -> int:
    """Place of the uppermost corner, the leftmost of these: polygons then begin alike."""
    return int(np.lexsort((polygon[:, 0], polygon[:, 1]))[0])


Edge = tuple[tuple[int, int], int]


def _edges(mask: BoolArray) -> dict[Edge, Edge]:
    """The edge that follows each edge of the outlines; an edge is its start and direction.

    Edges have the mask on their right hand as one looks at the screen.
    """
    padded = np.pad(mask, 1)
    inner = padded[1:-1, 1:-1]
    sides = (
        (inner & ~padded[:-2, 1:-1], (0, 0)),  # upper sides lead right
        (inner & ~padded[1:-1, 2:], (1, 0)),  # right sides lead down
        (inner & ~padded[2:, 1:-1], (1, 1)),  # lower sides lead left
        (inner & ~padded[1:-1, :-2], (0, 1)),  # left sides lead up
    )
    starts: dict[Edge, None] = {}
    for direction, (side, (right, down)) in enumerate(sides):
        y, x = np.nonzero(side)
        places = zip((x + right).tolist(), (y + down).tolist(), strict=True)
        starts.update(dict.fromkeys((place, direction) for place in places))
    following: dict[Edge, Edge] = {}
    for edge in starts:
        (left, top), direction = edge
        end = (left + _STEPS[direction][0], top + _STEPS[direction][1])
        # A turn to the right first: it stays with the same pixel where two touch at a corner.
        turns = ((direction + 1) % 4, direction, (direction - 1) % 4)
        following[edge] = next((end, turn) for turn in turns if (end, turn) in starts)
    return following
