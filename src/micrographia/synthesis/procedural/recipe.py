"""Recipe of a procedural micrograph: habit, arrangement, sizes, surface, contrast.

A recipe is drawn first and the picture after it, so that the attributes of a picture are known
before its first pixel is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from micrographia.arrays import FloatArray

#: What a set goes round: the main trait of a picture; the rest is drawn.
KINDS = ("spheres", "rods", "polyhedra", "fibres", "clusters", "mixed")
DENSE = "dense"

#: How many particles are asked for, by the word for it.
COUNTS = {"single": (1, 1), "sparse": (8, 24), "medium": (38, 84), "high": (125, 380)}

#: Fewest particles that show how they are arranged.
_FEWEST = {"even": 16, "lattice": 30, "packed": 14, "clusters": 18}
#: Share of the picture that particles cover.
_COVERED = {"packed": (0.62, 0.82), "even": (0.08, 0.30), "clusters": (0.10, 0.36)}
_COVERED_ELSE = (0.06, 0.36)
#: Largest radius, as a share of the side; pores and grain are not seen on small particles [px].
_LARGEST, _TEXTURED_RADIUS, _SMALLEST = 0.10, 9.0, 2.5
#: Spread of the logarithm of the radius.
_SPREAD = {"uniform": (0.0, 0.07), "varied": (0.2, 0.27), "wide": (0.45, 0.65)}


@dataclass(frozen=True)
class Recipe:
    """Plan of a picture.

    Attributes
    ----------
    habit
        spheres | grains | rods | polyhedra | plates | fibres | mixture.
    arrangement
        random | even | lattice | packed | clusters | network.
    sizes
        uniform | varied | wide | outliers | two.
    count
        A key of `COUNTS`.
    stacked
        Whether particles lie on one another.
    surface
        smooth | rough | faceted | porous | striped.
    mode
        sem | tem | stem.
    tone
        Whether particles are "bright" or "dark" beside the ground, or "even" with it.
    """

    habit: str
    arrangement: str
    sizes: str
    count: str
    stacked: bool
    surface: str
    mode: str
    tone: str


def draw_recipe(kind: str, contrast: str, rng: np.random.Generator) -> Recipe:
    """Draw what a picture of a kind shows.

    Parameters
    ----------
    kind
        One of `KINDS`, or `DENSE`.
    contrast
        "sem" or "tem"; some of the latter become dark-field ("stem").
    rng
        Source of randomness.
    """
    habit = _habit(kind, rng)
    count, arrangement, stacked = _layout(kind, habit, rng)
    sizes = _sizes(kind, habit, arrangement, count, rng)
    surface = "faceted" if habit in ("polyhedra", "plates") else "smooth"
    if habit in ("spheres", "grains", "rods") and count != "high":
        surface = _pick(rng, {surface: 0.55, "rough": 0.17, "porous": 0.14, "striped": 0.14})
    mode = "stem" if contrast == "tem" and rng.random() < 0.22 else contrast
    tone = {"tem": "dark", "stem": "bright"}.get(mode, "")
    tone = tone or _pick(rng, {"bright": 0.76, "dark": 0.14, "even": 0.10})
    return Recipe(habit, arrangement, sizes, count, stacked, surface, mode, tone)


def _habit(kind: str, rng: np.random.Generator) -> str:
    if kind == "spheres":
        return _pick(rng, {"spheres": 0.6, "grains": 0.4})
    if kind == "polyhedra":
        return _pick(rng, {"polyhedra": 0.65, "plates": 0.35})
    if kind == DENSE:
        return _pick(rng, {"spheres": 0.7, "polyhedra": 0.15, "grains": 0.15})
    if kind == "clusters":
        return _pick(rng, {"spheres": 0.45, "polyhedra": 0.2, "grains": 0.2, "rods": 0.15})
    if kind == "mixed":
        return _pick(rng, {"spheres": 0.25, "grains": 0.2, "polyhedra": 0.15, "mixture": 0.4})
    return kind


def _layout(kind: str, habit: str, rng: np.random.Generator) -> tuple[str, str, bool]:
    """How many, how arranged, whether stacked."""
    if kind == DENSE:
        return "high", _pick(rng, {"lattice": 0.75, "packed": 0.25}), False
    if kind == "clusters":
        count = _pick(rng, {"sparse": 0.25, "medium": 0.5, "high": 0.25})
        return count, "clusters", bool(rng.random() < 0.35)
    if kind == "fibres":
        crossing = bool(rng.random() < 0.65)
        count = _pick(rng, {"sparse": 0.75, "medium": 0.25 * crossing})
        return count, "network" if crossing else "random", crossing
    count = _pick(rng, {"single": 0.06, "sparse": 0.35, "medium": 0.37, "high": 0.22})
    if count == "single":
        return count, "random", False
    regular = 0.0 if habit in ("rods", "mixture") or kind == "mixed" else 0.14
    arrangement = _pick(
        rng, {"random": 0.6 - regular, "even": 0.18, "lattice": regular, "packed": 0.22}
    )
    stacked = arrangement == "packed" and (habit == "rods" or rng.random() < 0.6)
    return count, arrangement, bool(stacked)


def _sizes(kind: str, habit: str, arrangement: str, count: str, rng: np.random.Generator) -> str:
    if count == "single":
        return "uniform"
    if arrangement in ("lattice", "even"):
        return _pick(rng, {"uniform": 0.75, "varied": 0.25})
    if kind == "mixed" and habit != "mixture":
        return _pick(rng, {"wide": 0.5, "outliers": 0.25, "two": 0.25})
    if habit in ("fibres", "mixture"):
        return _pick(rng, {"uniform": 0.4, "varied": 0.35, "wide": 0.25})
    return _pick(
        rng, {"uniform": 0.45, "varied": 0.27, "wide": 0.16, "outliers": 0.06, "two": 0.06}
    )


def draw_radii(recipe: Recipe, size: int, rng: np.random.Generator) -> FloatArray:
    """Draw the radii of all particles [px], large ones first.

    Small ones then lie on top of large ones and stay in sight. Half the width takes the place of
    the radius where particles are long.

    Parameters
    ----------
    recipe
        What is shown.
    size
        Side of the picture [px].
    rng
        Source of randomness.
    """
    low, high = COUNTS[recipe.count]
    count = int(rng.integers(low, high + 1))
    if recipe.habit == "fibres":
        narrow = size * float(np.exp(rng.uniform(np.log(0.005), np.log(0.02))))
        return np.sort(np.maximum(narrow * _factors(recipe, count, rng), _SMALLEST / 2))[::-1]
    if count == 1:
        widest = 0.12 if recipe.habit == "rods" else 0.27
        return np.array([size * widest * rng.uniform(0.45, 1.0)])
    count = max(count, _FEWEST.get(recipe.arrangement, 0))
    share = float(rng.uniform(*_COVERED.get(recipe.arrangement, _COVERED_ELSE)))
    if recipe.stacked and recipe.arrangement == "packed":
        share = -1.4 * float(np.log(1 - share))  # what is hidden is drawn too
    factors = _factors(recipe, count, rng)
    # Area of one particle in units of the squared radius.
    unit = {"rods": 14.0, "plates": 2.0, "polyhedra": 2.3}.get(recipe.habit, np.pi)
    radius = float(np.sqrt(share * size**2 / (unit * np.sum(factors**2))))
    if recipe.surface in ("rough", "porous", "striped"):
        radius = max(radius, _TEXTURED_RADIUS)
    radius = min(radius, _LARGEST * size)
    return np.sort(np.maximum(radius * factors, _SMALLEST))[::-1]


def _factors(recipe: Recipe, count: int, rng: np.random.Generator) -> FloatArray:
    """Radii over the typical one."""
    spread = rng.uniform(*_SPREAD.get(recipe.sizes, _SPREAD["uniform"]))
    factors = np.exp(rng.normal(0.0, 1.0, count) * spread)
    if recipe.sizes == "outliers":
        few = max(1, int(count * rng.uniform(0.03, 0.08)))
        factors[:few] *= rng.uniform(2.4, 3.2)
    elif recipe.sizes == "two":
        many = int(count * rng.uniform(0.25, 0.55))
        factors[: max(many, 2)] *= rng.uniform(2.0, 2.8)
    return np.asarray(factors)


def _pick(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    names = list(weights)
    shares = np.array([weights[name] for name in names])
    return names[int(rng.choice(len(names), p=shares / shares.sum()))]
