"""Columns and species from Fourier data that the tests make by formulas of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from second_maker.scattering import electron_factor
from unit.reconstruction.unstated.made_fits import BLUR, LIMIT, made_fit

from micrographia.physics.lattice import minimum_image
from micrographia.reconstruction.answer.bonds import bonded
from micrographia.reconstruction.deadline import UNLIMITED
from micrographia.reconstruction.lattice import Fit
from micrographia.reconstruction.unstated.assigned import Assigned, evidence, settle
from micrographia.reconstruction.unstated.chemistry import log_prior
from micrographia.reconstruction.unstated.data import Data, doubted, vacant
from micrographia.reconstruction.unstated.labels import Asked, label
from micrographia.reconstruction.unstated.optics import Optics, usual_strength
from micrographia.reconstruction.unstated.orbits import with_orbit
from micrographia.reconstruction.unstated.outline import Outline, seeded, trace
from micrographia.reconstruction.unstated.search import assign

OBLIQUE = np.array([[4.2, 0.3], [-0.8, 4.4]])
UPRIGHT = np.diag([6.4, 5.3])
THREE = np.array([[0.7, 0.9], [2.7, 1.4], [1.3, 3.2]])
RATIOS = np.array([1.0, 0.62, 0.35])
OPTICS = Optics("phase", 1.0, LIMIT, blur=(BLUR, 0.0, BLUR))


def empty(optics: Optics) -> Outline:
    return Outline(np.zeros((0, 2)), np.zeros(0), np.zeros(0), optics)


def gaps(found: np.ndarray, truth: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Distances (n, k) between places in a cell."""
    fractions = (found[:, None] - truth[None]) @ np.linalg.inv(cell)
    return np.linalg.norm(minimum_image(fractions) @ cell, axis=2)


def atoms_fit(cell: np.ndarray, positions: np.ndarray, kinds: list[tuple[int, ...]]) -> Fit:
    """Phase contrast of atoms, with the factors of other tables and a gain that nobody told."""

    def strengths(radius: np.ndarray) -> np.ndarray:
        columns = [sum(electron_factor(n, radius / 2) for n in kind) for kind in kinds]
        return np.stack(columns, axis=1)

    return made_fit(cell, positions, strengths, gain=417.0, noise=2e-3)


def atoms_data(fit: Fit, asked: Asked) -> Data:
    return doubted(fit, usual_strength("phase", list(asked.numbers), fit.g), 0.015)


def test_columns_of_one_shape_are_found_with_their_strengths():
    def strengths(radius: np.ndarray) -> np.ndarray:
        return np.exp(-np.square(radius / 1.4))[:, None] * RATIOS

    fit = made_fit(OBLIQUE, THREE, strengths, gain=30.0, noise=2e-3)
    shape = np.exp(-np.square(np.linalg.norm(fit.g, axis=1) / 1.4))
    data = doubted(fit, shape, 0.004)
    found = trace(data, empty(Optics("phase")), 12, 0.1, UNLIMITED)
    assert found.count == 3
    distances = gaps(found.positions, THREE, OBLIQUE)
    order = distances.argmin(axis=0)
    assert sorted(order) == [0, 1, 2] and distances.min(axis=0).max() < 0.02
    strongest = found.strengths.max()
    np.testing.assert_allclose(found.strengths[order] / strongest, RATIOS, rtol=0.02)


def falling(radius: np.ndarray) -> np.ndarray:
    """Strengths (m, 3) of three columns of one shape."""
    return np.exp(-np.square(radius / 1.4))[:, None] * RATIOS


def falling_data(positions: np.ndarray, count: int) -> Data:
    fit = made_fit(OBLIQUE, positions, lambda r: falling(r)[:, :count], gain=30.0, noise=2e-3)
    return doubted(fit, np.exp(-np.square(np.linalg.norm(fit.g, axis=1) / 1.4)), 0.004)


def test_a_column_that_is_not_there_is_taken_away_and_none_that_is():
    data = falling_data(THREE, 3)
    ghost = np.vstack([THREE, [[3.5, 2.9]]])
    begun = Outline(ghost, 30.0 * np.append(RATIOS, 0.02), np.zeros(4), OPTICS)
    found = trace(data, begun, 4, 1e-3, UNLIMITED)
    assert found.count == 3
    assert gaps(found.positions, THREE, OBLIQUE).min(axis=0).max() < 0.02


def test_a_search_from_one_seed_is_the_search_from_nothing():
    data = falling_data(THREE[:1], 1)
    optics = Optics("phase")
    seeds = seeded(data, optics, 12)
    assert seeds.count == 1
    one, none = (trace(data, begun, 12, 0.1, UNLIMITED) for begun in (seeds, empty(optics)))
    np.testing.assert_array_equal(one.positions, none.positions)
    assert one.optics == none.optics


def test_points_are_vacant_beyond_a_distance_from_every_image_of_a_column():
    free = vacant(OBLIQUE, THREE, (30, 40), 0.6)
    steps = np.meshgrid(np.arange(30) / 30, np.arange(40) / 40, indexing="ij")
    points = np.stack(steps, axis=-1).reshape(-1, 2) @ OBLIQUE
    images = np.array([[i, j] for i in range(-2, 3) for j in range(-2, 3)]) @ OBLIQUE
    far = np.linalg.norm(points[:, None, None] - THREE[:, None] - images, axis=-1).min(axis=(1, 2))
    np.testing.assert_array_equal(free.ravel(), far >= 0.6)
    assert vacant(OBLIQUE, np.zeros((0, 2)), (3, 4), 0.6).all()


