"""Reading crystals, setting layers upright, CIF text."""

from __future__ import annotations

import io
import os

import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from ase.build import bulk, graphene, mx2
from ase.db import connect
from ase.io import write
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from micrographia.errors import StructureError
from micrographia.io.structures import (
    from_cif,
    orient_layer,
    read_structure,
    read_structures,
    to_cif,
)


def mos2(vacuum: float = 10.0) -> Atoms:
    return mx2("MoS2", kind="2H", a=3.18, thickness=3.13, vacuum=vacuum)


def distances(atoms: Atoms) -> np.ndarray:
    """Sorted distances within a periodic slab, a fingerprint of the crystal up to mirror."""
    return np.sort(atoms.repeat((2, 2, 1)).get_all_distances(mic=True), axis=None)


CIF = to_cif(mos2())

BAD_CIFS = {
    "no atoms": (CIF.split("loop_")[0], "holds no atoms"),
    "only a header": (CIF[: CIF.index("Mo1 Mo")], "holds no atoms"),
    "unknown element": (CIF.replace("Mo1 Mo ", "Qq1 Qq "), "Qq is no chemical element"),
    "dummy element": (CIF.replace("Mo1 Mo ", "X1 X "), "without an element"),
    "partial occupancy": (CIF.replace("0.50000000 1\n", "0.50000000 0.5\n", 1), "partly occupied"),
    "not a cif": ("PK\x03\x04 this is something else", "not a CIF"),
    "no cell": ("\n".join(x for x in CIF.splitlines() if "_cell_" not in x), "has no cell"),
    "not a number": (CIF.replace("S1 S 0.", "S1 S about0."), "cannot be read as cif"),
    "empty": ("", "empty"),
}


@pytest.mark.parametrize("name", BAD_CIFS)
def test_bad_cifs_are_named_and_explained(tmp_path, name):
    text, words = BAD_CIFS[name]
    path = tmp_path / "bad.cif"
    path.write_text(text)
    with pytest.raises(StructureError) as caught:
        read_structure(path)
    assert "bad.cif" in str(caught.value)
    assert words in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_mixed_site_is_partial_occupancy(tmp_path):
    line = next(x for x in CIF.splitlines() if x.startswith("Mo1"))
    mixed = CIF.replace(line, line[:-1] + "0.5\n" + line[:-1].replace("Mo", "W") + "0.5")
    with pytest.raises(StructureError, match=r"partly occupied.*Mo 0.5.*W 0.5"):
        from_cif(mixed)


def test_binary_and_missing_files(tmp_path):
    (tmp_path / "a.cif").write_bytes(bytes(range(128, 256)))
    with pytest.raises(StructureError, match="not a text file"):
        read_structure(tmp_path / "a.cif")
    with pytest.raises(StructureError, match="does not exist"):
        read_structure(tmp_path / "b.cif")
    (tmp_path / "c.docx").write_text("x")
    with pytest.raises(StructureError, match="no known kind"):
        read_structure(tmp_path / "c.docx")


def test_cif_round_trip_is_exact_and_deterministic():
    atoms = orient_layer(mos2())
    text = to_cif(atoms, ["two\nlines"], "MoS2 1H")
    assert text == to_cif(atoms, ["two\nlines"], "MoS2 1H")
    assert text.startswith("# two lines\ndata_MoS2_1H\n")
    again = from_cif(text)
    assert np.allclose(again.cell, atoms.cell, atol=1e-6)
    assert np.allclose(again.positions, atoms.positions, atol=1e-6)
    assert again.get_chemical_symbols() == atoms.get_chemical_symbols()


def test_cif_is_read_by_pymatgen():
    structure = pytest.importorskip("pymatgen.core").Structure.from_str(CIF, fmt="cif")
    assert structure.composition.reduced_formula == "MoS2"


