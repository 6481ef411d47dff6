"""By how much one lattice is turned against another."""

from __future__ import annotations

import itertools

import numpy as np

from micrographia.arrays import FloatArray
from micrographia.physics.lattice import gauss_reduce

_SAME = 0.02  # strain that noise and bending explain


def turn_between(first: FloatArray, second: FloatArray) -> tuple[float, float]:
    """Smallest turn [degree] that lays one lattice on another, and the strain that is left."""
    start, goal = gauss_reduce(first)[0], gauss_reduce(second)[0]
    best = (180.0, np.inf)
    rated = np.inf
    numbers = np.array(list(itertools.product((-2, -1, 0, 1, 2), repeat=4))).reshape(-1, 2, 2)
    units = numbers[np.linalg.det(numbers).round() == 1]
    for unit in units:
        map_ = np.linalg.solve(start, unit @ goal)
        left, stretches, right = np.linalg.svd(map_)
        rotation = left @ right
        strain = float(np.abs(stretches - 1).max())
        angle = float(np.degrees(np.arctan2(rotation[0, 1], rotation[0, 0])))
        # Of symmetric lattices many turns fit; the smallest is the one that counts.
        rating = max(strain - _SAME, 0.0) * 100 + abs(angle) / 90
        if rating < rated:
            rated, best = rating, (angle, strain)
    return best
