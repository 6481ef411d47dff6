"""Tips: one sharp point, of a probe, a needle or an emitter, against an empty ground."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import FloatArray, FloatImage
from micrographia.synthesis.kinds.drawing.fields import clouds, fractal, smooth, streaks
from micrographia.synthesis.kinds.drawing.layout import Layout
from micrographia.synthesis.kinds.drawing.lot import Lot
from micrographia.synthesis.kinds.drawing.oblique import oblique
from micrographia.synthesis.kinds.drawing.relief import Centre, Relief, ellipsoid
from micrographia.synthesis.kinds.drawing.shading import secondary


def _void(lot: Lot, size: int) -> Relief:
    """Empty ground far behind: dark, without detail."""
    relief = Relief(size, -0.6 * size, lot.between(0.08, 0.35))
    relief.tone *= 1 + np.float32(0.08) * clouds(size, lot.rng, 0.6 * size)
    return relief


def _placed(along: FloatArray, lot: Lot, size: int, reach: float) -> FloatArray:
    """Straight line that ends at an apex inside the picture; the shank leaves by the border."""
    angle = lot.rng.choice([0, np.pi / 2, np.pi, -np.pi / 2]) + lot.rng.normal(
        0, 0.35 * lot.variety
    )
    away = np.array([np.sin(angle), np.cos(angle)])
    apex = size / 2 - away * size * (0.5 - reach) + lot.rng.normal(0, 0.05 * size, 2)
    return np.asarray(apex + np.outer(along, away))


def needle(lot: Lot, size: int) -> FloatImage:
    """Etched metal wire that narrows to a point, slowly or with a shoulder."""
    unit = size / 256
    relief = _void(lot, size)
    along = np.arange(0, 1.6 * size, 0.5)
    path = _placed(along, lot, size, lot.between(0.2, 0.45))
    far = along / size
    shank = lot.scale(0.06, 0.3)
    power = lot.between(0.45, 1.4)
    width = shank * np.minimum((far / lot.between(0.4, 1.1)) ** power, 1.0)
    if lot.chance(0.35):  # a neck, where the drop of electrolyte was
        width = width + shank * 1.2 / (1 + np.exp(-(far - lot.between(0.35, 0.7)) / 0.03))
    radius = np.maximum(width, lot.scale(0.003, 0.02)) * size
    tone = lot.between(0.8, 1.1)
    relief.tube(path, radius, 0.0, tone=tone)
    relief.put(
        ellipsoid((float(path[0, 0]), float(path[0, 1])), (radius[0], radius[0])), 0.0, tone
    )
    on = relief.z > -0.5 * size
    angle = float(np.arctan2(*(path[-1] - path[0])))
    drawn = streaks(size, lot.rng, 80 * unit, 3 * unit, angle)
    etched = fractal(size, lot.rng, lot.scale(4, 14) * unit, 4, 0.6)
    skin = lot.between(0, 0.5) * drawn + lot.between(0.05, 0.9) * etched
    relief.z[on] += (unit * skin[on]).astype(np.float32)
    return secondary(relief, lot, guests=lot.lean())


def apex(lot: Lot, size: int) -> FloatImage:
    """End of a tip at high magnification: a blunt cone with a rounded or broken point."""
    unit = size / 256
    relief = _void(lot, size)
    along = np.arange(0, 1.5 * size, 0.5)
    path = _placed(along, lot, size, lot.between(0.15, 0.4))
    blunt = lot.scale(4, 34) * unit
    slope = lot.between(0.1, 0.45)
    radius = np.sqrt(np.minimum(2 * blunt * along, blunt**2 + 0 * along)) + slope * along
    radius = np.maximum(radius, 0.8)
    relief.tube(path, radius, 0.0)
    on = relief.z > -0.5 * size
    skin = fractal(size, lot.rng, lot.scale(4, 25) * unit, 5, 0.6)
    relief.z[on] += np.float32(lot.between(0.2, 2.0) * unit) * skin[on]
    relief.z = np.where(on, relief.z, -0.6 * size).astype(np.float32)
    if lot.chance(0.3):  # a nanotube or a grown whisker
        whisker = path[0] - np.outer(np.arange(0, 0.2 * size, 0.5), path[40] - path[0]) / 20
        relief.tube(whisker, lot.between(0.8, 3) * unit, 0.0, tone=1.2)
    return secondary(relief, lot, guests=lot.lean())


def cantilever_side(lot: Lot, size: int) -> FloatImage:
    """Probe seen from the side: a thin beam from one border, the tip at its end."""
    unit = size / 256
    relief = _void(lot, size)
    layout = Layout(
        size, lot.rng.normal(0, 0.15), lot.scale(0.8, 1.5), (0.0, lot.rng.normal(0, 0.05))
    )
    flip = bool(lot.rng.random() < 0.5)
    thick, end = lot.between(0.05, 0.11), lot.between(0.68, 0.85)
    y, tall = 0.6, lot.between(0.2, 0.38)
    foot, apex_x = lot.between(0.12, 0.24), lot.between(-0.06, 0.06)
    beam = [(-0.4, y), (end, y), (end + 0.05, y + thick), (-0.4, y + thick)]
    middle = end - 0.55 * foot
    tip = [
        (middle - foot / 2, y + 0.01),
        (middle - 0.1 * foot, y - 0.6 * tall),
        (middle + apex_x - 0.006, y - tall),
        (middle + apex_x + 0.006, y - tall),
        (middle + 0.16 * foot, y - 0.6 * tall),
        (middle + foot / 2, y + 0.01),
    ]
    for shape in (beam, tip):
        corners = np.array(shape)
        if flip:
            corners[:, 0] = 1 - corners[:, 0]
        layout.polygon(corners)
    solid = layout.mask
    inner = smooth(solid, 5 * unit)
    on = solid > 0.5
    relief.z[on] = (10 * unit * inner)[on]
    relief.tone[on] = lot.between(0.7, 1.0)
    skin = fractal(size, lot.rng, lot.scale(4, 20) * unit, 4)
    relief.z[on] += np.float32(lot.between(0.05, 0.5) * unit) * skin[on]
    return secondary(relief, lot, guests=lot.lean())


def _pyramid(
    size: int, centre: Centre, half: float, tall: float, *, turn: float, sides: int, squash: float
) -> FloatImage:
    """Height of a pyramid or cone (more than 8 sides) [px], 0 around it."""
    y, x = np.mgrid[:size, :size].astype(np.float32)
    dy, dx = (y - np.float32(centre[0])) / np.float32(squash), x - np.float32(centre[1])
    if sides > 8:
        far = np.hypot(dy, dx)
    else:
        turns = turn + 2 * np.pi * np.arange(sides) / sides
        far = np.max([dx * np.cos(a) + dy * np.sin(a) for a in turns], axis=0)
    rest = np.clip(1 - far / np.float32(half), 0, 1)
    return np.asarray(np.minimum(rest, 0.98) * np.float32(tall), dtype=np.float32)


def pyramid(lot: Lot, size: int) -> FloatImage:
    """Pyramid or cone on the end of a beam, seen from above or at an angle."""
    unit = size / 256
    relief = Relief(size, -0.25 * size, lot.between(0.08, 0.3))
    turn = lot.rng.normal(0, 0.25 * lot.variety)
    tilt = lot.between(0.4, 1.0) if lot.chance(0.6) else 0.0
    squash = float(np.cos(tilt))
    shift = (float(lot.rng.normal(0, 0.05)), 0.1 * (tilt > 0))
    beam = Layout(size, float(turn), lot.scale(0.8, 1.9), shift, squash=squash)
    half = lot.between(0.26, 0.48)
    shape = lot.pick(["triangle", "bar", "plane"])
    if shape == "triangle":
        beam.polygon(
            [
                (0.5 - 2.4 * half, 1.6),
                (0.5 - 0.06, 0.26),
                (0.5 + 0.06, 0.26),
                (0.5 + 2.4 * half, 1.6),
            ]
        )
    elif shape == "bar":
        beam.polygon(
            [
                (0.5 - half, 1.6),
                (0.5 - half, 0.35),
                (0.5, 0.2),
                (0.5 + half, 0.35),
                (0.5 + half, 1.6),
            ]
        )
    else:
        beam.box(-1, -1, 2, 2)
    mask = beam.mask > 0.5
    relief.z[mask] = 0
    relief.tone[mask] = lot.between(0.45, 0.8)
    relief.z += np.float32(lot.between(0.02, 0.3) * unit) * fractal(size, lot.rng, 12 * unit, 4)
    wide = lot.between(0.13, 0.3) * size * (0.6 if shape == "triangle" else 1.0)
    sides = lot.pick([4, 4, 3, 30, 8])
    centre = (size * (0.5 + shift[1]), size * (0.5 + shift[0]))
    corner = float(turn) + np.pi / 4 * float(lot.rng.random() < 0.3)
    tall = wide * lot.between(0.9, 1.7)
    body = _pyramid(size, centre, wide, tall, turn=corner, sides=sides, squash=squash)
    relief.z = np.where(body > 0, np.maximum(relief.z, body), relief.z)
    relief.tone[body > 0] = lot.between(0.65, 1.0)
    picture = secondary(relief, lot, guests=lot.lean())
    return oblique(relief, picture, tilt) if tilt else picture


def emitter(lot: Lot, size: int) -> FloatImage:
    """Upright cone or sharpened post on a wafer, seen at an angle; one, or a few neighbours."""
    unit = size / 256
    relief = Relief(size, 0.0, lot.between(0.3, 0.6))
    relief.z += np.float32(lot.between(0.05, 0.6) * unit) * fractal(
        size, lot.rng, lot.scale(4, 20) * unit, 4
    )
    wide = lot.between(0.12, 0.26) * size
    tall = wide * lot.between(1.6, 3.2)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    centres = [(0.78 * size, 0.5 * size + lot.rng.normal(0, 0.05) * size)]
    if lot.chance(0.25):
        centres += [(0.78 * size, centres[0][1] + side * 2.2 * wide) for side in (-1, 1)]
    power = lot.between(0.8, 2.2)
    tilt = lot.between(0.75, 1.15)
    for row, column in centres:
        far = np.hypot((y - row) / np.float32(np.cos(tilt)), x - column) / wide
        post = np.float32(tall) * np.clip(1 - far, 0, 1) ** np.float32(power)
        ribbed = 1 + 0.02 * fractal(size, lot.rng, 8 * unit, 3)
        relief.z = np.where(post > 0, np.maximum(relief.z, post * ribbed), relief.z).astype(
            np.float32
        )
    picture = secondary(relief, lot, guests=lot.lean())
    return oblique(relief, picture, tilt, wall=lot.between(0.7, 1.1))


def chip(lot: Lot, size: int) -> FloatImage:
    """End of a probe's chip at low magnification: one V-shaped or straight lever with its tip."""
    unit = size / 256
    relief = Relief(size, -0.18 * size, lot.between(0.06, 0.25))
    tilt = lot.between(0.3, 0.9) if lot.chance(0.4) else 0.0
    squash = float(np.cos(tilt))
    turn = float(lot.rng.choice([0, np.pi / 2, np.pi, -np.pi / 2]) if not tilt else 0.0)
    turn += float(lot.rng.normal(0, 0.12))
    shift = (float(lot.rng.normal(0, 0.05)), float(lot.rng.normal(0, 0.05)))
    zoom = lot.scale(0.8, 1.5)
    lever, base, tip = (Layout(size, turn, zoom, shift, squash=squash) for _ in range(3))
    end, wide = lot.between(0.2, 0.32), lot.between(0.035, 0.07)
    if lot.chance(0.6):
        reach = lot.between(0.14, 0.26)
        for side in (-1, 1):
            lever.line([(0.5 + side * reach, 0.85), (0.5, end)], wide)
    else:
        lever.box(0.5 - wide, end, 0.5 + wide, 0.9)
        lever.polygon([(0.5 - wide, end), (0.5, end - wide), (0.5 + wide, end)])
    edge = lot.between(0.02, 0.12)
    base.polygon([(-0.6, 1.9), (0.1 - edge, 0.72), (0.9 + edge, 0.72), (1.6, 1.9)])
    tip.disc(0.5, end + 0.5 * wide, lot.between(0.35, 0.7) * wide)
    for layout, height, tone in ((lever, 0.0, 0.7), (base, 0.06 * size, 0.85)):
        on = layout.mask > 0.5
        relief.z[on], relief.tone[on] = height, tone * lot.between(0.7, 1.2)
    rise = smooth(tip.mask, lot.between(0.6, 1.6) * unit)
    relief.z += (lot.between(6, 16) * unit * rise).astype(np.float32)
    relief.tone += np.float32(lot.between(0.1, 0.6)) * rise
    relief.z += np.float32(lot.between(0.02, 0.3) * unit) * fractal(size, lot.rng, 10 * unit, 4)
    picture = secondary(relief, lot, guests=lot.lean())
    return oblique(relief, picture, tilt) if tilt else picture


KINDS = {
    "needle": needle,
    "cantilever_side": cantilever_side,
    "pyramid": pyramid,
    "apex": apex,
    "emitter": emitter,
    "chip": chip,
}
