"""Grains, crystals and curves with random shapes."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from micrographia.arrays import FloatArray
from micrographia.synthesis.kinds.drawing.relief import Centre, Relief, Solid, polyhedron

#: Outward normals and distances of the faces of crystals, circumscribed radius about 1.
_SIGNS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=np.float64)
_AXES = np.vstack([np.eye(3), -np.eye(3)])
_TURNS = np.arange(6) * np.pi / 3
_HEXAGON = np.column_stack([np.cos(_TURNS), np.sin(_TURNS), np.zeros(6)])
_LIDS = np.array([[0, 0, 1.0], [0, 0, -1.0]])
CRYSTALS = {
    "cube": (_AXES, np.full(6, 0.58)),
    "octahedron": (_SIGNS / 3**0.5, np.full(8, 0.58)),
    "cuboctahedron": (
        np.vstack([_AXES, _SIGNS / 3**0.5]),
        np.concatenate([np.full(6, 0.72), np.full(8, 0.8)]),
    ),
    "dodecahedron": (
        np.array(
            [[a, b, 0] for a in (-1, 1) for b in (-1, 1)]
            + [[a, 0, b] for a in (-1, 1) for b in (-1, 1)]
            + [[0, a, b] for a in (-1, 1) for b in (-1, 1)]
        )
        / 2**0.5,
        np.full(12, 0.72),
    ),
    "hexagonal prism": (
        np.vstack([_HEXAGON, _LIDS]),
        np.concatenate([np.full(6, 0.6), np.full(2, 0.7)]),
    ),
    "hexagonal plate": (
        np.vstack([_HEXAGON, _LIDS]),
        np.concatenate([np.full(6, 0.85), np.full(2, 0.15)]),
    ),
}


def crystal(
    centre: Centre, radius: float, name: str, rng: np.random.Generator, *, lying: float = 1.0
) -> Solid:
    """Crystal of a habit of `CRYSTALS`, turned at random.

    Parameters
    ----------
    centre, radius
        Centre (y, x) and circumscribed radius [px].
    name
        Its habit.
    rng
        Source of randomness.
    lying
        Deviation of the tilt away from its upright axis [rad]; large for any direction.
    """
    normals, offsets = CRYSTALS[name]
    turn = Rotation.from_euler(
        "zxy", [rng.uniform(0, 2 * np.pi), *rng.normal(0, lying, 2)]
    ).as_matrix()
    uneven = rng.normal(1, 0.04, offsets.size)
    return polyhedron(centre, normals @ turn.T, offsets * uneven * radius, 1.1 * radius)


def grain(
    centre: Centre,
    radius: float,
    rng: np.random.Generator,
    *,
    faces: int = 8,
    thin: float = 0.0,
    tilt: float = 0.25,
    stretch: float = 1.3,
) -> Solid:
    """Angular grain, broken anyhow: the intersection of random half-spaces.

    Parameters
    ----------
    centre, radius
        Centre (y, x) and mean half-width [px].
    rng
        Source of randomness.
    faces
        Number of faces beside the two large ones.
    thin
        Thickness over width of a flake; 0 for a grain as thick as it is wide.
    tilt
        Deviation of its upper face from level [rad].
    stretch
        Largest length over width.
    """
    normals = rng.normal(0, 1, (faces, 3))
    if thin:
        normals[:, 2] *= 0.3
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    offsets = radius * rng.uniform(0.7, 1.0, faces)
    tall = radius * (thin or 0.8)
    lean = rng.normal(0, tilt, 2)
    lid = np.array([lean[0], lean[1], 1.0]) / np.sqrt(1 + lean @ lean)
    # Side walls close the outline where the random faces leave it open.
    turn = rng.uniform(0, 2 * np.pi) + np.arange(6) * np.pi / 3 + rng.normal(0, 0.2, 6)
    long = rng.uniform(1.0, stretch)
    walls = np.column_stack([np.cos(turn), np.sin(turn), rng.normal(0, 0.15, 6)])
    walls /= np.linalg.norm(walls, axis=1, keepdims=True)
    reach = radius * (1 + (long - 1) * np.abs(walls[:, 0])) * rng.uniform(0.8, 1.1, 6)
    all_normals = np.vstack([normals, lid, -lid, walls])
    all_offsets = np.concatenate([offsets * long, [tall, tall], reach])
    return polyhedron(centre, all_normals, all_offsets, radius * 1.4 * long)


def walk(
    rng: np.random.Generator,
    size: int,
    length: float,
    bend: float,
    *,
    start: FloatArray | None = None,
) -> FloatArray:
    """Smooth random curve in half-pixel steps.

    Parameters
    ----------
    rng
        Source of randomness.
    size
        Side of the picture [px].
    length
        Length as a share of the side.
    bend
        Deviation of the direction over one side's length [rad].
    start
        Middle of the curve (y, x); anywhere in the picture if not given [px].

    Returns
    -------
    ndarray
        Points (y, x), shape (n, 2) [px].
    """
    number = max(int(2 * size * length), 4)
    knots = max(number // max(size // 3, 1), 1) + 3
    rate = np.interp(
        np.linspace(0, knots - 1, number), np.arange(knots), rng.normal(0, bend, knots)
    )
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rate) * 1.5 / size
    path = 0.5 * np.cumsum(np.column_stack([np.sin(heading), np.cos(heading)]), axis=0)
    middle = rng.uniform(0, size, 2) if start is None else start
    return np.asarray(path - path[number // 2] + middle)


def ground_height(relief: Relief, points: FloatArray) -> float:
    """Upper quartile of the height below a path, so that a fibre bridges what is lower [px]."""
    index = np.clip(np.rint(points).astype(np.int64), 0, relief.size - 1)
    return float(np.percentile(relief.z[index[:, 0], index[:, 1]], 75))
