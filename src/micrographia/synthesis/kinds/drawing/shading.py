"""How secondary electrons show a relief: bright edges, dark hollows, soft light from one side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from micrographia.arrays import FloatImage
from micrographia.synthesis.kinds.drawing.fields import clouds, smooth
from micrographia.synthesis.kinds.drawing.guests import add_guests
from micrographia.synthesis.kinds.drawing.lot import Lot
from micrographia.synthesis.kinds.drawing.relief import Relief


@dataclass(frozen=True)
class Look:
    """Detector and voltage of one picture.

    Attributes
    ----------
    edge
        How much steep flanks and rims outshine level ground.
    side
        Strength of the light from the detector's side.
    azimuth
        Direction of the detector [rad].
    hollow
        How dark hollows get.
    depth
        Depth below its surroundings at which a hollow is half dark, as a share of the side.
    grain
        Deviation of the metal coating's grain.
    """

    edge: float
    side: float
    azimuth: float
    hollow: float
    depth: float
    grain: float


def draw_look(lot: Lot) -> Look:
    """Draw a look of a scanning microscope."""
    return Look(
        edge=lot.between(0.25, 1.1),
        side=lot.between(0.05, 0.5),
        azimuth=float(lot.rng.uniform(0, 2 * np.pi)),
        hollow=lot.between(0.5, 1.2),
        depth=lot.scale(0.012, 0.05),
        grain=lot.between(0.0, 0.05),
    )


def secondary(
    relief: Relief, lot: Lot, *, look: Look | None = None, guests: bool = True
) -> FloatImage:
    """Ideal scanning picture of a relief, about 0…1.

    The yield of secondary electrons grows with the tilt θ as 1/cos θ until their escape depth
    cuts it off (Seiler, J. Appl. Phys. 54, R1, 1983); from a hollow few reach the detector.

    Parameters
    ----------
    relief
        Heights and tones; foreign matter is added to it where the likeness asks for it.
    lot
        Source of randomness.
    look
        Detector and voltage; drawn if not given.
    guests
        Whether foreign matter may be added.
    """
    look = look or draw_look(lot)
    if guests:
        add_guests(relief, lot)
    size = relief.size
    z = smooth(relief.z, 0.6)
    slope_y, slope_x = np.gradient(z)
    upright = 1 / np.sqrt(1 + slope_x**2 + slope_y**2)
    cut = np.float32(0.35)
    steep = (1 / (upright + cut) - 1 / (1 + cut)) * cut * (1 + cut)
    facing = -(slope_x * np.cos(look.azimuth) + slope_y * np.sin(look.azimuth)) * upright
    unit = size / 256
    hidden = np.zeros_like(z)
    rim = np.zeros_like(z)
    for width in (2.5, 7.0, 20.0):
        below = smooth(z, width * unit) - z
        hidden += np.maximum(below, 0) / np.float32(width**0.5)
        rim += np.clip(-below / np.float32(width * unit), 0, 1) * np.float32(0.33)
    dark = 1 / (1 + np.float32(look.hollow) * hidden / np.float32(look.depth * size))
    light = 0.5 + look.edge * (0.75 * steep + 0.35 * rim) + look.side * facing
    tone = smooth(relief.tone, 0.7)
    if look.grain:
        tone = tone * (1 + np.float32(look.grain) * clouds(size, lot.rng, 1.3 * unit))
    return np.asarray(np.maximum(tone * light * dark, 0), dtype=np.float32)
