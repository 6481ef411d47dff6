"""MEMS: devices and electrodes, laid out with straight edges, each part once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from micrographia.arrays import FloatImage
from micrographia.synthesis.kinds.drawing.fields import fractal, smooth
from micrographia.synthesis.kinds.drawing.layout import Layout
from micrographia.synthesis.kinds.drawing.lot import Lot
from micrographia.synthesis.kinds.drawing.oblique import oblique
from micrographia.synthesis.kinds.drawing.relief import Relief
from micrographia.synthesis.kinds.drawing.shading import secondary


@dataclass(frozen=True)
class _Device:
    """Two layers in the same position, and the angle at which they are seen."""

    low: Layout
    high: Layout
    tilt: float


def _layout(lot: Lot, size: int) -> _Device:
    """Lay out a device: its turn, its enlargement, and the angle at which it is seen."""
    turn = lot.rng.choice([0, np.pi / 2, np.pi]) + lot.rng.normal(0, 0.1 + 0.2 * lot.variety)
    shift = (float(lot.rng.normal(0, 0.06)), float(lot.rng.normal(0.05, 0.06)))
    tilt = lot.between(0.5, 1.0) if lot.chance(0.4) else 0.0
    zoom = lot.scale(1.0, 1.8) if tilt else lot.scale(0.75, 1.5)
    squash = float(np.cos(tilt))
    low, high = (Layout(size, float(turn), zoom, shift, squash=squash) for _ in range(2))
    return _Device(low, high, tilt)


def _shown(lot: Lot, device: _Device, size: int, *, high: float = 1.0) -> FloatImage:
    """Shade a device of two layers on a wafer, from above or at an angle."""
    unit = size / 256
    low, top = device.low.mask, device.high.mask
    relief = Relief(size)
    wafer, metal, poly = lot.between(0.2, 0.6), lot.between(0.5, 1.0), lot.between(0.5, 1.1)
    step = lot.scale(1.5, 5) * unit * (1.5 if device.tilt else 1.0)
    soft = lot.between(0.2, 0.7) * unit
    relief.z = np.float32(step) * smooth(low, soft) + np.float32(step * 2 * high) * smooth(
        top, soft
    )
    relief.tone = np.float32(wafer) + np.float32(metal - wafer) * low
    relief.tone += top * (np.float32(poly) - relief.tone)
    edges = smooth(low, soft) * (1 - smooth(low, soft)) + smooth(top, soft) * (
        1 - smooth(top, soft)
    )
    relief.tone += np.float32(lot.between(0, 0.8)) * 4 * edges
    rough = lot.towards(lot.between(0.0, 0.12), 1.0) * unit
    relief.z += np.float32(rough) * fractal(size, lot.rng, lot.scale(2, 7) * unit, 3, 0.8)
    picture = secondary(relief, lot)
    if device.tilt:
        return oblique(relief, picture, device.tilt, wall=lot.between(0.6, 1.0))
    return picture


def comb_drive(lot: Lot, size: int) -> FloatImage:
    """Interlocking fingers, a shuttle with etch holes, folded springs, anchors."""
    device = _layout(lot, size)
    low, high = device.low, device.high
    fingers = lot.count(8, 22)
    pitch = 0.84 / fingers
    thin = lot.between(0.28, 0.4) * pitch
    for side in (-1, 1):
        base = 0.5 + side * lot.between(0.3, 0.34)
        high.box(0.06, min(base, base + side * 0.09), 0.94, max(base, base + side * 0.09))
        for index in range(fingers):
            x = 0.08 + (index + 0.25) * pitch
            high.box(x, min(base, base - side * 0.16), x + thin, max(base, base - side * 0.16))
            moving = 0.5 + side * 0.07
            tip = moving + side * 0.19
            x += 0.5 * pitch
            high.box(x, min(moving, tip), x + thin, max(moving, tip))
    high.box(0.04, 0.43, 0.96, 0.57)
    for x in np.arange(0.08, 0.95, lot.between(0.06, 0.1)):
        for y in (0.47, 0.53):
            high.disc(x, y, 0.012, hole=True)
    for x in (0.0, 1.0):
        high.line([(x, 0.5), (x, 0.12), (x + 0.05, 0.12), (x + 0.05, 0.4)], 0.015)
        low.box(x - 0.09, 0.05, x + 0.09, 0.16)
        low.box(x - 0.09, 0.84, x + 0.09, 0.95)
    return _shown(lot, device, size)


def electrodes(lot: Lot, size: int) -> FloatImage:
    """Interdigitated electrodes with bus bars and contact pads."""
    device = _layout(lot, size)
    low = device.low
    fingers = lot.count(4, 18)
    pitch = 0.7 / fingers
    metal = lot.between(0.35, 0.6)
    low.box(0.1, 0.12, 0.9, 0.2)
    low.box(0.1, 0.8, 0.9, 0.88)
    for index in range(fingers):
        x = 0.15 + index * pitch
        y0, y1 = (0.2, 0.74) if index % 2 else (0.26, 0.8)
        low.box(x, y0, x + metal * pitch, y1)
    for x, y in ((-0.15, -0.2), (0.75, 0.86)):
        low.box(x, y, x + 0.4, y + 0.38)
    if lot.chance(0.4):
        device.high.box(0.3, 0.3, 0.7, 0.7)
    return _shown(lot, device, size, high=0.4)


def cantilevers(lot: Lot, size: int) -> FloatImage:
    """Row of beams that stick out over an etched pit from one chip."""
    device = _layout(lot, size)
    high = device.high
    low = device.low
    low.box(-1, -1, 2, 2)
    low.box(0.02, 0.3, 0.98, 1.4, hole=True)
    number = lot.count(1, 7)
    pitch = 0.9 / number
    wide = lot.between(0.25, 0.6) * pitch
    high.box(-1, -1, 2, 0.28)
    grows = lot.chance(0.4)
    for index in range(number):
        x = 0.05 + (index + 0.5) * pitch
        end = 0.28 + (0.55 * (index + 1) / number if grows else lot.between(0.35, 0.6))
        high.box(x - wide / 2, 0.2, x + wide / 2, end)
        if lot.chance(0.3):
            high.polygon([(x - wide / 2, end), (x + wide / 2, end), (x, end + wide / 2)])
    return _shown(lot, device, size, high=lot.between(0.6, 1.6))


def spiral(lot: Lot, size: int) -> FloatImage:
    """Planar coil with square or round turns, an inner contact and pads."""
    device = _layout(lot, size)
    low = device.low
    turns = lot.count(3, 7)
    pitch = 0.36 / turns
    if lot.chance(0.5):
        angle = np.arange(4 * turns + 1) * np.pi / 2
        reach = 1.3 * (0.08 + pitch * angle / (2 * np.pi))
    else:
        angle = np.linspace(0, 2 * np.pi * turns, 60 * turns)
        reach = 0.08 + pitch * angle / (2 * np.pi)
    angle = angle + np.pi / 4
    corners = np.column_stack([0.5 + reach * np.cos(angle), 0.5 + reach * np.sin(angle)])
    low.line(corners, lot.between(0.4, 0.65) * pitch)
    low.box(0.44, 0.44, 0.56, 0.56)
    low.line(corners[-1] + np.array([[0, 0], [0.4, 0]]), 0.5 * pitch)
    device.high.box(0.46, 0.46, 0.54, 1.0)
    device.high.box(0.35, 0.95, 0.65, 1.2)
    return _shown(lot, device, size, high=0.5)


def contacts(lot: Lot, size: int) -> FloatImage:
    """Four or more leads that narrow from pads towards a small sample in the middle."""
    device = _layout(lot, size)
    low, high = device.low, device.high
    leads = lot.count(4, 8)
    gap = lot.between(0.03, 0.1)
    for index in range(leads):
        angle = 2 * np.pi * (index + 0.5) / leads
        away = np.array([np.cos(angle), np.sin(angle)])
        side = np.array([-away[1], away[0]])
        thin, wide = lot.between(0.008, 0.025), lot.between(0.08, 0.17)
        inner, elbow, outer, pad = (0.5 + away * reach for reach in (gap, 0.22, 0.42, 1.2))
        low.polygon(
            np.array(
                [
                    inner - side * thin,
                    inner + side * thin,
                    elbow + side * 2 * thin,
                    outer + side * wide,
                    pad + side * wide,
                    pad - side * wide,
                    outer - side * wide,
                    elbow - side * 2 * thin,
                ]
            )
        )
    if lot.chance(0.6):
        turn = lot.rng.uniform(0, np.pi)
        half = 0.2 * np.array([np.cos(turn), np.sin(turn)])
        high.line(np.array([0.5 - half, 0.5 + half]), lot.between(0.006, 0.02))
    else:
        high.box(0.42, 0.44, 0.58, 0.56)
    return _shown(lot, device, size, high=0.6)


def suspended_plate(lot: Lot, size: int) -> FloatImage:
    """Proof mass with etch holes on meandering springs, as in an accelerometer."""
    device = _layout(lot, size)
    low, high = device.low, device.high
    half = lot.between(0.18, 0.28)
    high.box(0.5 - half, 0.5 - half, 0.5 + half, 0.5 + half)
    step = lot.between(0.045, 0.09)
    for x in np.arange(0.5 - half + step / 2, 0.5 + half, step):
        for y in np.arange(0.5 - half + step / 2, 0.5 + half, step):
            high.box(x - 0.2 * step, y - 0.2 * step, x + 0.2 * step, y + 0.2 * step, hole=True)
    bends = lot.count(3, 6)
    for sx in (-1, 1):
        for sy in (-1, 1):
            points = []
            for index in range(2 * bends):
                x = 0.5 + sx * (half + 0.02 + 0.17 * index / (2 * bends))
                y = 0.5 + sy * (half - (0.02 if ((index + 1) // 2) % 2 else 0.14))
                points.append((x, y))
            high.line([(0.5 + sx * (half - 0.02), points[0][1]), *points], 0.014)
            ax, ay = points[-1]
            low.box(ax - 0.06, ay - 0.06, ax + 0.06, ay + 0.06)
            high.box(ax - 0.045, ay - 0.045, ax + 0.045, ay + 0.045)
    low.box(-0.2, 0.46, 0.08, 0.54)
    low.box(0.92, 0.46, 1.2, 0.54)
    return _shown(lot, device, size)


def gears(lot: Lot, size: int) -> FloatImage:
    """Micromachined wheels with teeth, hubs and spokes that mesh."""
    device = _layout(lot, size)
    high, low = device.high, device.low
    x, y = 0.33, 0.42
    for radius in (lot.between(0.22, 0.3), lot.between(0.12, 0.2)):
        teeth = int(radius * 90)
        angle = np.linspace(0, 2 * np.pi, 16 * teeth)
        wave = np.clip(2.2 * np.sin(teeth * angle), -1, 1)
        reach = radius * (1 + 0.07 * wave)
        high.polygon(np.column_stack([x + reach * np.cos(angle), y + reach * np.sin(angle)]))
        spokes = lot.count(3, 6)
        for index in range(spokes):
            turn = 2 * np.pi * index / spokes
            high.disc(
                x + 0.55 * radius * np.cos(turn),
                y + 0.55 * radius * np.sin(turn),
                0.2 * radius,
                hole=True,
            )
        low.disc(x, y, 0.16 * radius)
        high.disc(x, y, 0.1 * radius, hole=True)
        x, y = x + radius * 1.62, y + radius * 0.6
    low.box(-0.2, 0.8, 1.2, 0.88)
    low.box(0.06, 0.88, 0.22, 1.2)
    return _shown(lot, device, size)


def heater(lot: Lot, size: int) -> FloatImage:
    """Meander of metal on a membrane, with wide leads and sense wires."""
    device = _layout(lot, size)
    low, high = device.low, device.high
    low.polygon([(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)])
    for turn in (0.15, 0.85):
        low.line([(turn, turn), (0.5, 0.5)], 0.05)
        low.line([(turn, 1 - turn), (0.5, 0.5)], 0.05)
    bends = lot.count(4, 10)
    rows = np.linspace(0.3, 0.7, bends)
    points = [
        point
        for index, y in enumerate(rows)
        for point in (((0.3, y), (0.7, y)) if index % 2 == 0 else ((0.7, y), (0.3, y)))
    ]
    high.line([(0.3, -0.2), *points, (points[-1][0], 1.2)], 0.4 / bends * lot.between(0.35, 0.55))
    high.box(-0.1, -0.2, 0.34, 0.1)
    high.box(points[-1][0] - 0.2, 0.92, points[-1][0] + 0.3, 1.3)
    return _shown(lot, device, size, high=0.3)


KINDS = {
    "comb_drive": comb_drive,
    "electrodes": electrodes,
    "cantilevers": cantilevers,
    "spiral": spiral,
    "contacts": contacts,
    "suspended_plate": suspended_plate,
    "gears": gears,
    "heater": heater,
}
