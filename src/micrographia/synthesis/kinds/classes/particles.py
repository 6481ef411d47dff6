"""Particles: discrete and well formed, each to be told from its neighbours and from the ground."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import FloatArray, FloatImage
from micrographia.synthesis.kinds.drawing.fields import apart, fractal, spread_points
from micrographia.synthesis.kinds.drawing.lot import Lot
from micrographia.synthesis.kinds.drawing.relief import Relief, Solid, ellipsoid, polyhedron
from micrographia.synthesis.kinds.drawing.shading import secondary
from micrographia.synthesis.kinds.drawing.solids import CRYSTALS, crystal, grain


def _ground(lot: Lot, size: int) -> Relief:
    relief = Relief(size, 0.0, lot.between(0.15, 0.6))
    if lot.chance(0.4):
        scale = lot.scale(3, 30) * size / 256
        relief.z += np.float32(lot.between(0.1, 0.8)) * fractal(size, lot.rng, scale, 4)
    return relief


def spread_radii(lot: Lot, size: int, number: int, low: float, high: float) -> FloatArray:
    """Radii [px] about one size, with the spread of a good synthesis."""
    middle = lot.scale(low, high) * size / 256
    spread = lot.towards(lot.between(0.01, 0.3), 0.6)
    radii = np.sort(middle * lot.rng.lognormal(0, spread, number))[::-1]
    lot.note(diameter=2 * float(np.median(radii)) / size, size_spread=spread)
    return radii


def spheres(lot: Lot, size: int) -> FloatImage:
    """Spheres scattered on a wafer, singly or in groups."""
    relief = _ground(lot, size)
    radii = spread_radii(lot, size, int(lot.scale(12, 220)), 4, 26)
    rough = lot.towards(lot.between(0.0, 0.2), 1.0)
    places = apart(size, lot.rng, radii, overlap=0.02)
    lot.note(count=len(places))
    for y, x, radius in places:
        solid = ellipsoid((y, x), (radius, radius * lot.rng.normal(1, 0.02)))
        if lot.rng.random() < rough * lot.likeness:
            solid = grain((y, x), radius, lot.rng)
        relief.put(solid, radius)
    return secondary(relief, lot)


def packed_spheres(lot: Lot, size: int) -> FloatImage:
    """Colloidal crystal or close heap of equal spheres, with vacancies and grain boundaries."""
    unit = size / 256
    radius = lot.scale(4.5, 26) * unit
    relief = Relief(size, -3 * radius, 0.5)
    ordered = lot.chance(0.55)
    layers = 2 if ordered else 3
    lot.note(ordered=ordered, diameter=2 * radius / size)
    spread = lot.between(0, 0.04) if ordered else lot.between(0.02, 0.2)
    for layer in range(layers):
        points = spread_points(size, lot.rng, 2 * radius, 0.02 if ordered else 0.28)
        kept = lot.rng.random(len(points)) < (1 if layer < layers - 1 else lot.between(0.35, 0.99))
        points = points[kept]
        thick = radius * lot.rng.lognormal(0, spread, len(points))
        loose = 0.04 if ordered else 0.5
        height = (1.5 * layer + lot.rng.normal(0, loose, len(points))) * radius
        relief.balls(np.column_stack([points, thick]), height)
    return secondary(relief, lot)


def crystals(lot: Lot, size: int) -> FloatImage:
    """Cubes, octahedra and other faceted crystals of one habit, scattered or heaped."""
    relief = _ground(lot, size)
    habit = lot.pick(list(CRYSTALS))
    heaped = lot.chance(0.4) or lot.lean(0.5)
    radii = spread_radii(lot, size, int(lot.scale(15, 220)), 6, 30)
    lying = lot.scale(0.06, 1.5)
    places = apart(size, lot.rng, radii, overlap=0.45 if heaped else 0.05)
    lot.note(habit=habit, heaped=heaped, count=len(places))
    for y, x, radius in places:
        solid = crystal((y, x), radius, habit, lot.rng, lying=lying)
        height = radius * (0.6 + (2.5 * lot.rng.random() if heaped else 0))
        relief.put(solid, height, tone=lot.rng.normal(1, 0.05))
    return secondary(relief, lot)


def packed_cubes(lot: Lot, size: int) -> FloatImage:
    """Layer of equal cubes side by side in rows, with gaps, missing cubes and loose ones."""
    unit = size / 256
    half = lot.scale(2.4, 15) * unit
    relief = Relief(size, -2.5 * half, 0.4)
    pitch = 2 * half * lot.between(1.03, 1.2)
    lot.note(habit="cube", ordered=True, diameter=2 * half / size, pitch=pitch / size)
    turn = lot.rng.uniform(0, np.pi / 2)
    number = min(int(1.5 * size / pitch) + 2, 64)
    steps = (np.arange(number) - number / 2) * pitch
    # Rows slip against each other where the layer cracks.
    slip = np.cumsum(lot.rng.normal(0, 0.35, number) * (lot.rng.random(number) < 0.3)) * half
    v, u = np.meshgrid(steps, steps, indexing="ij")
    u = u + slip[:, None] + lot.rng.normal(0, 0.05 * half, u.shape)
    v = v + lot.rng.normal(0, 0.05 * half, v.shape)
    hollow = fractal(size, lot.rng, lot.scale(20, 90) * unit, 3)
    gone = lot.between(1.4, 2.6)
    spread = lot.between(0.0, 0.08)
    cos, sin = np.cos(turn), np.sin(turn)
    for along, across in zip(u.ravel(), v.ravel(), strict=True):
        y, x = size / 2 + along * sin + across * cos, size / 2 + along * cos - across * sin
        if not (-half < y < size + half and -half < x < size + half):
            continue
        row, column = (int(np.clip(at, 0, size - 1)) for at in (y, x))
        if hollow[row, column] > gone or lot.rng.random() < 0.01:
            continue
        loose = float(lot.rng.random() < 0.02)
        relief.put(
            cube((y, x), half * lot.rng.lognormal(0, spread), turn + loose, lot.rng),
            (lot.rng.normal(0, 0.12) + loose) * half,
            tone=lot.rng.normal(1, 0.06),
        )
    return secondary(relief, lot)


def cube(centre: tuple[float, float], half: float, turn: float, rng: np.random.Generator) -> Solid:
    """Cube that lies nearly flat, its edges along `turn` [rad]."""
    cos, sin = np.cos(turn), np.sin(turn)
    walls = np.array([[cos, sin, 0], [-cos, -sin, 0], [-sin, cos, 0], [sin, -cos, 0]])
    lean = rng.normal(0, 0.06, 2)
    lid = np.array([lean[0], lean[1], 1.0])
    normals = np.vstack([walls, lid, -lid])
    return polyhedron(centre, normals, np.full(6, half), 1.5 * half)


def clusters(lot: Lot, size: int) -> FloatImage:
    """Groups of touching round particles on a plain ground, as a drop leaves them."""
    relief = _ground(lot, size)
    radius = lot.scale(3, 13) * size / 256
    spread = lot.between(0.02, 0.2)
    groups = lot.count(2, 12)
    lot.note(diameter=2 * radius / size, groups=groups, size_spread=spread)
    for _ in range(groups):
        points = lot.rng.uniform(0, size, (1, 2))
        for _ in range(int(lot.scale(4, 50))):
            seed = points[lot.rng.integers(len(points))]
            angle = lot.rng.uniform(0, 2 * np.pi)
            new = seed + 1.9 * radius * np.array([np.sin(angle), np.cos(angle)])
            if np.hypot(*(points - new).T).min() > 1.7 * radius:
                points = np.vstack([points, new])
        for y, x in points:
            thick = radius * lot.rng.lognormal(0, spread)
            relief.put(ellipsoid((y, x), (thick, thick)), thick * lot.rng.uniform(0.8, 1.6))
    return secondary(relief, lot)


def small_bright(lot: Lot, size: int) -> FloatImage:
    """Small bright metal particles on a flat or granular support."""
    relief = _ground(lot, size)
    radii = spread_radii(lot, size, int(lot.scale(60, 500)), 1.3, 5)
    places = apart(size, lot.rng, radii, tries=3)
    lot.note(count=len(places))
    for y, x, radius in places:
        solid = ellipsoid(
            (y, x), (radius, radius * lot.rng.uniform(0.8, 1)), lot.rng.uniform(0, 3.1)
        )
        relief.put(solid, 0.5 * radius, tone=lot.rng.uniform(1.0, 1.6))
    return secondary(relief, lot)


def rough_spheres(lot: Lot, size: int) -> FloatImage:
    """Few large spheres with a rough, lumpy or raspberry-like skin, some broken open."""
    unit = size / 256
    relief = _ground(lot, size)
    radii = spread_radii(lot, size, lot.count(2, 14), 24, 75)
    skin = fractal(size, lot.rng, lot.scale(4, 18) * unit, 4, 0.7)
    deep = lot.scale(0.3, 4.0) * unit
    hollow = lot.chance(0.25)
    places = apart(size, lot.rng, radii, overlap=0.1)
    lot.note(count=len(places), broken_open=False)
    for y, x, radius in places:
        before = relief.z.copy()
        relief.put(ellipsoid((y, x), (radius, radius)), 0.8 * radius)
        on = relief.z > before + 1e-3
        relief.z[on] += np.float32(deep) * skin[on]
        if hollow and lot.rng.random() < 0.5:
            _break(relief, (y, x), radius, lot)
            lot.note(broken_open=True)
    return secondary(relief, lot)


def _break(relief: Relief, centre: tuple[float, float], radius: float, lot: Lot) -> None:
    """Open a shell: a ragged hole through which its inner wall shows."""
    hole = radius * lot.rng.uniform(0.3, 0.6)
    away = lot.rng.normal(0, 0.25 * radius, 2)
    y, x = np.mgrid[: relief.size, : relief.size].astype(np.float32)
    gap = np.hypot(y - centre[0] - away[0], x - centre[1] - away[1])
    ragged = gap + 0.12 * radius * fractal(relief.size, lot.rng, 0.4 * radius, 3)
    inner = np.hypot(y - centre[0], x - centre[1]) / radius
    bowl = 0.8 * radius - 0.9 * radius * np.sqrt(np.maximum(1 - inner**2, 0.05))
    opened = ragged < hole
    relief.z[opened] = bowl.astype(np.float32)[opened]


KINDS = {
    "spheres": spheres,
    "packed_spheres": packed_spheres,
    "crystals": crystals,
    "packed_cubes": packed_cubes,
    "clusters": clusters,
    "small_bright": small_bright,
    "rough_spheres": rough_spheres,
}
