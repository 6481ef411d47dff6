"""What lowers an answer's confidence beside its rivals, and says so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from unit.reconstruction.unstated.test_cells import ASKED, PLACES, SMALL, reading

from micrographia.config import Reconstruction
from micrographia.reconstruction.unstated.chemistry import log_packing
from micrographia.reconstruction.unstated.read import Reading
from micrographia.reconstruction.unstated.verdict import to_answer

#: Of the lattice a verdict takes nothing but its sentences.
FOUND = cast(Any, SimpleNamespace(sentences=lambda: ["A lattice was found."]))


@pytest.fixture(scope="module")
def readings() -> list[Reading]:
    return [reading(SMALL, PLACES)]


def test_a_cell_as_full_as_is_allowed_is_hardly_sure(readings: list[Reading]) -> None:
    columns = readings[0].answers[0].state.count
    roomy = to_answer(readings, FOUND, ASKED, Reconstruction(max_atoms=columns + 1))
    full = to_answer(readings, FOUND, ASKED, Reconstruction(max_atoms=columns))
    assert full.confidence == pytest.approx(0.3 * roomy.confidence)
    assert any("max_atoms" in note for note in full.notes)
    assert not any("max_atoms" in note for note in roomy.notes)


def test_reflections_of_a_larger_cell_are_said_and_count(readings: list[Reading]) -> None:
    whole = to_answer(readings, FOUND, ASKED, Reconstruction())
    left = to_answer(readings, FOUND, ASKED, Reconstruction(), unexplained=True)
    assert left.confidence == pytest.approx(0.3 * whole.confidence)
    assert any("larger cell" in note for note in left.notes)
    assert whole.notes[0] == "A lattice was found."


def test_packing_is_that_of_the_covalent_radii() -> None:
    # Graphene: two atoms of 0.76 Å on 5.24 Å²; a second layer above it doubles that.
    area = 2.46**2 * np.sqrt(0.75)
    one = np.log(2 * np.pi * 0.76**2 / area)
    assert log_packing([6, 6], area) == pytest.approx(one)
    assert log_packing([6] * 4, area) == pytest.approx(one + np.log(2))
