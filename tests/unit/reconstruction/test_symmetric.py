"""Symmetry helps where noise hides it and is not forced where the picture denies it."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import mx2

from micrographia.config import Reconstruction
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.matching import Projection, site_distance
from micrographia.reconstruction.columns import Columns, Problem, find_columns
from micrographia.reconstruction.symmetric import column_deviations, symmetrise_columns
from micrographia.reconstruction.templates import problem_of
from micrographia.stem.simulate import draw_view, simulate


def _tiles() -> Atoms:
    """Group p4gm: two W on the four-fold axes and four O on the mirrors."""
    x = 0.13
    cell = np.diag([5.6, 5.6, 20.0])
    oxygen = [[x, 0.5 + x], [-x, 0.5 - x], [0.5 - x, x], [0.5 + x, -x]]
    fractions = np.array([[0, 0], [0.5, 0.5], *oxygen]) % 1
    xy = fractions @ cell[:2, :2]
    return Atoms("W2O4", np.column_stack([xy, np.full(6, 10.0)]), cell=cell, pbc=True)


def _read(layer: Atoms, dose: float, seed: int) -> tuple[Problem, Columns]:
    view = draw_view(0.1, 27.3, None, [seed, 11])
    image = simulate(layer, ImagingConditions(), view, dose=dose, seed=seed)
    problem = problem_of(image, sorted(set(layer.get_chemical_symbols())), Reconstruction())
    return problem, find_columns(problem, 24)


def _error(problem: Problem, state: Columns, layer: Atoms) -> float:
    numbers = np.array([n for kind in state.kinds for n in problem.kinds[kind]])
    xy = np.repeat(state.positions, [len(problem.kinds[k]) for k in state.kinds], axis=0)
    found = Projection(problem.fit.cell, xy, numbers)
    truth = Projection(np.array(layer.cell[:2, :2]), layer.positions[:, :2], layer.numbers)
    distance = site_distance(found, truth)
    assert distance is not None
    return distance


@pytest.fixture(scope="module")
def readings() -> list[tuple[Problem, Columns]]:
    return [_read(_tiles(), 5e4, seed) for seed in range(5)]


def test_noise_is_averaged_over_the_group(readings: list[tuple[Problem, Columns]]) -> None:
    layer = _tiles()
    before, after = [], []
    for problem, state in readings:
        ideal, symmetric, group = symmetrise_columns(problem, state)
        assert group.name == "p4gm"
        before.append(_error(problem, state, layer))
        after.append(_error(ideal, symmetric, layer))
        a, b = np.linalg.norm(ideal.fit.cell, axis=1)
        assert a == pytest.approx(b, abs=1e-9)
    assert np.mean(after) < 0.8 * np.mean(before)


def test_deviations_are_those_of_pictures(readings: list[tuple[Problem, Columns]]) -> None:
    layer = _tiles()
    errors, stated = [], []
    for problem, state in readings:
        errors.append(_error(problem, state, layer))
        stated.append(np.sqrt(np.square(column_deviations(problem, state)).mean()))
    # A site's error has two directions; the stated one is along the worse.
    ratio = np.sqrt(np.square(errors).mean()) / np.mean(stated)
    assert 0.7 < ratio < 2.0


def test_a_small_distortion_is_kept() -> None:
    layer = mx2("MoS2", vacuum=5)
    layer = Atoms("MoSSe", layer.positions, cell=layer.cell, pbc=True)
    layer.positions[1:, 1] += [0.3, -0.1]
    layer.positions[1:, 0] += [0.05, 0.3]
    problem, state = _read(layer, 6e4, 1)
    _, refined, group = symmetrise_columns(problem, state)
    assert group.name == "p1"
    np.testing.assert_allclose(refined.positions, state.positions, atol=1e-3)
