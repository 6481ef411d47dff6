"""A small cell against a superlattice of it: noise of one strength, and atoms that are moved."""

from __future__ import annotations

import numpy as np
import pytest
from unit.reconstruction.unstated.test_columns import atoms_fit

from micrographia.reconstruction.deadline import UNLIMITED
from micrographia.reconstruction.unstated.cells import choose
from micrographia.reconstruction.unstated.labels import Asked
from micrographia.reconstruction.unstated.optics import Optics
from micrographia.reconstruction.unstated.read import Reading, read

SMALL = np.array([[3.9, 0.0], [0.0, 4.4]])
LARGE = np.array([[7.8, 0.0], [0.0, 4.4]])
PLACES = np.array([[0.4, 0.5], [2.3, 2.6]])
ASKED = Asked((8, 40))


def reading(cell: np.ndarray, places: np.ndarray, loud: float = 1.0) -> Reading:
    """What is read of ZrO's repeated; the noise is `loud` times what the solver is told."""
    kinds = [(40,), (8,)] * (len(places) // 2)
    fit = atoms_fit(cell, places, kinds)
    if loud > 1:
        rng = np.random.default_rng(4)
        more = rng.normal(size=(2, len(fit.g))) * np.sqrt((loud**2 - 1) / 2) * fit.sigma
        fit.coefficients[:] += more[0] + 1j * more[1]
    return read(fit, ASKED, Optics("phase"), 12, UNLIMITED)


@pytest.fixture(scope="module")
def small() -> Reading:
    return reading(SMALL, PLACES)


def test_more_noise_than_was_told_is_no_superlattice(small: Reading) -> None:
    large = reading(LARGE, np.vstack([PLACES, PLACES + SMALL[0]]), loud=1.6)
    choice = choose(small, large, ASKED, UNLIMITED)
    assert choice.small and not choice.unexplained


def test_atoms_that_are_moved_in_every_second_cell_are_a_superlattice(small: Reading) -> None:
    moved = np.vstack([PLACES, PLACES + SMALL[0] + [[0.25, 0.0], [0.0, -0.3]]])
    assert not choose(small, reading(LARGE, moved), ASKED, UNLIMITED).small
