"""How transmission shows matter: dark on a speckled film, or bright in dark field."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import FloatImage
from micrographia.synthesis.kinds.drawing.fields import clouds, fractal, smooth
from micrographia.synthesis.kinds.drawing.guests import add_foreign
from micrographia.synthesis.kinds.drawing.lot import Lot
from micrographia.synthesis.kinds.drawing.relief import Relief


def transmitted(mass: FloatImage, lot: Lot) -> FloatImage:
    """Ideal picture, about 0…1, of matter along the line of sight.

    In bright field, intensity falls as exp(-μt); a little defocus draws a bright fringe around
    edges. In dark field (a fifth of the pictures at full variety) what is lost is what is seen.

    Parameters
    ----------
    mass
        Matter along the line of sight, shape (size, size) [px].
    lot
        Source of randomness.
    """
    size = mass.shape[0]
    unit = size / 256
    if lot.lean(0.45):
        foreign = Relief(size, transparent=True)
        add_foreign(foreign, lot)
        mass = mass + foreign.mass
    there = mass[mass > 0]
    full = float(np.percentile(there, 75)) if there.size else 1.0
    opacity = lot.scale(0.22, 1.8)
    matter = smooth(mass, lot.between(0.4, 1.0) * unit)
    grain = 1 + lot.between(0.0, 0.3) * clouds(size, lot.rng, lot.scale(3, 12) * unit)
    lost = opacity / full * matter * np.clip(grain, 0.3, 2)
    if lot.chance(0.15):
        lost += lot.between(0.1, 0.6) * _film_edge(size, lot)
    dark = lot.chance(0.2)
    lot.note(dark_field=dark)
    if dark:
        haze = lot.between(0.04, 0.15)
        return np.asarray(haze + 0.75 * (1 - np.exp(-1.5 * lost)), dtype=np.float32)
    film = lot.between(0.5, 0.8)
    # Of faint matter something must still be seen through the grain of the film.
    strength = lot.between(0.01, min(0.3 * opacity, 0.09))
    speckle = strength * clouds(size, lot.rng, lot.scale(1.2, 3.0) * unit)
    ground = film * (1 + speckle + lot.between(0, 0.03) * fractal(size, lot.rng, 90 * unit, 3))
    focus = lot.between(1.0, 2.2) * unit
    fringe = np.clip(smooth(lost, focus) - lost, -0.2, 0.4) * lot.between(0.0, 0.9)
    return np.asarray(ground * np.exp(-lost) + film * fringe, dtype=np.float32)


def _film_edge(size: int, lot: Lot) -> FloatImage:
    """Second film that covers a part of the picture, with a thicker hem: 0 off it, 1 on it."""
    unit = size / 256
    y, x = np.mgrid[:size, :size].astype(np.float32)
    turn = lot.rng.uniform(0, 2 * np.pi)
    bow = 20 * unit * clouds(size, lot.rng, 0.8 * size)
    far = (x - size / 2) * np.cos(turn) + (y - size / 2) * np.sin(turn) + bow
    far = far / np.float32(unit) - np.float32(lot.rng.normal(0, 70))
    hem = lot.between(0.0, 1.5) * np.exp(-(((far - 12) / lot.between(3, 12)) ** 2))
    return np.asarray(1 / (1 + np.exp(-np.clip(far, -50, 50))) + hem, dtype=np.float32)
