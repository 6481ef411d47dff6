"""Where the probe really stands when the microscope believes it stands on a regular grid."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator
from scipy.ndimage import gaussian_filter1d

from .kinds import Damage


@dataclass(frozen=True)
class Scan:
    """The scan of one picture.

    Attributes
    ----------
    shape
        Rows and columns.
    pixel
        True side of a pixel [Å].
    points
        Where the probe stood at each pixel, (rows, columns, 2) as x, y [Å], in the frame of the
        sample at the beginning; drift, jitter, shear and aspect included.
    """

    shape: tuple[int, int]
    pixel: float
    points: np.ndarray = field(repr=False)


def draw_scan(rng: Generator, damage: Damage, unrest: Generator) -> Scan:
    """A field of 4 to 6 nm in pixels of 0.08 to 0.16 Å; `unrest` draws the damage."""
    pixel = float(rng.uniform(0.08, 0.16))
    rows, columns = (int(side / pixel) for side in rng.uniform(40, 60, size=2))
    j, i = np.meshgrid(np.arange(columns) * pixel, np.arange(rows) * pixel)
    points = np.stack([j, i], axis=-1) @ damage.distortion.T
    # A scan takes its time row by row, from the first pixel to the last.
    time = (np.arange(rows)[:, None] + np.arange(columns) / columns) / rows
    points += time[..., None] * damage.drift
    if damage.curve:
        # Slow and smooth, with no linear part: half a sine along the frame, across the drift.
        across = np.array([-damage.drift[1], damage.drift[0]]) / np.hypot(*damage.drift)
        points += damage.curve * np.sin(np.pi * time)[..., None] * across
    if damage.jitter:
        rows_off = unrest.normal(size=(rows, 2))
        if damage.smooth_rows:
            rows_off = gaussian_filter1d(rows_off, damage.smooth_rows, axis=0, mode="reflect")
            rows_off /= rows_off.std(axis=0)
        points += damage.jitter * rows_off[:, None]
    return Scan((rows, columns), pixel, points)
