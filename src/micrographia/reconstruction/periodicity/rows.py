"""Drift and jitter of a scan, from the rows of a periodic picture.

The rows of a scan are taken one after the other, so what moves the sample or the probe moves whole
rows. Each row is laid against the mean unit cell; how well that tells its place is known from the
model's slopes and the noise. A slow path and a deviation of rows are then estimated with the
strengths that the picture itself makes most likely: where rows tell nothing, nothing is moved.

What is linear in time is a shear of the picture. It cannot be told from one of the lattice, so it
stays in the cell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import map_coordinates, spline_filter

from micrographia.arrays import BoolArray, FloatArray, RealArray
from micrographia.reconstruction.deadline import UNLIMITED, Deadline
from micrographia.reconstruction.periodicity.background import slow_part
from micrographia.reconstruction.periodicity.folding import MeanCell, fold, look_up
from micrographia.reconstruction.periodicity.phases import slow_path
from micrographia.reconstruction.periodicity.smoothing import Path, smooth_path

_ROUNDS = 4
_SETTLED = 0.01  # px that rows move in the last round
_SLOW = 0.7  # of the longest vector, the width of a Gaussian that counts as slow
_LEAST_VARIANCE = 0.2  # of the usual variance of the noise, where there is least
_LARGEST_STEP = 0.12  # of the shortest vector that a row may move in one round


@dataclass(frozen=True)
class ScanDistortion:
    """Where the rows of a scan lie beside their places.

    Attributes
    ----------
    displacement
        (rows, 2) = (x, y) [px]: what is seen at (x, y) belongs to (x, y) - displacement.
    slow
        The part of it that varies slowly (rows, 2) [px].
    jitter
        Standard deviation of the rows about the slow part along x and y (2,) [px]; 0 where the
        picture is explained without.
    linear
        The linear part along x and y [px per row] that was found beside the cell proposed, and
        put into the cell: drift or shear, nobody can tell.
    uncertainty
        Root mean square standard deviation of the displacements along x and y (2,) [px].
    noise
        Standard deviation of the noise of a pixel, in units of the flattened picture.
    explained
        Share of the variance of the flattened picture that the model explains.
    """

    displacement: FloatArray
    slow: FloatArray
    jitter: FloatArray
    linear: FloatArray
    uncertainty: FloatArray
    noise: float
    explained: float

    def stretched(self, factors: FloatArray) -> ScanDistortion:
        """The same in pixels that are smaller by factors along x and y (2,)."""
        return replace(
            self,
            displacement=self.displacement * factors,
            slow=self.slow * factors,
            jitter=self.jitter * factors,
            linear=self.linear * factors,
            uncertainty=self.uncertainty * factors,
        )


@dataclass(frozen=True)
class ScanRows:
    """A picture as its rows are looked at.

    Attributes
    ----------
    flat, weight
        Picture without its background and 1 for valid pixels, both (rows, columns).
    colour
        Power of the noise at the reflections over its mean at all frequencies.
    """

    flat: FloatArray
    weight: FloatArray
    colour: float = 1.0


def find_scan_distortion(
    scan: ScanRows,
    cell: FloatArray,
    deadline: Deadline = UNLIMITED,
    start: FloatArray | None = None,
) -> tuple[ScanDistortion, MeanCell]:
    """Estimate the displacement of each row against the mean unit cell.

    Parameters
    ----------
    scan
        The picture without its background.
    cell
        Primitive vectors (2, 2) as rows (x, y) [px], right to about a per cent.
    deadline
        Limit of time.
    start
        Displacement to start from (rows, 2) [px]; None to follow the phases of reflections.

    Returns
    -------
    The distortion, and the mean cell with the refined cell [px].
    """
    flat, weight = scan.flat, scan.weight
    displacement, current = slow_path(flat, weight, cell) if start is None else (start, cell)
    linear = _linear_between(cell, current)
    path: Path | None = None
    for _ in range(_ROUNDS):
        deadline.check()
        mean = fold(flat, weight, current, displacement)
        equations = _equations(flat, weight, mean, displacement)
        path = smooth_path(
            equations.information / scan.colour, equations.force / scan.colour, displacement
        )
        flat = _without_background(flat, weight, equations.left, current)
        step = path.displacement - displacement
        most = _LARGEST_STEP * float(np.linalg.norm(current, axis=1).min())
        displacement = displacement + np.clip(step, -most, most)
        displacement, current, extra = _into_cell(displacement, current, equations.stretch)
        linear = linear + extra
        if float(np.sqrt(np.square(step - step.mean(axis=0)).mean())) < _SETTLED:
            break
    assert path is not None
    mean = fold(flat, weight, current, displacement)
    left = _equations(flat, weight, mean, displacement)
    distortion = ScanDistortion(
        displacement=displacement,
        slow=displacement - path.deviation,
        jitter=path.jitter,
        linear=linear,
        uncertainty=path.uncertainty,
        noise=left.noise,
        explained=left.explained,
    )
    return distortion, mean


@dataclass(frozen=True)
class _Equations:
    """Normal equations of the rows' displacements, and what the picture says of the cell."""

    information: FloatArray
    force: FloatArray
    stretch: FloatArray
    left: FloatArray
    noise: float
    explained: float


