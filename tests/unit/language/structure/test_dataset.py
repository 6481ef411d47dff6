"""The split holds whole formulas out, and names crystals that are much like those held out."""

from __future__ import annotations

import pytest
from ase import Atoms
from ase.build import mx2
from tests.unit.language.structure.test_canonical import layer

from micrographia.config import StructureText
from micrographia.io.schemas import CRYSTAL_TEXTS, STRUCTURES
from micrographia.io.schemas.rows import StructureRow, blank
from micrographia.io.structures import to_cif
from micrographia.language.structure.dataset import crystal_texts, split


def structure(name: str, formula: str, atoms: Atoms) -> StructureRow:
    row: StructureRow = blank(STRUCTURES)
    row.update(structure_id=name, formula=formula, natoms=len(atoms), status="kept")
    row.update(prototype="AB2-78-b-h", cif=to_cif(atoms))
    return row


def test_shares_are_held_and_formulas_stay_together() -> None:
    formulas = [f"X{k % 300}" for k in range(1000)]
    sides = split(formulas, StructureText(test=0.1, validation=0.05), seed=3)
    assert 100 <= sides.count("test") <= 104 and 47 <= sides.count("validation") <= 54
    by_formula: dict[str, set[str]] = {}
    for formula, side in zip(formulas, sides, strict=True):
        by_formula.setdefault(formula, set()).add(side)
    assert all(len(found) == 1 for found in by_formula.values())
    assert sides != split(formulas, StructureText(test=0.1, validation=0.05), seed=4)


def test_one_more_formula_moves_hardly_any_other() -> None:
    formulas = [f"X{k}" for k in range(500)]
    settings = StructureText(test=0.1, validation=0.05)
    before, after = split(formulas, settings, 3), split([*formulas, "Y"], settings, 3)[:-1]
    assert sum(one != other for one, other in zip(before, after, strict=True)) <= 3


def test_a_crystal_that_cannot_be_written_is_a_row_and_a_rejected_one_is_not() -> None:
    huge = Atoms("C", positions=[[0, 0, 10]], cell=[50, 50, 20], pbc=(True, True, False))
    good = layer(mx2("MoS2", "2H", a=3.18, thickness=3.2))
    rejected = structure("r", "MoS2", good)
    rejected["status"] = "rejected"
    rows = crystal_texts(
        [structure("huge", "C", huge), rejected, structure("good", "MoS2", good)],
        StructureText(), seed=1,
    )  # fmt: skip
    assert [row["structure_id"] for row in rows] == ["huge", "good"]
    assert "vector is too long" in rows[0]["failure"] and rows[0]["split"] is None
    assert rows[1]["bravais"] == "hexagonal" and rows[1]["a"] == pytest.approx(3.18)
    assert set(rows[0]) == set(CRYSTAL_TEXTS.names)


def test_a_sibling_has_the_same_prototype_and_nearly_the_same_cell() -> None:
    """Of crystals 1 % apart in length; one of 10 % more has none."""
    lengths = {"MoS2": 3.18, "WS2": 3.19, "CrS2": 3.20, "TaS2": 3.21, "NbTe2": 3.6}
    rows = crystal_texts(
        [
            structure(name, name, layer(mx2(name, "2H", a=a, thickness=3.2)))
            for name, a in lengths.items()
        ],
        StructureText(test=0.4, validation=0.2),
        seed=0,
    )
    trained = {row["structure_id"] for row in rows if row["split"] == "train"} - {"NbTe2"}
    for row in rows:
        held_out = row["split"] != "train" and row["structure_id"] != "NbTe2"
        assert (row["sibling"] in trained) == (held_out and bool(trained))
