"""The same crystal twice is found, whatever its cell; what differs is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.build import graphene, make_supercell, mx2
from hypothesis import given, settings
from hypothesis import strategies as st

from micrographia.cli import main
from micrographia.config import StructureFilter
from micrographia.io.schemas import STRUCTURES
from micrographia.io.structures import to_cif
from micrographia.io.tables import read_table
from micrographia.stem.crystals.duplicates import same
from micrographia.stem.crystals.prototypes import read_prototypes
from micrographia.stem.crystals.structures import curate, prototype, standardise

TABLE = Path(__file__).parents[4] / "src/micrographia/stem/crystals/prototypes.csv"
OPEN = StructureFilter()


def mos2(kind="2H", a=3.18):
    return mx2("MoS2", kind=kind, a=a, thickness=3.13, vacuum=10)


def moved(atoms, seed):
    """The same crystal in another cell, place, direction and order, with another vacuum."""
    random = np.random.default_rng(seed)
    other = atoms.copy()
    other.pbc = True
    matrix = [[[2, 1], [1, 1]], [[0, 1], [-1, 0]], [[2, 0], [1, 1]], [[1, 0], [0, 1]]][seed % 4]
    full = np.eye(3, dtype=int)
    full[:2, :2] = matrix
    other = make_supercell(other, full)
    other.translate([*random.uniform(0, 9, 2), 0])
    other.wrap()
    other.rotate(random.uniform(0, 360), "z", rotate_cell=True)
    if seed % 3:
        other.rotate(180, "x", rotate_cell=True)
    other.center(vacuum=random.uniform(7, 12), axis=2)
    return other[random.permutation(len(other))]


@given(st.integers(0, 200), st.sampled_from(["2H", "1T"]))
@settings(deadline=None, max_examples=20)
def test_the_same_crystal_in_another_cell_is_found(seed, kind):
    layer = standardise(mos2(kind))
    other = standardise(moved(mos2(kind), seed))
    assert same(layer, other, 0.1)
    assert prototype(other) == prototype(layer)


def test_polymorphs_and_strained_layers_are_different():
    layer = standardise(mos2())
    assert not same(layer, standardise(mos2("1T")), 0.1)
    assert not same(layer, standardise(mos2(a=3.18 * 1.08)), 0.1)
    assert same(layer, standardise(mos2(a=3.18 * 1.01)), 0.1)


@pytest.mark.parametrize(("shift", "expected"), [(0.03, True), (0.4, False)])
def test_an_atom_may_be_off_by_the_tolerance(shift, expected):
    layer = standardise(mos2())
    other = layer.copy()
    other.positions[1] += [shift, 0, 0]
    assert same(layer, other, 0.1) is expected


def test_a_repeated_crystal_is_rejected_and_names_the_first():
    entries = [
        ("first", mos2(), "", None),
        ("graphene", graphene(vacuum=8), "", None),
        ("again", moved(mos2(), 7), "", None),
        ("other", mos2("1T"), "", None),
    ]
    rows = {row["structure_id"]: row for row in curate(entries, OPEN, duplicate_tolerance=0.1)}
    assert [row["status"] for row in rows.values()] == ["kept", "kept", "rejected", "kept"]
    assert rows["again"]["duplicate_of"] == "first"
    assert rows["again"]["reason"] == "the same crystal as first"
    assert rows["again"]["split"] is None
    assert {row["status"] for row in curate(entries, OPEN)} == {"kept"}


def test_a_sample_leaves_no_duplicate_of_what_is_left_out():
    entries = [(f"{n}-{m}", mos2(a=3.0 + 0.2 * n), "", None) for n in range(6) for m in "ab"]
    rows = curate(entries, OPEN, limit=2, duplicate_tolerance=0.05)
    names = {row["structure_id"] for row in rows}
    assert len([row for row in rows if row["status"] == "kept"]) == 2
    assert len(rows) == 4
    assert {row["duplicate_of"] for row in rows} - {None} <= names


def test_a_rejected_crystal_is_no_reason_to_reject_another():
    thick = mos2()
    thick.positions[1, 2] += 0.02
    limits = StructureFilter(max_thickness=float(np.ptp(mos2().positions[:, 2])) + 0.01)
    entries = [("thick", thick, "", None), ("thin", mos2(), "", None)]
    rows = curate(entries, limits, duplicate_tolerance=0.1)
    assert [row["status"] for row in rows] == ["rejected", "kept"]


def test_no_embedded_crystal_is_there_twice():
    rows = curate(read_prototypes(TABLE), OPEN, duplicate_tolerance=0.1)
    assert [row["structure_id"] for row in rows if row["duplicate_of"]] == []
    assert all(row["prototype"] for row in rows)


def test_prototypes_name_type_not_elements():
    labels = {kind: prototype(standardise(mos2(kind))) for kind in ("2H", "1T")}
    assert labels["2H"].startswith("AB2-78-")
    assert labels["1T"] == "AB2-72-a-c"
    wse2 = mx2("WSe2", kind="2H", a=3.3, thickness=3.4, vacuum=10)
    assert prototype(standardise(wse2)) == labels["2H"]
    assert prototype(standardise(graphene(vacuum=8))) == "A-80-b"


@pytest.mark.parametrize(("merge", "kept"), [("true", 1), ("false", 2)])
def test_the_setting_reaches_the_table(tmp_path, merge, kept):
    folder = tmp_path / "crystals"
    folder.mkdir()
    for name, seed in (("a", 0), ("b", 1)):
        (folder / f"{name}.cif").write_text(to_cif(moved(mos2(), seed)), encoding="utf-8")
    out = tmp_path / "s.parquet"
    settings_json = f'{{"merge_duplicates": {merge}, "splits": {{"enabled": false}}}}'
    command = ["stem", "structures", str(folder), "--out", str(out), "--settings", settings_json]
    assert main(command) == 0
    table = read_table(out, STRUCTURES)
    assert (table["status"] == "kept").sum() == kept
    assert set(table.loc[table["status"] == "kept", "split"]) == {"all"}
