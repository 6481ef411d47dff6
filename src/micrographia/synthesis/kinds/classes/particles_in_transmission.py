"""Particles in transmission: dots, crystals, shells and ordered layers on a carbon film."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from micrographia.arrays import FloatArray, FloatImage
from micrographia.synthesis.kinds.classes.particles import cube, spread_radii
from micrographia.synthesis.kinds.drawing.fields import apart, fractal, spread_points
from micrographia.synthesis.kinds.drawing.lot import Lot
from micrographia.synthesis.kinds.drawing.relief import Relief, Solid, ellipsoid
from micrographia.synthesis.kinds.drawing.solids import CRYSTALS, crystal
from micrographia.synthesis.kinds.drawing.transmission import transmitted


def dots_in_transmission(lot: Lot, size: int) -> FloatImage:
    """Small dense particles on a carbon film in transmission, some of them touching."""
    relief = Relief(size, transparent=True)
    radii = spread_radii(lot, size, int(lot.scale(8, 260)), 1.2, 9)
    gathered = lot.between(-0.1, 0.9)
    places = apart(size, lot.rng, radii, overlap=lot.between(0.0, 0.4))
    lot.note(count=len(places))
    for index, (y, x, radius) in enumerate(places):
        if index and lot.rng.random() < gathered:  # beside one that is there
            other = places[int(lot.rng.integers(index))]
            angle = lot.rng.uniform(0, 2 * np.pi)
            away = (other[2] + radius) * lot.rng.uniform(0.8, 1.1)
            y, x = other[0] + away * np.sin(angle), other[1] + away * np.cos(angle)
            places[index] = y, x, radius
        axes = (radius, radius * lot.rng.uniform(0.75, 1))
        relief.put(ellipsoid((y, x), axes, lot.rng.uniform(0, 3.1)), 0)
    return transmitted(relief.mass, lot)


def crystals_in_transmission(lot: Lot, size: int) -> FloatImage:
    """Faceted or round crystals in transmission, a group of them, each as dark as it is turned."""
    relief = Relief(size, transparent=True)
    radii = spread_radii(lot, size, int(lot.scale(3, 120)), 6, 40)
    habit = lot.pick([*CRYSTALS, "sphere"])
    places = apart(size, lot.rng, radii, overlap=lot.between(0.0, 0.55))
    lot.note(count=len(places), habit=habit)
    if lot.chance(0.4):  # clumped as they dried
        places[:, :2] = size / 2 + (places[:, :2] - size / 2) * lot.between(0.35, 0.8)
    for y, x, radius in places:
        if habit == "sphere":
            axes = (radius, radius * lot.rng.uniform(0.7, 1))
            solid = ellipsoid((y, x), axes, lot.rng.uniform(0, 3.1))
        else:
            solid = crystal((y, x), radius, habit, lot.rng, lying=lot.scale(0.1, 1.5))
        # Diffraction takes more from one crystal than from its neighbour.
        relief.put(_denser(solid, lot.rng.lognormal(0, 0.35)), 0)
    return transmitted(relief.mass, lot)


def _denser(solid: Solid, factor: float) -> Solid:
    return replace(solid, thickness=(solid.thickness * np.float32(factor)).astype(np.float32))


def lattice_in_transmission(lot: Lot, size: int) -> FloatImage:
    """A few crystals at high magnification, with the fringes of their lattice planes."""
    unit = size / 256
    y, x = np.mgrid[:size, :size].astype(np.float32)
    mass = np.zeros((size, size), dtype=np.float32)
    radii = spread_radii(lot, size, lot.count(1, 30), 13, 70)
    period = lot.scale(2.6, 6) * unit
    strength = lot.between(0.05, 0.5)
    habit = lot.pick([*CRYSTALS, "sphere"])
    places = apart(size, lot.rng, radii, overlap=lot.between(-0.2, 0.3))
    lot.note(count=len(places), habit=habit, fringes=period / size)
    for row, column, radius in places:
        relief = Relief(size, transparent=True)
        if habit == "sphere":
            axes = (radius, radius * lot.rng.uniform(0.8, 1))
            relief.put(ellipsoid((row, column), axes, lot.rng.uniform(0, 3.1)), 0)
        else:
            relief.put(crystal((row, column), radius, habit, lot.rng), 0)
        turn = lot.rng.uniform(0, np.pi)
        wave = np.cos(2 * np.pi / period * (x * np.cos(turn) + y * np.sin(turn)))
        mass += relief.mass * (1 + strength * wave) * np.float32(lot.rng.lognormal(0, 0.25))
    return transmitted(mass, lot)


def shells_in_transmission(lot: Lot, size: int) -> FloatImage:
    """Hollow or coated spheres in transmission: vesicles, capsules, cores in shells."""
    outer, inner = (Relief(size, transparent=True) for _ in range(2))
    radii = spread_radii(lot, size, lot.count(3, 40), 9, 45)
    thin = lot.between(0.6, 0.94)
    filled = lot.between(-0.3, 0.6)
    cores = Relief(size, transparent=True)
    places = apart(size, lot.rng, radii, overlap=lot.between(-0.1, 0.15))
    lot.note(count=len(places))
    for y, x, radius in places:
        squash = lot.rng.uniform(0.8, 1)
        turn = lot.rng.uniform(0, 3.1)
        outer.put(ellipsoid((y, x), (radius, squash * radius), turn), 0)
        inner.put(ellipsoid((y, x), (thin * radius, thin * squash * radius), turn), 0)
        if lot.rng.random() < filled:
            core = radius * thin * lot.rng.uniform(0.3, 0.9)
            away = lot.rng.normal(0, 0.5, 2) * (thin * radius - core)
            cores.put(ellipsoid((y + away[0], x + away[1]), (core, core)), 0)
    return transmitted(np.maximum(outer.mass - inner.mass, 0) + 0.4 * cores.mass, lot)


def _square_lattice(size: int, lot: Lot, pitch: float, loose: float) -> FloatArray:
    """Points (y, x) in rows and columns that reach beyond the picture when turned [px]."""
    steps = np.arange(-0.25 * size, 1.25 * size, pitch)
    grid = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    return np.asarray(grid + lot.rng.normal(0, loose * pitch, grid.shape))


def superlattice_in_transmission(lot: Lot, size: int) -> FloatImage:
    """Islands of equal dots side by side in rows, in transmission."""
    unit = size / 256
    relief = Relief(size, transparent=True)
    radius = lot.scale(2.0, 8) * unit
    cubes = lot.chance(0.5)
    ball = lot.chance(0.25)
    pitch, loose = radius * lot.between(2.1, 2.8), lot.between(0.02, 0.12)
    lot.note(ordered=True, diameter=2 * radius / size, pitch=pitch / size)
    points = (
        _square_lattice(size, lot, pitch, loose)
        if cubes
        else spread_points(size, lot.rng, pitch, loose)
    )
    turn = lot.rng.uniform(0, np.pi)
    cos, sin = np.cos(turn), np.sin(turn)
    points = (points - size / 2) @ np.array([[cos, -sin], [sin, cos]]) + size / 2
    island = fractal(size, lot.rng, lot.scale(40, 140) * unit, 3)
    least = lot.between(-1.2, 0.6)
    if ball:  # a round assembly, and a few dots that are left over
        least, reach = 0.0, lot.between(0.12, 0.35) * size
        middle = size * (0.5 + lot.rng.normal(0, 0.08, 2))
        y, x = np.mgrid[:size, :size]
        far = np.hypot(y - middle[0], x - middle[1]) / reach
        island = np.where(far < 1, 1.0, lot.rng.normal(-1.2, 0.8, (size, size))).astype(np.float32)
    for y, x in points:
        row, column = (int(np.clip(value, 0, size - 1)) for value in (y, x))
        if island[row, column] < least:
            continue
        thick = radius * lot.rng.lognormal(0, 0.07)
        if cubes:
            solid = cube((y, x), 0.9 * thick, -turn + lot.rng.normal(0, 0.06), lot.rng)
        else:
            solid = ellipsoid((y, x), (thick, thick))
        relief.put(_denser(solid, lot.rng.lognormal(0, 0.3)), 0)
    return transmitted(relief.mass, lot)


def overgrown_in_transmission(lot: Lot, size: int) -> FloatImage:
    """One or few large bodies in transmission whose skin is rough or full of needles."""
    relief = Relief(size, transparent=True)
    radii = spread_radii(lot, size, lot.count(1, 4), 35, 85)
    habit = lot.pick(["sphere", *CRYSTALS])
    needles = lot.chance(0.5)
    length, width = lot.between(0.15, 0.6), lot.between(0.02, 0.06)
    for y, x, radius in apart(size, lot.rng, radii, overlap=lot.between(-0.1, 0.15)):
        body = (
            ellipsoid((y, x), (radius, radius * lot.rng.uniform(0.75, 1)), lot.rng.uniform(0, 3.1))
            if habit == "sphere"
            else crystal((y, x), radius, habit, lot.rng)
        )
        relief.put(body, 0)
        for _ in range(lot.count(20, 110)):
            angle = lot.rng.uniform(0, 2 * np.pi)
            # Seen through the body they cover all of it, and stand out at its rim.
            out = radius * np.sqrt(lot.rng.uniform(0.1, 1))
            at = (y + out * np.sin(angle), x + out * np.cos(angle))
            if needles:
                axes = (radius * length * lot.rng.uniform(0.4, 1), radius * width * 1.5)
                turn = angle + lot.rng.normal(0, 0.7)
            else:
                axes = (radius * width * lot.rng.uniform(1, 3), radius * width)
                turn = lot.rng.uniform(0, np.pi)
            relief.put(ellipsoid(at, axes, turn), 0)
    return transmitted(relief.mass, lot)


TRANSMITTED = {
    "dots_in_transmission": dots_in_transmission,
    "crystals_in_transmission": crystals_in_transmission,
    "lattice_in_transmission": lattice_in_transmission,
    "shells_in_transmission": shells_in_transmission,
    "superlattice_in_transmission": superlattice_in_transmission,
    "overgrown_in_transmission": overgrown_in_transmission,
}
