"""Crystals built in each of the seventeen groups are recognised and made symmetric."""

import numpy as np
import pytest
from ase.build import graphene, mx2
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from micrographia.physics.lattice import gauss_reduce
from micrographia.reconstruction.symmetry.wallpaper import NAMES, Wallpaper, find_wallpaper

FLIP, TURN, SWAP = [[-1, 0], [0, 1]], [[-1, 0], [0, -1]], [[0, 1], [1, 0]]
FOUR, THREE, SIX = [[0, 1], [-1, 0]], [[0, 1], [-1, -1]], [[1, 1], [-1, 0]]
NONE, HALF = (0, 0), (0.5, 0.5)

#: Generators of each group, x to x @ M + t, as in International Tables A (primitive basis).
GROUPS = {
    "p1": [],
    "p2": [(TURN, NONE)],
    "pm": [(FLIP, NONE)],
    "pg": [(FLIP, (0, 0.5))],
    "cm": [(SWAP, NONE)],
    "p2mm": [(FLIP, NONE), (TURN, NONE)],
    "p2mg": [(FLIP, (0.5, 0)), (TURN, NONE)],
    "p2gg": [(FLIP, HALF), (TURN, NONE)],
    "c2mm": [(SWAP, NONE), (TURN, NONE)],
    "p4": [(FOUR, NONE)],
    "p4mm": [(FOUR, NONE), (FLIP, NONE)],
    "p4gm": [(FOUR, NONE), (FLIP, HALF)],
    "p3": [(THREE, NONE)],
    "p3m1": [(THREE, NONE), ([[0, -1], [-1, 0]], NONE)],
    "p31m": [(THREE, NONE), (SWAP, NONE)],
    "p6": [(SIX, NONE)],
    "p6mm": [(SIX, NONE), (SWAP, NONE)],
}
ANGLES = {"p3": 120, "p31m": 120, "p3m1": 120, "p6": 120, "p6mm": 120}


def generate(name: str) -> list[tuple[np.ndarray, np.ndarray]]:
    group = [(np.eye(2), np.zeros(2))]
    for matrix, shift in group:
        for generator, step in GROUPS[name]:
            product = matrix @ generator
            moved = (shift @ generator + step) % 1
            if not any((product == known).all() for known, _ in group):
                group.append((product, moved))
    return group


