"""Fibres: long, flexible and much longer than the picture, mostly micrometres thick."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import FloatArray, FloatImage
from micrographia.synthesis.kinds.drawing.fields import clouds, fractal, spread_points, streaks
from micrographia.synthesis.kinds.drawing.lot import Lot
from micrographia.synthesis.kinds.drawing.relief import Relief, ellipsoid
from micrographia.synthesis.kinds.drawing.shading import secondary
from micrographia.synthesis.kinds.drawing.solids import grain, ground_height, walk


def electrospun(lot: Lot, size: int) -> FloatImage:
    """Mat of smooth fibres laid down at random, with beads or along one direction at times."""
    unit = size / 256
    radius = lot.scale(1.3, 8.0) * unit
    relief = Relief(size, -14 * radius, 0.5)
    number = int(np.clip(2.2 * size / radius, 30, 120))
    bend = lot.towards(lot.between(0.4, 2.2), 0.1)
    length = lot.towards(2.0, 0.5)
    aligned, beads = lot.chance(0.2), radius < 4 * unit and lot.chance(0.3)
    lot.note(diameter=2 * radius / size, aligned=aligned, beads=beads)
    for index in range(number):
        thick = radius * lot.rng.lognormal(0, 0.22)
        path = walk(lot.rng, size, length, bend)
        if aligned:
            path = _turned(path, lot.rng.normal(0.3, 0.15))
        height = (index / number - 1) * 10 * radius + lot.rng.normal(0, radius)
        wide = np.full(len(path), thick)
        if beads and lot.rng.random() < 0.5:
            wide = _beaded(wide, lot, size)
        relief.tube(path, wide, height, tone=lot.rng.uniform(0.9, 1.1))
    return secondary(relief, lot)


def _turned(path: FloatArray, angle: float) -> FloatArray:
    """Turn a path so that its chord has the given direction."""
    chord = path[-1] - path[0]
    turn = angle - np.arctan2(chord[0], chord[1])
    cos, sin = np.cos(turn), np.sin(turn)
    middle = path[len(path) // 2]
    dy, dx = (path - middle).T
    return np.column_stack([dy * cos + dx * sin, dx * cos - dy * sin]) + middle


def _beaded(wide: FloatArray, lot: Lot, size: int) -> FloatArray:
    place = np.arange(wide.size)
    for centre in lot.rng.uniform(0, wide.size, 4):
        wide = wide * (
            1 + lot.between(1.5, 3.5) * np.exp(-(((place - centre) / (0.1 * size)) ** 2))
        )
    return wide


def woven(lot: Lot, size: int) -> FloatImage:
    """Cloth in plain weave: yarns of many filaments pass over and under each other."""
    yarns = lot.count(3, 9)
    lot.note(pitch=1 / yarns, aligned=True)
    pitch = size / yarns
    filaments = lot.count(5, 10)
    fill = lot.between(0.7, 0.98)
    thin = 0.62 * pitch * fill / filaments
    relief = Relief(size, -1.6 * pitch, 0.6)
    turn = lot.rng.uniform(-0.5, 0.5)
    reach = np.arange(-0.35 * size, 1.35 * size, 0.5)
    for warp_yarn in (False, True):
        for number in range(-yarns // 2 - 1, yarns + yarns // 2 + 1):
            across = (number + 0.5 + lot.rng.normal(0, 0.04)) * pitch
            sign = 1.0 if (number + warp_yarn) % 2 else -1.0
            wave = sign * np.sin(np.pi * (reach / pitch)) * 0.32 * pitch
            for offset in np.linspace(-0.5, 0.5, filaments):
                sway = (
                    lot.rng.normal(0, 0.25) * thin * np.sin(reach / pitch + lot.rng.uniform(0, 6))
                )
                side = across + offset * fill * pitch * 0.92 + sway
                bulge = 0.16 * pitch * (1 - 4 * offset**2) + lot.rng.normal(0, 0.2 * thin)
                line = np.column_stack([side, reach] if warp_yarn else [reach, side])
                relief.tube(_about(line, size, turn), thin, wave + bulge)
    return secondary(relief, lot)


def _about(line: FloatArray, size: int, turn: float) -> FloatArray:
    """Turn points about the middle of the picture."""
    dy, dx = (line - size / 2).T
    cos, sin = np.cos(turn), np.sin(turn)
    return np.column_stack([dy * cos + dx * sin, dx * cos - dy * sin]) + size / 2


def single(lot: Lot, size: int) -> FloatImage:
    """One or two thick fibres close up: scaled like hair, grooved like viscose, or coated."""
    ground = lot.between(0.1, 0.45)
    relief = Relief(size, 0.0, ground)
    if lot.chance(0.5):
        relief.z += 3 * fractal(size, lot.rng, 40, 5, 0.6)
    surface = lot.pick(["scales", "grooves", "coated", "smooth"])
    base_turn = lot.rng.uniform(0, np.pi)
    number = lot.count(1, 3)
    lot.note(count=number, skin=surface)
    for _ in range(number):
        radius = lot.between(0.09, 0.26) * size
        path = _turned(walk(lot.rng, size, 2.2, lot.between(0, 0.4)), base_turn)
        path = path - path[len(path) // 2] + size / 2 + lot.rng.normal(0, 0.12 * size, 2)
        base_turn += lot.rng.normal(0, 0.8)
        wide = np.full(len(path), radius)
        if surface == "scales":
            wide = wide * (1 + 0.04 * (1 - (np.arange(len(path)) / (0.22 * size)) % 1))
        before = relief.z.copy()
        relief.tube(path, wide, radius * 1.1)
        on = relief.z > before + 1e-3
        chord = path[-1] - path[0]
        angle = float(np.arctan2(chord[0], chord[1]))
        relief.z[on] += _skin(surface, lot, size, angle)[on]
    return secondary(relief, lot)


def _skin(surface: str, lot: Lot, size: int, angle: float) -> FloatImage:
    """Height of a fibre's surface over that of a smooth one [px]."""
    unit = size / 256
    if surface == "scales":
        y, x = np.mgrid[:size, :size].astype(np.float32)
        along = x * np.cos(angle) + y * np.sin(angle)
        uneven = along / unit + 9 * fractal(size, lot.rng, 45 * unit, 4, 0.6)
        step = (uneven / lot.between(22, 45)) % 1
        return np.asarray(lot.between(2, 4) * unit * (1 - step), dtype=np.float32)
    if surface == "grooves":
        grooves = streaks(size, lot.rng, 120 * unit, lot.scale(3, 9) * unit, angle)
        return np.asarray(lot.between(0.8, 2.5) * unit * grooves, dtype=np.float32)
    if surface == "coated":
        lumps = fractal(size, lot.rng, lot.scale(5, 16) * unit, 4, 0.7)
        return np.asarray(lot.between(1.0, 2.2) * unit * lumps, dtype=np.float32)
    return np.asarray(0.3 * unit * clouds(size, lot.rng, 6 * unit), dtype=np.float32)


