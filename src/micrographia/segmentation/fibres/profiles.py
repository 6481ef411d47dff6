"""Profiles of a foreground across a line: its middle and width, finer than a pixel."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import map_coordinates, uniform_filter1d

from micrographia.arrays import BoolArray, FloatArray

#: How far from the line profiles reach [half-widths], and their step [px].
_REACH, _ACROSS = 1.9, 0.25
#: Where linear interpolation has less than this, there is no foreground nearby.
_GROUND = 1e-3


def normals(points: FloatArray) -> FloatArray:
    """Unit vectors across a line of n points, shape (n, 2)."""
    tangents = np.gradient(points, axis=0)
    tangents /= np.maximum(np.hypot(*tangents.T), 1e-9)[:, None]
    return np.column_stack([-tangents[:, 1], tangents[:, 0]])


def profiles(
    foreground: FloatArray, line: FloatArray, radius: float
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return middle and width of the foreground across each point of a line.

    Parameters
    ----------
    foreground
        1 on fibres, 0 elsewhere, shape (H, W).
    line
        Points x, y within a fibre, shape (n, 2) [px].
    radius
        About half the fibre's width [px].

    Returns
    -------
    middles
        Shape (n, 2) [px].
    widths
        Shape (n,) [px].
    sure
        Whether both outlines are within reach, shape (n,).

    Notes
    -----
    Linear interpolation keeps the sum of the pixels, so the mean of the widths along a line is its
    area over its length in any direction; a single one is off by up to a pixel.
    """
    offsets = np.arange(0, _REACH * radius + 1.5, _ACROSS)
    across = normals(line)
    sides, sure = [], np.ones(len(line), dtype=bool)
    for sign in (-1.0, 1.0):
        places = line[:, None] + sign * offsets[:, None] * across[:, None]
        values = map_coordinates(
            foreground, [places[..., 1], places[..., 0]], order=1, mode="nearest"
        )
        # What lies beyond the first ground is another fibre's.
        inside = np.cumprod(values > _GROUND, axis=1).astype(bool)
        sides.append(np.where(inside, values, 0.0).sum(axis=1) - values[:, 0] / 2)
        sure &= ~inside[:, -1]
    left, right = (side * _ACROSS for side in sides)
    widths = np.asarray(left + right)
    return line + ((right - left) / 2)[:, None] * across, widths, sure & (widths > 0.5)


def averaged(values: FloatArray, known: BoolArray, size: int) -> FloatArray:
    """Mean of the known values among `size` around each; the value itself where none is known."""
    weight = uniform_filter1d(known.astype(np.float64), size, mode="constant")
    total = uniform_filter1d(np.where(known, values, 0.0), size, mode="constant")
    return np.where(weight > 1e-9, total / np.maximum(weight, 1e-9), values)
