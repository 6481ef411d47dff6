"""The truth of the nine attributes: what was drawn is what is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree

from micrographia.config import Synthesis
from micrographia.io.schemas import SYNTHETIC
from micrographia.io.vocabulary import ATTRIBUTE_NAMES, UNKNOWN, VOCABULARY
from micrographia.synthesis.procedural.attributes import attributes_of
from micrographia.synthesis.procedural.habits import maker
from micrographia.synthesis.procedural.micrograph import make_micrograph
from micrographia.synthesis.procedural.placement import Scene, arrange
from micrographia.synthesis.procedural.recipe import (
    COUNTS,
    DENSE,
    KINDS,
    Recipe,
    draw_radii,
    draw_recipe,
)
from micrographia.synthesis.procedural.shapes import blob

SIZE = 256
KIND = [(kind, contrast) for kind in (*KINDS, DENSE) for contrast in ("sem", "tem")]
PLAIN = Recipe("spheres", "random", "uniform", "medium", False, "smooth", "sem", "bright")


def lay(recipe: Recipe, seed: int = 0) -> tuple[Scene, dict[str, str]]:
    rng = np.random.default_rng(seed)
    scene = Scene(SIZE, np.zeros((SIZE, SIZE), bool))
    radii = draw_radii(recipe, SIZE, rng)
    arrange(scene, maker(recipe.habit, SIZE, rng), recipe, radii, rng)
    grey = np.where(scene.labels > 0, 200, 60).astype(np.uint8)
    return scene, attributes_of(recipe, scene, grey)


def test_every_word_is_in_the_vocabulary() -> None:
    for index in range(24):
        truth = make_micrograph(index, 1, Synthesis(size=96))[2]
        assert set(truth) == set(SYNTHETIC.names)
        for name in ATTRIBUTE_NAMES:
            assert truth[name] in VOCABULARY[name]
        assert truth["subject"] == UNKNOWN  # shapes do not say what they are made of
        if truth["contrast"] != "sem":
            word = {"tem": "dark_on_bright", "stem": "bright_on_dark"}[truth["contrast"]]
            assert truth["colour_profile"] in (word, "even")


def test_recipes_have_variety_in_every_trait() -> None:
    rng = np.random.default_rng(0)
    recipes = [draw_recipe(*KIND[index % 14], rng) for index in range(1400)]
    expected = {
        "habit": {"spheres", "grains", "rods", "polyhedra", "plates", "fibres", "mixture"},
        "arrangement": {"random", "even", "lattice", "packed", "clusters", "network"},
        "sizes": {"uniform", "varied", "wide", "outliers", "two"},
        "count": set(COUNTS),
        "stacked": {True, False},
        "surface": {"smooth", "rough", "faceted", "porous", "striped"},
        "mode": {"sem", "tem", "stem"},
        "tone": {"bright", "dark", "even"},
    }
    for name, words in expected.items():
        seen = Counter(getattr(recipe, name) for recipe in recipes)
        assert set(seen) == words
        assert min(seen.values()) > 25, (name, seen)


@pytest.mark.parametrize("count", COUNTS)
def test_density_counts_what_was_laid_down(count: str) -> None:
    scene, words = lay(replace(PLAIN, count=count))
    assert words["particle_density"] == count
    assert scene.labels.max() == len(scene.patches)


@pytest.mark.parametrize(
    ("arrangement", "stacked", "word", "layers"),
    [
        ("random", False, "scattered", "tiled"),
        ("even", False, "uniform", "tiled"),
        ("lattice", False, "ordered", "tiled"),
        ("packed", False, "packed", "tiled"),
        ("packed", True, "packed", "multilayer"),
        ("clusters", False, "clustered", "tiled"),
        ("clusters", True, "clustered", "multilayer"),
    ],
)
def test_arrangements(arrangement: str, stacked: bool, word: str, layers: str) -> None:
    _, words = lay(replace(PLAIN, arrangement=arrangement, stacked=stacked))
    assert (words["distribution"], words["layering"]) == (word, layers)


def middles(scene: Scene) -> np.ndarray:
    found = ndimage.center_of_mass(
        scene.labels > 0, scene.labels, range(1, len(scene.patches) + 1)
    )
    return np.asarray(found)


def test_arrangements_are_what_they_are_called() -> None:
    """Empty space is largest between clumps; nearest distances vary least on a lattice."""
    emptiness, spread = {}, {}
    for name in ("clusters", "random", "even", "lattice"):
        scene, _ = lay(replace(PLAIN, arrangement=name))
        tree = cKDTree(middles(scene))
        far = tree.query(np.argwhere(scene.labels >= 0)[::7])[0]
        emptiness[name] = np.quantile(far, 0.95) * np.sqrt(len(scene.patches)) / SIZE
        gaps = tree.query(tree.data, k=2)[0][:, 1]
        spread[name] = gaps.std() / gaps.mean()
    assert emptiness["clusters"] > 1.3 * emptiness["random"] > 1.3 * emptiness["even"]
    assert max(spread["lattice"], spread["even"]) < 0.5 * spread["random"]


@pytest.mark.parametrize(
    ("sizes", "word"),
    [
        ("uniform", "uniform"),
        ("varied", "minor_variation"),
        ("wide", "wide"),
        ("outliers", "outliers"),
        ("two", "multimodal"),
    ],
)
def test_sizes(sizes: str, word: str) -> None:
    assert lay(replace(PLAIN, sizes=sizes, count="medium"))[1]["pixel_size_profile"] == word


def test_sizes_are_those_of_outlines_within_the_frame() -> None:
    """Discs cut by the border would be taken for small ones; hidden ones are not."""
    scene = Scene(100, np.zeros((100, 100), bool))
    for centre in ((20, 20), (20, 60), (50, 40), (70, 20), (70, 70)):
        assert scene.add(blob(centre, 12, 100), 0.0)
    assert scene.add(blob((99, 45), 12, 100), 0.0)
    assert scene.add(blob((26, 26), 12, 100), 0.9)
    flat = np.full((100, 100), 90, np.uint8)
    words = attributes_of(PLAIN, scene, flat)
    assert words["pixel_size_profile"] == "uniform"
    assert words["colour_profile"] == "even"
    assert scene.overlapped_share == pytest.approx(1 / 7)


def test_tones() -> None:
    scene, _ = lay(PLAIN)
    inside = scene.labels > 0
    for step, word in ((30, "bright_on_dark"), (-30, "dark_on_bright"), (5, "even")):
        pixels = np.where(inside, 100 + step, 100).astype(np.uint8)
        assert attributes_of(PLAIN, scene, pixels)["colour_profile"] == word
