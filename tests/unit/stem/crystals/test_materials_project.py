"""The online source: what is asked, what comes of it, what is said when it cannot be."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from pymatgen.core import Lattice, Structure

from micrographia.cli import main
from micrographia.config import StructureSource, validate
from micrographia.errors import ConfigError
from micrographia.stem.crystals.materials_project import KEY_VARIABLE, entries

SETTINGS = '{"source": "materials-project", "materials": ["MoS2"]}'


class Summary:
    """Answers as the client's `summary` endpoint does, and remembers the questions."""

    def __init__(self, documents):
        self.documents = documents
        self.asked = []

    def search(self, fields, **query):
        self.asked.append(query)
        return self.documents.get(next(iter(query.values()))[0], [])


def document(name, species):
    structure = Structure(Lattice.hexagonal(3.2, 20), species, [[0, 0, 0.5], [1 / 3, 2 / 3, 0.5]])
    return SimpleNamespace(material_id=name, structure=structure)


def test_identifiers_systems_and_formulas_are_asked_as_such():
    summary = Summary({})
    names = ["mp-2815", "Mo-S", "MoS2"]
    found = list(entries(summary, names))
    assert summary.asked == [
        {"material_ids": ["mp-2815"]},
        {"chemsys": "Mo-S"},
        {"formula": "MoS2"},
    ]
    assert [(name, atoms) for name, atoms, _ in found] == [(name, None) for name in names]
    assert "knows no mp-2815" in found[0][2]


def test_crystals_come_once_and_partly_occupied_ones_with_their_reason():
    documents = [
        document("mp-9", ["B", "N"]),
        document("mp-7", [{"B": 0.5, "C": 0.5}, {"N": 1.0}]),
    ]
    summary = Summary({"mp-9": documents[:1], "B": documents})
    found = list(entries(summary, ["mp-9", "BN"]))
    assert [name for name, _, _ in found] == ["mp-9", "mp-7"]
    atoms = found[0][1]
    assert atoms.get_chemical_formula() == "BN"
    assert atoms.cell.lengths() == pytest.approx([3.2, 3.2, 20])
    assert atoms.positions[1] == pytest.approx([0.0, 3.2 / 3**0.5, 10.0])
    assert found[1][1:] == (None, "partially occupied sites")


def test_without_a_key_one_sentence_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    out = tmp_path / "s.parquet"
    assert main(["stem", "structures", "--out", str(out), "--settings", SETTINGS]) == 2
    assert f"export {KEY_VARIABLE}" in capsys.readouterr().err


def test_without_the_client_one_sentence_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "none")
    for module in ("mp_api", "mp_api.client"):  # python takes None for absent
        monkeypatch.setitem(sys.modules, module, None)
    out = tmp_path / "s.parquet"
    assert main(["stem", "structures", "--out", str(out), "--settings", SETTINGS]) == 2
    assert "pip install mp-api" in capsys.readouterr().err


def test_the_source_needs_to_be_told_what_to_ask_for():
    with pytest.raises(ConfigError, match="materials is empty"):
        validate({"source": "materials-project"}, StructureSource)
