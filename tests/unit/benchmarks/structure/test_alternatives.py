"""The true composition among the first three: ranked, parsed, never by chance."""

from __future__ import annotations

from collections import Counter

import pytest
from ase import Atoms
from ase.data import chemical_symbols
from hypothesis import given
from hypothesis import strategies as st

from micrographia.benchmarks.structure.alternatives import is_among_first, parse_composition

numbers = st.lists(st.integers(1, 94), min_size=1, max_size=12)


@given(numbers)
def test_every_formula_that_the_solver_writes_is_understood(atoms):
    formula = Atoms(numbers=atoms).get_chemical_formula("metal")
    assert parse_composition(f"{formula} (log-likelihood -12.3)") == Counter(atoms)


@pytest.mark.parametrize(
    "text", ["", "(log-likelihood -1)", "Xx2", "cannot tell", "2", "Q", "C-N"]
)
def test_what_is_no_formula_is_none(text):
    assert parse_composition(text) is None


@given(numbers)
def test_the_answer_itself_counts_and_nothing_else_is_needed(truth):
    assert is_among_first(truth[::-1], [], truth)
    assert not is_among_first(None, [], truth)


def _names(*atoms):
    return [f"{Atoms(numbers=n).get_chemical_formula('metal')} (log-likelihood -1)" for n in atoms]


def test_the_first_three_different_compositions_count():
    truth, others = [42, 16, 16], ([42, 34, 34], [74, 16, 16], [52, 16, 16])
    assert is_among_first(others[0], _names(others[1], truth), truth)
    assert not is_among_first(others[0], _names(others[1], others[2], truth), truth)
    # Other arrangements of the same atoms take no place.
    repeated = _names(others[0], others[1], others[1], truth)
    assert is_among_first(others[0], repeated, truth)
    # Without an answer there are three alternatives.
    assert is_among_first(None, _names(*others[:2], truth), truth)
    assert not is_among_first(None, _names(*others, truth), truth)


@given(atoms=numbers, factor=st.integers(2, 5))
def test_a_multiple_of_the_true_cell_counts_and_a_part_does_not(atoms, factor):
    wrong = [1 if atoms[0] != 1 else 2] * len(atoms)
    if Counter(wrong) != Counter(atoms):
        assert is_among_first(wrong, _names(atoms * factor), atoms)
    assert not is_among_first([*atoms, 95], _names(atoms), atoms * factor)


def test_symbols_are_those_of_ase():
    assert all(parse_composition(name) for name in chemical_symbols[1:95])
