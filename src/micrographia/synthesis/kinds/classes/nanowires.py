"""Nanowires: thin, straight and stiff, with ends in sight, standing or lying."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import FloatArray, FloatImage
from micrographia.synthesis.kinds.drawing.fields import fractal, spread_points
from micrographia.synthesis.kinds.drawing.lot import Lot
from micrographia.synthesis.kinds.drawing.relief import Relief, ellipsoid
from micrographia.synthesis.kinds.drawing.shading import secondary
from micrographia.synthesis.kinds.drawing.solids import crystal, walk
from micrographia.synthesis.kinds.drawing.transmission import transmitted


def _wire(lot: Lot, length: float, angle: float, bend: float, middle: FloatArray) -> FloatArray:
    """Nearly straight centre line of `length` [px] through `middle`."""
    along = np.arange(-length / 2, length / 2 + 0.5, 0.5)
    bow = bend * length * ((2 * along / max(length, 1)) ** 2 - 0.3) * lot.rng.normal(0, 1)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.column_stack([along * sin + bow * cos, along * cos - bow * sin]) + middle


def lying(lot: Lot, size: int) -> FloatImage:
    """Wires dispersed on a wafer, some with a catalyst's droplet at the end."""
    unit = size / 256
    relief = Relief(size, 0.0, lot.between(0.15, 0.5))
    radius, length = lot.scale(0.8, 4.0) * unit, lot.scale(45, 260) * unit
    bend = lot.towards(lot.between(0, 0.04), 0.25)
    length, radius = lot.towards(1.0, 3.0) * length, lot.towards(1.0, 2.0) * radius
    caps = lot.chance(0.35)
    one_way = lot.chance(0.2)
    azimuth = lot.rng.uniform(0, np.pi)
    number = int(lot.scale(8, 90))
    lot.note(count=number, diameter=2 * radius / size, length=length / size)
    lot.note(tipped=caps, aligned=one_way)
    for _ in range(number):
        angle = azimuth + lot.rng.normal(0, 0.12) if one_way else lot.rng.uniform(0, np.pi)
        long = length * lot.rng.lognormal(0, 0.3)
        path = _wire(lot, long, angle, bend, lot.rng.uniform(0, size, 2))
        thick = radius * lot.rng.lognormal(0, 0.15)
        taper = thick * np.linspace(1, lot.rng.uniform(0.6, 1), len(path))
        relief.tube(path, taper, lot.rng.uniform(1, 3) * thick)
        if caps:
            end = (float(path[-1, 0]), float(path[-1, 1]))
            relief.put(ellipsoid(end, (1.5 * thick, 1.5 * thick)), 3 * thick, tone=1.5)
    return secondary(relief, lot)


def forest(lot: Lot, size: int) -> FloatImage:
    """Standing wires seen at an angle: stems point up the picture, in front of those behind."""
    unit = size / 256
    radius, length = lot.scale(0.9, 4.0) * unit, lot.scale(35, 150) * unit
    lot.note(diameter=2 * radius / size, length=length / size, aligned=True)
    relief = Relief(size, -4 * size, lot.between(0.08, 0.3))
    spacing = max(radius * lot.scale(3.0, 8.0), 0.026 * (size + length))
    feet = spread_points(size + int(length), lot.rng, spacing, lot.between(0.15, 0.5))
    feet = feet[np.argsort(feet[:, 0])]
    lean = lot.between(0.03, 0.22)
    caps = lot.chance(0.4)
    horizon = lot.between(-0.4, 0.35) * size
    # Some are broken open in front: the wafer shows its edge.
    front = size * lot.between(0.7, 0.95) if lot.chance(0.35) else size + length
    feet = feet[(feet[:, 0] > horizon + 0.5 * length) & (feet[:, 0] < front)]
    feet = feet[feet[:, 1] < 1.05 * size]
    if front < size:
        relief.z[int(front) :] = 0
        relief.tone[int(front) :] = lot.between(0.3, 0.8)
    for foot in feet:
        long = length * lot.rng.normal(1, 0.1)
        path = _wire(
            lot, long, np.pi / 2 + lot.rng.normal(0, lean), 0.01, np.array(foot) - (long / 2, 0)
        )
        rise = float(foot[0])  # the nearer hides the farther
        fade = np.linspace(0, 1, len(path))
        relief.tube(path[::-1], radius, rise + 2 * radius * fade, tone=lot.rng.uniform(0.85, 1.1))
        if caps:
            top = (float(path[0, 0]), float(path[0, 1]))
            relief.put(ellipsoid(top, (1.4 * radius, 1.4 * radius)), rise + 3 * radius, tone=1.4)
    sky = relief.z < -2 * size
    relief.z[sky] = relief.z[~sky].min() - 4 * radius if (~sky).any() else 0
    return secondary(relief, lot)


