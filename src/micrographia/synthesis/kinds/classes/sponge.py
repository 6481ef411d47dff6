"""Porous sponge: a connected solid full of connected holes."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import FloatImage
from micrographia.synthesis.kinds.drawing.fields import (
    apart,
    cells,
    clouds,
    fractal,
    normalised,
    smooth,
    spread_points,
    streaks,
    warp,
)
from micrographia.synthesis.kinds.drawing.layout import Layout
from micrographia.synthesis.kinds.drawing.lot import Lot
from micrographia.synthesis.kinds.drawing.relief import Relief
from micrographia.synthesis.kinds.drawing.shading import secondary


def foam(lot: Lot, size: int) -> FloatImage:
    """Open-cell foam: round windows framed by struts, further cells behind them."""
    unit = size / 256
    relief = Relief(size, -3 * 60 * unit, 0.5)
    spacing = lot.scale(26, 110) * unit
    lot.note(pore_spacing=spacing / size)
    thick = lot.between(0.08, 0.2)
    for layer in range(3):
        _, gap, _ = cells(size, spread_points(size, lot.rng, spacing, lot.between(0.15, 0.32)))
        gap = smooth(gap, 0.04 * spacing) + np.float32(0.03 * spacing) * fractal(
            size, lot.rng, 0.4 * spacing, 3
        )
        strut = np.float32(thick * spacing) * lot.rng.normal(1, 0.1) - gap * np.float32(0.5)
        bar = np.sqrt(np.maximum(strut, 0) * np.float32(thick * spacing))
        height = (layer - 2) * 0.9 * spacing + bar + 3 * unit * clouds(size, lot.rng, spacing)
        shown = np.where(strut > 0, height, -np.inf).astype(np.float32)
        higher = shown > relief.z
        relief.z[higher] = shown[higher]
        relief.tone[higher] = 0.55 + 0.22 * layer
    relief.z += np.float32(lot.between(0.1, 0.7) * unit) * fractal(size, lot.rng, 6 * unit, 3)
    _cut(relief, lot)
    return secondary(relief, lot)


def scaffold(lot: Lot, size: int) -> FloatImage:
    """Solid wall pierced by round pores of many sizes, pores within pores."""
    unit = size / 256
    relief = Relief(size, 0.0, 1.0)
    relief.z += np.float32(2 * unit) * fractal(size, lot.rng, 40 * unit, 4)
    broad = lot.scale(9, 42) * unit
    lot.note(pore_spacing=2 * broad / size)
    radii = np.sort(broad * lot.rng.lognormal(0, lot.between(0.15, 0.55), 320))[::-1]
    ragged = np.float32(0.12 * broad) * fractal(size, lot.rng, 0.7 * broad, 4)
    floor = relief.z.copy()
    for row, column, radius in apart(size, lot.rng, radii, overlap=lot.between(-0.1, 0.25)):
        window = tuple(
            slice(max(int(at - 1.6 * radius), 0), max(int(at + 1.6 * radius) + 1, 0))
            for at in (row, column)
        )
        top, left = window[0].start, window[1].start
        part = floor[window]
        y, x = np.mgrid[top : top + part.shape[0], left : left + part.shape[1]].astype(np.float32)
        gap = np.hypot(y - row, (x - column) * lot.rng.uniform(0.75, 1)) + ragged[window]
        depth = np.sqrt(np.maximum(radius**2 - gap**2, 0)) * lot.rng.uniform(1.2, 2.2)
        np.minimum(part, relief.z[window] - depth, out=part)
        for _ in range(2):
            dy, dx = lot.rng.normal(0, 0.45 * radius, 2)
            open_ = np.hypot(y - row - dy, x - column - dx) < radius * lot.rng.uniform(0.25, 0.5)
            part[open_ & (gap < radius)] -= 2 * radius
    relief.z = floor.astype(np.float32)
    relief.z += np.float32(lot.between(0.2, 1.0) * unit) * fractal(size, lot.rng, 5 * unit, 3)
    _cut(relief, lot)
    return secondary(relief, lot)


def bicontinuous(lot: Lot, size: int) -> FloatImage:
    """Ligaments and channels of one width, as in nanoporous gold: layers of level sets."""
    unit = size / 256
    scale = lot.scale(4.5, 24) * unit
    relief = Relief(size, -6 * scale, 0.4)
    fill = lot.between(-0.25, 0.25)
    for layer in range(3):
        field = normalised(
            smooth(clouds(size, lot.rng, scale), 0.25 * scale)
            - smooth(clouds(size, lot.rng, 3 * scale), scale)
        )
        inside = (
            1 - np.abs(field) * lot.between(0.9, 1.5) if lot.chance(0.5) else field + 0.35 + fill
        )
        bar = np.sqrt(np.clip(inside, 0, 1.2)) * scale * 0.7
        shown = np.where(inside > 0, bar + (layer - 2) * 1.3 * scale, -np.inf).astype(np.float32)
        higher = shown > relief.z
        relief.z[higher] = shown[higher]
        relief.tone[higher] = 0.6 + 0.2 * layer
    _cut(relief, lot)
    return secondary(relief, lot)


def walls(lot: Lot, size: int) -> FloatImage:
    """Freeze-dried sponge: thin crumpled sheets around elongated cells."""
    unit = size / 256
    spacing = lot.scale(22, 80) * unit
    lot.note(pore_spacing=spacing / size)
    relief = Relief(size, 0.0, 0.9)
    stretch = lot.between(1.0, 2.6)
    points = spread_points(size, lot.rng, spacing, 0.35)
    points[:, 0] = points[:, 0] * stretch - 0.5 * (stretch - 1) * size
    _near, gap, owner = cells(size, points, stretch=stretch)
    ruffle = lot.between(0.08, 0.25) * spacing
    gap = warp(gap, lot.rng, ruffle, 0.6 * spacing)
    sheet = np.exp(-gap / np.float32(lot.between(0.03, 0.09) * spacing))
    floor = lot.rng.uniform(0.4, 1.6, len(points)).astype(np.float32)[owner]
    deep = -smooth(floor, 2 * unit) * np.minimum(gap, 0.5 * spacing) * lot.between(1.0, 2.5)
    relief.z = (deep + 0.5 * spacing * sheet).astype(np.float32)
    # Through some cells one looks down into the next layer, through others into the dark.
    relief.tone *= np.clip(1.15 - 0.4 * smooth(floor, unit), 0.3, 1).astype(np.float32)
    relief.tone += np.float32(0.4) * sheet
    relief.z += np.float32(0.06 * spacing) * fractal(size, lot.rng, 0.5 * spacing, 5, 0.6)
    return secondary(relief, lot)


def aerogel(lot: Lot, size: int) -> FloatImage:
    """Network of strung beads around voids of all sizes."""
    unit = size / 256
    fine = lot.scale(2.2, 7.5) * unit
    relief = Relief(size, -16 * fine, 0.3)
    broad = lot.scale(18, 55) * unit
    for layer in range(3):
        void = fractal(size, lot.rng, broad, 4, 0.55)
        points = spread_points(size, lot.rng, 1.3 * fine, 0.35)[:6000]
        place = np.clip(np.rint(points), 0, size - 1).astype(np.int64)
        level = void[place[:, 0], place[:, 1]]
        kept = level > lot.rng.normal((0.55, 0.25, 0.0)[2 - layer], 0.15, len(points))
        points, level = points[kept], level[kept]
        radii = fine * lot.rng.lognormal(0, 0.15, len(points))
        height = fine * (2 * level + lot.rng.normal(0, 0.8, len(points)) + 4.5 * (layer - 2))
        relief.balls(np.column_stack([points, radii]), height)
    # Necks join the beads.
    relief.z = smooth(relief.z, lot.between(0.1, 0.45) * fine)
    _cut(relief, lot)
    return secondary(relief, lot)


def _cut(relief: Relief, lot: Lot) -> None:
    """Show a piece of the sponge with its edge, on a plain holder, in one of five pictures."""
    if not lot.chance(0.2):
        return
    size = relief.size
    piece = Layout(size, lot.rng.uniform(0, np.pi), 1.0, (0.0, lot.rng.normal(0, 0.1)))
    half = lot.between(0.12, 0.35)
    top = [(x, 0.5 - half + lot.rng.normal(0, 0.03)) for x in np.linspace(-0.4, 1.4, 8)]
    low = [(x, 0.5 + half + lot.rng.normal(0, 0.03)) for x in np.linspace(1.4, -0.4, 8)]
    piece.polygon([*top, *low])
    outside = warp(piece.mask, lot.rng, 0.012 * size, 0.06 * size) < 0.5
    relief.z[outside] = relief.z.min() - 0.1 * size
    relief.tone[outside] = lot.between(0.2, 0.8)


def inverse_opal(lot: Lot, size: int) -> FloatImage:
    """Skeleton left by a crystal of balls: hexagonal bowls, each with windows to those below."""
    unit = size / 256
    spacing = lot.scale(14, 62) * unit
    lot.note(pore_spacing=spacing / size, ordered=True)
    points = spread_points(size, lot.rng, spacing, lot.between(0.01, 0.1))
    near, gap, _ = cells(size, points)
    radius = spacing * lot.between(0.44, 0.52)
    relief = Relief(size, 0.0, 1.0)
    relief.z -= np.sqrt(np.maximum(radius**2 - near**2, 0)).astype(np.float32)
    turn = lot.rng.uniform(0, 2 * np.pi)
    window = radius * lot.between(0.18, 0.36)
    for index in range(3):
        angle = turn + 2 * np.pi * index / 3
        away = 0.5 * radius * np.array([np.sin(angle), np.cos(angle)])
        through, _, _ = cells(size, points + away)
        hole = smooth((through < window).astype(np.float32), 0.7) * (near < radius)
        relief.z -= np.float32(1.2 * spacing) * hole
        relief.tone *= 1 - np.float32(0.5) * hole
    relief.z += np.float32(0.1 * spacing) * np.exp(-gap / np.float32(0.1 * spacing))
    relief.z += np.float32(lot.between(0.01, 0.05) * spacing) * fractal(
        size, lot.rng, 0.5 * spacing, 4
    )
    _cut(relief, lot)
    return secondary(relief, lot)


def lamellae(lot: Lot, size: int) -> FloatImage:
    """Freeze-cast solid: plates side by side with slits between them and bridges across."""
    unit = size / 256
    turn = lot.rng.uniform(0, np.pi)
    pitch = lot.scale(9, 34) * unit
    lot.note(pitch=pitch / size)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    sway = np.float32(lot.between(0.3, 1.1) * pitch) * fractal(size, lot.rng, 5 * pitch, 3)
    across = (y * np.cos(turn) - x * np.sin(turn) + sway) / np.float32(pitch)
    plate = np.cos(2 * np.pi * across) + 0.7 * streaks(size, lot.rng, 5 * pitch, 0.8 * pitch, turn)
    bridges = fractal(size, lot.rng, 0.7 * pitch, 3)
    solid = plate + lot.between(0.2, 0.6) * bridges + lot.between(-0.2, 0.5)
    relief = Relief(size, 0.0, 0.9)
    relief.z = (1.3 * pitch * np.tanh(1.6 * solid)).astype(np.float32)
    relief.tone *= np.clip(0.75 + 0.35 * solid, 0.25, 1.1).astype(np.float32)
    rough = lot.between(0.2, 1.6) * unit
    relief.z += np.float32(rough) * fractal(size, lot.rng, lot.scale(3, 9) * unit, 4, 0.7)
    _cut(relief, lot)
    return secondary(relief, lot)


def sintered(lot: Lot, size: int) -> FloatImage:
    """Coarse skeleton of grains grown together, with wide dark channels and a rough skin."""
    unit = size / 256
    scale = lot.scale(12, 40) * unit
    relief = Relief(size, -3.5 * scale, 0.35)
    for layer in range(3):
        field = fractal(size, lot.rng, scale, 3, lot.between(0.3, 0.5))
        inside = field + 0.45 - 0.3 * layer
        bar = np.sqrt(np.clip(inside, 0, 1.5)) * scale * 0.8
        shown = np.where(inside > 0, bar + (layer - 2) * 1.1 * scale, -np.inf).astype(np.float32)
        higher = shown > relief.z
        relief.z[higher] = shown[higher]
        relief.tone[higher] = 0.55 + 0.2 * layer
    lumps = np.abs(fractal(size, lot.rng, lot.scale(4, 12) * unit, 3, 0.6))
    relief.z -= np.float32(lot.between(0.8, 3.0) * unit) * lumps
    _cut(relief, lot)
    return secondary(relief, lot)


def membrane(lot: Lot, size: int) -> FloatImage:
    """Broken edge of a cast membrane: finger-like channels under a skin."""
    unit = size / 256
    relief = Relief(size, 0.0, 0.9)
    y, _x = np.mgrid[:size, :size].astype(np.float32)
    top = lot.between(0.05, 0.4) * size + 2 * unit * clouds(size, lot.rng, 30 * unit)
    spacing = lot.scale(14, 40) * unit
    points = spread_points(size, lot.rng, spacing, 0.3)
    long = lot.between(2.5, 6.0)
    points[:, 0] = top.mean() + (points[:, 0] - 0.5 * size) * long
    _, gap, _ = cells(size, points, stretch=long)
    gap = warp(gap, lot.rng, 0.12 * spacing, 0.7 * spacing)
    wall = 0.12 * spacing
    deep = np.clip(gap - wall, 0, 0.35 * spacing) * lot.between(1.5, 3.5)
    skin = lot.between(0.02, 0.08) * size
    relief.tone *= np.exp(-deep / (0.9 * spacing)).astype(np.float32)
    shape = smooth((y > top + skin).astype(np.float32), 2 * unit)
    relief.z = (-deep * shape + fractal(size, lot.rng, 6 * unit, 4, 0.6) * 0.8 * unit).astype(
        np.float32
    )
    above = y < top
    relief.z[above] -= np.float32(60 * unit)
    relief.tone[above] = lot.between(0.3, 0.8)
    return secondary(relief, lot)


def nodular(lot: Lot, size: int) -> FloatImage:
    """Foam that was plated around bubbles: walls of lumps upon lumps around open holes."""
    unit = size / 256
    spacing = lot.scale(20, 90) * unit
    lump = spacing * lot.between(0.06, 0.13)
    relief = Relief(size, -2.5 * spacing, 0.2)
    for layer in range(3):
        _, gap, _ = cells(size, spread_points(size, lot.rng, spacing, lot.between(0.15, 0.35)))
        points = spread_points(size, lot.rng, 1.1 * lump, 0.45)[:6000]
        place = np.clip(np.rint(points), 0, size - 1).astype(np.int64)
        near = gap[place[:, 0], place[:, 1]] / (spacing * lot.between(0.25, 0.6))
        points, near = points[near < 1], near[near < 1]
        radii = lump * lot.rng.lognormal(0, 0.25, len(points))
        height = 1.5 * lump * (1 - near**2) + (layer - 2) * 0.8 * spacing
        height = height + lot.rng.normal(0, 0.35 * lump, len(points))
        relief.balls(np.column_stack([points, radii]), height)
    # Each lump is itself a head of smaller ones.
    grain = max(0.5 * lump, 1.5 * unit)
    bumps = np.abs(fractal(size, lot.rng, grain, 2, 0.6))
    relief.z -= np.float32(lot.between(0.2, 0.6) * grain) * smooth(bumps, 0.5)
    _cut(relief, lot)
    return secondary(relief, lot)


KINDS = {
    "foam": foam,
    "scaffold": scaffold,
    "bicontinuous": bicontinuous,
    "walls": walls,
    "aerogel": aerogel,
    "membrane": membrane,
    "inverse_opal": inverse_opal,
    "lamellae": lamellae,
    "sintered": sintered,
    "nodular": nodular,
}
