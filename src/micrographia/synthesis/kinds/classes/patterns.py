"""Patterned surfaces: one motif, made by lithography, repeated over the whole picture."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import FloatImage
from micrographia.synthesis.kinds.drawing.fields import clouds, fractal, smooth, streaks
from micrographia.synthesis.kinds.drawing.layout import Layout
from micrographia.synthesis.kinds.drawing.lot import Lot
from micrographia.synthesis.kinds.drawing.oblique import oblique
from micrographia.synthesis.kinds.drawing.relief import Relief
from micrographia.synthesis.kinds.drawing.shading import secondary


def _raised(lot: Lot, mask: FloatImage, tall: float) -> Relief:
    """Relief of a mask: etched or deposited to one height [px], each level with its own tone."""
    size, unit = mask.shape[0], mask.shape[0] / 256
    relief = Relief(size)
    soft = smooth(mask, lot.between(0.2, 0.9) * unit)
    low, high = lot.between(0.3, 0.7), lot.between(0.5, 1.0)
    relief.z = np.float32(tall) * soft
    relief.tone = np.float32(low) + np.float32(high - low) * mask
    relief.tone += np.float32(lot.between(0, 0.9)) * 4 * soft * (1 - soft)
    rough = lot.towards(lot.between(0.0, 0.25), 1.2) * unit
    relief.z += np.float32(rough) * fractal(size, lot.rng, lot.scale(2, 10) * unit, 3, 0.7)
    return relief


def lines(lot: Lot, size: int) -> FloatImage:
    """Grating: parallel lines with bright edges, even or rough."""
    unit = size / 256
    pitch = lot.scale(9, 75) * unit
    duty = lot.between(0.3, 0.7)
    lot.note(pitch=pitch / size, duty=duty, ordered=True)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    turn = lot.rng.normal(0, 0.04) + (np.pi / 2 if lot.chance(0.3) else 0.0)
    if lot.chance(0.2):
        turn = lot.rng.uniform(0, np.pi)
    along = (
        lot.between(0.0, 0.03)
        * pitch
        * streaks(size, lot.rng, 14 * unit, 0.5 * pitch, turn + np.pi / 2)
    )
    place = (x * np.cos(turn) + y * np.sin(turn) + along) / pitch + lot.rng.random()
    inside = duty / 2 - np.abs((place % 1) - 0.5)
    mask = np.clip(inside * pitch + 0.5, 0, 1).astype(np.float32)
    return secondary(_raised(lot, mask, lot.scale(2, 14) * unit), lot)


def _array(lot: Lot, size: int, *, tilt: float = 0.0) -> tuple[FloatImage, float]:
    """Mask of one motif on a lattice, and the lattice's spacing [px]."""
    number = lot.count(4, 10) if tilt else lot.count(4, 18)
    pitch = 1 / number
    turn = lot.rng.normal(0, 0.12) if lot.chance(0.7) else lot.rng.uniform(0, 1.5)
    layout = Layout(size, turn, squash=float(np.cos(tilt)))
    hexagonal = lot.chance(0.4)
    motif = lot.pick(["disc", "square", "cross", "ring", "ellipse", "bar"])
    fill = lot.between(0.24, 0.42) * pitch
    lot.note(pitch=pitch, motif=motif, lattice="hexagonal" if hexagonal else "square")
    gone, loose = lot.towards(lot.between(0, 0.02), 0.3), lot.towards(0.0, 0.15)
    far = int(number * (1.2 if tilt else 0.5)) + 1
    reach = range(-far, number + far + 1)
    for row in reach:
        for column in reach:
            if lot.rng.random() < gone:
                continue
            x = (column + (0.5 if hexagonal and row % 2 else 0.0) + 0.5) * pitch
            y = (row * (0.866 if hexagonal else 1) + 0.5) * pitch
            x, y = (at + lot.rng.normal(0, loose) * pitch for at in (x, y))
            _motif(layout, motif, x, y, fill)
    return layout.mask, pitch * size


def _motif(layout: Layout, motif: str, x: float, y: float, half: float) -> None:
    if motif in ("disc", "ring"):
        layout.disc(x, y, half)
        if motif == "ring":
            layout.disc(x, y, 0.6 * half, hole=True)
    elif motif == "square":
        layout.box(x - half, y - half, x + half, y + half)
    elif motif == "cross":
        layout.box(x - half, y - 0.3 * half, x + half, y + 0.3 * half)
        layout.box(x - 0.3 * half, y - half, x + 0.3 * half, y + half)
    elif motif == "bar":
        layout.box(x - 1.1 * half, y - 0.4 * half, x + 1.1 * half, y + 0.4 * half)
    else:
        angle = np.linspace(0, 2 * np.pi, 30)
        layout.polygon(np.column_stack([x + half * np.cos(angle), y + 0.6 * half * np.sin(angle)]))


