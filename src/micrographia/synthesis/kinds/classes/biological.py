"""Biological samples: cells (`living_cells`), pollen, diatoms, fungi, scales, skins of leaves."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import BoolArray, FloatArray, FloatImage
from micrographia.synthesis.kinds.classes import living_cells
from micrographia.synthesis.kinds.drawing.fields import (
    apart,
    cells,
    clouds,
    fractal,
    spread_points,
    streaks,
    warp,
)
from micrographia.synthesis.kinds.drawing.lot import Lot
from micrographia.synthesis.kinds.drawing.relief import Relief, ellipsoid
from micrographia.synthesis.kinds.drawing.shading import secondary
from micrographia.synthesis.kinds.drawing.solids import walk


def _directions(number: int, rng: np.random.Generator) -> FloatArray:
    """Evenly spread unit vectors (Fibonacci lattice) that face the viewer or nearly so."""
    index = np.arange(number) + 0.5
    z = 1 - 2 * index / number
    turn = np.pi * (1 + 5**0.5) * index + rng.uniform(0, 6)
    flat = np.sqrt(1 - z**2)
    every = np.column_stack([flat * np.sin(turn), flat * np.cos(turn), z])
    return every[z > -0.25]


def pollen(lot: Lot, size: int) -> FloatImage:
    """Pollen grains: spiny, netted, or with furrows."""
    unit = size / 256
    relief = Relief(size, 0.0, lot.between(0.2, 0.55))
    relief.z += np.float32(lot.between(0.2, 1.5) * unit) * fractal(size, lot.rng, 30 * unit, 4)
    wall = lot.pick(["spines", "net", "furrows"])
    radii = np.sort(lot.between(0.1, 0.3) * size * lot.rng.lognormal(0, 0.08, lot.count(1, 9)))[
        ::-1
    ]
    spines, long = lot.count(60, 170), lot.between(0.08, 0.22)
    flat = lot.between(0.75, 1.0)
    shift = _to_middle(places := apart(size, lot.rng, radii, overlap=0.05), lot, size)
    for y, x, radius in places + shift:
        before = relief.z.copy()
        turn = lot.rng.uniform(0, np.pi)
        relief.put(ellipsoid((y, x), (radius, flat * radius), turn, flat * radius), radius)
        on = relief.z > before + 1e-3
        if wall == "spines":
            for dy, dx, dz in _directions(spines, lot.rng):
                along = np.arange(0.92, 1 + long, 0.5 / radius) * radius
                path = np.array([y, x]) + np.outer(along, [dy, dx])
                taper = np.linspace(0.5, 0.08, len(along)) * long * radius
                relief.tube(path, np.maximum(taper, 0.6), radius + along * dz)
        elif wall == "net":
            _, gap, _ = cells(
                size, spread_points(size, lot.rng, lot.between(0.14, 0.28) * radius, 0.2)
            )
            lace = np.exp(-gap / np.float32(0.05 * radius))
            relief.z[on] += (0.09 * radius * lace[on]).astype(np.float32)
        else:
            _furrow(relief, on, (y, x), radius, lot)
    return secondary(relief, lot)


def _to_middle(places: FloatArray, lot: Lot, size: int) -> FloatArray:
    """Shift (y, x, 0) that brings one of the places (y, x, …) near the middle of the picture."""
    away = size * (0.5 + lot.rng.normal(0, 0.1, 2)) - places[0, :2]
    return np.array([away[0], away[1], 0.0])


def _furrow(
    relief: Relief, on: BoolArray, centre: tuple[float, float], radius: float, lot: Lot
) -> None:
    """Cut the three furrows of a tricolpate grain, over a granular wall."""
    size = relief.size
    y, x = np.mgrid[:size, :size].astype(np.float32)
    far = np.hypot(y - centre[0], x - centre[1])
    turn = np.arctan2(y - centre[0], x - centre[1]) + lot.rng.uniform(0, 6)
    cut = np.exp(-((np.abs((turn * 3 / (2 * np.pi)) % 1 - 0.5) * far / (0.06 * radius)) ** 2))
    cut *= far > 0.15 * radius
    bumps = clouds(size, lot.rng, max(0.05 * radius, 1.5))
    relief.z[on] += (-0.2 * radius * cut + 0.015 * radius * bumps)[on].astype(np.float32)


def diatom(lot: Lot, size: int) -> FloatImage:
    """Frustule of a diatom: a disc or boat of silica with rows of fine pores."""
    unit = size / 256
    relief = Relief(size, 0.0, lot.between(0.15, 0.45))
    relief.z += np.float32(unit) * fractal(size, lot.rng, 30 * unit, 4)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    for _ in range(lot.count(1, 3)):
        row, column = size / 2 + lot.rng.normal(0, 0.18 * size, 2)
        turn = lot.rng.uniform(0, np.pi)
        dy, dx = y - np.float32(row), x - np.float32(column)
        along, across = (
            dx * np.cos(turn) + dy * np.sin(turn),
            dy * np.cos(turn) - dx * np.sin(turn),
        )
        long = lot.between(0.3, 0.55) * size
        pitch = lot.between(5, 10) * unit
        if lot.chance(0.5):
            far = np.hypot(along, across) / (0.85 * long)
            angle = np.arctan2(across, along)
            ribs = np.rint(2 * np.pi * 0.6 * long / pitch)
            pores = np.cos(angle * ribs) * np.cos(2 * np.pi * far * 0.85 * long / pitch)
            raised = 0.12 * np.exp(-(((far - 0.93) / 0.05) ** 2))
        else:
            slim = lot.between(0.16, 0.34)
            edge = (
                np.float32(slim * long) * np.sqrt(np.maximum(1 - (along / long) ** 2, 1e-4)) ** 1.4
            )
            far = np.maximum(np.abs(across) / edge, np.abs(along) / long)
            pores = np.cos(2 * np.pi * along / pitch) * np.cos(2 * np.pi * across / pitch / 0.8)
            raised = 0.06 * np.exp(-((across / (2.2 * unit)) ** 2)) + 0.05 * (far > 0.88)
        dome = np.sqrt(np.maximum(1 - np.minimum(far, 1) ** 2, 0)) * 0.2 + 0.1
        holes = np.clip((pores - 0.25) * 3, 0, 1) * (raised < 0.03) * (far < 0.9)
        body = ((dome + raised) * long - holes * 2.5 * pitch * 0.5).astype(np.float32)
        on = (far < 1) & (body > relief.z)
        relief.z[on], relief.tone[on] = body[on], 1.0
    return secondary(relief, lot)


def wing_scale(lot: Lot, size: int) -> FloatImage:
    """Scale of a butterfly's wing: long ridges joined by finer cross-ribs."""
    unit = size / 256
    relief = Relief(size)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    turn = lot.rng.uniform(0, np.pi)
    sway = 4 * unit * clouds(size, lot.rng, 0.6 * size)
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn) + sway
    pitch = lot.scale(10, 40) * unit
    place = np.abs(across / pitch % 1 - 0.5)
    ridge = np.exp(-((place / lot.between(0.07, 0.14)) ** 2))
    row = np.floor(across / pitch)
    ribs = np.cos(
        2 * np.pi * (along / (pitch * lot.between(0.22, 0.5)) + row * 0.37)
        + 1.5 * clouds(size, lot.rng, pitch)
    )
    rib = np.clip(ribs, 0, 1) ** 2
    fine = 0.1 * np.cos(2 * np.pi * along / (pitch * 0.12)) * ridge
    relief.z = (pitch * (0.8 * ridge + 0.35 * rib + fine - 0.8)).astype(np.float32)
    relief.z += np.float32(0.03 * pitch) * fractal(size, lot.rng, 0.3 * pitch, 3)
    return secondary(relief, lot)


