"""Distances of projected crystals: the least over mappings, translations and assignments."""

from __future__ import annotations

import itertools
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from micrographia.physics.lattice import gauss_reduce, lattice_mappings
from micrographia.physics.matching import Projection, site_distance

HEXAGONAL = np.array([[1.0, 0.0], [-0.5, 0.5 * math.sqrt(3)]])


def crystal(seed, count, cell=None, species=(42, 16)):
    generator = np.random.default_rng(seed)
    if cell is None:
        cell = gauss_reduce(np.array([[4.0, 0], [0, 5.0]]) + generator.uniform(-1, 1, (2, 2)))[0]
    numbers = np.sort(generator.choice(species, count))
    return Projection(cell, generator.random((count, 2)) @ cell, numbers)


def exhaustive(answer, truth):
    """Least rms over a fine grid of translations; an upper bound close to the truth."""
    best = np.inf
    target = truth.xy @ np.linalg.inv(truth.cell)
    images = np.array(list(itertools.product((-1, 0, 1), repeat=2)))
    for mapping in lattice_mappings(truth.cell, answer.cell):
        points = answer.xy @ np.linalg.inv(mapping @ answer.cell)
        for shift in itertools.product(np.linspace(0, 1, 30, endpoint=False), repeat=2):
            total = []
            for kind in np.unique(truth.numbers):
                delta = target[truth.numbers == kind] - points[answer.numbers == kind][:, None]
                delta = delta - np.array(shift)
                vectors = ((delta - np.rint(delta))[:, :, None] + images) @ truth.cell
                squared = np.square(vectors).sum(axis=-1)
                rows, columns = linear_sum_assignment(squared.min(axis=-1))
                total.append(vectors[rows, columns, squared.argmin(axis=-1)[rows, columns]])
            every = np.concatenate(total)
            best = min(best, np.square(every - every.mean(axis=0)).sum(axis=1).mean())
    return math.sqrt(best)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("noise", [0.05, 0.25])
def test_it_is_as_good_as_an_exhaustive_search(seed, noise):
    truth = crystal(seed, 5)
    shift = np.random.default_rng(seed + 50).normal(0, noise, truth.xy.shape)
    answer = Projection(truth.cell, truth.xy + shift, truth.numbers)
    assert site_distance(answer, truth) <= exhaustive(answer, truth) + 1e-9


@given(st.integers(0, 2**32 - 1), st.integers(1, 8), st.floats(0, 360), st.booleans())
@settings(deadline=None, max_examples=40)
def test_a_turned_mirrored_moved_copy_is_at_distance_zero(seed, count, degrees, mirrored):
    truth = crystal(seed, count)
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    if mirrored:
        turn = turn @ np.diag([1, -1])
    order = np.random.default_rng(seed).permutation(count)
    moved = (truth.xy + np.random.default_rng(seed).normal(0, 9, 2)) @ turn
    answer = Projection(gauss_reduce(truth.cell @ turn)[0], moved[order], truth.numbers[order])
    assert site_distance(answer, truth) == pytest.approx(0, abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(2, 8), st.integers(0, 7))
@settings(deadline=None, max_examples=40)
def test_any_misplaced_atom_costs_its_share(seed, count, which):
    """Even when the misplaced atom is the only one of its element."""
    generator = np.random.default_rng(seed)
    side = 3 * count
    # Far apart, so that no other assignment is cheaper.
    xy = np.column_stack([3.0 * np.arange(count), generator.uniform(0, 2, count)])
    truth = Projection(np.diag([side, 9.3]), xy, np.arange(count) // 2 + 1)
    step = generator.normal(size=2)
    moved = xy.copy()
    moved[which % count] += 0.5 * step / np.linalg.norm(step)
    expected = 0.5 * math.sqrt(count - 1) / count
    found = site_distance(Projection(truth.cell, moved, truth.numbers), truth)
    assert found <= expected + 1e-9
    assert found > 0 or count == 1


def test_degenerate_lattices_are_laid_in_all_ways():
    cell = 4 * HEXAGONAL
    xy = np.array([[0.1, 0.0], [0.45, 0.2], [0.3, 0.7]]) @ cell
    truth = Projection(cell, xy, np.array([6, 7, 8]))
    for step in range(6):
        angle = math.radians(60 * step + 0.4)
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        answer = Projection(gauss_reduce(cell @ turn)[0], xy @ turn, truth.numbers)
        assert site_distance(answer, truth) == pytest.approx(0, abs=1e-9)


def test_stacked_atoms_are_matched_one_to_one():
    # Two over one place and one over another: laid the other way round, every atom still has
    # a near one.
    cell = 6 * HEXAGONAL
    places = np.array([[0.0, 0.0], [0.0, 0.0], [1 / 3, 2 / 3]])
    xy = (np.concatenate([places, places + 0.21]) % 1.0) @ cell
    truth = Projection(cell, xy, np.array([6, 6, 6, 7, 7, 7]))
    noise = np.random.default_rng(1).normal(0, 0.02, xy.shape)
    answer = Projection(cell, np.roll(xy, 1, axis=0) + noise, np.roll(truth.numbers, 1))
    assert site_distance(answer, truth) < 0.04


def test_other_lattices_and_species_have_no_distance():
    truth = crystal(1, 4)
    other = np.where(truth.numbers == 16, 34, truth.numbers)
    assert site_distance(Projection(truth.cell, truth.xy, other), truth) is None
    wide = Projection(truth.cell * 1.06, truth.xy * 1.06, truth.numbers)
    assert site_distance(wide, truth) is None
    slight = Projection(truth.cell * 1.04, truth.xy * 1.04, truth.numbers)
    assert site_distance(slight, truth) == pytest.approx(0, abs=1e-9)


def test_large_symmetric_cells_are_fast():
    truth = crystal(3, 24, 9 * HEXAGONAL, species=(6,))
    answer = crystal(4, 24, 9 * HEXAGONAL, species=(6,))
    site_distance(answer, truth)
    started = time.process_time()
    site_distance(answer, truth)
    assert time.process_time() - started < 0.25  # 0.05 s on an idle core
