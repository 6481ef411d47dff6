"""Superlattices: seen where light atoms repeat less often than heavy ones, and else not."""

from __future__ import annotations

import numpy as np
import pytest

from micrographia.arrays import FloatArray
from micrographia.language.structure.pictures import Plane, View, draw_picture
from micrographia.language.structure.seen.repeats import find_repeats, flatten
from micrographia.language.structure.seen.superlattices import (
    SUPERLATTICES,
    larger_cells,
    several,
)
from micrographia.physics.lattice import niggli_parameters

#: A lattice of lead, and one light atom in a superlattice of it.
CELL = np.array([[3.6, 0.0], [-0.7, 4.4]])


def picture(change: FloatArray, noise: float = 0.1, light: int = 16) -> np.ndarray:
    """Lead on every cell; in every second or third, a light atom."""
    whole = change @ CELL
    steps = np.array([[i, j] for i in range(-3, 4) for j in range(-3, 4)])
    places = steps @ np.linalg.inv(change) % 1.0
    places = np.unique(np.round(places, 6) % 1.0, axis=0)
    places = np.vstack([places, (np.array([0.5, 0.4]) @ np.linalg.inv(change)) % 1.0])
    numbers = np.array([82] * (len(places) - 1) + [light])
    view = View(noise=noise, rotation=0.2)
    return draw_picture(Plane(whole, places, numbers), view, np.random.default_rng(1))


#: A cell of three times 4.5 Å is too long to be told in a picture of 25.6 Å.
@pytest.mark.parametrize("number", [0, 1, 2, 3, 5, 6])
def test_a_light_atom_shows_its_superlattice(number: int) -> None:
    change = SUPERLATTICES[number]
    shown = picture(change)
    found = find_repeats(shown).cell
    assert found is not None
    wanted = niggli_parameters(change @ CELL)
    if np.allclose(niggli_parameters(found), wanted, atol=0.1):
        return  # the peaks tell already
    assert niggli_parameters(found) == pytest.approx(niggli_parameters(CELL), abs=0.1)
    best = larger_cells(flatten(shown), found)[0]
    assert niggli_parameters(best) == pytest.approx(wanted, abs=0.1)


def test_there_is_hardly_ever_one_in_noise() -> None:
    plane = Plane(CELL, np.zeros((1, 2)), np.array([82]))
    seen = []
    for seed in range(8):
        shown = draw_picture(
            plane, View(noise=0.3, rotation=0.1 * seed), np.random.default_rng(seed)
        )
        cell = find_repeats(shown).cell
        assert cell is not None
        seen += larger_cells(flatten(shown), cell)
    assert len(seen) <= 1


def test_the_measured_cell_comes_first_and_no_more_than_were_asked_for() -> None:
    shown = picture(SUPERLATTICES[2])
    found = several(shown, 2)
    first = find_repeats(shown)
    np.testing.assert_array_equal(found[0].mean, first.mean)
    assert len(found) <= 2 and len(several(shown, 1)) == 1
    assert several(np.zeros((256, 256), dtype=np.float32), 3)[0].cell is None
