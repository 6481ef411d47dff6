"""Flat shapes drawn with a ruler and compass: masks of devices and patterns."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from micrographia.arrays import FloatArray, FloatImage

Point = tuple[float, float]
#: Shapes are drawn this much larger and then averaged.
_FINE = 4


class Layout:
    """Mask of one layer, 0…1 by how much of a pixel is covered.

    Parameters
    ----------
    size
        Side [px]. Shapes are given as shares of it: (x, y) from 0 to 1, y downwards.
    turn, zoom, shift
        The layout's turn about the middle [rad], its enlargement, and its shift as a share.
    squash
        Foreshortening of heights in the picture: the cosine of the angle of sight.
    """

    def __init__(
        self,
        size: int,
        turn: float = 0.0,
        zoom: float = 1.0,
        shift: Point = (0.0, 0.0),
        *,
        squash: float = 1.0,
    ) -> None:
        self.size = size
        cos, sin = np.cos(turn) * zoom, np.sin(turn) * zoom
        self._turn = np.array([[cos, -sin], [sin * squash, cos * squash]])
        self._zoom = zoom
        self._shift = np.array(shift)
        self._canvas = np.zeros((size * _FINE, size * _FINE), dtype=np.uint8)

    @property
    def mask(self) -> FloatImage:
        """Cover of every pixel, shape (size, size)."""
        small = cv2.resize(self._canvas, (self.size, self.size), interpolation=cv2.INTER_AREA)
        return np.asarray(small, dtype=np.float32) / np.float32(255)

    def polygon(self, corners: Sequence[Point] | FloatArray, *, hole: bool = False) -> None:
        """Fill a polygon, or cut it out."""
        cv2.fillPoly(self._canvas, [self._pixels(np.asarray(corners))], 0 if hole else 255)

    def box(self, x0: float, y0: float, x1: float, y1: float, *, hole: bool = False) -> None:
        """Fill an upright rectangle, or cut it out."""
        self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], hole=hole)

    def disc(self, x: float, y: float, radius: float, *, hole: bool = False) -> None:
        """Fill a disc, or cut it out."""
        angle = np.linspace(0, 2 * np.pi, 40)
        self.polygon(
            np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)]), hole=hole
        )

    def line(
        self, points: Sequence[Point] | FloatArray, width: float, *, hole: bool = False
    ) -> None:
        """Draw a bent line of a width that is a share of the side."""
        thick = max(round(width * self._zoom * self.size * _FINE), 1)
        colour = 0 if hole else 255
        cv2.polylines(self._canvas, [self._pixels(np.asarray(points))], False, colour, thick)

    def _pixels(self, points: FloatArray) -> np.ndarray:
        placed = (points - 0.5) @ self._turn.T + 0.5 + self._shift
        return np.rint(placed * self.size * _FINE).astype(np.int32)
