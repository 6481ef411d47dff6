"""Elements of the sites of CIFs, from type symbols and from labels."""

from __future__ import annotations

import pytest

from micrographia.errors import StructureError
from micrographia.io.crystals.symbols import element_of_label, element_of_type


@pytest.mark.parametrize(
    ("text", "element"),
    [
        ("Mo", "Mo"),
        ("NI", "Ni"),
        ("co", "Co"),
        ("S2-", "S"),
        ("Fe3+", "Fe"),
        ("Mo+4", "Mo"),
        ("W1", "W"),
        ("D", "H"),
        (" Se ", "Se"),
    ],
)
def test_type_symbols(text, element):
    assert element_of_type(text, "x") == element


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Mo/W", "no single element"),
        ("OH", "Oh is no chemical element"),
        ("MoS2", "no single element"),
        ("X", "without an element"),
        ("T", "T is no chemical element"),
        ("Qq", "Qq is no chemical element"),
        ("12", "no single element"),
        ("", "no single element"),
    ],
)
def test_type_symbols_that_name_none(text, words):
    with pytest.raises(StructureError, match=words) as caught:
        element_of_type(text, "a.cif")
    assert str(caught.value).startswith("a.cif")


@pytest.mark.parametrize(
    ("text", "formula", "element"),
    [
        ("Mo1", (), "Mo"),
        ("S1A", (), "S"),
        ("Ow", (), "O"),
        ("MO1", (), "Mo"),
        ("GA2", (), "Ga"),
        ("NI1", ("Ni", "I"), "Ni"),
        ("CA1", ("C", "H"), "C"),
        ("CA1", ("Ca", "F"), "Ca"),
        ("D3", (), "H"),
        ("(Se)2", (), "Se"),
    ],
)
def test_labels(text, formula, element):
    assert element_of_label(text, formula, "x") == element


@pytest.mark.parametrize(
    ("text", "formula", "words"),
    [
        ("NI1", (), r"two elements begin with.*Ni or N.*_atom_site_type_symbol"),
        ("CO1", ("Co", "C"), "two elements begin with"),
        ("T1", (), "no chemical element"),
        ("1", (), "no chemical element"),
        ("", (), "no chemical element"),
    ],
)
def test_labels_that_tell_no_element(text, formula, words):
    with pytest.raises(StructureError, match=words):
        element_of_label(text, formula, "a.cif")
