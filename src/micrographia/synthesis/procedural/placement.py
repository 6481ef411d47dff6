"""Placement of particles, and the visible pixels of each."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from micrographia.arrays import BoolArray, FloatArray
from micrographia.synthesis.procedural.habits import Maker
from micrographia.synthesis.procedural.recipe import Recipe
from micrographia.synthesis.procedural.shapes import Patch

#: Fewest visible pixels of an instance: nobody could outline less.
MIN_VISIBLE = 20


class Scene:
    """Particles laid down one after another; later ones lie above earlier ones.

    Attributes
    ----------
    labels
        Instance of every pixel that shows one, 1…n in the order of `patches`.
    patches
        The particles, lowest first.
    free
        The pixels that no opaque panel hides.
    """

    def __init__(self, size: int, blocked: BoolArray) -> None:
        self.labels = np.zeros((size, size), dtype=np.int32)
        self.patches: list[Patch] = []
        self.free = ~blocked
        self._areas: list[int] = []
        self._visible: list[int] = []

    def taken(self, y: float, x: float) -> bool:
        """Whether a point within the picture lies on a particle."""
        row, column = int(y), int(x)
        size = self.labels.shape[0]
        return bool(0 <= row < size and 0 <= column < size and self.labels[row, column])

    @property
    def overlapped_share(self) -> float:
        """Share of particles that another hides a part of: a twentieth, or a whole crossing."""
        if not self.patches:
            return 0.0
        shown, left = np.array(self._areas), np.array(self._visible)
        crossing = 2.0 * np.array([patch.half_width for patch in self.patches]) ** 2
        return float(np.mean(shown - left >= np.minimum(0.05 * shown, crossing)))

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
        below, shown = self.labels[window], inside & self.free[window]
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


def arrange(
    scene: Scene,
    make: Maker,
    recipe: Recipe,
    radii: FloatArray,
    rng: np.random.Generator,
) -> None:
    """Lay particles down as a recipe says.

    Parameters
    ----------
    scene
        Where to.
    make
        Makes a particle from its centre and radius.
    recipe
        Its `arrangement`, `stacked` and `habit` count here.
    radii
        Radius of every particle, large ones first [px].
    rng
        Source of randomness.
    """
    long = 1.8 if recipe.habit == "rods" else 1.0
    if recipe.arrangement == "clusters":
        cluster(scene, make, radii, 0.5 if recipe.stacked else 0.0, rng, long)
    elif recipe.arrangement == "lattice":
        lattice(scene, make, radii, rng)
    elif recipe.arrangement == "even":
        relaxed(scene, make, radii, rng, crowding=rng.uniform(0.5, 0.65))
    elif recipe.arrangement == "packed" and not recipe.stacked:
        relaxed(scene, make, radii, rng, crowding=1.05)
    else:
        overlap = {"packed": 0.75, "network": 0.5}.get(recipe.arrangement, 0.0)
        scatter(scene, make, radii, overlap, rng)


def scatter(
    scene: Scene,
    make: Maker,
    radii: FloatArray,
    overlap: float,
    rng: np.random.Generator,
) -> None:
    """Lay particles at random places; one that finds none in 12 tries is left out.

    A single one lies about the middle, as who takes its picture would have it.
    """
    size = scene.labels.shape[0]
    for radius in radii:
        margin = -0.3 * radius if len(radii) > 1 else 0.35 * size
        for _ in range(12):
            y, x = rng.uniform(margin, size - margin, 2)
            if not overlap and scene.taken(y, x):
                continue  # refused in any case: it need not be made
            if scene.add(make((y, x), radius), overlap):
                break


def cluster(
    scene: Scene,
    make: Maker,
    radii: FloatArray,
    overlap: float,
    rng: np.random.Generator,
    long: float = 1.0,
) -> None:
    """Grow clumps: each particle touches one that is there, or now and then starts a clump.

    `long` is how far particles reach, in units of the radius.
    """
    size = scene.labels.shape[0]
    placed: list[tuple[float, float, float]] = []
    fresh = rng.uniform(0.03, 0.09)
    for radius in rng.permutation(radii):
        for _ in range(20):
            if not placed or rng.random() < fresh:
                y, x = rng.uniform(0.12 * size, 0.88 * size, 2)
            else:
                y0, x0, other = placed[rng.integers(len(placed))]
                angle = rng.uniform(0, 2 * np.pi)
                gap = long * (other + radius) * rng.uniform(1.0 - 0.9 * overlap, 1.03)
                y, x = y0 + gap * np.sin(angle), x0 + gap * np.cos(angle)
            if not overlap and scene.taken(y, x):
                continue
            if scene.add(make((y, x), radius), overlap + 0.02):
                placed.append((float(y), float(x), float(radius)))
                break


def lattice(scene: Scene, make: Maker, radii: FloatArray, rng: np.random.Generator) -> None:
    """Lay particles on a lattice with faults, as wide as their number fills the picture."""
    size = scene.labels.shape[0]
    square = bool(rng.random() < 0.25)
    cell = 1.0 if square else np.sqrt(3) / 2
    pitch = float(np.sqrt(size**2 / len(radii) / cell))
    pitch = max(pitch, 2.04 * float(np.median(radii)))
    angle = rng.uniform(0, np.pi)
    steps = np.arange(-2 * size // pitch, 2 * size // pitch)
    i, j = (axis.ravel() for axis in np.meshgrid(steps, steps))
    across, along = (i + (0.0 if square else 0.5) * j) * pitch, j * pitch * cell
    y = size / 2 + across * np.sin(angle) + along * np.cos(angle)
    x = size / 2 + across * np.cos(angle) - along * np.sin(angle)
    out = float(np.median(radii))
    near = (np.abs(y - size / 2) < size / 2 + out) & (np.abs(x - size / 2) < size / 2 + out)
    vacant = rng.uniform(0.0, 0.10)
    for cy, cx in zip(y[near], x[near], strict=True):
        radius = float(rng.choice(radii))
        if rng.random() >= vacant:
            dy, dx = rng.normal(0.0, 0.025 * pitch, 2)
            scene.add(make((cy + dy, cx + dx), radius), 0.12)


def relaxed(
    scene: Scene,
    make: Maker,
    radii: FloatArray,
    rng: np.random.Generator,
    *,
    crowding: float,
) -> None:
    """Lay particles where discs that repel one another come to rest.

    `crowding` is the area of these discs over that of the picture: near 1 they are pressed
    together. Particles smaller than their discs lie evenly spread, others are packed.
    """
    size, (width, centres) = (
        scene.labels.shape[0],
        _repel(scene.labels.shape[0], radii, crowding, rng),
    )
    for (y, x), radius in zip(centres - (width - size) / 2, radii, strict=True):
        if -0.3 * radius < min(y, x) and max(y, x) < size + 0.3 * radius:
            scene.add(make((y, x), radius), 0.10)


def _repel(
    size: int, radii: FloatArray, crowding: float, rng: np.random.Generator
) -> tuple[float, FloatArray]:
    """Width of a periodic field and the places of discs in it after repulsion."""
    discs = radii * np.sqrt(crowding * size**2 / (np.pi * np.sum(radii**2)))
    discs = np.maximum(discs, radii * 1.01)
    # Where the discs are larger than asked for, the field is: what falls outside is cut off.
    width = float(np.sqrt(max(np.pi * np.sum(discs**2) / crowding, size**2)))
    places = rng.uniform(0, width, (len(radii), 2))
    for _ in range(150):
        pairs = cKDTree(places, boxsize=width).query_pairs(2 * discs.max(), output_type="ndarray")
        away = places[pairs[:, 0]] - places[pairs[:, 1]]
        away -= width * np.round(away / width)
        gap = np.linalg.norm(away, axis=1)
        push = np.maximum(discs[pairs].sum(axis=1) - gap, 0.0) * 0.3
        move = away / np.maximum(gap, 1e-9)[:, None] * push[:, None]
        np.add.at(places, pairs[:, 0], move)
        np.add.at(places, pairs[:, 1], -move)
        places %= width
    return width, places