def test_cif_of_a_left_handed_cell_keeps_the_hand():
    # Four atoms at the corners of a chiral tetrahedron: the signed volume tells the hand.
    atoms = Atoms(
        "CNOF",
        positions=[[1, 1, 4], [2.3, 1, 4], [1, 2.6, 4], [1.2, 1.3, 5.5]],
        cell=np.diag([6.0, 7.0, 20.0])[[1, 0, 2]],
        pbc=True,
    )
    again = from_cif(to_cif(atoms))

    def volume(crystal: Atoms) -> float:
        vectors = [crystal.get_distance(0, i, mic=True, vector=True) for i in (1, 2, 3)]
        return float(np.linalg.det(vectors))

    assert np.linalg.det(atoms.cell) < 0
    assert volume(again) == pytest.approx(volume(atoms))


def test_folder_reads_all_kinds_and_goes_on_after_bad_files(tmp_path):
    write(tmp_path / "a.cif", mos2())
    (tmp_path / "sub").mkdir()
    write(tmp_path / "sub" / "POSCAR", mos2(), format="vasp")
    write(tmp_path / "POSCAR_x y", mos2(), format="vasp")
    write(tmp_path / "two.xyz", [mos2(), graphene(vacuum=8)], format="extxyz")
    (tmp_path / "broken.cif").write_text(BAD_CIFS["unknown element"][0])
    (tmp_path / "empty.vasp").write_text("")
    (tmp_path / "notes.txt").write_text("ignored")
    found = {name: (atoms, failure) for name, atoms, failure in read_structures(tmp_path)}
    assert set(found) == {"a", "sub", "POSCAR_x-y", "two-1", "two-2", "broken", "empty"}
    assert all((atoms is None) == bool(failure) for atoms, failure in found.values())
    assert {name for name, (_, failure) in found.items() if failure} == {"broken", "empty"}
    assert found["two-2"][0].get_chemical_formula() == "C2"


@pytest.fixture
def lock(monkeypatch):
    """Let the system refuse a folder or file; as root that has to be staged."""
    locked = []
    scandir, opened = os.scandir, io.open

    def refuse(function):
        def call(path, *rest, **options):
            if str(path) in map(str, locked):
                raise PermissionError(13, "Permission denied", str(path))
            return function(path, *rest, **options)

        return call

    def close(path):
        locked.append(path)
        path.chmod(0)
        if os.geteuid() == 0:
            monkeypatch.setattr(os, "scandir", refuse(scandir))
            monkeypatch.setattr(io, "open", refuse(opened))

    yield close
    for path in locked:
        path.chmod(0o755)


def test_locked_sources(tmp_path, lock):
    (tmp_path / "one.cif").write_text(CIF)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "two.cif").write_text(CIF)
    lock(tmp_path / "sub")
    found = {name: failure for name, _, failure in read_structures(tmp_path)}
    assert found["one"] == ""
    assert found["sub"].startswith(f"{tmp_path / 'sub'} cannot be read (Permission denied)")
    with pytest.raises(StructureError, match=r"sub cannot be read \(Permission denied\)"):
        next(read_structures(tmp_path / "sub"))
    lock(tmp_path / "one.cif")
    with pytest.raises(StructureError, match=r"one.cif cannot be read \(Permission denied\)"):
        read_structure(tmp_path / "one.cif")
    found = {name: failure for name, _, failure in read_structures(tmp_path)}
    assert "cannot be read" in found["one"]


def test_a_source_below_a_file_is_unreadable(tmp_path):
    (tmp_path / "one.cif").write_text(CIF)
    with pytest.raises(StructureError, match=r"cannot be read \(Not a directory\)"):
        next(read_structures(tmp_path / "one.cif" / "two.cif"))


def test_a_folder_is_not_one_crystal(tmp_path):
    with pytest.raises(StructureError, match="is a folder"):
        read_structure(tmp_path)


def test_names_are_unique(tmp_path):
    write(tmp_path / "a.cif", mos2())
    write(tmp_path / "a.vasp", mos2())
    assert [name for name, _, _ in read_structures(tmp_path)] == ["a", "a-2"]


