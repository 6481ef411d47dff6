"""Films and coated surfaces: one flat layer that fills the picture, told by its texture."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import FloatImage
from micrographia.synthesis.kinds.drawing.fields import (
    cells,
    clouds,
    fractal,
    smooth,
    spread_points,
    streaks,
    warp,
)
from micrographia.synthesis.kinds.drawing.lot import Lot
from micrographia.synthesis.kinds.drawing.relief import Relief
from micrographia.synthesis.kinds.drawing.shading import secondary
from micrographia.synthesis.kinds.drawing.solids import grain


def granular(lot: Lot, size: int) -> FloatImage:
    """Dense columnar or nanocrystalline film: small grains side by side, all one height."""
    unit = size / 256
    relief = Relief(size)
    spacing = lot.scale(3.2, 22) * unit
    near, gap, owner = cells(size, spread_points(size, lot.rng, spacing, lot.between(0.2, 0.4)))
    faceted = lot.chance(0.3)
    number = int(owner.max()) + 1
    height = lot.rng.normal(0, lot.between(0.05, 0.3), number).astype(np.float32)[owner] * spacing
    if faceted:
        y, x = np.mgrid[:size, :size].astype(np.float32)
        tilt = lot.rng.normal(0, 0.3, (2, number)).astype(np.float32)
        dome = tilt[0][owner] * (y % spacing) + tilt[1][owner] * (x % spacing)
        dome = smooth(np.minimum(gap, 0.4 * spacing) + 0.3 * dome, 0.5)
    else:
        dome = np.sqrt(np.maximum((0.75 * spacing) ** 2 - near**2, 0))
    relief.z = (smooth(height, 0.15 * spacing) + lot.between(0.4, 1.0) * dome).astype(np.float32)
    relief.tone += np.float32(0.08) * lot.rng.normal(0, 1, number).astype(np.float32)[owner]
    relief.z += np.float32(lot.between(0, 0.5) * spacing) * fractal(size, lot.rng, 50 * unit, 3)
    return secondary(relief, lot)


def smooth_film(lot: Lot, size: int) -> FloatImage:
    """Nearly featureless film with a few pinholes, specks and shallow waves."""
    unit = size / 256
    relief = Relief(size)
    relief.z += np.float32(lot.between(0.02, 0.35) * unit) * fractal(
        size, lot.rng, lot.scale(3, 40) * unit, 5, 0.7
    )
    y, x = np.mgrid[:size, :size].astype(np.float32)
    ragged = fractal(size, lot.rng, 12 * unit, 4, 0.6)
    for _ in range(lot.count(0, 9)):
        row, column = lot.rng.uniform(0, size, 2)
        radius = lot.scale(2, 16) * unit
        gap = np.hypot(y - row, (x - column) * lot.rng.uniform(0.5, 1)) + 0.35 * radius * ragged
        hole = smooth((gap < radius).astype(np.float32), 0.8)
        relief.z -= hole * np.float32(radius)
        relief.tone += np.float32(0.3) * smooth(hole, 3 * unit) * (hole < 0.5)
    return secondary(relief, lot)


def brushed(lot: Lot, size: int) -> FloatImage:
    """Rolled or polished surface: scratches and streaks along one direction."""
    unit = size / 256
    relief = Relief(size)
    angle = lot.rng.uniform(0, np.pi)
    relief.z += np.float32(lot.between(0.3, 1.2) * unit) * streaks(
        size, lot.rng, 200 * unit, lot.scale(1.2, 4) * unit, angle
    )
    relief.z += np.float32(lot.between(0.3, 1.5) * unit) * streaks(
        size, lot.rng, 300 * unit, 12 * unit, angle
    )
    relief.tone += np.float32(0.1) * streaks(size, lot.rng, 250 * unit, 8 * unit, angle)
    pits = fractal(size, lot.rng, 5 * unit, 2) > lot.between(2.0, 3.2)
    relief.z -= np.float32(2 * unit) * smooth(pits.astype(np.float32), 0.7)
    return secondary(relief, lot)


def cracked(lot: Lot, size: int) -> FloatImage:
    """Dried film broken into plates by dark cracks."""
    unit = size / 256
    relief = Relief(size)
    spacing = lot.scale(35, 130) * unit
    _, gap, owner = cells(size, spread_points(size, lot.rng, spacing, lot.between(0.3, 0.5)))
    gap = warp(gap, lot.rng, 0.05 * spacing, 0.3 * spacing)
    width = lot.scale(0.8, 5) * unit
    open_ = smooth((gap < width).astype(np.float32), 0.6)
    curl = np.exp(-gap / np.float32(0.15 * spacing)) * lot.between(-0.05, 0.06) * spacing
    number = int(owner.max()) + 1
    relief.tone += np.float32(0.04) * lot.rng.normal(0, 1, number).astype(np.float32)[owner]
    relief.tone *= 1 - np.float32(lot.between(0.5, 0.9)) * open_
    relief.z = (curl - open_ * lot.between(2, 10) * unit).astype(np.float32)
    relief.z += np.float32(lot.between(0.1, 0.9) * unit) * fractal(
        size, lot.rng, lot.scale(3, 12) * unit, 4, 0.6
    )
    return secondary(relief, lot)


def cross_section(lot: Lot, size: int) -> FloatImage:
    """Broken edge of a layered film: substrate, layers with columns, free surface or vacuum."""
    unit = size / 256
    relief = Relief(size)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    turn = lot.rng.normal(0, 0.06)
    depth = (
        y + turn * x + np.float32(lot.between(0.2, 1.5) * unit) * clouds(size, lot.rng, 25 * unit)
    )
    edges = np.sort(lot.rng.uniform(0.2, 0.85, lot.count(2, 5))) * size
    layer = np.searchsorted(edges, depth)
    columns = streaks(size, lot.rng, 60 * unit, lot.scale(2, 6) * unit, np.pi / 2)
    grains = fractal(size, lot.rng, lot.scale(3, 8) * unit, 3, 0.7)
    for index in range(len(edges) + 1):
        on = layer == index
        relief.tone[on] = lot.rng.uniform(0.45, 1.15)
        relief.z[on] += lot.rng.normal(0, 1.2) * unit
        texture = columns if lot.rng.random() < 0.5 else grains
        relief.z[on] += np.float32(lot.rng.uniform(0.1, 1.0) * unit) * texture[on]
    outside = layer == 0
    if lot.chance(0.6):
        relief.z[outside] = -40 * unit
        relief.tone[outside] = lot.between(0.08, 0.3)
    return secondary(relief, lot)


def wrinkled(lot: Lot, size: int) -> FloatImage:
    """Thin sheet in folds and ridges, like graphene or a skin on rubber."""
    unit = size / 256
    relief = Relief(size)
    broad = lot.scale(18, 70) * unit
    _, gap, _owner = cells(size, spread_points(size, lot.rng, 1.6 * broad, 0.5))
    gap = warp(gap, lot.rng, 0.08 * broad, 0.6 * broad)
    # Folds die out: each is high in one part of the sheet only.
    high = np.clip(0.4 + 0.6 * clouds(size, lot.rng, broad), 0, 1.6)
    relief.z += (
        lot.between(2, 7) * unit * high * np.exp(-gap / (lot.between(1.2, 4) * unit))
    ).astype(np.float32)
    crumple = lot.between(0.05, 0.3)
    for octave in range(4):
        wide = broad * 0.9 / 1.8**octave
        crease = 1 - np.abs(warp(clouds(size, lot.rng, wide), lot.rng, 0.2 * wide, wide))
        relief.z += np.float32(crumple * wide * 0.6) * crease
    if lot.chance(0.3):
        wave = streaks(
            size, lot.rng, 150 * unit, lot.scale(5, 14) * unit, lot.rng.uniform(0, np.pi)
        )
        relief.z += np.float32(lot.between(1, 3) * unit) * wave
    return secondary(relief, lot)


def blistered(lot: Lot, size: int) -> FloatImage:
    """Sputtered or sprayed coat: round nodules of many sizes grown together."""
    unit = size / 256
    relief = Relief(size)
    base = lot.scale(6, 22) * unit
    for share in (1.0, 0.6, 0.35):
        points = spread_points(size, lot.rng, 1.5 * base * share, 0.4)[:900]
        radii = base * share * lot.rng.lognormal(0, 0.3, len(points))
        height = lot.rng.normal(0, 0.15, len(points)) * base
        relief.balls(np.column_stack([points, radii]), height, flat=0.7)
    relief.z += np.float32(lot.between(0.3, 1.0) * unit) * fractal(size, lot.rng, 4 * unit, 3, 0.7)
    return secondary(relief, lot)


def flakes_in_plane(lot: Lot, size: int) -> FloatImage:
    """Layer of overlapping sheets that lie flat, edges faintly bright."""
    unit = size / 256
    relief = Relief(size)
    broad = lot.scale(14, 50) * unit
    for number, (y, x) in enumerate(spread_points(size, lot.rng, 0.9 * broad, 0.45)[:260]):
        radius = broad * lot.rng.lognormal(0, 0.35)
        solid = grain(
            (y, x), radius, lot.rng, thin=0.03, tilt=lot.towards(0.035, 0.25), stretch=1.6
        )
        relief.put(
            solid, 0.002 * number * unit * lot.between(0.5, 2), tone=lot.rng.normal(1, 0.05)
        )
    relief.z = warp(relief.z, lot.rng, lot.between(0.04, 0.12) * broad, 0.5 * broad)
    relief.z += np.float32(0.25 * unit) * fractal(size, lot.rng, 10 * unit, 4, 0.6)
    return secondary(relief, lot)


KINDS = {
    "granular": granular,
    "smooth_film": smooth_film,
    "brushed": brushed,
    "cracked": cracked,
    "cross_section": cross_section,
    "wrinkled": wrinkled,
    "blistered": blistered,
    "flakes_in_plane": flakes_in_plane,
}
