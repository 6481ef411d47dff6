"""Cells and tissue: bacteria, blood, spread cells, cell layers, fibrils, stained sections."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import BoolArray, FloatImage
from micrographia.synthesis.kinds.drawing.fields import (
    apart,
    cells,
    clouds,
    fractal,
    smooth,
    spread_points,
    warp,
)
from micrographia.synthesis.kinds.drawing.lot import Lot
from micrographia.synthesis.kinds.drawing.relief import Relief, ellipsoid
from micrographia.synthesis.kinds.drawing.shading import secondary
from micrographia.synthesis.kinds.drawing.solids import walk
from micrographia.synthesis.kinds.drawing.transmission import transmitted


def bacteria(lot: Lot, size: int) -> FloatImage:
    """Rods or cocci on a filter or a smear, many of them dividing, in slime at times."""
    unit = size / 256
    relief = Relief(size, 0.0, lot.between(0.25, 0.6))
    relief.z += np.float32(lot.between(0.3, 1.5) * unit) * fractal(size, lot.rng, 20 * unit, 4)
    radius = lot.scale(6, 19) * unit
    long = lot.between(1.6, 4.5)
    for _ in range(int(np.clip(lot.scale(0.1, 0.9) * (size / radius) ** 2 / (2 * long), 5, 220))):
        length = 2 * radius * long * lot.rng.lognormal(0, 0.2)
        path = walk(lot.rng, size, length / size, lot.between(0, 0.8))
        place = np.linspace(-1, 1, len(path))
        ends = np.clip((1 - np.abs(place)) * length / 2 / radius, 0, 1)
        shape = np.sqrt(1 - (1 - ends) ** 2)
        if lot.rng.random() < 0.4:
            shape = shape * (1 - 0.3 * np.exp(-((place * length / radius) ** 2) * 2))
        wide = np.maximum(radius * lot.rng.normal(1, 0.05) * shape, 0.5)
        relief.tube(path, wide, radius * lot.rng.uniform(0.5, 1.6), tone=lot.rng.uniform(0.9, 1.1))
    relief.z += np.float32(lot.between(0.1, 0.6) * unit) * fractal(size, lot.rng, 5 * unit, 3)
    if lot.chance(0.3):
        relief.z = smooth(relief.z, 1.5 * unit)
        for _ in range(lot.count(5, 40)):
            strand = walk(lot.rng, size, lot.rng.uniform(0.1, 0.4), 1.0)
            relief.tube(strand, 0.8 * unit, radius * lot.rng.uniform(0.5, 1.8))
    return secondary(relief, lot)


def cocci(lot: Lot, size: int) -> FloatImage:
    """Round cells in grape-like groups, pressed together, with septa where they divide."""
    unit = size / 256
    relief = Relief(size, 0.0, lot.between(0.15, 0.5))
    relief.z += np.float32(0.6 * unit) * fractal(size, lot.rng, 20 * unit, 4)
    radius = lot.scale(9, 34) * unit
    middles = lot.rng.uniform(0, size, (lot.count(1, 6), 2))
    middles[0] = size * (0.5 + lot.rng.normal(0, 0.15, 2))
    points = spread_points(size, lot.rng, 1.8 * radius, 0.14)
    gap = np.min([np.hypot(*(points - middle).T) for middle in middles], axis=0)
    for y, x in points[gap < lot.between(2, 8) * radius]:
        thick = radius * lot.rng.normal(1, 0.07)
        turn = lot.rng.uniform(0, np.pi)
        height = radius * lot.rng.uniform(0.7, 1.3)
        if lot.rng.random() < lot.towards(0.35, 0.0):
            away = 0.28 * thick * np.array([np.sin(turn), np.cos(turn)])
            for side in (-1, 1):
                centre = (y + side * away[0], x + side * away[1])
                relief.put(ellipsoid(centre, (0.85 * thick, thick), turn), height)
        else:
            relief.put(ellipsoid((y, x), (1.08 * thick, thick), turn), height)
    relief.z += np.float32(lot.between(0.05, 0.5) * unit) * fractal(size, lot.rng, 4 * unit, 3)
    return secondary(relief, lot)


def blood(lot: Lot, size: int) -> FloatImage:
    """Red blood cells: dimpled discs, tilted and heaped, some spiky."""
    unit = size / 256
    relief = Relief(size, 0.0, lot.between(0.15, 0.5))
    radius = lot.scale(15, 48) * unit
    y, x = np.mgrid[:size, :size].astype(np.float32)
    number = int(np.clip(lot.between(0.5, 1.2) * (size / radius) ** 2 / 3, 3, 110))
    for _ in range(number):
        row, column = lot.rng.uniform(0, size, 2)
        tilt, turn = abs(lot.rng.normal(0, 0.5)), lot.rng.uniform(0, np.pi)
        dy, dx = y - np.float32(row), x - np.float32(column)
        along = (dx * np.cos(turn) + dy * np.sin(turn)) / np.cos(min(tilt, 1.2))
        far = np.hypot(along, dy * np.cos(turn) - dx * np.sin(turn)) / radius
        # The disc's profile after Evans and Fung (Microvasc. Res. 4, 335, 1972), 1.7 times as
        # thick: dried cells show their dimple that clearly.
        square = np.minimum(far, 1) ** 2
        half = np.sqrt(1 - square) * (0.1036 + 1.001 * square - 0.561 * square**2) * 1.7 * radius
        height = half + along * np.sin(tilt) + lot.rng.uniform(0.4, 1.8) * radius
        on = (far < 1) & (height > relief.z)
        relief.z[on] = height.astype(np.float32)[on]
        relief.tone[on] = 1.0
    return secondary(relief, lot)


def _microvilli(relief: Relief, on: BoolArray, lot: Lot) -> None:
    """Cover a cell with short hairs and blebs, densely or hardly at all."""
    unit = relief.size / 256
    points = lot.rng.uniform(0, relief.size, (int(lot.scale(20, 1500)), 2))
    place = points.astype(np.int64)
    kept = on[place[:, 0], place[:, 1]]
    points, place = points[kept], place[kept]
    radii = lot.between(0.7, 1.6) * unit * lot.rng.lognormal(0, 0.3, len(points))
    height = relief.z[place[:, 0], place[:, 1]].astype(np.float64)
    relief.balls(np.column_stack([points, radii]), height)


def spread_cell(lot: Lot, size: int) -> FloatImage:
    """Cell on a dish: thick about the nucleus, a thin ruffled skirt, threads that hold on."""
    unit = size / 256
    relief = Relief(size, 0.0, lot.between(0.4, 0.75))
    y, x = np.mgrid[:size, :size].astype(np.float32)
    for _ in range(lot.count(1, 3)):
        row, column = size * lot.rng.uniform(0.3, 0.7, 2)
        broad, slim = lot.between(0.17, 0.34) * size, lot.between(0.45, 1.0)
        dy, dx = y - np.float32(row), x - np.float32(column)
        spun = lot.rng.uniform(0, np.pi)
        along, aside = dx * np.cos(spun) + dy * np.sin(spun), dy * np.cos(spun) - dx * np.sin(spun)
        turn = np.arctan2(dy, dx)
        lobes = np.zeros_like(turn)
        for order in range(2, 8):
            lobes += lot.rng.normal(0, 0.25) / order * np.cos(order * turn + lot.rng.uniform(0, 6))
        lobes -= np.log(np.hypot(along, aside / slim) / np.maximum(np.hypot(dy, dx), 0.5) + 1e-3)
        far = np.hypot(dy, dx) / (broad * np.exp(lobes))
        body = 0.05 * np.clip(1.15 - far, 0, 0.3) / 0.3 + 0.3 * np.exp(-((far / 0.42) ** 2))
        ruffle = fractal(size, lot.rng, lot.scale(8, 24) * unit, 5, lot.between(0.35, 0.55))
        height = broad * body + lot.between(0.1, 0.5) * unit * ruffle * (far < 1.15)
        on = far < 1.12
        relief.z[on] = np.maximum(relief.z, height).astype(np.float32)[on]
        relief.tone[on] = 1.0
        _microvilli(relief, on, lot)
        for angle in lot.rng.uniform(0, 2 * np.pi, lot.count(2, 26)):
            edge = np.clip(
                np.rint([row + np.sin(angle) * broad, column + np.cos(angle) * broad]), 0, size - 1
            )
            lobe = float(np.exp(lobes[int(edge[0]), int(edge[1])]))
            start = broad * lot.rng.uniform(0.7, 1.0) * lobe
            reach = np.arange(start, start + lot.rng.uniform(0.2, 1.1) * broad, 0.5)
            sway = angle + lot.rng.normal(0, 0.15) * ((reach - start) / broad) ** 2
            path = np.column_stack([row + reach * np.sin(sway), column + reach * np.cos(sway)])
            taper = np.linspace(1.7, 0.4, len(path)) * unit * lot.rng.uniform(0.5, 1.2)
            relief.tube(path, taper, np.linspace(4, 0.5, len(path)) * unit)
    relief.z += np.float32(0.3 * unit) * fractal(size, lot.rng, 5 * unit, 3)
    return secondary(relief, lot)


def tissue(lot: Lot, size: int) -> FloatImage:
    """Matrix of wavy fibril bundles with lumpy cells between them."""
    unit = size / 256
    relief = Relief(size, -30 * unit, 0.6)
    relief.z += np.float32(4 * unit) * fractal(size, lot.rng, 30 * unit, 5, 0.6)
    azimuth = lot.rng.uniform(0, np.pi)
    thin = lot.scale(0.7, 2.2) * unit
    for number in range(lot.count(8, 22)):
        spine = walk(lot.rng, size, 1.8, lot.between(0.5, 1.6))
        turn = azimuth + lot.rng.normal(0, 0.5) - np.arctan2(*(spine[-1] - spine[0]))
        cos, sin = np.cos(turn), np.sin(turn)
        spine = (spine - spine.mean(axis=0)) @ np.array([[cos, -sin], [sin, cos]])
        spine += lot.rng.uniform(0, size, 2)
        wide = lot.rng.uniform(2, 9) * thin
        for _ in range(int(lot.rng.integers(4, 14))):
            sway = lot.rng.normal(0, wide, (6, 2))
            knots = np.linspace(0, len(spine) - 1, 6)
            aside = np.column_stack(
                [np.interp(np.arange(len(spine)), knots, part) for part in sway.T]
            )
            height = (number - 20 + lot.rng.normal(0, 2)) * unit
            relief.tube(spine + aside, thin * lot.rng.lognormal(0, 0.25), height)
    for y, x in lot.rng.uniform(0, size, (lot.count(0, 5), 2)):
        radius = lot.between(0.05, 0.15) * size
        before = relief.z.copy()
        relief.put(
            ellipsoid((y, x), (radius * lot.rng.uniform(1, 1.5), radius), lot.rng.uniform(0, 3)),
            -10 * unit,
        )
        on = relief.z > before + 1e-3
        relief.z[on] += (
            np.float32(lot.between(0.8, 2.5) * unit) * clouds(size, lot.rng, 4 * unit)[on]
        )
    return secondary(relief, lot)


def epithelium(lot: Lot, size: int) -> FloatImage:
    """Layer of cells side by side under a fur of short hairs, with seams between them."""
    unit = size / 256
    relief = Relief(size)
    spacing = lot.scale(40, 140) * unit
    points = spread_points(size, lot.rng, spacing, lot.between(0.15, 0.35))
    _, gap, owner = cells(size, points)
    gap = warp(gap, lot.rng, 0.04 * spacing, 0.4 * spacing)
    dome = 1 - np.exp(-gap / np.float32(lot.between(0.15, 0.4) * spacing))
    relief.z = (lot.between(0.05, 0.25) * spacing * dome).astype(np.float32)
    seam = np.exp(-((gap / np.float32(lot.between(0.8, 2.5) * unit)) ** 2))
    relief.z += np.float32(lot.between(-3, 3) * unit) * seam
    hairs = spread_points(size, lot.rng, lot.scale(2.6, 6) * unit, 0.4)[:6000]
    place = np.clip(np.rint(hairs), 0, size - 1).astype(np.int64)
    # Some cells are furry and others nearly bald.
    share = lot.rng.uniform(0.0, 1.2, len(points))[owner[place[:, 0], place[:, 1]]]
    kept = lot.rng.random(len(hairs)) < share
    hairs, place = hairs[kept], place[kept]
    radii = lot.between(0.8, 1.6) * unit * lot.rng.lognormal(0, 0.25, len(hairs))
    height = relief.z[place[:, 0], place[:, 1]] + lot.between(0.5, 2.5) * unit
    relief.balls(np.column_stack([hairs, radii]), height.astype(np.float64), flat=1.5)
    relief.z += np.float32(0.4 * unit) * fractal(size, lot.rng, 8 * unit, 4)
    return secondary(relief, lot)


def sections_in_transmission(lot: Lot, size: int) -> FloatImage:
    """Stained thin section or whole mount: cells with dark membranes and a grainy inside."""
    unit = size / 256
    mass = np.zeros((size, size), dtype=np.float32)
    radii = np.sort(lot.scale(14, 70) * unit * lot.rng.lognormal(0, 0.2, lot.count(2, 24)))[::-1]
    grain = fractal(size, lot.rng, lot.scale(3, 10) * unit, 4, 0.7)
    long, wall = lot.between(1.0, 2.4), lot.between(0.8, 2.2) * unit
    nucleus = lot.between(0.0, 0.6)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    for row, column, radius in apart(size, lot.rng, radii, overlap=lot.between(0.0, 0.15)):
        turn = lot.rng.uniform(0, np.pi)
        dy, dx = y - np.float32(row), x - np.float32(column)
        along = (dx * np.cos(turn) + dy * np.sin(turn)) / np.float32(long)
        far = np.hypot(along, dy * np.cos(turn) - dx * np.sin(turn))
        far += np.float32(0.06 * radius) * clouds(size, lot.rng, max(radius, 2.0))
        body = np.clip((radius - far) / unit, 0, 1)
        mass += body * (1 + 0.35 * grain)
        mass += 2.0 * np.exp(-(((far - radius) / wall) ** 2))
        if lot.rng.random() < 0.5:
            mass += 0.8 * np.exp(-(((far - radius + 4 * wall) / wall) ** 2)) * body
        core = np.clip((nucleus * radius - far) / unit, 0, 1)
        mass += core * lot.rng.uniform(-0.7, 1.2)
    return transmitted(np.maximum(mass, 0).astype(np.float32), lot)


KINDS = {
    "bacteria": bacteria,
    "cocci": cocci,
    "blood": blood,
    "spread_cell": spread_cell,
    "tissue": tissue,
    "epithelium": epithelium,
}
TRANSMITTED = {"sections_in_transmission": sections_in_transmission}
