"""Centre line and width of a fibre, finer than the pixels that it was found in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import make_smoothing_spline
from scipy.ndimage import map_coordinates
from scipy.spatial import cKDTree

from micrographia.arrays import BoolArray, FloatArray
from micrographia.segmentation.fibres.joining import End
from micrographia.segmentation.fibres.pieces import Piece
from micrographia.segmentation.fibres.profiles import averaged, profiles

#: Distance of the points of a centre line [px].
STEP = 0.5
#: Bends shorter than this are smoothed away [half-widths, at least px].
_SMOOTH, _LEAST_SMOOTH = 1.5, 4.0
#: How far beyond its last sure point an end is looked for [half-widths].
_BEYOND = 4.0
#: The same where it ends at other fibres [reaches of their crossing].
_UNDER = 8.0
#: Widths are averaged over so much of the line before their median is taken [widths]: a pixel more
#: or less says little of a width.
_AVERAGED = 3.0
#: A point of the line further from its pieces than this is between two of them [px].
_NEAR_PIECE = 2.5


@dataclass(frozen=True)
class Fibre:
    """A fibre that was traced.

    Attributes
    ----------
    points
        Centre line, shape (n, 2), x, y of equally spaced points, pixel centres being whole
        numbers [px].
    widths
        Width at each point [px]; between known ones interpolated.
    known
        Whether the width is measured there, rather than interpolated under a crossing.
    cut
        Whether the picture's border cuts the fibre.
    """

    points: FloatArray
    widths: FloatArray
    known: BoolArray
    cut: bool

    @property
    def step(self) -> float:
        """Distance of neighbouring points [px]."""
        return float(np.hypot(*(self.points[1] - self.points[0])))

    @property
    def length(self) -> float:
        """Length of the centre line [px]."""
        return float(np.hypot(*np.diff(self.points, axis=0).T).sum())


def fibre_of(
    chain: Sequence[End],
    pieces: Sequence[Piece],
    foreground: FloatArray,
    reaches: FloatArray,
) -> Fibre | None:
    """Fit a centre line through a chain of pieces and measure the width along it.

    Parameters
    ----------
    chain
        Of `joining.join`.
    pieces
        All pieces.
    foreground
        1 on fibres, 0 elsewhere, shape (H, W).
    reaches
        Largest distance of the outline at each group of crossings [px].

    Returns
    -------
    Fibre or None
        None for what has too few points.
    """
    parts = [pieces[n].points if end == 0 else pieces[n].points[::-1] for n, end in chain]
    points = np.concatenate(parts)
    if len(points) < 5:
        return None
    radius = float(np.median([pieces[n].radius for n, _ in chain]))
    line = _smooth(points, radius)
    # A second time through the middles of the profiles: a skeleton is only true to a pixel.
    middles, _, sure = profiles(foreground, line, radius)
    line = _smooth(np.where(sure[:, None], middles, line), radius)
    outer = (chain[0], (chain[-1][0], 1 - chain[-1][1]))
    limits = [_BEYOND * radius] * 2
    for place, (number, end) in enumerate(outer):
        node = pieces[number].nodes[end]
        if node >= 0:  # it ends at others, under which it may go on
            limits[place] = _UNDER * float(reaches[node])
    grown = _extended(line, foreground, limits)
    _, widths, sure = profiles(foreground, grown, radius)
    known = sure & (cKDTree(points).query(grown)[0] < _NEAR_PIECE)
    if not known.any():
        return None
    widths = averaged(widths, known, max(1, round(_AVERAGED * 2 * radius / STEP)))
    known &= widths < 1.15 * np.median(widths[known])
    places = np.arange(len(widths))
    widths = np.interp(places, places[known], widths[known])
    height, width = foreground.shape
    cut = any(min(x, y, width - 1 - x, height - 1 - y) < 1.0 for x, y in (grown[0], grown[-1]))
    return Fibre(grown, widths, known, cut)


def _along(points: FloatArray) -> FloatArray:
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])


def _smooth(points: FloatArray, radius: float) -> FloatArray:
    """A smoothing spline through points, sampled every `STEP`; straight where there are none."""
    along = _along(points)
    moved = np.concatenate([[True], np.diff(along) > 1e-6])
    along, points = along[moved], points[moved]
    spacing = float(np.median(np.diff(along)))
    # A wave of 2π of this length is damped to one half.
    scale = max(_LEAST_SMOOTH, _SMOOTH * radius)
    spline = make_smoothing_spline(along, points, lam=scale**4 / spacing, axis=0)
    fine = spline(np.linspace(0, along[-1], max(2, round(along[-1] / STEP) + 1)))
    return _evenly(np.asarray(fine))


def _evenly(points: FloatArray) -> FloatArray:
    """Points at equal distances of about `STEP` along a line."""
    along = _along(points)
    count = max(2, round(float(along[-1]) / STEP) + 1)
    wanted = np.linspace(0, along[-1], count)
    return np.column_stack([np.interp(wanted, along, axis) for axis in points.T])


def _extended(line: FloatArray, foreground: FloatArray, limits: Sequence[float]) -> FloatArray:
    """Lead both ends on straight to the end of the foreground, or of the picture."""
    head = _beyond(line[::-1], foreground, limits[0])
    tail = _beyond(line, foreground, limits[1])
    return np.concatenate([head[::-1], line, tail])


def _beyond(line: FloatArray, foreground: FloatArray, limit: float) -> FloatArray:
    """Points beyond the last of a line that are still in the foreground."""
    back = min(len(line) - 1, round(2 * _LEAST_SMOOTH / STEP))
    direction = line[-1] - line[-1 - back]
    direction /= max(1e-9, float(np.hypot(*direction)))
    places = line[-1] + STEP * np.arange(1, max(1, round(limit / STEP)) + 1)[:, None] * direction
    values = map_coordinates(foreground, [places[:, 1], places[:, 0]], order=1, mode="nearest")
    height, width = foreground.shape
    x, y = places.T
    within = (x > -0.5) & (y > -0.5) & (x < width - 0.5) & (y < height - 0.5)
    return places[np.cumprod(within & (values > 0.5)).astype(bool)]
