"""Foreign matter that any sample can hold: dust, grains, spheres, fibres, flakes."""

from __future__ import annotations

import numpy as np

from micrographia.synthesis.kinds.drawing.fields import fractal
from micrographia.synthesis.kinds.drawing.lot import Lot
from micrographia.synthesis.kinds.drawing.relief import Relief, ellipsoid
from micrographia.synthesis.kinds.drawing.solids import grain, ground_height, walk

#: Share of pictures with some dust, whatever the likeness.
_DUST = 0.15


def add_guests(relief: Relief, lot: Lot) -> None:
    """Add dust sometimes; roughness and what others are made of as the likeness says."""
    unit = relief.size / 256
    if lot.lean(0.7):
        rough = lot.likeness * lot.between(0.2, 1.6) * unit
        relief.z += np.float32(rough) * fractal(
            relief.size, lot.rng, lot.scale(3, 30) * unit, 4, 0.6
        )
    dusty = lot.chance(_DUST)
    lot.note(dust=dusty)
    if dusty:
        _scatter(relief, lot, int(lot.rng.integers(1, 7)), 1.2 * unit, 4.0 * unit, "grains")
    if lot.lean(0.45):
        add_foreign(relief, lot)


def add_foreign(relief: Relief, lot: Lot) -> None:
    """Add some of what one of the other classes is made of."""
    unit = relief.size / 256
    what = str(lot.rng.choice(["spheres", "grains", "fibres", "flakes"]))
    lot.note(foreign=what)
    if what == "fibres":
        for _ in range(int(lot.rng.integers(2, 6 + int(14 * lot.likeness)))):
            path = walk(lot.rng, relief.size, lot.rng.uniform(0.5, 2.0), 0.3)
            radius = lot.rng.uniform(0.8, 2.6) * unit
            relief.tube(path, radius, ground_height(relief, path) + 0.5 * radius)
        return
    number = int(lot.rng.integers(5, 30 + int(60 * lot.likeness)))
    _scatter(relief, lot, number, 2.0 * unit, lot.rng.uniform(4, 12) * unit, what)


def _scatter(relief: Relief, lot: Lot, number: int, small: float, large: float, what: str) -> None:
    for _ in range(number):
        centre = (float(lot.rng.uniform(0, relief.size)), float(lot.rng.uniform(0, relief.size)))
        radius = float(np.exp(lot.rng.uniform(np.log(small), np.log(large))))
        base = float(relief.z[int(centre[0]), int(centre[1])])
        if what == "spheres":
            relief.put(ellipsoid(centre, (radius, radius)), base + 0.5 * radius)
        elif what == "flakes":
            relief.put(grain(centre, radius * 1.6, lot.rng, thin=0.15), base + 0.2 * radius)
        else:
            relief.put(grain(centre, radius, lot.rng), base + 0.4 * radius)
