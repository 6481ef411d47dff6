"""Overlap maps and usual amplitudes against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from micrographia.physics.imaging import reciprocal_vectors
from micrographia.reconstruction.lattice import Fit
from micrographia.reconstruction.reflections import overlap_map, usual_amplitude

CELL = np.array([[4.0, 0.5], [-1.0, 5.0]])
INDICES, G = reciprocal_vectors(CELL, 2.0)
FALLING = np.exp(-np.linalg.norm(G, axis=1)) + 0j


def fit_of(coefficients: np.ndarray) -> Fit:
    return Fit(CELL, INDICES, G, coefficients, np.ones(len(G)), 1.0)


def test_a_column_is_where_its_overlap_is_largest():
    fraction = np.array([0.25, 0.625])
    there = 3.0 * FALLING * np.exp(-2j * np.pi * (INDICES @ fraction))
    overlap = overlap_map(fit_of(there), FALLING, there, 0.1, 24)
    rows, columns = overlap.shape
    assert rows >= np.linalg.norm(CELL[0]) / 0.1
    assert columns >= np.linalg.norm(CELL[1]) / 0.1
    place = np.array(np.unravel_index(overlap.argmax(), overlap.shape)) / overlap.shape
    assert place == pytest.approx(fraction, abs=0.5 / min(rows, columns))
    # Its strength times its power, but for the distance to the nearest point.
    assert overlap.max() == pytest.approx(3.0 * np.square(FALLING.real).sum(), rel=0.01)


def test_the_overlap_is_the_sum_over_reflections():
    generator = np.random.default_rng(0)
    residual = generator.normal(size=len(G)) + 1j * generator.normal(size=len(G))
    overlap = overlap_map(fit_of(FALLING), FALLING, residual, 0.5, 16)
    point = np.array([3, 7]) / overlap.shape @ CELL
    wanted = (FALLING.conj() * residual * np.exp(2j * np.pi * (G @ point))).real.sum()
    assert overlap[3, 7] == pytest.approx(wanted)


def test_equal_amplitudes_are_the_usual_one():
    generator = np.random.default_rng(1)
    phases = np.exp(2j * np.pi * generator.uniform(size=len(G)))
    assert usual_amplitude(fit_of(2.5 * phases)) == pytest.approx(2.5)


def test_the_usual_amplitude_is_that_of_the_ring():
    generator = np.random.default_rng(2)
    coefficients = FALLING**8 * (
        generator.normal(size=len(G)) + 1j * generator.normal(size=len(G))
    )
    radius = np.linalg.norm(G, axis=1)
    found = usual_amplitude(fit_of(coefficients))
    for place in (0, len(G) // 2, len(G) - 1):
        ring = np.abs(radius - radius[place]) < 0.06 * radius.max()
        assert found[place] ** 2 == pytest.approx(np.square(np.abs(coefficients[ring])).mean())
