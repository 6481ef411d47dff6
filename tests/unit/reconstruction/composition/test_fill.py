"""Columns that hold a known formula: changes, what they cost, and where they lead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from unit.reconstruction.unstated.test_columns import OBLIQUE, OPTICS, THREE, atoms_data, atoms_fit

from micrographia.reconstruction.composition.edits import applied, edits_of, losses
from micrographia.reconstruction.composition.fill import fill, is_right
from micrographia.reconstruction.deadline import UNLIMITED
from micrographia.reconstruction.unstated.assigned import Assigned, signals
from micrographia.reconstruction.unstated.labels import Asked
from micrographia.reconstruction.unstated.optics import Optics

KINDS = [(40,), (16,), (16,)]
KNOWN = Asked((16, 40), {40: 1, 16: 2})


def told(optics: Optics, numbers: tuple[int, ...]) -> Optics:
    return replace(optics, gain=417.0, flex=tuple((n, 0.0, 0.0, 0.0) for n in numbers))


def state_of(kinds: list[tuple[int, ...]], places: np.ndarray = THREE) -> Assigned:
    return Assigned(places[: len(kinds)], tuple(kinds), told(OPTICS, (16, 40)))


def squares(data, state: Assigned) -> float:
    return float(np.square(np.abs(data.values - signals(data, state).sum(axis=1))).sum())


def test_what_changes_cost_is_what_the_squares_say():
    data = atoms_data(atoms_fit(OBLIQUE, THREE, KINDS), KNOWN)
    state = state_of([(40,), (16,), (40,)])
    edits = edits_of(data, state, KNOWN.numbers)
    own, together = losses(data, state, edits)
    before = squares(data, state)
    rng = np.random.default_rng(5)
    checked = 0
    for first, second in rng.integers(0, len(edits), (60, 2)):
        if not np.isfinite(together[first, second]):
            continue
        both = applied(state, edits, [int(first), int(second)])
        expected = squares(data, both) - before
        found = own[first] + own[second] + together[first, second]
        found -= edits.price[first] + edits.price[second]
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-6 * before)
        checked += 1
    assert checked > 20


def test_changes_tell_how_they_change_the_composition():
    data = atoms_data(atoms_fit(OBLIQUE, THREE, KINDS), KNOWN)
    state = state_of([(40,), (16,), (16, 16)])
    edits = edits_of(data, state, KNOWN.numbers)
    for edit in range(len(edits)):
        after = applied(state, edits, [edit]).atoms
        gained = [after.count(n) - state.atoms.count(n) for n in KNOWN.numbers]
        assert gained == edits.change[edit].tolist()
    # Each atom gone, exchanged or joined by another; and new columns of either element.
    assert {(0, -1), (-1, 0), (1, -1), (1, 0), (0, 1)} <= {tuple(row) for row in edits.change}


@pytest.mark.parametrize(
    "wrong",
    [[(40,), (16,)], [(40,), (40,), (16,)], [(16,), (16,), (16,)], [(40,), (16,), (16, 40)]],
    ids=["one lacks", "one exchanged", "no zirconium", "one too much"],
)
def test_a_wrong_composition_becomes_the_known_one(wrong):
    data = atoms_data(atoms_fit(OBLIQUE, THREE, KINDS), KNOWN)
    found = fill(data, state_of(wrong), KNOWN, UNLIMITED)
    assert found and all(is_right(state, KNOWN) for state in found)
    best = min(found, key=lambda state: squares(data, state))
    assert sorted(best.kinds) == sorted(KINDS)
    zirconium = best.positions[best.kinds.index((40,))]
    assert np.linalg.norm(zirconium - THREE[0]) < 0.05


@pytest.mark.parametrize(
    ("kinds", "formula", "right"),
    [
        ([(29,), (16,)], {29: 1, 16: 1}, True),
        ([(29,), (16,)], {29: 2, 16: 2}, True),
        ([(29,), (29,), (29,), (16, 16, 16)], {29: 2, 16: 2}, False),
        ([(29,), (29,), (29,), (16, 16, 16)], {29: 1, 16: 1}, True),
        ([(29,), (29,), (16,)], {29: 1, 16: 1}, False),
        ([(29,)], {29: 1, 16: 1}, False),
    ],
)
def test_a_cell_holds_a_part_or_a_multiple_of_the_formula(kinds, formula, right):
    places = np.arange(2.0 * len(kinds)).reshape(-1, 2)
    assert is_right(Assigned(places, tuple(kinds), OPTICS), Asked((16, 29), formula)) is right


def test_without_a_formula_every_composition_is_right():
    assert is_right(state_of([(40,)]), Asked((16, 40)))
