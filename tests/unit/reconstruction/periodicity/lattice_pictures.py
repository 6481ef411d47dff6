"""Pictures that tests of the periodicity make: Gaussians on a lattice, scanned badly."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import FloatArray

HEXAGONAL = np.array([[1.0, 0.0], [-0.5, np.sqrt(3) / 2]])
SQUARE = np.eye(2)
TURN = np.array([[np.cos(0.2), np.sin(0.2)], [-np.sin(0.2), np.cos(0.2)]])

#: Two kinds of columns on a honeycomb: fractions and height.
HONEYCOMB = ((0.1, 0.1, 1.0), (0.1 + 1 / 3, 0.1 + 2 / 3, 0.5))


def scanned(
    cell: FloatArray,
    sites: tuple[tuple[float, float, float], ...] = HONEYCOMB,
    *,
    side: int = 256,
    displacement: FloatArray | None = None,
    bend: float = 0.0,
    counts: float | None = 400.0,
    seed: int = 0,
) -> FloatArray:
    """A picture (side, side): columns 3.5 px wide; rows displaced; bent by a strain; counted."""
    y, x = np.mgrid[:side, :side].astype(np.float64)
    if displacement is not None:
        x, y = x - displacement[:, :1], y - displacement[:, 1:]
    if bend:
        across, down = x / side - 0.5, y / side - 0.5
        x = x - bend * side * np.square(down) / 2
        y = y - bend * side * across * down / 2
    inverse = np.linalg.inv(cell)
    fractions = np.stack([x, y], axis=-1) @ inverse
    picture = np.full((side, side), 0.2)
    for first, second, height in sites:
        gap = fractions - [first, second]
        gap = gap - np.rint(gap)
        for i in (-1, 0, 1):
            for j in (-1, 0, 1):
                squared = np.square((gap + np.array([i, j])) @ cell).sum(axis=-1)
                picture += height * np.exp(-squared / (2 * 3.5**2))
    if counts is None:
        return picture
    return np.random.default_rng(seed).poisson(picture * counts) / counts