def build(name: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two general orbits of different species in a cell of 8 Å² per atom, turned at random."""
    rng = np.random.default_rng([NAMES.index(name), seed])
    group = generate(name)
    orbits = 3 if len(group) < 3 else 2
    ratio = 1.0
    gamma = float(ANGLES.get(name, 90))
    if name in ("p1", "p2"):
        ratio, gamma = rng.uniform(1.15, 1.5), rng.uniform(97, 110)
    elif name in ("cm", "c2mm"):
        gamma = rng.uniform(97, 110)
    elif name[:2] in ("pm", "pg", "p2"):
        ratio = rng.uniform(1.15, 1.6)
    area = 8.0 * orbits * len(group)
    turn = rng.uniform(0, 2 * np.pi)
    a = np.sqrt(area / ratio / np.sin(np.radians(gamma)))
    angles = [turn, turn + np.radians(gamma)]
    cell = np.array([[np.cos(t), np.sin(t)] for t in angles]) * [[a], [a * ratio]]
    while True:
        seeds = rng.uniform(size=(orbits, 2))
        fractions = np.concatenate([[x @ m + t for m, t in group] for x in seeds])
        gaps = fractions[:, None] - fractions[None]
        gaps = (gaps - np.rint(gaps)) @ cell
        distances = np.linalg.norm(gaps, axis=-1) + 9 * np.eye(len(fractions))
        if distances.min() > 0.8:
            break
    labels = np.repeat(np.arange(orbits) + 5, len(group))
    origin = rng.uniform(size=2)
    return cell, ((fractions + origin) % 1) @ cell, labels


def invariance(found: Wallpaper, labels: np.ndarray) -> float:
    """Worst distance of the symmetrised sites from their images [Å]."""
    fractions = found.xy @ np.linalg.inv(found.cell)
    worst = 0.0
    operations = found.operations
    for rotation, shift, places in zip(
        operations.rotations, operations.translations, operations.places, strict=True
    ):
        gap = fractions @ rotation + shift - fractions[places]
        gap = (gap - np.rint(gap)) @ found.cell
        worst = max(worst, float(np.linalg.norm(gap, axis=1).max()))
        assert (labels[places] == labels).all()
        turned = rotation @ found.cell
        np.testing.assert_allclose(turned @ turned.T, found.cell @ found.cell.T, atol=1e-9)
    return worst


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=6, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000))
def test_each_group_is_found(name: str, seed: int) -> None:
    cell, xy, labels = build(name, seed)
    found = find_wallpaper(gauss_reduce(cell)[0], xy, labels, 0.02)
    assert (found.name, found.number) == (name, NAMES.index(name) + 1)
    assert len(found.operations.rotations) == len(generate(name))
    assert found.deviation < 1e-6
    assert invariance(found, labels) < 1e-9


@pytest.mark.parametrize("name", NAMES[1:])
@settings(max_examples=4, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000))
def test_averaging_brings_a_jittered_crystal_nearer_to_the_truth(name: str, seed: int) -> None:
    cell, xy, labels = build(name, seed)
    # What is nearly more symmetric than it is cannot be told from that through noise.
    assume(find_wallpaper(cell, xy, labels, 0.3).name == name)
    rng = np.random.default_rng(seed)
    noisy = xy + rng.normal(0, 0.01, xy.shape)
    strained = cell @ (np.eye(2) + rng.normal(0, 2e-4, (2, 2)))
    noisy = noisy @ np.linalg.inv(cell) @ strained
    found = find_wallpaper(strained, noisy, labels, 0.08)
    assert found.name == name
    assert invariance(found, labels) < 1e-9

    def error(places: np.ndarray, basis: np.ndarray) -> float:
        gaps = (places @ np.linalg.inv(basis) - xy @ np.linalg.inv(cell)) @ cell
        # Where a polar group leaves the origin free, noise moves it, and that is no error.
        return float(np.square(gaps - gaps.mean(axis=0)).sum())

    assert error(found.xy, found.cell) < error(noisy, strained)


@pytest.mark.parametrize(
    ("layer", "name", "metric"),
    [
        (graphene(vacuum=5), "p6mm", "hexagonal"),
        (graphene("BN", a=2.504, vacuum=5), "p3m1", "hexagonal"),
        (mx2("MoS2", vacuum=5), "p3m1", "hexagonal"),
        (mx2("TiS2", "1T", a=3.41, thickness=2.85, vacuum=5), "p6mm", "hexagonal"),
    ],
    ids=["graphene", "h-BN", "MoS2-1H", "TiS2-1T"],
)
def test_layers_seen_from_above(layer, name, metric) -> None:
    cell = np.array(layer.cell[:2, :2])
    found = find_wallpaper(cell, layer.positions[:, :2], layer.numbers, 0.05)
    assert (found.name, found.metric) == (name, metric)
    np.testing.assert_allclose(found.xy, layer.positions[:, :2], atol=1e-6)


def test_a_tolerance_decides_between_a_group_and_its_subgroup() -> None:
    layer = graphene(vacuum=5)
    cell, xy = np.array(layer.cell[:2, :2]), layer.positions[:, :2].copy()
    xy[1, 1] += 0.2
    assert find_wallpaper(cell, xy, layer.numbers, 0.3).name == "p6mm"
    assert find_wallpaper(cell, xy, layer.numbers, 0.03).name in ("c2mm",)


def test_no_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="no columns"):
        find_wallpaper(np.eye(2) * 3, np.zeros((0, 2)), np.zeros(0, dtype=int), 0.1)


def test_shears_of_a_long_cell_are_no_turns() -> None:
    """With a wide tolerance of a long cell's vectors a shear lays the lattice on itself."""
    cell = np.array([[1.6, 0.0], [0.1, 24.0]])
    places = np.array([[0.3, 1.6 * step + 0.2] for step in range(15)])
    found = find_wallpaper(cell, places, np.full(15, 5), 0.15, 0.04 * 24)
    turns = found.operations.rotations
    assert len(turns) in (1, 2, 4)
    # Each returns to itself after a whole turn, as no shear does.
    assert all((np.linalg.matrix_power(turn, 12) == np.eye(2)).all() for turn in turns)
