"""Powder: heaps of irregular grains and agglomerates of all sizes, without order or outline."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import FloatArray, FloatImage
from micrographia.synthesis.kinds.drawing.fields import fractal, spread_points, warp
from micrographia.synthesis.kinds.drawing.lot import Lot
from micrographia.synthesis.kinds.drawing.relief import Relief, ellipsoid
from micrographia.synthesis.kinds.drawing.shading import secondary
from micrographia.synthesis.kinds.drawing.solids import grain
from micrographia.synthesis.kinds.drawing.transmission import transmitted


def _heap(lot: Lot, size: int, coarse: float, spread: float) -> FloatArray:
    """Rows (y, x, radius) of grains that cover the picture, the small on top of the large [px]."""
    lot.note(diameter=2 * coarse / size, size_spread=spread, heaped=True)
    rows = []
    for share, count in ((1.0, 1.6), (0.5, 1.2), (0.25, 0.8)):
        spacing = 1.7 * coarse * share
        points = spread_points(size, lot.rng, spacing, 0.4)[
            : int(count * (size / spacing) ** 2) + 3
        ]
        radii = coarse * share * lot.rng.lognormal(0, spread, len(points))
        rows.append(np.column_stack([points, radii]))
    return np.vstack(rows)[:320]


def crushed(lot: Lot, size: int) -> FloatImage:
    """Broken, angular grains of a wide range of sizes, lying on each other."""
    unit = size / 256
    coarse = lot.scale(9, 45) * unit
    relief = Relief(size, -2.5 * coarse, 0.4)
    thin = lot.pick([0.0, 0.0, 0.35])
    for y, x, radius in _heap(lot, size, coarse, lot.between(0.3, 0.6)):
        height = lot.rng.normal(-0.6, 0.5) * coarse
        solid = grain((y, x), radius, lot.rng, thin=thin, stretch=1.7)
        if lot.lean(0.6):  # rounded, as particles are
            solid = ellipsoid((y, x), (radius, radius * lot.rng.uniform(0.8, 1)))
        relief.put(solid, height, tone=lot.rng.normal(1, 0.06))
    relief.z = warp(relief.z, lot.rng, lot.between(0.03, 0.12) * coarse, 0.6 * coarse)
    rough = lot.between(0.2, 1.2) * unit
    relief.z += np.float32(rough) * fractal(size, lot.rng, lot.scale(4, 12) * unit, 4, 0.6)
    return secondary(relief, lot)


def agglomerates(lot: Lot, size: int) -> FloatImage:
    """Cauliflower-like lumps of fine primary grains, with dark gaps between the lumps."""
    unit = size / 256
    lump = lot.scale(20, 80) * unit
    fine = lot.scale(1.6, 5) * unit
    relief = Relief(size, -1.5 * lump, 0.35)
    for centre in spread_points(size, lot.rng, 1.7 * lump, 0.35):
        tall = lump * lot.rng.lognormal(0, 0.3)
        axes = (tall * lot.rng.uniform(1, 1.4), tall)
        solid = ellipsoid((centre[0], centre[1]), axes, lot.rng.uniform(0, 3.1))
        relief.put(solid, lot.rng.normal(-0.5, 0.4) * lump)
    relief.z += np.float32(0.22 * lump) * fractal(size, lot.rng, 0.7 * lump, 5, 0.6)
    _crust(relief, lot, fine)
    return secondary(relief, lot)


def _crust(relief: Relief, lot: Lot, fine: float) -> None:
    """Cover a surface with fine primary grains, uneven in size."""
    base = relief.z.copy()
    points = spread_points(relief.size, lot.rng, 1.7 * fine, 0.35)[:9000]
    place = np.clip(np.rint(points), 0, relief.size - 1).astype(np.int64)
    radii = fine * lot.rng.lognormal(0, lot.between(0.15, 0.45), len(points))
    height = base[place[:, 0], place[:, 1]] + lot.rng.normal(0, 0.5 * fine, len(points))
    relief.balls(np.column_stack([points, radii]), height, flat=lot.between(0.7, 1.0))


def fluffy(lot: Lot, size: int) -> FloatImage:
    """Fumed or carbon-black powder: aggregates of nanometre grains, soft and cloudy."""
    unit = size / 256
    broad = lot.scale(25, 90) * unit
    relief = Relief(size, 0.0, 0.8)
    rough = lot.between(0.5, 0.7)
    relief.z += np.float32(lot.between(0.3, 0.8) * broad) * fractal(size, lot.rng, broad, 6, rough)
    _crust(relief, lot, lot.scale(1.3, 3.2) * unit)
    # What lies deep is dark, what stands out is bright and a little out of focus.
    depth = relief.z - float(relief.z.mean())
    relief.tone *= np.exp(np.clip(depth / (0.9 * broad), -1.5, 0.7)).astype(np.float32)
    return secondary(relief, lot)


def bed(lot: Lot, size: int) -> FloatImage:
    """Loose bed of fine grains, small beside the picture, with voids and lumps upon it."""
    unit = size / 256
    fine = lot.scale(1.6, 6) * unit
    lot.note(diameter=2 * fine / size, heaped=True)
    relief = Relief(size, -9 * fine, 0.35)
    for layer in range(3):
        points = spread_points(size, lot.rng, 2.0 * fine, 0.4)[:7000]
        points = points[lot.rng.random(len(points)) < lot.between(0.55, 0.85)]
        radii = fine * lot.rng.lognormal(0, lot.between(0.2, 0.4), len(points))
        height = (2.2 * (layer - 2) + lot.rng.normal(0, 0.8, len(points))) * fine
        relief.balls(np.column_stack([points, radii]), height, flat=lot.between(0.6, 1.0))
    middles = lot.rng.uniform(0, size, (lot.count(0, 9), 2))
    for middle in middles:
        lump = middle + lot.rng.normal(0, lot.rng.uniform(1, 4) * fine, (25, 2))
        radii = fine * lot.rng.lognormal(0.1, 0.3, 25)
        relief.balls(np.column_stack([lump, radii]), lot.rng.uniform(0.5, 3.5, 25) * fine)
    relief.z = warp(relief.z, lot.rng, 0.35 * fine, 1.5 * fine)
    relief.z += np.float32(lot.between(0.1, 0.5) * unit) * fractal(size, lot.rng, 3 * unit, 2)
    return secondary(relief, lot)


def platelets(lot: Lot, size: int) -> FloatImage:
    """Heap of thin flakes and plates with bright edges, at all angles."""
    unit = size / 256
    coarse = lot.scale(10, 38) * unit
    relief = Relief(size, -2 * coarse, 0.4)
    for y, x, radius in _heap(lot, size, coarse, 0.35):
        solid = grain((y, x), 1.3 * radius, lot.rng, thin=lot.rng.uniform(0.06, 0.2), stretch=1.6)
        relief.put(solid, lot.rng.normal(-0.5, 0.5) * coarse, tone=lot.rng.normal(1, 0.07))
    relief.z = warp(relief.z, lot.rng, lot.between(0.02, 0.1) * coarse, 0.6 * coarse)
    return secondary(relief, lot)


def granules(lot: Lot, size: int) -> FloatImage:
    """Sprayed or atomised powder: round grains of many sizes with satellites and dents."""
    unit = size / 256
    coarse = lot.scale(12, 45) * unit
    relief = Relief(size, -2.2 * coarse, 0.3)
    dents = fractal(size, lot.rng, lot.scale(6, 20) * unit, 4, 0.6)
    for y, x, radius in _heap(lot, size, coarse, lot.between(0.35, 0.65)):
        height = lot.rng.normal(-0.6, 0.5) * coarse
        axes = (radius * lot.rng.uniform(1, 1.35), radius)
        relief.put(ellipsoid((y, x), axes, lot.rng.uniform(0, 3.1)), height)
        if lot.rng.random() < 0.5:
            away = lot.rng.normal(0, 1, 2)
            away *= 0.9 * radius / np.hypot(*away)
            small = radius * lot.rng.uniform(0.12, 0.35)
            relief.put(
                ellipsoid((y + away[0], x + away[1]), (small, small)), height + 0.5 * radius
            )
    relief.z += np.float32(lot.between(0.4, 1.8) * unit) * dents
    return secondary(relief, lot)


def sprinkled(lot: Lot, size: int) -> FloatImage:
    """Irregular grains and lumps strewn on carbon tape, the ground still in sight."""
    unit = size / 256
    coarse = lot.scale(7, 26) * unit
    relief = Relief(size, 0.0, lot.between(0.12, 0.4))
    relief.z += np.float32(0.6 * unit) * fractal(size, lot.rng, 40 * unit, 5, 0.6)
    rough = np.float32(lot.between(0.5, 1.6) * unit) * fractal(size, lot.rng, 6 * unit, 4, 0.7)
    before = relief.z.copy()
    centres = lot.rng.uniform(0, size, (lot.count(4, 14), 2))
    centres[0] = size * (0.5 + lot.rng.normal(0, 0.15, 2))
    for centre in centres:
        for _ in range(lot.count(2, 22)):
            y, x = centre + lot.rng.normal(0, 1.2 * coarse, 2)
            radius = coarse * lot.rng.lognormal(-0.5, 0.6)
            height = radius * lot.rng.uniform(0.3, 1.5)
            relief.put(grain((y, x), radius, lot.rng, stretch=1.7), height)
    on = relief.z > before + 1e-3
    relief.z[on] += rough[on]
    relief.z = warp(relief.z, lot.rng, lot.between(0.05, 0.15) * coarse, 0.7 * coarse)
    return secondary(relief, lot)


def aggregates_in_transmission(lot: Lot, size: int) -> FloatImage:
    """Branched aggregates of fine grains in transmission, dark where they overlap."""
    unit = size / 256
    relief = Relief(size, transparent=True)
    fine = lot.scale(2, 7) * unit
    lot.note(diameter=2 * fine / size)
    for _ in range(lot.count(1, 4)):
        nodes = [lot.rng.uniform(0.2 * size, 0.8 * size, 2)]
        heading = lot.rng.uniform(0, 2 * np.pi)
        for _ in range(int(lot.scale(100, 700))):
            if lot.rng.random() < 0.12:  # a branch
                seed, heading = nodes[int(lot.rng.integers(len(nodes)))], lot.rng.uniform(0, 6.3)
            else:
                seed, heading = nodes[-1], heading + lot.rng.normal(0, 0.6)
            step = lot.rng.uniform(0.5, 1.6) * fine * np.array([np.sin(heading), np.cos(heading)])
            nodes.append(seed + step + lot.rng.normal(0, 0.6 * fine, 2))
        for y, x in nodes:
            radius = fine * lot.rng.lognormal(-0.1, 0.3)
            axes = (radius, radius * lot.rng.uniform(0.6, 1))
            relief.put(ellipsoid((y, x), axes, lot.rng.uniform(0, 3.1)), 0)
    return transmitted(relief.mass, lot)


KINDS = {
    "crushed": crushed,
    "agglomerates": agglomerates,
    "fluffy": fluffy,
    "bed": bed,
    "platelets": platelets,
    "granules": granules,
    "sprinkled": sprinkled,
}
TRANSMITTED = {"aggregates_in_transmission": aggregates_in_transmission}