def leaf(lot: Lot, size: int) -> FloatImage:
    """Skin of a leaf or petal: cells like a jigsaw or like cones, stomata, wax."""
    unit = size / 256
    relief = Relief(size)
    spacing = lot.scale(18, 60) * unit
    points = spread_points(size, lot.rng, spacing, 0.22)
    near, gap, _ = cells(size, points)
    if lot.chance(0.5):  # papillae
        bulge = np.sqrt(np.maximum(1 - (near / (0.6 * spacing)) ** 2, 0)) ** lot.between(0.7, 1.8)
        relief.z = (lot.between(0.4, 0.9) * spacing * bulge).astype(np.float32)
    else:
        gap = warp(gap, lot.rng, 0.12 * spacing, 0.25 * spacing)
        relief.z = (0.25 * spacing * (1 - np.exp(-gap / (0.15 * spacing)))).astype(np.float32)
        for row, column in points[: lot.count(1, 6)]:
            turn = lot.rng.uniform(0, np.pi)
            for side in (-1, 1):
                away = side * 0.17 * spacing * np.array([np.cos(turn), -np.sin(turn)])
                guard = (row + away[0], column + away[1])
                relief.put(
                    ellipsoid(guard, (0.45 * spacing, 0.17 * spacing), turn), 0.15 * spacing
                )
    folds = streaks(size, lot.rng, 30 * unit, 2.5 * unit, lot.rng.uniform(0, np.pi))
    relief.z += np.float32(lot.between(0.1, 1.0) * unit) * warp(
        folds, lot.rng, 6 * unit, 20 * unit
    )
    relief.z += np.float32(lot.between(0, 0.5) * unit) * fractal(size, lot.rng, 4 * unit, 2)
    return secondary(relief, lot)


