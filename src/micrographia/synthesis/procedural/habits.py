"""Particles of one material: what all of a picture have in common, and what varies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from micrographia.arrays import FloatArray
from micrographia.synthesis.procedural.shapes import (
    FLAKES,
    SOLIDS,
    Patch,
    blob,
    fibre,
    polyhedron,
    rod,
)

Maker = Callable[[tuple[float, float], float], Patch | None]

#: Largest share of an outline's radius that its bumps take: round, and irregular.
_WOBBLE = {"spheres": (0.0, 0.006), "grains": (0.06, 0.10)}


def maker(habit: str, size: int, rng: np.random.Generator, *, shells: bool = False) -> Maker:
    """Return a function (centre, radius) -> particle of one material: its habit is shared.

    Parameters
    ----------
    habit
        spheres | grains | rods | polyhedra | plates | fibres | mixture.
    size
        Side of the picture [px].
    rng
        Source of randomness, also of every particle.
    shells
        Whether spheres may be hollow, which only transmission shows.
    """
    if habit == "rods":
        return _rods(size, rng)
    if habit in ("polyhedra", "plates"):
        return _crystals(habit, size, rng)
    if habit == "fibres":
        return lambda centre, radius: fibre(_walk(centre, size, rng), 2 * radius, size)
    if habit == "mixture":
        names = rng.choice(["spheres", "rods", "polyhedra", "grains"], 2, replace=False)
        both = [maker(str(name), size, rng, shells=shells) for name in names]
        return lambda centre, radius: both[int(rng.random() < 0.5)](centre, radius)
    return _blobs(habit, size, rng, shells)


def _rods(size: int, rng: np.random.Generator) -> Maker:
    aspect, spread = rng.uniform(2.4, 6.0), rng.uniform(0.03, 0.15)

    def make(centre: tuple[float, float], radius: float) -> Patch | None:
        length = 2 * radius * max(aspect * rng.lognormal(0.0, spread), 1.8)
        return rod(centre, length, 2 * radius, rng.uniform(0, np.pi), size)

    return make


def _crystals(habit: str, size: int, rng: np.random.Generator) -> Maker:
    solid = str(rng.choice(FLAKES if habit == "plates" else SOLIDS))
    # Deposited crystals lie on a face, a little askew; powder lies anyhow.
    lying = rng.random() < (0.7 if habit == "plates" else 0.4)
    askew = 0.45 if habit == "plates" else 0.08

    def make(centre: tuple[float, float], radius: float) -> Patch | None:
        turn = Rotation.random(rng=rng)
        if lying:
            tilt = rng.normal(0.0, askew, 2)
            turn = Rotation.from_euler("zxy", [rng.uniform(0, 2 * np.pi), *tilt])
        return polyhedron(centre, radius * 1.2, size, solid=solid, rotation=turn)

    return make


def _blobs(habit: str, size: int, rng: np.random.Generator, shells: bool) -> Maker:
    low, high = _WOBBLE[habit]
    roundness = 0.0 if habit == "spheres" and rng.random() < 0.5 else rng.uniform(low, high)
    stretch = rng.choice([0.0, 0.08]) if habit == "spheres" else rng.uniform(0.0, 0.3)
    core = rng.uniform(0.45, 0.85) if shells and rng.random() < 0.25 else 0.0

    def make(centre: tuple[float, float], radius: float) -> Patch | None:
        orders = np.arange(2, 9)
        wobble = np.column_stack(
            [rng.normal(0, roundness, orders.size) * 2 / orders, rng.uniform(0, 6.3, orders.size)]
        )
        return blob(
            centre,
            radius,
            size,
            aspect=1 + abs(rng.normal(0, stretch)),
            angle=rng.uniform(0, np.pi),
            wobble=wobble if roundness else None,
            core=core,
        )

    return make


def _walk(centre: tuple[float, float], size: int, rng: np.random.Generator) -> FloatArray:
    """Smooth curve through `centre`, longer than the picture or not, in half-pixel steps."""
    length = int(2 * size * rng.uniform(0.3, 1.5))
    bend = rng.uniform(0.0, 0.45) / size
    turn = np.cumsum(rng.normal(0.0, 0.35 * bend, length)) + rng.normal(0.0, bend)
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(0.5 * turn)
    curve = np.column_stack([np.cumsum(0.5 * np.sin(heading)), np.cumsum(0.5 * np.cos(heading))])
    return np.asarray(curve - curve[length // 2] + centre)
