"""Centre lines of fibres: worm-like chains in a plane, sampled every half pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.ndimage import gaussian_filter1d

STEP = 0.5  # px between the points of a centre line
_SHORTEST = 60.0  # px, of what is seen of a fibre in the frame
_BEND = 3.0  # radius of the tightest bend, in widths


@dataclass(frozen=True)
class Curve:
    """A fibre as it is drawn.

    Attributes
    ----------
    points
        Centre line within the frame, (n, 2), x and y, pixel centres being whole numbers [px].
    width
        Of the fibre [px].
    cut
        Whether the frame cuts it.
    """

    points: np.ndarray
    width: float
    cut: bool

    @property
    def length(self) -> float:
        """Length of the centre line within the frame [px]."""
        return float(np.hypot(*np.diff(self.points, axis=0).T).sum())

    @property
    def tangents(self) -> np.ndarray:
        """Direction of every step [rad], y pointing down, (n - 1,)."""
        steps = np.diff(self.points, axis=0)
        return np.arctan2(steps[:, 1], steps[:, 0])


def order(curves: list[Curve]) -> tuple[float, float]:
    """Order parameter S2 of all steps, and their mean direction counter-clockwise [degree]."""
    doubled = np.concatenate([np.exp(2j * curve.tangents) for curve in curves]).mean()
    return float(abs(doubled)), float(np.degrees(-np.angle(doubled) / 2) % 180)


def draw_curve(
    rng: Generator, side: int, direction: float, width: float, length: float, persistence: float
) -> Curve | None:
    """Draw a centre line in a square frame; None where it does not suit.

    Parameters
    ----------
    rng
        Draws place and bends.
    side
        Of the frame [px].
    direction
        Mean direction [rad].
    width, length, persistence
        Of the fibre [px]; the persistence length is that before bends are smoothed.
    """
    count = int(length / STEP)
    turns = rng.normal(0, np.sqrt(STEP / persistence), count)
    angles = gaussian_filter1d(np.cumsum(turns), 2 * width / STEP)
    if np.abs(np.diff(angles)).max() > STEP / (_BEND * width):
        return None
    angles += direction - angles.mean()
    points = np.cumsum(STEP * np.column_stack([np.cos(angles), np.sin(angles)]), axis=0)
    points += rng.uniform(0, side, 2) - points[count // 2]
    inside = ((points > -0.5) & (points < side - 0.5)).all(axis=1)
    places = np.flatnonzero(inside)
    if len(places) * STEP < _SHORTEST or places[-1] - places[0] + 1 != len(places):
        return None
    return Curve(points[inside], width, bool(len(places) < count))
