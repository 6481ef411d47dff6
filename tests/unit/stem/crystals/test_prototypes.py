"""The embedded crystals: bonds, coordination, symmetry, faulty tables."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from ase.data import covalent_radii

from micrographia.errors import StructureError, TableError
from micrographia.stem.crystals.prototypes import COLUMNS, PROTOTYPES, build, read_prototypes
from micrographia.stem.crystals.structures import layer_group

TABLE = Path(__file__).parents[4] / "src/micrographia/stem/crystals/prototypes.csv"
CRYSTALS = {name: (atoms, family) for name, atoms, _, family in read_prototypes(TABLE)}
with TABLE.open(encoding="utf-8", newline="") as stream:
    KIND = {record["structure_id"]: record["prototype"] for record in csv.DictReader(stream)}

#: Neighbours of the first role's atoms, and the layer group (International Tables E).
EXPECTED = {
    "1H": (6, {78}),
    "1T": (6, {72}),
    "Janus-1H": (6, {69}),
    "Janus-1T": (6, {69}),
    "GaSe": (4, {78}),
    "Bi2Te3": (6, {72}),
    "CrI3": (6, {71}),
    "MnPS3": (6, {71}),
    "PbO": (4, {64}),
    "BiOCl": (4, {64}),
    "phosphorene": (3, {42}),
    "GeS": (3, {32}),
    "1T'": (6, {15}),
    "PdS2": (4, {17}),
    "M3C2": (6, {72}),
    "honeycomb": (3, {69, 72, 78, 80}),
}


def relative_distances(atoms):
    """Distances over sums of covalent radii, rows: atoms of one cell."""
    big = atoms.repeat((3, 3, 1))
    distances = big.get_all_distances(mic=True)[: len(atoms)]
    radii = covalent_radii[big.numbers]
    distances[np.arange(len(atoms)), np.arange(len(atoms))] = np.inf
    return distances / (radii[: len(atoms), None] + radii[None]), distances, big.numbers


def test_there_are_many_and_all_can_be_built():
    assert all(atoms is not None for atoms, _ in CRYSTALS.values())
    assert len(CRYSTALS) >= 70
    elements = {symbol for atoms, _ in CRYSTALS.values() for symbol in atoms.symbols}
    assert len(elements) >= 30
    assert {family for _, family in CRYSTALS.values()} >= {
        "classic", "allotrope", "MXene", "magnet", "Janus"
    }  # fmt: skip
    assert {"graphene", "h-BN", "MoS2-1H", "TiS2-1T", "MoSSe-Janus"} <= set(CRYSTALS)
    assert set(KIND.values()) == set(PROTOTYPES) == set(EXPECTED)


@pytest.mark.parametrize("name", CRYSTALS)
def test_every_atom_is_bonded_and_none_too_close(name):
    relative, _, _ = relative_distances(CRYSTALS[name][0])
    nearest = relative.min(axis=1)
    assert nearest.min() > 0.86
    # Chlorine in BiOCl has ionic neighbours at 1.23.
    assert nearest.max() < 1.25


@pytest.mark.parametrize("name", CRYSTALS)
def test_coordination_and_symmetry(name):
    atoms, _ = CRYSTALS[name]
    neighbours, groups = EXPECTED[KIND[name]]
    assert layer_group(atoms) in groups
    _, distances, numbers = relative_distances(atoms)
    elemental = len(set(atoms.numbers)) == 1
    others = np.ones(len(numbers), bool) if elemental else numbers != atoms.numbers[0]
    if KIND[name] == "MnPS3":
        others &= numbers == atoms.numbers[2]
    if KIND[name] == "GaSe":
        others[:] = True
    near = distances[0][others]
    assert (near < 1.12 * near.min()).sum() == neighbours
    assert atoms.cell[2, 2] - np.ptp(atoms.positions[:, 2]) >= 15


@pytest.mark.parametrize(
    ("name", "bond"),
    # Literature: graphite 1.42, bulk h-BN 1.45, MoS2 2.41 (Wyckoff), black P 2.22-2.24 (Brown &
    # Rundqvist 1965), CrI3 2.73 (McGuire 2015), PbO 2.31 (Wyckoff), InSe In-In 2.77-2.82.
    [
        ("graphene", 1.42),
        ("h-BN", 1.446),
        ("MoS2-1H", 2.41),
        ("black-phosphorene", 2.23),
        ("CrI3", 2.74),
        ("PbO", 2.33),
        ("InSe", 2.69),
        ("FeSe", 2.31),
    ],
)
def test_bond_lengths_of_the_literature(name, bond):
    _, distances, _ = relative_distances(CRYSTALS[name][0])
    assert distances.min() == pytest.approx(bond, rel=0.015)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("2Q", ["Mo", "S"], 3, 3, {"z": 1}), "allowed: 1H"),
        (("1H", ["Mo"], 3, 3, {"z": 1}), "takes 2 elements"),
        (("1H", ["Mo", "S"], 3, 3, {"y": 1}), "takes 2 elements"),
        (("1H", ["Mo", "Zz"], 3, 3, {"z": 1}), "'Zz'"),
        (("1H", ["Mo", "S"], -3, 3, {"z": 1}), "positive"),
    ],
)
def test_wrong_arguments_are_explained(arguments, word):
    with pytest.raises(StructureError, match=word):
        build(*arguments)


def test_a_faulty_line_is_reported_and_the_rest_is_read(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(
        ",".join(COLUMNS) + "\n"
        "good,1H,classic,Mo S,3.18,,z=1.56,x\n"
        "letters,1H,classic,Mo S,wide,,z=1.56,x\n"
        "family,1H,famous,Mo S,3.18,,z=1.56,x\n"
        "short,1H,classic,Mo S\n"
    )
    found = {name: (atoms, failure) for name, atoms, failure, _ in read_prototypes(path)}
    assert [name for name, (atoms, _) in found.items() if atoms is not None] == ["good"]
    assert "line 3" in found["letters"][1]
    assert "allowed: classic" in found["family"][1]


def test_a_table_that_is_none(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    for name, word in (("a.csv", "lacks the columns"), ("b.csv", "does not exist")):
        with pytest.raises(TableError, match=word):
            list(read_prototypes(tmp_path / name))