def bundle(lot: Lot, size: int) -> FloatImage:
    """Parallel stiff fibres side by side, as in a tow of carbon or glass."""
    unit = size / 256
    radius = lot.scale(4, 16) * unit
    lot.note(diameter=2 * radius / size, aligned=True)
    relief = Relief(size, -8 * radius, 0.4)
    turn = lot.rng.uniform(0, np.pi)
    spread = lot.between(0.01, 0.09)
    for layer in range(3):
        for shift in np.arange(-0.7 * size, 0.7 * size, 2.1 * radius * lot.between(0.95, 1.5)):
            path = _turned(walk(lot.rng, size, 2.0, 0.05), turn + lot.rng.normal(0, spread))
            side = shift + lot.rng.normal(0, 0.4 * radius)
            normal = np.array([np.cos(turn), -np.sin(turn)])
            path = path - path[len(path) // 2] + size / 2 + side * normal
            height = (layer - 3) * 1.5 * radius + lot.rng.normal(0, 0.3 * radius)
            relief.tube(path, radius * lot.rng.normal(1, 0.06), height)
    grooves = streaks(size, lot.rng, 90 * unit, 2.0 * unit, turn)
    relief.z += np.float32(lot.between(0, 0.5) * unit) * grooves
    return secondary(relief, lot)


def pulp(lot: Lot, size: int) -> FloatImage:
    """Paper or pulp: flat wrinkled ribbons, fibrils between them, mineral filler."""
    unit = size / 256
    relief = Relief(size, 0.0, 0.8)
    relief.z += np.float32(5 * unit) * fractal(size, lot.rng, 30 * unit, 5, 0.6)
    wide = lot.scale(4.5, 14) * unit
    for number in range(lot.count(12, 26)):
        path = walk(lot.rng, size, lot.rng.uniform(0.9, 2.4), lot.between(0.4, 2.0))
        twist = 1 + 0.45 * np.sin(np.arange(len(path)) / (0.35 * size) + lot.rng.uniform(0, 6))
        uneven = np.interp(
            np.arange(len(path)), np.linspace(0, len(path), 14), lot.rng.normal(1, 0.2, 14)
        )
        radius = wide * lot.rng.lognormal(0, 0.4) * twist * np.clip(uneven, 0.5, 1.5)
        height = (number / 5 - 3) * unit + ground_height(relief, path) * 0.5
        grooves = lot.rng.normal(0, lot.between(0.3, 1.1) * unit, int(lot.rng.integers(5, 12)))
        tone = lot.rng.uniform(0.9, 1.1)
        relief.tube(path, radius, height, flat=0.6, tone=tone, grooves=grooves)
    for centre in spread_points(size, lot.rng, 14 * unit)[: lot.count(0, 130)]:
        y, x = (int(np.clip(value, 0, size - 1)) for value in centre)
        filler = float(lot.rng.lognormal(np.log(3.5 * unit), 0.6))
        relief.put(grain((centre[0], centre[1]), filler, lot.rng), float(relief.z[y, x]))
    rough = lot.between(0.3, 1.0) * unit
    relief.z += np.float32(rough) * fractal(size, lot.rng, lot.scale(4, 9) * unit, 3, 0.7)
    return secondary(relief, lot)


def filaments(lot: Lot, size: int) -> FloatImage:
    """Loose fibres over a dark or tape-like ground, in and out of focus, with knots."""
    unit = size / 256
    relief = Relief(size, 0.0, lot.between(0.15, 0.5))
    relief.z += np.float32(unit) * fractal(size, lot.rng, 60 * unit, 3)
    radius = lot.scale(2, 9) * unit
    for _ in range(lot.count(4, 16)):
        path = walk(lot.rng, size, 2.0, lot.towards(lot.between(0.1, 1.8), 0.05))
        height = lot.rng.uniform(1, 6) * radius
        relief.tube(path, radius * lot.rng.lognormal(0, 0.3), height)
    if lot.chance(0.5):
        for centre in lot.rng.uniform(0, size, (lot.count(1, 4), 2)):
            knot = (radius * lot.between(1.5, 3), radius * lot.between(1.2, 2))
            relief.put(ellipsoid((centre[0], centre[1]), knot), 2 * radius)
    return secondary(relief, lot)


KINDS = {
    "electrospun": electrospun,
    "woven": woven,
    "single": single,
    "bundle": bundle,
    "pulp": pulp,
    "filaments": filaments,
}
