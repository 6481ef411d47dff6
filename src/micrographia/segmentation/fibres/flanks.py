"""Width of a fibre from the grey picture: from its profiles across the centre line.

A mask's edge lies where a network or a threshold put it, a pixel or so off. The steepest place of
a flank is not moved by blur if the fibre is evenly bright; but one that is brighter at its rim, as
secondary electrons show it, seems wider by half a pixel, and one that is darker in its middle, as
a cylinder is in transmission, narrower. So the mean profile of each fibre is fitted by a shaded
strip under a blur, and what these fits say together corrects the flanks of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter1d, map_coordinates
from scipy.optimize import least_squares

from micrographia.arrays import FloatArray, FloatImage
from micrographia.segmentation.fibres.centre_line import Fibre
from micrographia.segmentation.fibres.profiles import normals

#: Step of the profiles [px], and their smoothing as a standard deviation [px].
_ACROSS, _SMOOTHING = 0.25, 1.0
#: Length over which profiles are averaged [widths], and the fewest that are [points].
_WINDOW, _FEWEST = 3.0, 10
#: Flanks are looked for between these distances from the centre line [half-widths, px more].
_NEAREST, _FURTHEST, _BEYOND = 0.4, 1.4, 1.5
#: A fit that is further from the flanks has failed [px].
_MOST_CORRECTED = 1.6
#: Departure of the fit [share of the contrast] that outweighs a pixel between rim and flank: under
#: much blur, shading and width can stand for one another.
_PRIOR = 0.002
#: Blurs that a fit starts from, as standard deviations [px].
_BLURS = (0.6, 1.0, 1.4, 1.9)


def with_grey_widths(fibres: Sequence[Fibre], image: FloatImage) -> list[Fibre]:
    """Return the fibres of a picture with the widths that their grey profiles show.

    Parameters
    ----------
    fibres
        Traced in a mask of the picture.
    image
        Grey picture, shape (H, W).

    Returns
    -------
    list of Fibre
        Those in which no profile has two flanks are as they were.
    """
    seen, corrections = [], []
    for fibre in fibres:
        widths, correction = _seen_widths(fibre, image)
        seen.append(widths)
        if correction is not None:
            corrections.append(correction)
    # Blur and shading are those of the picture: one fibre's fit is noisier than they differ.
    common = float(np.median(corrections)) if corrections else 0.0
    return [
        fibre if widths is None else replace(fibre, widths=np.maximum(widths + common, _ACROSS))
        for fibre, widths in zip(fibres, seen, strict=True)
    ]


def _seen_widths(fibre: Fibre, image: FloatImage) -> tuple[FloatArray | None, float | None]:
    """Distance of the flanks at each point, and what the mean profile's fit adds to it."""
    known = np.flatnonzero(fibre.known)
    radius = float(np.median(fibre.widths[known])) / 2
    furthest = _FURTHEST * radius + _BEYOND
    offsets = np.arange(-furthest - 2, furthest + 2 + _ACROSS / 2, _ACROSS)
    places = (
        fibre.points[known][:, None] + offsets[:, None] * normals(fibre.points)[known][:, None]
    )
    values = map_coordinates(
        image.astype(np.float64), [places[..., 1], places[..., 0]], order=1, mode="nearest"
    )
    count = max(1, round(len(known) * fibre.step / (2 * _WINDOW * radius)))
    where, widths = [], []
    for part in np.array_split(np.arange(len(known)), count):
        if len(part) >= min(_FEWEST, len(known)):
            width = _between_flanks(values[part].mean(axis=0), offsets, radius)
            if width is not None:
                where.append(float(known[part].mean()))
                widths.append(width)
    if not widths:
        return None, None
    mean = values.mean(axis=0)
    everywhere = np.interp(np.arange(len(fibre.points)), where, widths)
    flanks = _between_flanks(mean, offsets, radius)
    correction = np.inf if flanks is None else _fitted(mean, offsets, flanks / 2) - flanks
    return everywhere, correction if abs(correction) < _MOST_CORRECTED else None


def _fitted(profile: FloatArray, offsets: FloatArray, radius: float) -> float:
    """Width of the shaded strip under a Gaussian blur that fits a profile best.

    The ground is a straight line, the shading an even polynomial of fourth order. `radius` is half
    the distance of the flanks; narrow valleys lie beside the best fit, so it starts from a grid.
    """

    def left_over(shape: FloatArray) -> FloatArray:
        basis = _strip(offsets, *shape)
        weights = np.linalg.lstsq(basis, profile, rcond=None)[0]
        moved = _PRIOR * np.ptp(profile) * np.sqrt(len(profile)) * (shape[0] - radius)
        return np.append(basis @ weights - profile, moved)

    shifts = np.linspace(-1, 1, 9) * _MOST_CORRECTED / 2
    tried = [(radius + shift, blur, 0.0) for shift in shifts for blur in _BLURS]
    start = min(tried, key=lambda shape: float((left_over(np.array(shape)) ** 2).sum()))
    low = (radius - _MOST_CORRECTED, 0.3, -0.5 * radius)
    high = (radius + _MOST_CORRECTED, 2 * _BLURS[-1], 0.5 * radius)
    found = least_squares(left_over, start, bounds=(low, high), x_scale=(0.2, 0.2, 0.2))
    return 2 * float(found.x[0])


def _strip(offsets: FloatArray, radius: float, blur: float, middle: float) -> FloatArray:
    """What profiles are made of, shape (n, 5): a sloping ground, and a strip with its shading."""
    fine = np.arange(offsets[0], offsets[-1] + _ACROSS, _ACROSS)
    across = (fine - middle) / radius
    # Cells at the rim are inside in part: the fit must not see steps.
    inside = np.clip((radius - np.abs(fine - middle)) / _ACROSS + 0.5, 0, 1)
    strips = [
        gaussian_filter1d(inside * across.clip(-1, 1) ** power, blur / _ACROSS, mode="nearest")
        for power in (0, 2, 4)
    ]
    kept = [strip[: len(offsets)] for strip in strips]
    return np.column_stack([np.ones_like(offsets), offsets, *kept])


def _between_flanks(profile: FloatArray, offsets: FloatArray, radius: float) -> float | None:
    """Distance of the steepest places of both flanks of a profile; None without two flanks."""
    smooth = gaussian_filter1d(profile, _SMOOTHING / _ACROSS, mode="nearest")
    slope = np.gradient(smooth, offsets)
    middle = smooth[np.abs(offsets) <= 0.5 * radius].mean()
    ground = smooth[np.abs(offsets) >= _FURTHEST * radius + 1].mean()
    if middle < ground:
        slope = -slope
    flanks = []
    for sign in (-1, 1):
        away = sign * offsets
        searched = (away >= _NEAREST * radius) & (away <= _FURTHEST * radius + _BEYOND)
        steepness = np.where(searched, -sign * slope, -np.inf)
        place = int(np.argmax(steepness))
        if not 0 < place < len(offsets) - 1:
            return None
        before, here, after = steepness[place - 1 : place + 2]
        if not np.isfinite(before + after):  # steeper still beyond what was searched
            return None
        bend = before - 2 * here + after
        shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
        flanks.append(float(away[place] + sign * shift * _ACROSS))
    return sum(flanks)
