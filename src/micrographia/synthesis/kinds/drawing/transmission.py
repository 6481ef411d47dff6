"""How transmission shows matter: dark by its thickness on a speckled film, or bright in dark field."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import FloatImage
from micrographia.synthesis.kinds.drawing.fields import clouds, fractal, smooth
from micrographia.synthesis.kinds.drawing.lot import Lot


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
    there = mass[mass > 0]
    full = float(np.percentile(there, 75)) if there.size else 1.0
    opacity = lot.between(0.35, 1.6) / full
    matter = smooth(mass, lot.between(0.4, 1.0) * unit)
    grain = 1 + lot.between(0.0, 0.3) * clouds(size, lot.rng, lot.scale(3, 12) * unit)
    lost = opacity * matter * np.clip(grain, 0.3, 2)
    if lot.chance(0.2):
        haze = lot.between(0.04, 0.15)
        return np.asarray(haze + 0.75 * (1 - np.exp(-1.5 * lost)), dtype=np.float32)
    film = lot.between(0.5, 0.8)
    speckle = lot.between(0.01, 0.07) * clouds(size, lot.rng, lot.scale(1.2, 3.0) * unit)
    ground = film * (1 + speckle + lot.between(0, 0.05) * fractal(size, lot.rng, 90 * unit, 3))
    focus = lot.between(1.0, 2.2) * unit
    fringe = np.clip(smooth(lost, focus) - lost, -0.2, 0.4) * lot.between(0.0, 0.9)
    return np.asarray(ground * np.exp(-lost) + film * fringe, dtype=np.float32)
