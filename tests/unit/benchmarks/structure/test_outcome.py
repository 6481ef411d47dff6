"""Every way to be wrong has its name, whatever dress the answer wears."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from micrographia.benchmarks.structure.outcome import OUTCOMES, refusal_class
from micrographia.benchmarks.structure.scores import compare, score_rows
from micrographia.io.structures import to_cif


def _layer(symbols="WSeO", shift=0.0) -> Atoms:
    layer = Atoms(symbols, positions=[[0, 0, 7], [2.1, 1.4, 7], [1.0 + shift, 3.6, 7]], pbc=True)
    layer.set_cell([[4.1, 0, 0], [1.2, 5.3, 0], [0, 0, 20]])
    return layer


def _dress(layer: Atoms, seed: int) -> Atoms:
    other = layer.repeat((2, 1, 1))
    other.translate([1.3, 0.4, 0])
    if seed % 2:
        other.set_cell(other.cell * [-1, 1, 1])
        other.positions[:, 0] *= -1
    other.rotate(37 * seed, "z", rotate_cell=True)
    return other


def _superstructure(transform, seed=0) -> Atoms:
    """A real superstructure: one atom in n differs, so that no smaller cell will do."""
    from ase.build import make_supercell

    large = make_supercell(_layer(), np.array(transform))
    large.symbols[0] = "Mo"
    return _dress(large, seed)


def _subcell() -> Atoms:
    half = Atoms("W", positions=[[0, 0, 7]], pbc=True)
    half.set_cell([[2.05, 0, 0], [1.2, 5.3, 0], [0, 0, 20]])
    return half


def _sheared() -> Atoms:
    other = _layer()
    other.set_cell([[4.1, 0, 0], [0.5, 5.3, 0], [0, 0, 20]], scale_atoms=True)
    return other


@pytest.mark.parametrize("seed", [0, 1, 2, 5])
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (_layer(), "right"),
        (_layer(shift=0.3), "right"),
        (_layer(shift=-1.4), "sites displaced"),
        (_layer("SeWO"), "species on wrong sites"),
        (_layer("WBrO"), "neighbouring species"),
        (_layer("WSeN"), "neighbouring species"),
        (_layer("WSO"), "other species"),
        (_layer()[:2], "atom count"),
        (_subcell(), "subcell"),
        (_sheared(), "other lattice"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_wrong_has_a_name(answer: Atoms, outcome: str, seed: int) -> None:
    assert outcome in OUTCOMES
    assert compare(_dress(answer, seed), _layer())["outcome"] == outcome


@pytest.mark.parametrize(
    "transform",
    [
        [[2, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[1, 1, 0], [-1, 1, 0], [0, 0, 1]],
        [[2, 1, 0], [0, 2, 0], [0, 0, 1]],
        [[3, 1, 0], [-1, 2, 0], [0, 0, 1]],
    ],
)
def test_superstructures_are_supercells_and_the_reverse_subcells(transform) -> None:
    for seed in (0, 1, 2):
        large = _superstructure(transform, seed)
        assert compare(large, _layer())["outcome"] == "supercell"
        assert compare(_layer(), large)["outcome"] == "subcell"


def test_a_lattice_that_is_nearly_a_supercell_is_another_lattice() -> None:
    large = _superstructure([[2, 0, 0], [0, 1, 0], [0, 0, 1]])
    large.set_cell(large.cell * 1.05, scale_atoms=True)
    assert compare(large, _layer())["outcome"] == "other lattice"


def test_refusals_of_one_kind_are_counted_together() -> None:
    one = "The given elements explain 12.5% only; saw '3 columns'; allowed: more. Check them."
    other = "The given elements explain 7% only; saw '9 columns'; allowed: more. Check them."
    assert refusal_class(one) == refusal_class(other) != refusal_class("The picture is blank")


def test_each_image_has_one_outcome() -> None:
    cif = to_cif(_layer())
    structures = [{"structure_id": "m", "formula": "WSeO", "cif": cif}]
    image = {"structure_id": "m", "engine": "phase-object", "tier": 3, "dose": 1e4}
    answer = {"method": "a", "track": "given", "template": None, "confidence": 0.9, "seconds": 1}
    answer |= {"alternatives": [], "failure": None, "cif": None}
    answers = [
        answer | {"image_id": "right", "cif": cif},
        answer | {"image_id": "refused", "failure": "No lattice; saw '1'; allowed: two."},
        answer | {"image_id": "silent"},
        answer | {"image_id": "garbage", "cif": "not a CIF"},
    ]
    names = ["right", "refused", "silent", "garbage", "missing"]
    rows = score_rows([image | {"image_id": name} for name in names], structures, answers)
    assert [row["outcome"] for row in rows] == ["right", "refused", *["no answer"] * 3]
    assert [row["refusal"] for row in rows] == [None, "No lattice", None, None, None]


def test_a_true_crystal_that_cannot_be_read_fails_its_own_images_alone() -> None:
    structures = [
        {"structure_id": name, "formula": "WSeO", "cif": cif}
        for name, cif in (("good", to_cif(_layer())), ("bad", "no CIF"))
    ]
    image = {"engine": "phase-object", "tier": 3, "dose": 1e4}
    images = [image | {"image_id": name, "structure_id": name} for name in ("bad", "good")]
    answer = {"method": "a", "track": "given", "template": None, "confidence": 0.9, "seconds": 1}
    answer |= {"alternatives": [], "failure": None, "cif": to_cif(_layer())}
    rows = score_rows(images, structures, [answer | {"image_id": n} for n in ("bad", "good")])
    assert [row["outcome"] for row in rows] == ["no answer", "right"]
    assert rows[0]["failure"].startswith("the true crystal: ")