@pytest.mark.parametrize(
    ("kinds", "elements"),
    [
        ([(40,), (16,), (16,)], [16, 40]),
        ([(50,), (34,), (16,)], [16, 34, 50]),
        ([(42,), (8, 8), (8,)], [8, 42]),
    ],
    ids=["ZrS2", "SnSeS", "MoO2O"],
)
def test_species_are_read_whatever_the_gain(kinds, elements):
    asked = Asked(tuple(elements))
    data = atoms_data(atoms_fit(OBLIQUE, THREE, kinds), asked)
    outline = trace(data, empty(Optics("phase")), 12, 0.1, UNLIMITED)
    assert outline.count == 3
    first = label(data, outline, asked)
    answers = assign(data, outline, asked, UNLIMITED)
    best = answers[0].state
    assert sorted(kinds) in [sorted(item.kinds) for item in first]
    assert best.optics.gain == pytest.approx(417, rel=0.15)
    assert sorted(best.kinds) == sorted(kinds)
    distances = gaps(best.positions, THREE, OBLIQUE)
    for column, place in enumerate(distances.argmin(axis=1)):
        assert best.kinds[column] == kinds[place] and distances[column, place] < 0.02
    values = [answer.value for answer in answers]
    assert values == sorted(values, reverse=True)


def test_a_doubled_crystal_loses_against_the_single_one():
    asked = Asked((16, 40))
    kinds = [(40,), (16,), (16,)]
    data = atoms_data(atoms_fit(OBLIQUE, THREE, kinds), asked)
    optics = replace(OPTICS, gain=417.0, flex=tuple((n, 0.0, 0.0, 0.0) for n in asked.numbers))
    single = settle(data, Assigned(THREE, tuple(kinds), optics), 20, UNLIMITED)
    twice = Assigned(THREE, tuple(kind * 2 for kind in kinds), replace(optics, gain=417.0 / 2))
    double = settle(data, twice, 20, UNLIMITED)
    # The picture cannot tell them apart: the same strengths at half the gain.
    assert double.optics.gain == pytest.approx(single.optics.gain / 2, rel=0.01)
    assert evidence(data, single, asked) > evidence(data, double, asked) + 2


def test_usual_crystals_are_more_probable():
    named, area = frozenset({16, 42}), 8.75
    plain = log_prior([(42,), (16, 16)], area, named)
    # An element that was named is there.
    assert plain > log_prior([(42,), (42,)], area, named) + 3
    # Charges balance.
    sulphide = log_prior([(40,), (16,), (16,)], 11.7)
    assert sulphide > log_prior([(40,), (40,), (16,)], 11.7) + 1
    # Doubled columns, and columns of two elements, are rare.
    assert plain > log_prior([(42, 42), (16, 16, 16, 16)], area, named)
    assert plain > log_prior([(42, 16), (16,)], area, named)
    # As many atoms as find room.
    assert plain > log_prior([(42,), (16, 16)], 4 * area, named)
    assert plain > log_prior([(42,), (16, 16)], area / 4, named)
    # What the formula says outweighs all that.
    told = {42: 1, 16: 1}
    assert log_prior([(42,), (16,)], area, named, told) > log_prior(
        [(42,), (16, 16)], area, named, told
    )
    assert log_prior([(42,), (42,), (16,), (16,)], 2 * area, named, told) > -14


def test_faint_atoms_are_found_together_on_points_of_symmetry():
    # Two lead atoms have the group p2mm; oxygen lies on its mirrors.
    heavy = np.array([[1.9, 0.0], [-1.9, 0.0]])
    light = np.array([[0.0, 1.8], [0.0, -1.8]])
    asked = Asked((8, 82))
    fit = atoms_fit(UPRIGHT, np.vstack([heavy, light]), [(82,), (82,), (8,), (8,)])
    data = atoms_data(fit, asked)
    optics = replace(OPTICS, gain=417.0, flex=tuple((n, 0.0, 0.0, 0.0) for n in asked.numbers))
    state = settle(data, Assigned(heavy, ((82,), (82,)), optics), 10, UNLIMITED)
    grown = with_orbit(data, state, 8)
    assert grown is not None
    assert grown.kinds[2:] == ((8,), (8,)) and grown.tied == 1
    distances = gaps(grown.positions[2:], light, UPRIGHT)
    assert distances.min(axis=0).max() < 0.1
    settled = settle(data, grown, 10, UNLIMITED)
    assert evidence(data, settled, asked) > evidence(data, state, asked)
    # Where they are, no third is missed.
    assert with_orbit(data, settled, 8) is None


def test_columns_that_touch_nothing_are_no_crystal():
    cell = 3.68 * np.array([[1.0, 0.0], [0.5, np.sqrt(3) / 2]])
    positions = np.array([[0.0, 0.0], [1, 1] @ cell / 3, [2, 2] @ cell / 3])
    assert bonded(cell, positions, [(40,), (16,), (16,)]) > 0.99
    # Carbon is too small for the same places, one above the other or not.
    assert bonded(cell, positions, [(6,), (6,), (6, 6)]) < 0.05
    stacked = np.vstack([positions, positions])
    assert bonded(cell, stacked, [(6,)] * 6) < 0.05
    # One column alone, beside its own images.
    assert bonded(np.diag([2.9, 2.9]), np.zeros((1, 2)), [(82,)]) > 0.99
    assert bonded(np.diag([6.0, 6.0]), np.zeros((1, 2)), [(82,)]) < 0.01
