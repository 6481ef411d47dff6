"""Two-dimensional lattices: reduction, primitive projections, mappings."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrographia.physics.lattice import (
    cell_parameters,
    gauss_reduce,
    lattice_mappings,
    minimum_image,
    niggli_parameters,
    primitive_projection,
)

HEXAGONAL = np.array([[3.0, 0.0], [-1.5, 1.5 * math.sqrt(3)]])
SQUARE = np.array([[3.0, 0.0], [0.0, 3.0]])


def turn(degrees: float) -> np.ndarray:
    angle = math.radians(degrees)
    return np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])


def make_cell(a: float, b: float, gamma: float) -> np.ndarray:
    angle = math.radians(gamma)
    return np.array([[a, 0.0], [b * math.cos(angle), b * math.sin(angle)]])


cells = st.builds(
    make_cell,
    st.floats(2.0, 12.0),
    st.floats(2.0, 12.0),
    st.floats(35.0, 145.0),
)
unimodular = st.sampled_from(
    [
        np.array(entries).reshape(2, 2)
        for entries in itertools.product(range(-3, 4), repeat=4)
        if abs(entries[0] * entries[3] - entries[1] * entries[2]) == 1
    ]
)


@given(
    cells,
    st.floats(0, 0.43),
    st.floats(0, 2 * math.pi),
    st.tuples(st.integers(-9, 9), st.integers(-9, 9)),
)
def test_a_short_vector_comes_back_from_any_cell(cell, length, azimuth, steps):
    reduced, _ = gauss_reduce(cell)
    short = length * np.linalg.norm(reduced, axis=1).min()
    vector = short * np.array([math.cos(azimuth), math.sin(azimuth)])
    moved = (vector + np.array(steps) @ reduced) @ np.linalg.inv(reduced)
    assert np.allclose(minimum_image(moved) @ reduced, vector, atol=1e-9)


def test_images_keep_the_form_of_what_is_given():
    fractions = np.linspace(-3, 3, 48).reshape(2, 4, 3, 2)
    images = minimum_image(fractions)
    assert images.shape == fractions.shape
    assert np.abs(images).max() <= 0.5
    assert np.allclose(fractions - images, np.rint(fractions - images))


@given(cells, unimodular, st.floats(0, 360))
def test_reduction_finds_the_two_shortest_vectors(cell, change, angle):
    skewed = change @ cell @ turn(angle)
    reduced, transform = gauss_reduce(skewed)
    assert np.allclose(transform @ skewed, reduced)
    assert abs(round(np.linalg.det(transform))) == 1
    assert np.linalg.det(reduced) > 0
    a, b, gamma = cell_parameters(reduced)
    assert a <= b * (1 + 1e-6)
    assert 60 - 1e-4 <= gamma <= 120 + 1e-4
    grid = np.array([p for p in itertools.product(range(-6, 7), repeat=2) if p != (0, 0)])
    lengths = np.linalg.norm(grid @ cell, axis=1)
    shortest = grid[lengths.argmin()]
    independent = shortest[0] * grid[:, 1] != shortest[1] * grid[:, 0]
    assert a == pytest.approx(lengths.min())
    assert b == pytest.approx(lengths[independent].min())


@given(cells, unimodular, st.floats(0, 360))
def test_parameters_do_not_depend_on_the_choice_of_cell(cell, change, angle):
    mirror = np.diag([1.0, -1.0])
    expected = niggli_parameters(cell)
    assert niggli_parameters(change @ cell @ turn(angle)) == pytest.approx(expected, rel=1e-5)
    assert niggli_parameters(cell @ mirror) == pytest.approx(expected, rel=1e-5)


@given(st.sampled_from([HEXAGONAL, SQUARE]), st.integers(0, 2**32 - 1))
def test_a_small_strain_changes_the_parameters_little_in_degenerate_lattices(cell, seed):
    strain = np.eye(2) + np.random.default_rng(seed).normal(0, 0.002, (2, 2))
    a, b, gamma = np.subtract(niggli_parameters(cell @ strain), niggli_parameters(cell))
    assert max(abs(a), abs(b)) < 0.06
    assert abs(gamma) < 1.2


def test_degenerate_lattices_take_the_obtuse_angle():
    for angle in (60.0, 120.0):
        assert cell_parameters(gauss_reduce(make_cell(3, 3, angle))[0])[2] == pytest.approx(120)
    assert cell_parameters(gauss_reduce(make_cell(3, 3, 80))[0])[2] == pytest.approx(100)


def test_an_oblique_lattice_keeps_its_hand():
    # Neither angle can be chosen here: 80° and 100° are mirror images.
    assert cell_parameters(gauss_reduce(make_cell(3, 4, 80))[0])[2] == pytest.approx(80)
    assert cell_parameters(gauss_reduce(make_cell(3, 4, 100))[0])[2] == pytest.approx(100)


@pytest.mark.parametrize(
    "cell", [[[1, 0], [2, 0]], [[0, 0], [1, 0]], [[np.nan, 0], [0, 1]], [[1e-3, 0], [5e-3, 0]]]
)
def test_parallel_vectors_are_no_lattice(cell):
    with pytest.raises(ValueError, match="no lattice"):
        gauss_reduce(np.array(cell, dtype=float))


@pytest.mark.parametrize(
    ("cell", "count"),
    [(HEXAGONAL, 12), (SQUARE, 8), (make_cell(3, 4, 90), 4), (make_cell(3, 4, 100), 2)],
)
def test_a_lattice_maps_onto_itself_by_its_point_group(cell, count):
    assert len(lattice_mappings(cell, cell, 0.01, 0.5)) == count


def test_an_oblique_lattice_maps_onto_its_mirror_image():
    found = lattice_mappings(make_cell(3, 4, 100), make_cell(3, 4, 80), 0.01, 0.5)
    assert len(found) == 2
    assert all(round(np.linalg.det(m)) == -1 for m in found)


@given(cells, unimodular, st.floats(0, 360), st.integers(0, 2**32 - 1))
def test_mappings_survive_strain_and_are_congruent(cell, change, angle, seed):
    cell, _ = gauss_reduce(cell)
    strain = np.eye(2) + np.random.default_rng(seed).uniform(-0.01, 0.01, (2, 2))
    other = change @ cell @ strain @ turn(angle)
    found = lattice_mappings(cell, other)
    assert found
    for mapping in found:
        a, b, gamma = np.subtract(cell_parameters(mapping @ other), cell_parameters(cell))
        assert abs(a) <= 0.05 * np.linalg.norm(cell[0]) + 1e-9
        assert abs(b) <= 0.05 * np.linalg.norm(cell[1]) + 1e-9
        assert abs(gamma) <= 3 + 1e-6


def test_different_lattices_have_no_mapping():
    assert lattice_mappings(SQUARE, HEXAGONAL) == []
    assert lattice_mappings(SQUARE, SQUARE * 1.06) == []
    assert lattice_mappings(SQUARE, make_cell(3, 3, 94)) == []
    # A supercell of the square lattice has the length, but not the area.
    assert lattice_mappings(make_cell(3, 6, 90), SQUARE) == []


def repeat(cell, xy, numbers, matrix):
    """All atoms of the supercell `matrix @ cell`."""
    larger = matrix @ cell
    reach = int(np.abs(matrix).sum()) + 1
    grid = np.array(list(itertools.product(range(-reach, reach + 1), repeat=2)))
    inside = (grid @ np.linalg.inv(matrix) + 1e-9) % 1.0
    _, first = np.unique(np.round(inside, 6), axis=0, return_index=True)
    shifts = grid[first] @ cell
    assert len(shifts) == abs(round(np.linalg.det(matrix)))
    points = (xy[None] + shifts[:, None]).reshape(-1, 2)
    return larger, points, np.tile(numbers, len(shifts))


@st.composite
def crystals(draw):
    """A primitive projected crystal: one atom of the first species, so no hidden translation."""
    cell = gauss_reduce(draw(cells))[0]
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(1, 5))
    fractions = generator.random((count, 2))
    numbers = np.array([42, *generator.choice([16, 34], count - 1).tolist()])
    if draw(st.booleans()) and count > 2:
        fractions[2], numbers[2] = fractions[1], numbers[1]  # stacked
    return cell, fractions @ cell, numbers


supercells = st.sampled_from(
    [
        np.array(m)
        for m in (
            [[1, 0], [0, 1]],
            [[2, 0], [0, 1]],
            [[2, 1], [0, 2]],
            [[1, 1], [-1, 2]],
            [[3, 0], [1, 2]],
            [[2, 0], [0, 2]],
            [[3, 0], [0, 3]],
            [[1, 4], [-1, 1]],
        )
    ]
)


def nearest(xy, other, cell):
    delta = (xy[:, None] - other[None]) @ np.linalg.inv(cell)
    delta -= np.rint(delta)
    return np.linalg.norm(delta @ cell, axis=-1)


@given(crystals(), supercells, st.floats(0, 360), st.integers(0, 2**32 - 1), st.floats(0, 0.024))
@settings(deadline=None)
def test_a_noisy_rotated_supercell_has_the_crystals_primitive_cell(
    crystal, matrix, angle, seed, noise
):
    cell, xy, numbers = crystal
    generator = np.random.default_rng(seed)
    larger, points, kinds = repeat(cell, xy, numbers, matrix)
    step = generator.normal(size=points.shape)
    points = points + noise * step / np.linalg.norm(step, axis=1, keepdims=True)
    order = generator.permutation(len(kinds))
    rotation, offset = turn(angle), generator.normal(size=2)
    found, sites, species = primitive_projection(
        (points[order] + offset) @ rotation, kinds[order], larger @ rotation
    )
    assert niggli_parameters(found) == pytest.approx(niggli_parameters(cell), rel=1e-6)
    assert sorted(species) == sorted(numbers)
    expected = (xy + offset) @ rotation
    for kind in set(numbers.tolist()):
        distance = nearest(sites[species == kind], expected[numbers == kind], found)
        # Sites nearer to each other than twice the noise may exchange copies: noise + 2 noise.
        assert distance.min(axis=1).max() <= 3 * noise + 1e-6
        assert distance.min(axis=0).max() <= 3 * noise + 1e-6


def test_a_buckled_crystal_has_a_smaller_projected_cell():
    # Two atoms at different heights, half a cell apart: one atom per cell in projection.
    cell = np.diag([4.0, 3.0])
    found, sites, species = primitive_projection(
        np.array([[0.1, 0.2], [2.1, 0.2]]), np.array([33, 33]), cell
    )
    assert np.linalg.norm(found, axis=1) == pytest.approx([2, 3])
    assert len(sites) == len(species) == 1


def test_a_displacement_beyond_the_tolerance_is_kept():
    cell = np.diag([6.0, 3.0])
    for shift, count in ((0.09, 1), (0.11, 2)):
        xy = np.array([[0.0, 0.0], [3.0 + shift, 0.0]])
        # Half the shift falls on each translation: by t and by 2t = 0.
        found = primitive_projection(xy, np.array([6, 6]), cell, tolerance=0.1)
        assert len(found[2]) == count, shift


def test_copies_are_averaged():
    cell = np.diag([6.0, 3.0])
    xy = np.array([[1.0, 1.0], [4.06, 1.04]])
    found, sites, _ = primitive_projection(xy, np.array([6, 6]), cell)
    assert nearest(sites, np.array([[1.03, 1.02]]), found)[0, 0] < 1e-9


def test_stacked_atoms_count():
    # Two over one: as columns a smaller cell would do, as atoms it does not.
    xy = np.array([[0.0, 0.0], [0.0, 0.0], [3.0, 0.0]])
    assert len(primitive_projection(xy, np.array([6, 6, 6]), np.diag([6.0, 3.0]))[2]) == 3
    xy = np.array([[0.0, 0.0], [0.0, 0.0], [3.0, 0.0], [3.0, 0.0]])
    assert len(primitive_projection(xy, np.array([6, 6, 6, 6]), np.diag([6.0, 3.0]))[2]) == 2


def test_a_substituted_supercell_stays_large():
    larger, xy, numbers = repeat(
        HEXAGONAL, np.zeros((1, 2)), np.array([6]), 3 * np.eye(2, dtype=int)
    )
    numbers[4] = 7
    found, sites, _ = primitive_projection(xy, numbers, larger)
    assert len(sites) == 9
    assert np.linalg.det(found) == pytest.approx(np.linalg.det(larger))


def test_no_atoms():
    with pytest.raises(ValueError, match="no atoms"):
        primitive_projection(np.zeros((0, 2)), np.zeros(0, dtype=int), SQUARE)