def insect_eye(lot: Lot, size: int) -> FloatImage:
    """Compound eye: a curved field of hexagonal lenses, bristles between them."""
    unit = size / 256
    relief = Relief(size)
    spacing = lot.scale(12, 55) * unit
    points = spread_points(size, lot.rng, spacing, 0.025)
    near, gap, _ = cells(size, points)
    lens = np.sqrt(np.maximum(1 - (near / (0.72 * spacing)) ** 2, 0))
    y, x = np.mgrid[:size, :size].astype(np.float32) / size - np.float32(0.5)
    away = lot.rng.normal(0, 0.4, 2)
    bow = -((y - away[0]) ** 2 + (x - away[1]) ** 2) * lot.between(0.1, 0.7) * size
    relief.z = (0.4 * spacing * lens + bow - 2 * unit * np.exp(-gap / (1.5 * unit))).astype(
        np.float32
    )
    if lot.chance(0.6):
        lean = lot.rng.normal(0, 1, 2)
        lean /= np.hypot(*lean)
        for row, column in points[: int(len(points) * lot.between(0.1, 0.5))]:
            root = np.array([row + 0.55 * spacing, column])
            reach = np.arange(0, spacing * lot.rng.uniform(0.5, 1.1), 0.5)
            path = root + np.outer(reach, lean + lot.rng.normal(0, 0.1, 2))
            taper = np.linspace(0.06, 0.015, len(path)) * spacing
            cell = np.clip(np.rint(root), 0, size - 1).astype(int)
            relief.tube(
                path, np.maximum(taper, 0.6), float(relief.z[cell[0], cell[1]]) + reach * 0.8
            )
    return secondary(relief, lot)


def hyphae(lot: Lot, size: int) -> FloatImage:
    """Branching threads of a fungus with round spores, singly and in chains."""
    unit = size / 256
    relief = Relief(size, -10 * unit, lot.between(0.35, 0.7))
    relief.z += np.float32(2 * unit) * fractal(size, lot.rng, 30 * unit, 4, 0.6)
    thick = lot.scale(2.2, 7) * unit
    spore = thick * lot.between(1.0, 2.2)
    flat = lot.between(0.6, 1.0)
    for number in range(lot.count(4, 14)):
        stem = walk(lot.rng, size, lot.rng.uniform(0.8, 2.0), lot.between(0.5, 1.5))
        height = (number - 8) * unit + lot.rng.normal(0, 3 * unit)
        knots = np.linspace(0, len(stem), 20)
        swell = np.interp(np.arange(len(stem)), knots, lot.rng.normal(1, 0.08, 20))
        relief.tube(stem, thick * swell, height, flat=flat)
        for start in lot.rng.integers(0, len(stem), 3):
            twig = walk(lot.rng, size, lot.rng.uniform(0.1, 0.4), 0.8)
            twig = twig - twig[0] + stem[start]
            relief.tube(twig, 0.8 * thick, height, flat=flat)
            steps = np.arange(int(lot.rng.integers(0, 6)))[:, None] * 1.7 * spore
            ahead = (twig[-1] - twig[-2]) / max(float(np.hypot(*(twig[-1] - twig[-2]))), 1e-6)
            for y, x in twig[-1] + steps * ahead:
                axes = (spore, spore * lot.rng.uniform(0.8, 1))
                relief.put(ellipsoid((float(y), float(x)), axes, lot.rng.uniform(0, 3)), height)
    for y, x in lot.rng.uniform(0, size, (lot.count(0, 40), 2)):
        relief.put(
            ellipsoid((y, x), (spore, spore * lot.rng.uniform(0.8, 1))),
            lot.rng.normal(0, 5 * unit),
        )
    relief.z += np.float32(lot.between(0.1, 0.7) * unit) * fractal(size, lot.rng, 4 * unit, 3)
    return secondary(relief, lot)


#: The most usual first: bacteria.
KINDS = {
    **living_cells.KINDS,
    "pollen": pollen,
    "diatom": diatom,
    "hyphae": hyphae,
    "wing_scale": wing_scale,
    "leaf": leaf,
    "insect_eye": insect_eye,
}
TRANSMITTED = living_cells.TRANSMITTED
