"""Copies of what was learned: of the same elements, of others, and none."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from ase import Atoms
from ase.build import graphene, mx2

from micrographia.benchmarks.language.novelty import Learned
from micrographia.benchmarks.structure.stem2crystal.matching import in_plane, match
from micrographia.io.schemas import CRYSTAL_TEXTS
from micrographia.io.schemas.rows import blank
from micrographia.io.structures import to_cif


def row(name: str, atoms: Atoms, split: str = "train") -> dict[str, Any]:
    atoms.pbc = True
    a, b, gamma = in_plane(atoms)
    found = blank(CRYSTAL_TEXTS)
    found |= {"structure_id": name, "split": split, "cif": to_cif(atoms)}
    return found | {"a": a, "b": b, "gamma": gamma}


def mos2(a: float = 3.18) -> Atoms:
    layer = mx2("MoS2", kind="2H", a=a, thickness=3.19, vacuum=9.0)
    layer.pbc = True
    return layer


def boron_nitride() -> Atoms:
    return graphene("BN", a=2.50, vacuum=9.0)


def renamed(atoms: Atoms, names: dict[str, str]) -> Atoms:
    other = atoms.copy()
    other.set_chemical_symbols([names[one] for one in atoms.get_chemical_symbols()])
    other.pbc = True
    return other


def test_a_copy_has_the_same_elements_and_a_type_any() -> None:
    learned = Learned([row("bn", boron_nitride()), row("mos2", mos2())])
    assert (learned.copy_of(mos2(3.20)), learned.type_of(mos2(3.20))) == ("mos2", "mos2")
    other = renamed(mos2(), {"Mo": "Ti", "S": "Se"})
    assert (learned.copy_of(other), learned.type_of(other)) == (None, "mos2")
    # One metal and two others, or two metals and one: the amounts take each other's place.
    mixed = renamed(mos2(), {"Mo": "C", "S": "Ti"})
    assert learned.type_of(mixed) == "mos2"
    assert learned.type_of(graphene("C2", a=2.46, vacuum=9.0)) is None


def test_what_was_held_out_was_not_learned() -> None:
    held_out = [row("mos2", mos2(), split) for split in ("test", "validation")]
    assert not Learned(held_out) and len(Learned([row("mos2", mos2())])) == 1
    assert Learned(held_out).copy_of(mos2()) is None


def test_the_match_with_the_nearest_cell_is_named() -> None:
    learned = Learned([row("wide", mos2(3.40)), row("near", mos2(3.19)), row("far", mos2(2.9))])
    assert learned.copy_of(mos2()) == "near"
    assert learned.type_of(renamed(mos2(3.37), {"Mo": "W", "S": "Se"})) == "wide"


def test_a_larger_cell_of_the_same_crystal_is_a_copy() -> None:
    learned = Learned([row("mos2", mos2())])
    twice = mos2().repeat((2, 1, 1))
    assert (learned.copy_of(twice), learned.type_of(twice)) == ("mos2", "mos2")


@pytest.mark.parametrize("stretch", [1.0, 1.25, 1.6])
def test_types_are_those_that_renaming_by_hand_finds(stretch: float) -> None:
    """The same answer as `match` gives when each way to rename is tried."""
    layer = mos2()
    layer.set_cell(layer.cell[:] * [[stretch], [1], [1]], scale_atoms=True)
    asked = renamed(layer, {"Mo": "Sn", "S": "I"})
    others = {"bn": boron_nitride(), "mos2": mos2(), "1T": mx2("TiS2", kind="1T", vacuum=9.0)}
    for name, other in others.items():
        other.pbc = True
        kinds = sorted(set(other.get_chemical_symbols()))
        by_hand = any(
            match(renamed(asked, dict(zip(("Sn", "I"), order, strict=True))), other).hit
            for order in permutations(kinds)
        )
        found = Learned([row(name, other)]).type_of(asked)
        assert found == (name if by_hand else None)
