"""Electron micrographs of none of the ten classes: from them a classifier learns to decline.

Hendrycks et al., Deep Anomaly Detection with Outlier Exposure (2019): pictures of anything else
teach what is unknown, also where they are not the unknown that comes.
"""

from __future__ import annotations

import numpy as np

from micrographia.arrays import FloatImage
from micrographia.synthesis.kinds.drawing.fields import (
    cells,
    clouds,
    fractal,
    normalised,
    smooth,
    spread_points,
    streaks,
    warp,
)
from micrographia.synthesis.kinds.drawing.lot import Lot
from micrographia.synthesis.kinds.drawing.relief import Relief
from micrographia.synthesis.kinds.drawing.shading import secondary


def layers(lot: Lot, size: int) -> FloatImage:
    """Polished cross-section of a stack: flat bands of different tone and grain."""
    return _stack(lot, size)


def trench(lot: Lot, size: int) -> FloatImage:
    """Cross-section at the bottom of a trench that a focused ion beam cut into a surface."""
    unit = size / 256
    relief = Relief(size)
    relief.z = np.float32(lot.between(1, 5) * unit) * fractal(
        size, lot.rng, lot.scale(12, 60) * unit, 5, 0.6
    ) + np.float32(lot.between(0, 3) * unit) * streaks(size, lot.rng, 80 * unit, 8 * unit, 0.0)
    ground = secondary(relief, lot)
    y, x = (np.mgrid[:size, :size] / size - 0.5).astype(np.float32)
    half, tall = lot.between(0.22, 0.4), lot.between(0.22, 0.42)
    ragged = np.float32(0.01) * fractal(size, lot.rng, 20 * unit, 4)
    lean = lot.between(-0.1, 0.35)
    inside = np.maximum(np.abs(x) - half * (1 - lean * y), np.abs(y) - tall) + ragged < 0
    wall = (y < -tall * lot.between(0.2, 0.7)) & inside
    hole = smooth(inside.astype(np.float32), 0.8 * unit)
    section = _stack(lot, size, upright=True) * np.float32(lot.between(0.4, 0.8))
    section[wall] = (
        0.6 * float(ground.mean())
        + 0.1 * streaks(size, lot.rng, 60 * unit, 2 * unit, np.pi / 2)[wall]
    )
    return np.asarray(ground * (1 - hole) + section * hole, dtype=np.float32)


def _stack(lot: Lot, size: int, upright: bool = False) -> FloatImage:
    """Return bands across the picture, of their own tone, grain, pores and scratches."""
    unit = size / 256
    turn = 0.0 if upright or lot.chance(0.7) else lot.rng.uniform(0, np.pi)
    y, x = (np.mgrid[:size, :size] - size / 2).astype(np.float32)
    rough = lot.scale(0.4, 6) * unit
    across = y * np.cos(turn) - x * np.sin(turn)
    across += np.float32(rough) * fractal(size, lot.rng, lot.scale(15, 120) * unit, 5, 0.6)
    borders = np.sort(lot.rng.uniform(-0.45, 0.45, lot.count(1, 4))) * size
    picture = np.zeros((size, size), dtype=np.float32)
    tone = lot.between(0.2, 0.9)
    for low, high in zip([-np.inf, *borders], [*borders, np.inf], strict=True):
        # Neighbours differ enough to be told apart.
        tone = (tone + lot.rng.uniform(0.2, 0.7)) % 0.9 + 0.05
        band = np.full((size, size), tone, dtype=np.float32)
        band += np.float32(lot.between(0.0, 0.08)) * clouds(
            size, lot.rng, lot.scale(1.5, 20) * unit
        )
        if lot.chance(0.35):
            band *= np.float32(1) + np.float32(0.07) * streaks(
                size, lot.rng, 150 * unit, 2 * unit, turn + lot.rng.normal(0, 0.2)
            )
        if lot.chance(0.3):
            pores = fractal(size, lot.rng, lot.scale(3, 14) * unit, 3) > lot.between(1.6, 2.8)
            band *= 1 - np.float32(0.6) * smooth(pores.astype(np.float32), 0.7 * unit)
        inside = smooth(((across >= low) & (across < high)).astype(np.float32), 0.7 * unit)
        picture += inside * band
        if np.isfinite(low):
            rim = np.exp(-(((across - low) / (1.5 * unit)) ** 2))
            picture += np.float32(lot.between(-0.2, 0.35)) * rim
    return np.asarray(picture, dtype=np.float32)