def _equations(
    flat: FloatArray, weight: FloatArray, mean: MeanCell, displacement: FloatArray
) -> _Equations:
    """Linearise the picture about the model: information (rows, 2, 2) and force (rows, 2).

    `stretch` is the displacement per pixel along x (2,) that the columns show, and `left` what
    the model does not explain (rows, columns).
    """
    rows, columns = flat.shape
    count = float(weight.sum())
    variance = float(np.square(flat * weight).sum()) / count
    mean = mean.without_noise(variance, count)
    x = np.arange(columns)[None, :] - displacement[:, :1]
    y = np.arange(rows)[:, None] - displacement[:, 1:]
    model, slope_x, slope_y = look_up(mean.tables(), mean.cell, x, y)
    left = (flat - model) * weight
    noise = float(np.sqrt(np.square(left).sum() / count))
    explained = 1 - noise**2 / max(variance, 1e-12)
    precise = weight / _variance(left, model, weight)
    # What is seen at r is the model at r - d, so d moves it by minus its slope.
    slopes = -np.stack([slope_x, slope_y])
    weighted = slopes * precise
    information = np.einsum("irc,jrc->rij", weighted, slopes)
    force = np.einsum("irc,rc->ri", weighted, left)
    across = (np.arange(columns) - (columns - 1) / 2) * np.ones((rows, 1))
    lever = np.einsum("irc,jrc->ij", weighted * across**2, slopes)
    pull = np.einsum("irc,rc->i", weighted, left * across)
    stretch = np.linalg.lstsq(lever, pull, rcond=1e-6)[0]
    return _Equations(information, force, np.asarray(stretch), left, noise, explained)


def _variance(left: FloatArray, model: FloatArray, weight: FloatArray) -> FloatArray:
    """Variance of the noise at each pixel (rows, columns), linear in the model: counts vary more
    where there are more of them."""
    count = float(weight.sum())
    squared = np.square(left)
    usual = float(squared.sum()) / count
    middle = float((model * weight).sum()) / count
    moved = (model - middle) * weight
    rise = float((moved * squared).sum()) / max(float(np.square(moved).sum()), 1e-12)
    return np.maximum(usual + rise * (model - middle), _LEAST_VARIANCE * usual)


def _without_background(
    flat: FloatArray, weight: FloatArray, left: FloatArray, cell: FloatArray
) -> FloatArray:
    """Take away what is slow in the rest beside the model.

    At its edge the picture's own Gaussian mean takes a part of the lattice for background, which
    would move the outer rows.
    """
    sigma = _SLOW * float(np.linalg.norm(cell, axis=1).max())
    return flat - slow_part(left, weight, sigma) * weight


def _into_cell(
    displacement: FloatArray, cell: FloatArray, stretch: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Move what is linear along rows or columns from the displacement to the cell.

    Returns
    -------
    The displacement without linear part, about the same middle; the cell; the part along y.
    """
    rows = len(displacement)
    time = np.arange(rows) - (rows - 1) / 2
    slope = time @ displacement / (time @ time)
    # Places p of the model belong to what is seen at r = p + d, and d = r G + rest. So
    # p = (r - rest (1 - G)⁻¹) (1 - G), and the cell seen is the model's times (1 - G)⁻¹.
    seen = np.linalg.inv(np.eye(2) - np.stack([stretch, slope]))
    moved = displacement - np.outer(time, slope)
    return moved @ seen, np.asarray(cell @ seen), slope


def _linear_between(first: FloatArray, second: FloatArray) -> FloatArray:
    """Displacement per row along x and y (2,) that turns one cell into another."""
    return np.asarray(np.linalg.solve(first, second - first)[1])


def undo(pixels: RealArray, displacement: FloatArray, mask: BoolArray | None = None) -> FloatArray:
    """Resample a picture with its rows at their places (cubic splines).

    Parameters
    ----------
    pixels
        Picture (rows, columns); invalid pixels must hold finite numbers.
    displacement
        (rows, 2) = (x, y) [px], as `find_scan_distortion` gives it.
    mask
        True where a pixel is invalid: filled with the mean before splines pass through it.

    Returns
    -------
    Picture of the same shape; what lies outside is mirrored.
    """
    picture = np.asarray(pixels, dtype=np.float64)
    invalid = ~np.isfinite(picture) if mask is None else mask | ~np.isfinite(picture)
    if invalid.any():
        picture = np.where(invalid, picture[~invalid].mean(), picture)
    rows, columns = picture.shape
    here = np.arange(rows, dtype=np.float64)
    along = np.arange(columns)[None, :] + displacement[:, :1]
    # Each row by itself first: its neighbours lie elsewhere.
    straight = _resample(picture, np.broadcast_to(here[:, None], along.shape), along)
    scanned = np.interp(here, np.maximum.accumulate(here - displacement[:, 1]), here)
    across = np.broadcast_to(np.arange(columns, dtype=np.float64)[None, :], along.shape)
    return _resample(straight, np.broadcast_to(scanned[:, None], along.shape), across)


def _resample(picture: FloatArray, down: FloatArray, across: FloatArray) -> FloatArray:
    """Values of a picture's cubic splines at places (rows, columns)."""
    splines = spline_filter(picture, order=3, mode="mirror")
    return np.asarray(
        map_coordinates(splines, [down, across], order=3, mode="mirror", prefilter=False)
    )
