"""Curation of crystals: standard cell, measures, filter, sample, command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene, make_supercell, mx2
from ase.io import write
from hypothesis import given, settings
from hypothesis import strategies as st
from needed import CRYSTALS, needs

from micrographia.cli import main
from micrographia.config import StructureFilter
from micrographia.io.schemas import STRUCTURES
from micrographia.io.structures import from_cif, to_cif
from micrographia.io.tables import read_provenance, read_table
from micrographia.physics.lattice import cell_parameters
from micrographia.stem.crystals.structures import (
    curate,
    family,
    layer_group,
    overlap_ratio,
    projected_distance,
    standardise,
)

ROOT = Path(__file__).parents[4]
TABLE = ROOT / "src/micrographia/stem/crystals/prototypes.csv"
OPEN = StructureFilter()


def mos2():
    return mx2("MoS2", kind="2H", a=3.18, thickness=3.13, vacuum=10)


def oblique(gamma=75.0):
    """Four elements at four heights in an oblique cell: chiral."""
    angle = np.deg2rad(gamma)
    cell = [[3.5, 0, 0], [4.6 * np.cos(angle), 4.6 * np.sin(angle), 0], [0, 0, 25]]
    positions = [[0.3, 0.2, 10], [1.9, 0.9, 11.2], [2.2, 3.0, 12.1], [0.9, 2.4, 10.6]]
    return Atoms("CNOF", positions=positions, cell=cell, pbc=True)


def hand(atoms):
    vectors = [atoms.get_distance(0, i, mic=True, vector=True) for i in (1, 2, 3)]
    return np.linalg.det(vectors)


supercells = st.sampled_from(
    [[[2, 0], [0, 1]], [[2, 1], [0, 2]], [[1, 1], [-1, 2]], [[3, 0], [1, 1]]]
)


@given(supercells, st.floats(0, 360), st.sampled_from(["mos2", "oblique"]))
@settings(deadline=None, max_examples=30)
def test_a_supercell_in_any_position_has_the_standard_primitive_cell(matrix, angle, which):
    atoms = mos2() if which == "mos2" else oblique()
    full = np.eye(3, dtype=int)
    full[:2, :2] = matrix
    large = make_supercell(atoms, full)
    large.rotate(angle, "z", rotate_cell=True)
    layer, expected = standardise(large), standardise(atoms)
    assert len(layer) == len(atoms)
    assert np.allclose(layer.cell, expected.cell, atol=1e-6)
    assert layer.cell[0, 1] == 0
    assert np.ptp(layer.positions[:, 2]) == pytest.approx(np.ptp(atoms.positions[:, 2]))


@pytest.mark.parametrize("gamma", [75.0, 105.0, 90.0])
def test_the_standard_cell_is_niggli_and_the_crystal_not_mirrored(gamma):
    atoms = oblique(gamma)
    layer = standardise(atoms)
    a, b, found = cell_parameters(layer.cell[:2, :2])
    assert a <= b
    assert 90 - 1e-9 <= found <= 120
    assert found == pytest.approx(max(gamma, 180 - gamma))
    assert sorted(layer.get_all_distances(mic=True).ravel()) == pytest.approx(
        sorted(atoms.get_all_distances(mic=True).ravel())
    )
    assert np.sign(hand(layer)) == np.sign(hand(atoms))


def test_layer_groups_of_known_crystals():
    assert layer_group(standardise(graphene(vacuum=8))) == 80
    assert layer_group(standardise(mos2())) == 78
    assert layer_group(standardise(mx2("PtSe2", kind="1T", a=3.75, thickness=2.6, vacuum=9))) == 72
    assert layer_group(standardise(oblique())) == 1


def test_overlap_is_the_share_of_atoms_that_share_a_grid_cell():
    assert overlap_ratio(standardise(mos2())) == pytest.approx(2 / 3)
    assert overlap_ratio(standardise(graphene(vacuum=8))) == 0
    shifted = mos2()
    shifted.positions += [0.4, 0.7, 0]
    assert overlap_ratio(standardise(shifted)) == pytest.approx(2 / 3)


def test_projected_distance_leaves_out_what_is_one_column():
    assert projected_distance(mos2()) == pytest.approx(3.18 / np.sqrt(3))
    atoms = Atoms("C2", positions=[[0, 0, 5], [0.4, 0, 6]], cell=[5, 5, 20], pbc=True)
    assert projected_distance(atoms) == pytest.approx(0.4)
    atoms.positions[1, 0] = 0.05
    assert projected_distance(atoms) == pytest.approx(4.95)
    atoms.positions[1, 0] = 4.6
    assert projected_distance(atoms) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        ({"max_elements": 1}, "2 elements, max_elements is 1"),
        ({"min_z_span": 27}, "atomic numbers span 26, min_z_span is 27"),
        ({"max_thickness": 3.0}, "thickness 3.13 Å, max_thickness is 3 Å"),
        ({"max_overlap_ratio": 0.1}, "overlap 0.67, max_overlap_ratio is 0.1"),
        ({"min_projected_distance": 2.0}, "columns 1.84 Å apart"),
        ({"max_atoms": 2}, "3 atoms, max_atoms is 2"),
    ],
)
def test_every_limit_rejects_with_value_and_limit(limits, word):
    entry = ("x", mos2(), "", None)
    (row,) = curate([entry], StructureFilter(**limits))
    assert row["status"] == "rejected"
    assert word in row["reason"]
    assert row["formula"] == "MoS2"
    assert curate([entry], OPEN)[0]["status"] == "kept"


def test_elements_that_cannot_be_imaged_are_rejected():
    atoms = mos2()
    atoms.symbols[0] = "Rf"
    (row,) = curate([("x", atoms, "", None)], OPEN)
    assert row["reason"] == "no scattering factors for Rf"


def test_names_are_made_unique():
    rows = curate([("x", mos2(), "", None), ("x", mos2(), "", None)], OPEN)
    assert [row["structure_id"] for row in rows] == ["x", "x-2"]


def test_one_element_needs_no_span():
    (row,) = curate([("c", graphene(vacuum=8), "", None)], StructureFilter(min_z_span=10))
    assert row["status"] == "kept"


def test_bad_crystals_become_rows_and_the_rest_goes_on():
    rows = curate(
        [
            ("a", None, "it is broken", None),
            ("b", bulk("Cu", cubic=True), "", None),
            ("c", mos2(), "", "Janus"),
        ],
        OPEN,
        source="here",
    )
    assert [row["status"] for row in rows] == ["rejected", "rejected", "kept"]
    assert rows[0]["reason"] == "it is broken"
    assert "bulk crystal" in rows[1]["reason"]
    assert rows[2]["family"] == "Janus"
    assert rows[2]["elements"] == ["S", "Mo"]
    assert all(set(row) == set(STRUCTURES.names) for row in rows)
    assert len(from_cif(rows[2]["cif"])) == 3


def test_the_sample_follows_the_seed():
    entries = [(f"{n}", mos2(), "", None) for n in range(12)] + [("bad", None, "why", None)]

    def names(seed):
        return [row["structure_id"] for row in curate(entries, OPEN, limit=4, seed=seed)]

    assert names(1) == names(1)
    assert names(1) != names(2)
    assert len(names(1)) == 5
    assert names(1)[-1] == "bad"
    assert len(curate(entries, OPEN, limit=50)) == 13


@pytest.mark.parametrize(
    ("atoms", "expected"),
    [
        (graphene(vacuum=8), "classic"),
        (graphene("Si2", a=3.87, thickness=0.45, vacuum=8), "allotrope"),
        (mos2(), "classic"),
        (graphene("BN", a=2.5, vacuum=8), "classic"),
        (mx2("CTi2", kind="1T", a=3.04, thickness=2.3, vacuum=9), "MXene"),
        (mx2("FeCl2", kind="1T", a=3.48, thickness=2.8, vacuum=9), "magnet"),
        (mx2("MgCl2", kind="1T", a=3.64, thickness=2.7, vacuum=9), "other"),
    ],
)
def test_families(atoms, expected):
    assert family(standardise(atoms)) == expected


def test_janus_is_seen_by_its_faces():
    atoms = mos2()
    top = int(atoms.positions[:, 2].argmax())
    atoms.symbols[top] = "Se"
    assert family(standardise(atoms)) == "Janus"


def run(*words):
    return main(["stem", "structures", *map(str, words)])


def test_the_verb_writes_the_same_bytes_twice(tmp_path, capsys):
    settings_json = json.dumps({"limit": 5, "filter": {"max_elements": 2}})
    for name in ("a", "b"):
        path = tmp_path / f"{name}.parquet"
        status = run("prototypes", "--out", path, "--table", TABLE, "--settings", settings_json,
                     "--seed", 7)  # fmt: skip
        assert status == 0
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert "5 crystals kept" in capsys.readouterr().out
    table = read_table(tmp_path / "a.parquet", STRUCTURES)
    assert (table["status"] == "kept").sum() == 5
    assert (table["status"] == "rejected").sum() > 0
    assert read_provenance(tmp_path / "a.parquet")["seed"] == 7


def test_the_verb_finishes_a_folder_with_bad_files(tmp_path, capsys):
    folder = tmp_path / "crystals"
    folder.mkdir()
    text = to_cif(standardise(mos2()))
    write(folder / "good.cif", mos2())
    (folder / "none.cif").write_text(text.split("loop_")[0])
    (folder / "unknown.cif").write_text(text.replace("Mo1 Mo ", "Qq1 Qq "))
    (folder / "partial.cif").write_text(text.replace(" 1\nS2", " 0.5\nS2"))
    (folder / "empty.cif").write_text("")
    write(folder / "bulk.cif", bulk("Cu", cubic=True))
    out = tmp_path / "s.parquet"
    assert run(folder, "--out", out) == 0
    assert "1 crystals kept, 5 rejected" in capsys.readouterr().out
    table = read_table(out, STRUCTURES).set_index("structure_id")
    for name, word in {
        "none": "holds no atoms",
        "unknown": "Qq is no chemical element",
        "partial": "partly occupied",
        "empty": "0 bytes",
        "bulk": "bulk crystal",
    }.items():
        assert word in table.loc[name, "reason"]
    assert set(table["source"]) == {"crystals"}


def test_nothing_left_is_an_error_with_a_remedy(tmp_path, capsys):
    settings_json = '{"filter": {"max_atoms": 1}}'
    out = tmp_path / "s.parquet"
    assert run("prototypes", "--out", out, "--table", TABLE, "--settings", settings_json) == 2
    assert "max_atoms" in capsys.readouterr().err
    assert not out.exists()


@needs("structures2d")
def test_several_hundred_real_crystals_pass_the_stem2mat_filter():
    from micrographia.io.structures import read_structures

    limits = StructureFilter(
        max_elements=3, min_z_span=10, max_thickness=3.0, min_projected_distance=0.5
    )
    items = [item for number, item in enumerate(read_structures(CRYSTALS)) if number % 8 == 0]
    rows = curate([(*item, None) for item in items], limits)
    kept = [row for row in rows if row["status"] == "kept"]
    assert 60 < len(kept) < 200
    assert all(row["layer_group"] for row in kept)
    assert all(
        row["a"] <= row["b"] * (1 + 1e-6) and 89.999 < row["gamma"] < 120.001 for row in kept
    )