def fringes(lot: Lot, size: int) -> FloatImage:
    """Lattice planes that fill the view, straight in domains or bent as those of carbons."""
    unit = size / 256
    y, x = np.mgrid[:size, :size].astype(np.float32)
    period = lot.scale(2.5, 14) * unit
    bend = lot.scale(0.02, 1.6)
    grown = bend * clouds(size, lot.rng, lot.scale(25, 160) * unit)
    if lot.chance(0.4):  # domains, each of its own direction
        *_, owner = cells(size, spread_points(size, lot.rng, lot.scale(40, 160) * unit, 0.4))
        grown = grown + lot.rng.uniform(0, np.pi, int(owner.max()) + 1).astype(np.float32)[owner]
    turn = lot.rng.uniform(0, np.pi)
    picture = np.zeros((size, size), dtype=np.float32)
    for number in range(lot.count(1, 3)):
        angle = turn + number * lot.between(0.9, 1.6)
        phase = 2 * np.pi / period * (x * np.cos(angle) + y * np.sin(angle))
        wave = np.cos(phase + np.float32(2 * np.pi * bend) * grown)
        patchy = np.clip(0.6 + 0.5 * fractal(size, lot.rng, 50 * unit, 3), 0, 2)
        picture += wave.astype(np.float32) * patchy
    picture += np.float32(lot.between(0.3, 2.0)) * _amorphous(lot, size)
    picture += np.float32(lot.between(0, 1.0)) * fractal(size, lot.rng, 90 * unit, 3)
    return np.asarray(0.5 + 0.12 * normalised(picture), dtype=np.float32)


def amorphous(lot: Lot, size: int) -> FloatImage:
    """Matter without order at high magnification, at times with its edge over the vacuum."""
    unit = size / 256
    picture = 0.5 + np.float32(lot.between(0.08, 0.16)) * _amorphous(lot, size)
    picture += np.float32(lot.between(0.0, 0.1)) * fractal(size, lot.rng, 70 * unit, 3)
    if lot.chance(0.5):
        field = warp(fractal(size, lot.rng, 0.9 * size, 4), lot.rng, 5 * unit, 20 * unit)
        outside = field > np.quantile(field, lot.between(0.5, 0.9))
        cover = smooth(outside.astype(np.float32), 1.5 * unit)
        rim = 4 * cover * (1 - cover)
        picture = picture * (1 - cover) + cover * np.float32(lot.between(0.55, 0.85)) - 0.1 * rim
    return np.asarray(picture, dtype=np.float32)


def _amorphous(lot: Lot, size: int) -> FloatImage:
    """Return noise of one grain size, as phase contrast shows it; unit deviation."""
    width = lot.scale(0.9, 3.0) * size / 256
    noise = lot.rng.standard_normal((size, size)).astype(np.float32)
    return normalised(smooth(noise, width) - smooth(noise, 2 * width))


def diffraction(lot: Lot, size: int) -> FloatImage:
    """Diffraction pattern: rings of a powder or spots of a crystal around a bright beam."""
    unit = size / 256
    y, x = np.mgrid[:size, :size].astype(np.float32)
    row, column = size * (0.5 + lot.rng.normal(0, 0.03, 2))
    far = np.hypot(y - row, x - column)
    halo = lot.scale(10, 40) * unit
    picture = np.float32(lot.between(0.3, 1.0)) * np.exp(-far / halo)
    if lot.chance(0.5):
        angle = np.arctan2(y - row, x - column)
        speckle = np.clip(1 + lot.between(0, 1) * clouds(size, lot.rng, 3 * unit), 0, 3)
        for _ in range(lot.count(2, 6)):
            radius, width = lot.rng.uniform(0.12, 0.6) * size, lot.scale(0.8, 5) * unit
            ring = np.exp(-(((far - radius) / width) ** 2)) * speckle
            picture += np.float32(lot.rng.uniform(0.1, 0.6)) * (1 + 0.3 * np.cos(2 * angle)) * ring
    else:
        first = lot.scale(16, 50) * unit
        turn, open_ = lot.rng.uniform(0, np.pi), lot.between(1.0, 2.1)
        steps = np.arange(-12, 13)
        h, k = (part.ravel() for part in np.meshgrid(steps, steps))
        ratio = lot.between(0.7, 1.4)
        rows = row + first * (h * np.sin(turn) + k * ratio * np.sin(turn + open_))
        columns = column + first * (h * np.cos(turn) + k * ratio * np.cos(turn + open_))
        away = np.hypot(rows - row, columns - column)
        bright = np.exp(-away / (0.35 * size)) * lot.rng.lognormal(0, 0.7, len(rows))
        spot = Relief(size)
        radius = np.maximum(lot.scale(1.2, 5) * unit * np.clip(bright, 0.4, 1.5), 1.0)
        spot.balls(np.column_stack([rows, columns, radius]), 3 * bright)
        picture += smooth(np.clip(spot.z, 0, 3), 0.8 * unit)
    if lot.chance(0.3):  # the stop of the beam
        picture *= 1 - smooth((far < 9 * unit).astype(np.float32), unit)
    return np.asarray(np.clip(picture, 0, 2), dtype=np.float32)


SCANNING = {"layers": layers, "trench": trench}
TRANSMITTED = {"fringes": fringes, "amorphous": amorphous, "diffraction": diffraction}
