"""Masks and grey pictures of fibres that lie on one another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator, default_rng
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from .curves import STEP, Curve, draw_curve

SIDE = 512
PIXEL_SIZE_NM = 2.0


@dataclass(frozen=True)
class Drawn:
    """A picture and all that is true of it.

    Attributes
    ----------
    grey
        The picture, uint8.
    curves
        Fibres, the lowest first.
    masks
        Pixels of each fibre, hidden ones included.
    """

    grey: np.ndarray
    curves: list[Curve]
    masks: list[np.ndarray]

    @property
    def labels(self) -> np.ndarray:
        """Label mask in which the upper fibre hides the lower, numbered as `curves` from 1."""
        labels = np.zeros(self.grey.shape, np.int32)
        for number, mask in enumerate(self.masks, start=1):
            labels[mask] = number
        return labels

    @property
    def foreground(self) -> np.ndarray:
        """All pixels that lie on a fibre."""
        return np.any(self.masks, axis=0)


def draw(seed: int, side: int = SIDE) -> Drawn:
    """Draw a picture: 4 to 12 fibres, 4 to 16 px wide, 120 to 700 px long, more or less aligned.

    Parameters
    ----------
    seed
        The same seed gives the same picture.
    side
        Of the picture [px].
    """
    rng = default_rng(seed)
    wanted, mean = rng.integers(4, 13), rng.uniform(0, np.pi)
    aligned = rng.uniform(0, 3)
    typical, spread = rng.uniform(5, 13), rng.uniform(0.02, 0.25)
    persistence = np.exp(rng.uniform(np.log(400), np.log(8000)))
    curves: list[Curve] = []
    while len(curves) < wanted:
        width = float(np.clip(typical * np.exp(rng.normal(0, spread)), 4, 16))
        # A von Mises distribution of the doubled angle: directions have no head and no tail.
        direction = mean + rng.vonmises(0, aligned) / 2
        curve = draw_curve(rng, side, direction, width, rng.uniform(120, 700), persistence)
        if curve is not None:
            curves.append(curve)
    near = [_across(curve, side) for curve in curves]
    masks = [across <= curve.width / 2 for across, curve in zip(near, curves, strict=True)]
    return Drawn(_grey(rng, near, curves), curves, masks)


def _across(curve: Curve, side: int) -> np.ndarray:
    """Distance of every pixel from the centre line [px]; infinite beyond the flat ends."""
    y, x = np.mgrid[:side, :side]
    pixels = np.column_stack([x.ravel(), y.ravel()]).astype(float)
    points = curve.points
    tangents = _tangents(points)
    # Further points in the frame's rim, so that a fibre is cut there obliquely, as it would be.
    reach = np.arange(STEP, curve.width, STEP)[:, None]
    edges = [points[0], points[-1]]
    out = [bool(((edge < 0) | (edge > side - 1)).any()) for edge in edges]
    head = points[0] - reach[::-1] * tangents[0] if out[0] else points[:0]
    tail = points[-1] + reach * tangents[-1] if out[1] else points[:0]
    points = np.concatenate([head, points, tail])
    tangents = _tangents(points)
    distance, place = cKDTree(points).query(pixels, distance_upper_bound=curve.width)
    found = np.isfinite(distance)
    across = np.full(len(pixels), np.inf)
    place = place[found]
    offset = pixels[found] - points[place]
    along = (offset * tangents[place]).sum(axis=1)
    normal = np.abs(offset[:, 0] * tangents[place, 1] - offset[:, 1] * tangents[place, 0])
    beyond = ((place == 0) & (along < 0)) | ((place == len(points) - 1) & (along > 0))
    across[found] = np.where(beyond, np.inf, normal)
    return across.reshape(side, side)


def _tangents(points: np.ndarray) -> np.ndarray:
    """Unit vectors along a line, (n, 2)."""
    steps = np.gradient(points, axis=0)
    return np.asarray(steps / np.hypot(*steps.T)[:, None])


def _grey(rng: Generator, near: list[np.ndarray], curves: list[Curve]) -> np.ndarray:
    """A picture as a scanning or a transmission microscope would show it."""
    side = near[0].shape[0]
    ground = gaussian_filter(rng.normal(size=(side, side)), side / 6, mode="reflect")
    ground *= rng.uniform(0, 0.08) / ground.std()
    transmitted = rng.random() < 0.5
    image = ground + (0.8 if transmitted else 0.15)
    for across, curve in zip(near, curves, strict=True):
        radius = curve.width / 2
        cover = np.clip(radius - across + 0.5, 0, 1)
        relative = np.clip(across / radius, 0, 1)
        if transmitted:
            # As much matter as a cylinder has along the beam; what lies on another adds to it.
            chord = np.sqrt(1 - relative**2)
            image = image * np.exp(-cover * (0.3 + 0.5 * chord) * rng.uniform(0.8, 1.2))
        else:
            bright = rng.uniform(0.45, 0.6) + 0.3 * relative**3
            image = image * (1 - cover) + cover * bright
    image = gaussian_filter(image, rng.uniform(0.5, 1.5))
    counts = np.exp(rng.uniform(np.log(60), np.log(1500)))
    image = rng.poisson(np.clip(image, 0.01, None) * counts) / counts
    low, high = np.percentile(image, (0.2, 99.8))
    return (255 * np.clip((image - low) / (high - low), 0, 1)).round().astype(np.uint8)