@pytest.mark.parametrize("suffix", [".db", ".json"])
def test_ase_database(tmp_path, suffix):
    path = tmp_path / f"c2db{suffix}"
    with connect(path) as database:
        database.write(mos2(), uid="1MoS2-1")
        database.write(graphene(vacuum=8))
        database.write(Atoms("H"))
    found = list(read_structures(path))
    assert [name for name, _, _ in found] == ["1MoS2-1", "C2-2", "H-3"]
    assert [bool(failure) for _, _, failure in found] == [False, False, True]
    assert "molecule" in found[2][2]


def test_parquet_of_arrays_and_of_cifs(tmp_path):
    atoms = mos2()
    good = {
        "structure_id": "x",
        "numbers": atoms.numbers,
        "cell": atoms.cell[:].ravel(),
        "positions": atoms.positions.ravel(),
    }
    pd.DataFrame([good, {**good, "structure_id": "y", "positions": [0.0, 1.0]}]).to_parquet(
        tmp_path / "a.parquet"
    )
    found = list(read_structures(tmp_path / "a.parquet"))
    assert np.allclose(found[0][1].positions, atoms.positions)
    assert found[1][1] is None
    assert found[1][2].startswith("y is not a crystal")
    pd.DataFrame({"structure_id": ["x", "y"], "cif": [CIF, None]}).to_parquet(
        tmp_path / "b.parquet"
    )
    found = list(read_structures(tmp_path / "b.parquet"))
    assert len(found[0][1]) == 3
    assert "no CIF" in found[1][2]


def test_sources_that_are_none(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.db").write_text("")
    (tmp_path / "a.json").write_text("[1, 2]")
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "a.parquet")
    for name in ("nothing", "empty", "a.db", "a.json", "a.parquet"):
        with pytest.raises(StructureError, match=name):
            list(read_structures(tmp_path / name))


@given(st.permutations([0, 1, 2]), st.integers(0, 2**32 - 1), st.floats(-1, 1))
@settings(deadline=None, max_examples=50)
def test_a_layer_is_set_upright_from_any_position(axes, seed, tilt):
    atoms = mos2()
    generator = np.random.default_rng(seed)
    cell = atoms.cell[:]
    cell[2, :2] += tilt * cell[0, :2]  # the vacuum vector may lean
    turn = Rotation.random(rng=generator).as_matrix()
    moved = Atoms(
        numbers=atoms.numbers,
        positions=(atoms.positions + generator.normal(0, 20, 3)) @ turn,
        cell=(cell @ turn)[list(axes)],
        pbc=True,
    )
    moved.wrap()
    layer = orient_layer(moved)
    assert np.allclose(layer.cell[2, :2], 0)
    assert np.allclose(layer.cell[:2, 2], 0)
    assert layer.cell[0, 1] == 0
    assert layer.cell[1, 1] > 0
    assert np.ptp(layer.positions[:, 2]) == pytest.approx(3.13)
    assert layer.cell[2, 2] - 3.13 >= 15
    assert np.allclose(distances(layer), distances(orient_layer(atoms)), atol=1e-6)


def test_a_chiral_layer_is_not_mirrored():
    positions = np.array([[1, 1, 4], [2.3, 1, 4], [1, 2.6, 4], [1.2, 1.3, 5.5]])
    atoms = Atoms("CNOF", positions=positions, cell=np.diag([6.0, 7.0, 20.0]), pbc=True)
    for order in ([0, 1, 2], [1, 0, 2], [2, 1, 0]):
        other = Atoms(atoms, cell=atoms.cell[order], pbc=True)
        layer = orient_layer(other)
        vectors = [layer.get_distance(0, i, mic=True, vector=True) for i in (1, 2, 3)]
        assert np.linalg.det(vectors) == pytest.approx(
            np.linalg.det([positions[i] - positions[0] for i in (1, 2, 3)])
        )


def test_a_layer_without_third_vector():
    atoms = mos2()
    atoms.cell[2] = 0
    atoms.pbc = (True, True, False)
    assert orient_layer(atoms).cell[2, 2] == pytest.approx(3.13 + 15)


def test_bulk_is_refused():
    for crystal in (bulk("Cu", cubic=True), bulk("MgO", "rocksalt", a=4.2).repeat(2)):
        with pytest.raises(StructureError, match="bulk crystal"):
            orient_layer(crystal)
