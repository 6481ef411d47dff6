"""Numbers of formula units: what the network says and the room in the cell, both."""

from __future__ import annotations

import numpy as np
import pytest

from micrographia.language.structure.again.units import PACKED, likely_units, measured_shape, room
from micrographia.language.structure.canonical import Written, read
from micrographia.language.structure.tokens import RANGES, VOCABULARY

TCI3 = {53: 3, 43: 1}


def cell(a: int, b: int) -> Written:
    return Written(a, b, 900, ((53, 3), (43, 1)), ((0, 0, 0, 0),) * 4)


def flat() -> np.ndarray:
    """Of every amount the network thinks the same."""
    return np.zeros(VOCABULARY)


def test_a_cell_is_filled_as_prototypes_are() -> None:
    """TcI3 in 6.9 by 12 Å: four units, and not two."""
    assert likely_units(cell(690, 1200), flat(), TCI3, 1) == [4]
    assert 6 in likely_units(cell(690, 1200), flat(), TCI3, 4)
    assert 2 not in likely_units(cell(690, 1200), flat(), TCI3, 3)
    assert likely_units(cell(345, 600), flat(), TCI3, 1) == [1]


def test_what_the_network_is_sure_of_is_asked_for() -> None:
    amounts = np.full(VOCABULARY, -20.0)
    amounts[RANGES["count"].word(6)] = 0.0
    # The first amount is that of iodine: six of them are two units.
    assert likely_units(cell(690, 1200), amounts, TCI3, 1) == [2]


def test_no_more_atoms_than_the_digits_can_hold() -> None:
    found = likely_units(cell(3900, 3900), flat(), TCI3, 99)
    assert sorted(found) == list(range(1, 11))


def test_room_is_most_usual_at_the_prototypes_mean() -> None:
    graphene = read("2.46 2.46 120.0\nC2\nC .00 .00 0.0\nC .33 .67 0.0\n")
    wide = read("4.92 4.92 120.0\nC2\nC .00 .00 0.0\nC .33 .67 0.0\n")
    assert 0 >= room(graphene) > room(wide)
    assert np.exp(PACKED) == pytest.approx(0.42, abs=0.01)


def test_a_measured_cell_is_said_as_the_grammar_has_it() -> None:
    measured = np.array([[4.12, 0.0], [0.03, 4.09]])
    said = measured_shape(cell(690, 1200), measured)
    assert (said.a, said.b, said.gamma) == (409, 412, 900)
    assert said.contents == cell(690, 1200).contents
