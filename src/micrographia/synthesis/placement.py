"""Where particles go, and which pixels of each stay visible."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from micrographia.synthesis.shapes import SOLIDS, Patch, blob, fibre, polyhedron, rod

#: Fewest visible pixels of an instance: nobody could outline less.
MIN_VISIBLE = 20

Maker = Callable[[tuple[float, float], float], Patch | None]


class Scene:
    """Particles laid down one after another; later ones lie above earlier ones.

    Attributes
    ----------
    labels
        Instance of every pixel that shows one, 1…n in the order of `patches`.
    patches
        The particles, lowest first.
    """

    def __init__(self, size: int, blocked: NDArray[np.bool_]) -> None:
        self.labels = np.zeros((size, size), dtype=np.int32)
        self.patches: list[Patch] = []
        self._blocked = blocked
        self._areas: list[int] = []
        self._visible: list[int] = []

    def add(self, patch: Patch | None, overlap: float) -> bool:
        """Lay a particle down unless it covers others too much.

        Parameters
        ----------
        patch
            The particle; None is refused.
        overlap
            Most share of any one particle, new or old, that may be hidden or hiding.
        """
        if patch is None:
            return False
        window, inside = patch.window, patch.inside
        below, shown = self.labels[window], inside & ~self._blocked[window]
        area, visible = int(inside.sum()), int(shown.sum())
        if visible < MIN_VISIBLE:
            return False
        hidden = np.bincount(below[shown], minlength=len(self.patches) + 1)[1:]
        if hidden.sum() > overlap * area:
            return False
        for index in np.flatnonzero(hidden):
            left = self._visible[index] - hidden[index]
            if left < MIN_VISIBLE or left < (1 - overlap) * self._areas[index]:
                return False
        for index in np.flatnonzero(hidden):
            self._visible[index] -= int(hidden[index])
        self.patches.append(patch)
        self._areas.append(visible)
        self._visible.append(visible)
        below[shown] = len(self.patches)
        return True


def maker(kind: str, contrast: str, size: int, rng: np.random.Generator) -> Maker:
    """Return a function (centre, radius) -> particle of one material: its habit is shared."""
    if kind == "rods":
        aspect, spread = rng.uniform(2.2, 6.0), rng.uniform(0.05, 0.25)

        def make_rod(centre: tuple[float, float], radius: float) -> Patch | None:
            length = 2 * radius * max(aspect * rng.lognormal(0.0, spread), 1.3)
            return rod(centre, length, 2 * radius, rng.uniform(0, np.pi), size)

        return make_rod
    if kind == "polyhedra":
        solid, flat = str(rng.choice(SOLIDS)), bool(rng.random() < 0.4)

        def make_crystal(centre: tuple[float, float], radius: float) -> Patch | None:
            turn = Rotation.random(rng=rng)
            if flat:  # deposited crystals lie on a face, a little askew
                tilt = rng.normal(0.0, 0.08, 2)
                turn = Rotation.from_euler("zxy", [rng.uniform(0, 2 * np.pi), *tilt])
            return polyhedron(centre, radius * 1.2, size, solid=solid, rotation=turn)

        return make_crystal
    if kind == "fibres":
        return lambda centre, radius: fibre(_walk(centre, size, rng), 2 * radius, size)
    roundness = rng.choice([0.0, 0.008, 0.05], p=[0.4, 0.35, 0.25])
    stretch = rng.choice([0.0, 0.12, 0.35], p=[0.6, 0.3, 0.1])
    core = rng.uniform(0.45, 0.85) if contrast == "tem" and rng.random() < 0.3 else 0.0

    def make_blob(centre: tuple[float, float], radius: float) -> Patch | None:
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

    return make_blob


def scatter(
    scene: Scene,
    make: Maker,
    radii: NDArray[np.float64],
    overlap: float,
    rng: np.random.Generator,
) -> None:
    """Lay particles at random places; one that finds none in 12 tries is left out."""
    size = scene.labels.shape[0]
    for radius in radii:
        for _ in range(12):
            y, x = rng.uniform(-0.3 * radius, size + 0.3 * radius, 2)
            if scene.add(make((y, x), radius), overlap):
                break


def cluster(
    scene: Scene,
    make: Maker,
    radii: NDArray[np.float64],
    overlap: float,
    rng: np.random.Generator,
) -> None:
    """Grow clumps: each particle touches one that is there, or now and then starts a clump."""
    size = scene.labels.shape[0]
    placed: list[tuple[float, float, float]] = []
    fresh = rng.uniform(0.04, 0.15)
    for radius in radii:
        for _ in range(20):
            if not placed or rng.random() < fresh:
                y, x = rng.uniform(0.15 * size, 0.85 * size, 2)
            else:
                y0, x0, other = placed[rng.integers(len(placed))]
                angle = rng.uniform(0, 2 * np.pi)
                gap = (other + radius) * rng.uniform(1.0 - 0.9 * overlap, 1.02)
                y, x = y0 + gap * np.sin(angle), x0 + gap * np.cos(angle)
            if scene.add(make((y, x), radius), overlap):
                placed.append((float(y), float(x), float(radius)))
                break


def pack(
    scene: Scene, make: Maker, radius: float, spread: float, rng: np.random.Generator
) -> None:
    """Fill the picture with a self-assembled layer: a triangular lattice with faults."""
    size = scene.labels.shape[0]
    pitch, angle = 2 * radius * rng.uniform(1.02, 1.12), rng.uniform(0, np.pi)
    steps = np.arange(-2 * size // pitch, 2 * size // pitch)
    i, j = (axis.ravel() for axis in np.meshgrid(steps, steps))
    across, along = (i + 0.5 * j) * pitch, j * pitch * np.sqrt(3) / 2
    y = size / 2 + across * np.sin(angle) + along * np.cos(angle)
    x = size / 2 + across * np.cos(angle) - along * np.sin(angle)
    near = (np.abs(y - size / 2) < size / 2 + radius) & (np.abs(x - size / 2) < size / 2 + radius)
    vacant = rng.uniform(0.0, 0.15)
    for cy, cx in zip(y[near], x[near], strict=True):
        if rng.random() < vacant:
            continue
        jitter = rng.normal(0.0, 0.05 * radius, 2)
        scene.add(make((cy + jitter[0], cx + jitter[1]), radius * rng.lognormal(0, spread)), 0.15)


def _walk(centre: tuple[float, float], size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Smooth curve through `centre`, longer than the picture or not, in half-pixel steps."""
    length = int(2 * size * rng.uniform(0.3, 1.5))
    bend = rng.uniform(0.0, 0.45) / size
    turn = np.cumsum(rng.normal(0.0, 0.35 * bend, length)) + rng.normal(0.0, bend)
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(0.5 * turn)
    curve = np.column_stack([np.cumsum(0.5 * np.sin(heading)), np.cumsum(0.5 * np.cos(heading))])
    return np.asarray(curve - curve[length // 2] + centre)