def holes(lot: Lot, size: int) -> FloatImage:
    """Array of holes in a film: dark, with bright rims."""
    mask, pitch = _array(lot, size)
    return secondary(_raised(lot, 1 - mask, lot.between(0.2, 0.8) * pitch), lot)


def dots(lot: Lot, size: int) -> FloatImage:
    """Array of dots or mesas seen from above: bright, with brighter rims."""
    mask, pitch = _array(lot, size)
    return secondary(_raised(lot, mask, lot.between(0.1, 0.45) * pitch), lot)


def pillars(lot: Lot, size: int) -> FloatImage:
    """Array of pillars, seen at an angle."""
    tilt = lot.between(0.4, 1.0)
    mask, pitch = _array(lot, size, tilt=tilt)
    relief = _raised(lot, mask, lot.between(0.4, 1.1) * pitch)
    picture = secondary(relief, lot)
    return oblique(relief, picture, tilt, wall=lot.between(0.5, 0.95))


def grid(lot: Lot, size: int) -> FloatImage:
    """Mesh of crossing bars, or chequered fields."""
    unit = size / 256
    number = lot.count(3, 14)
    tilt = lot.between(0.4, 0.9) if lot.chance(0.3) else 0.0
    layout = Layout(size, lot.rng.normal(0, 0.2), squash=float(np.cos(tilt)))
    bar = lot.between(0.12, 0.45) / number
    chequered = lot.chance(0.25)
    lot.note(pitch=1 / number, ordered=True)
    for index in range(-number, 2 * number):
        place = (index + 0.5) / number
        if chequered:
            for other in range(-number, 2 * number, 2):
                x = (other + index % 2) / number
                layout.box(x, index / number, x + 1 / number, (index + 1) / number)
            continue
        layout.box(-1, place - bar / 2, 2, place + bar / 2)
        layout.box(place - bar / 2, -1, place + bar / 2, 2)
    relief = _raised(lot, layout.mask, lot.scale(2, 14) * unit)
    picture = secondary(relief, lot)
    return oblique(relief, picture, tilt) if tilt else picture


def rings(lot: Lot, size: int) -> FloatImage:
    """Zone plate or circular grating."""
    unit = size / 256
    y, x = np.mgrid[:size, :size].astype(np.float32) / size
    cy, cx = lot.rng.uniform(-0.1, 1.1, 2) if lot.chance(0.5) else (0.5, 0.5)
    radius = np.hypot(y - cy, x - cx)
    zones = lot.between(8, 30)
    phase = zones * radius**2 if lot.chance(0.6) else 0.8 * zones * radius
    inside = 0.5 - np.abs(phase % 1 - 0.5) * 2
    mask = np.clip(inside * 6 + 0.5, 0, 1).astype(np.float32)
    return secondary(_raised(lot, mask, lot.scale(2, 8) * unit), lot)


def tracks(lot: Lot, size: int) -> FloatImage:
    """Repeated cells of lines and squares, as on a chip or a resolution target."""
    unit = size / 256
    layout = Layout(size, lot.rng.normal(0, 0.08))
    number = lot.count(2, 5)
    cell = 1 / number
    lot.note(pitch=cell, ordered=True)
    bars = lot.rng.uniform(0.05, 0.9, (lot.count(3, 7), 4))
    for row in range(-1, number + 1):
        for column in range(-1, number + 1):
            for x, y, wide, high in bars:
                across, down = (0.5 * wide, 0.1) if wide > high else (0.1, 0.5 * high)
                x0, y0 = (column + x) * cell, (row + y) * cell
                layout.box(x0, y0, x0 + across * cell, y0 + down * cell)
    relief = _raised(lot, layout.mask, lot.scale(2, 9) * unit)
    relief.tone += np.float32(0.03) * clouds(size, lot.rng, 60 * unit)
    return secondary(relief, lot)


KINDS = {
    "lines": lines,
    "holes": holes,
    "dots": dots,
    "pillars": pillars,
    "grid": grid,
    "rings": rings,
    "tracks": tracks,
}