def mat(lot: Lot, size: int) -> FloatImage:
    """Dense felt of straight thin wires in all directions, dark between them."""
    unit = size / 256
    radius = lot.scale(0.8, 3.2) * unit
    length = lot.scale(60, 400) * unit
    relief = Relief(size, -25 * radius, 0.4)
    lot.note(diameter=2 * radius / size, length=length / size, aligned=False)
    bend = lot.towards(lot.between(0.0, 0.05), 0.3)
    number = int(np.clip(5 * size / radius * 256 * unit / length, 80, 420))
    for index in range(number):
        long = length * lot.rng.lognormal(0, 0.3)
        path = _wire(lot, long, lot.rng.uniform(0, np.pi), bend, lot.rng.uniform(0, size, 2))
        tilt = np.linspace(-1, 1, len(path)) * lot.rng.normal(0, 5) * radius
        height = (index / number - 1) * 18 * radius + tilt
        relief.tube(path, radius * lot.rng.lognormal(0, 0.25), height)
    return secondary(relief, lot)


def rods_from_above(lot: Lot, size: int) -> FloatImage:
    """Field of upright hexagonal rods, such as zinc oxide, seen from above."""
    unit = size / 256
    radius = lot.scale(5, 17) * unit
    lot.note(diameter=2 * radius / size, aligned=True)
    relief = Relief(size, -8 * radius, 0.35)
    askew = lot.between(0.03, 0.3)
    for centre in spread_points(
        size, lot.rng, radius * lot.between(1.7, 2.8), lot.between(0.15, 0.4)
    ):
        thick = radius * lot.rng.lognormal(0, lot.between(0.05, 0.25))
        height = lot.rng.normal(0, 1.2) * thick
        tilt = lot.rng.normal(0, askew, 2)
        steps = np.arange(0, 5 * thick, 1.0)
        # The flank of a leaning rod: its section, again and again, farther down.
        foot = np.array(centre) - np.outer(steps, tilt)
        relief.tube(foot, 0.8 * thick, height - steps)
        turn = crystal(
            (centre[0], centre[1]), 1.3 * thick, "hexagonal prism", lot.rng, lying=0.4 * askew
        )
        relief.put(turn, height)
    return secondary(relief, lot)


def urchins(lot: Lot, size: int) -> FloatImage:
    """Bundles of wires that grow from one point: flowers, sea urchins, tetrapods."""
    unit = size / 256
    relief = Relief(size, 0.0, lot.between(0.2, 0.6))
    length = lot.scale(22, 75) * unit
    radius = lot.scale(0.9, 2.6) * unit
    arms = lot.count(25, 90)
    if lot.chance(0.25):  # tetrapods
        arms, length, radius = 4, 1.3 * length, 1.6 * radius
    lot.note(arms=arms, diameter=2 * radius / size, length=length / size)
    points = spread_points(size, lot.rng, length * lot.between(1.3, 2.2), 0.3)
    points = points[np.argsort(np.hypot(*(points - size / 2).T))]
    points += size * (0.5 + lot.rng.normal(0, 0.1, 2)) - points[0]
    for centre in points[: max(900 // arms, 8)]:
        for _ in range(arms):
            away = lot.rng.normal(0, 1, 3)
            away /= np.linalg.norm(away)
            long = length * lot.rng.uniform(0.7, 1.1)
            along = np.arange(0, long, 0.5)
            path = np.array(centre) + np.outer(along, away[:2])
            thick = radius * np.linspace(1.2, 0.5, len(path))
            if len(path) > 3:
                relief.tube(path, thick, along * abs(away[2]) + 2 * radius)
    return secondary(relief, lot)


def wires_in_transmission(lot: Lot, size: int) -> FloatImage:
    """Wires on a carbon film in transmission: thin, crossing, some in bundles."""
    unit = size / 256
    relief = Relief(size, transparent=True)
    radius = lot.scale(0.5, 4.0) * unit
    length = lot.scale(60, 400) * unit
    bend = lot.towards(lot.between(0.0, 0.12), 0.3)
    bundles = lot.count(1, 5)
    middles = lot.rng.uniform(0, size, (bundles, 2))
    turns = lot.rng.uniform(0, np.pi, bundles)
    gathered = lot.between(0, 0.9)
    wavy = lot.chance(0.25)
    number = int(lot.scale(6, 130))
    lot.note(count=number, diameter=2 * radius / size, length=length / size)
    for _ in range(number):
        middle, angle = lot.rng.uniform(0, size, 2), lot.rng.uniform(0, np.pi)
        if lot.rng.random() < gathered:
            which = int(lot.rng.integers(bundles))
            middle = middles[which] + lot.rng.normal(0, 14 * unit, 2)
            angle = turns[which] + lot.rng.normal(0, 0.25)
        long = length * lot.rng.lognormal(0, 0.4)
        path = _wire(lot, long, angle, bend, middle)
        if wavy:
            path = walk(lot.rng, size, long / size, 2.5, start=middle)
        relief.tube(path, radius * lot.rng.lognormal(0, 0.15), 0)
    relief.mass += np.maximum(fractal(size, lot.rng, 30 * unit, 3) * 0.1 * radius, 0)
    return transmitted(relief.mass, lot)


KINDS = {
    "lying": lying,
    "forest": forest,
    "mat": mat,
    "rods_from_above": rods_from_above,
    "urchins": urchins,
}
TRANSMITTED = {"wires_in_transmission": wires_in_transmission}
