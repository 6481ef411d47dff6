"""2DMatPedia: records in the form of pymatgen become rows that the workflow reads."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from ase import Atoms
from needed import CRYSTALS as SHARED_CRYSTALS
from needed import needs

from micrographia.cli import main
from micrographia.data.twodmatpedia import CRYSTALS, convert_2dmatpedia, crystal_row
from micrographia.errors import RetrievalError, StructureError
from micrographia.io.schemas import STRUCTURES
from micrographia.io.structures import read_structures
from micrographia.io.tables import read_rows


def structure(atoms: Atoms) -> dict[str, Any]:
    """A crystal as `pymatgen.core.Structure.as_dict` writes it."""
    a, b, c, alpha, beta, gamma = atoms.cell.cellpar()
    sites = [
        {
            "species": [{"element": symbol, "occu": 1}],
            "abc": abc.tolist(),
            "xyz": xyz.tolist(),
            "label": symbol,
            "properties": {},
        }
        for symbol, abc, xyz in zip(
            atoms.get_chemical_symbols(),
            atoms.get_scaled_positions(wrap=False),
            atoms.positions,
            strict=True,
        )
    ]
    lattice = {
        "matrix": atoms.cell.tolist(),
        **{"a": a, "b": b, "c": c, "alpha": alpha, "beta": beta, "gamma": gamma},
        "volume": atoms.get_volume(),
    }
    kind = {"@module": "pymatgen.core.structure", "@class": "Structure", "charge": None}
    return {**kind, "lattice": lattice, "sites": sites}


def mos2(height: float = 0.5) -> Atoms:
    """A layer of MoS₂ at a fractional height; at 0 it leaves the cell through its floor."""
    a, c, lift = 3.19, 25.0, 1.56
    cell = [[a, 0, 0], [-a / 2, a * 3**0.5 / 2, 0], [0, 0, c]]
    places = [
        (0, 0, height),
        (1 / 3, 2 / 3, height + lift / c),
        (1 / 3, 2 / 3, height - lift / c),
    ]
    return Atoms("MoS2", scaled_positions=places, cell=cell, pbc=True)


def record(atoms: Atoms, name: str = "2dm-3150", **values: Any) -> dict[str, Any]:
    """A record as the published file has it on a line."""
    known = {
        "energy_per_atom": -7.27,
        "energy_vdw_per_atom": -6.4,
        "exfoliation_energy_per_atom": 0.08,
        "decomposition_energy": 0.0,
        "bandgap": 1.6,
        "total_magnetization": 0.0,
        "discovery_process": "top-down",
        "source_id": "mp-1",
        "bandstructure": {"is_metal": False},
    }
    return {"material_id": name, "structure": structure(atoms), **known, **values}


@pytest.mark.parametrize("height", [0.5, 0.0, 0.98])
def test_a_layer_and_its_energies(height: float) -> None:
    row = crystal_row(record(mos2(height)))
    assert (row["material_id"], row["formula"], row["natoms"]) == ("2dm-3150", "MoS2", 3)
    assert row["thickness"] == pytest.approx(3.12, abs=1e-6)
    assert sorted(row["numbers"]) == [16, 16, 42]
    cell = np.reshape(row["cell"], (3, 3))
    assert np.linalg.norm(cell[:2], axis=1) == pytest.approx([3.19, 3.19])
    assert cell[2, :2] == pytest.approx([0, 0], abs=1e-9)
    assert (row["energy_per_atom_pbe"], row["energy_per_atom_vdw"]) == (-7.27, -6.4)
    assert row["discovery_process"] == "top-down"


def test_what_is_missing_is_null() -> None:
    values = {"bandgap": None, "total_magnetization": float("nan"), "discovery_process": 3}
    published = record(mos2(), **values)
    del published["exfoliation_energy_per_atom"]
    row = crystal_row(published)
    absent = ("bandgap", "total_magnetization", "discovery_process", "exfoliation_energy_per_atom")
    assert all(row[name] is None for name in absent)


def test_a_vacuum_along_another_axis_is_set_upright() -> None:
    layer = mos2()
    turned = Atoms("MoS2", cell=layer.cell[[2, 0, 1]], pbc=True)
    turned.set_scaled_positions(layer.get_scaled_positions()[:, [2, 0, 1]])
    row = crystal_row(record(turned))
    assert row["thickness"] == pytest.approx(3.12, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda one: one.pop("material_id"), "has no material_id"),
        (lambda one: one.pop("structure"), "no structure in the form of pymatgen"),
        (lambda one: one["structure"]["sites"][0].pop("abc"), "in the form of pymatgen"),
        (lambda one: one["structure"]["sites"][0]["species"][0].update(element="Xx"), "Xx"),
        (lambda one: one["structure"]["sites"][0]["species"][0].update(occu=0.5), "partly"),
        (lambda one: one["structure"]["lattice"].update(matrix=[[1, 0], [0, 1]]), "pymatgen"),
    ],
)
def test_a_record_that_is_no_crystal_says_why(change: Any, says: str) -> None:
    published = record(mos2())
    change(published)
    with pytest.raises(StructureError, match=says):
        crystal_row(published)


def write_database(folder: Path, records: list[Any]) -> None:
    lines = "".join(one if isinstance(one, str) else json.dumps(one) + "\n" for one in records)
    (folder / "db.json.gz").write_bytes(gzip.compress(lines.encode(), mtime=0))


def test_the_file_becomes_a_table_that_stem_structures_reads(tmp_path: Path) -> None:
    bulk = Atoms("Au", cell=np.full((3, 3), 2.04) - 2.04 * np.eye(3), pbc=True)
    graphene = Atoms("C2", cell=[[2.46, 0, 0], [-1.23, 2.13, 0], [0, 0, 20]], pbc=True)
    graphene.set_scaled_positions([[0, 0, 0.5], [1 / 3, 2 / 3, 0.5]])
    records = [record(mos2()), "{broken\n", "\n", record(bulk, "2dm-9"), record(graphene, "2dm-1")]
    write_database(tmp_path, records)
    convert_2dmatpedia(tmp_path)
    table = tmp_path / "2dmatpedia.parquet"
    assert read_rows(table, CRYSTALS)[1]["formula"] == "C"
    names, crystals, faults = zip(*read_structures(table), strict=True)
    assert names == ("2dm-3150", "2dm-1") and not any(faults)
    assert [len(one) for one in crystals] == [3, 2]
    lines = (tmp_path / "unread.csv").read_text().splitlines()
    assert [line.split(",")[:2] for line in lines[1:]] == [["2", ""], ["4", "2dm-9"]]
    assert "bulk crystal" in lines[2]
    out = tmp_path / "structures.parquet"
    assert main(["stem", "structures", str(table), "--out", str(out)]) == 0
    kept = {row["structure_id"]: row for row in read_rows(out, STRUCTURES)}
    assert kept["2dm-3150"]["status"] == "kept" and kept["2dm-3150"]["layer_group"] == 78
    # Equal input, equal bytes.
    before = table.read_bytes()
    convert_2dmatpedia(tmp_path)
    assert table.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"not gzip", "cannot be read"),
        (gzip.compress(b"{}\n" * 1000)[:20], "cannot be read"),
        (gzip.compress(b"\xff\xfe\n"), "cannot be read"),
        (gzip.compress(b"{}\n[]\n"), "holds no crystal: The record has no material_id"),
        (gzip.compress(b""), "holds no crystal"),
    ],
    # gzip writes the time: names made of the content would differ between workers.
    ids=["not gzip", "cut off", "not UTF-8", "no record", "empty"],
)
def test_a_file_of_another_kind_is_said(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "db.json.gz").write_bytes(content)
    with pytest.raises(RetrievalError, match=says):
        convert_2dmatpedia(tmp_path)
    assert not (tmp_path / "2dmatpedia.parquet").exists()


@needs("structures2d")
def test_real_crystals_keep_their_geometry_and_columns(tmp_path: Path) -> None:
    """The project's 2DMatPedia crystals, written as the public file has them, come back."""
    known = pq.read_table(SHARED_CRYSTALS.with_name("dft_energies.parquet")).to_pylist()[::12]
    assert set(known[0]) == set(CRYSTALS.names)
    published = []
    for row in known:
        cell, places = np.reshape(row["cell"], (3, 3)), np.reshape(row["positions"], (-1, 3))
        atoms = Atoms(numbers=row["numbers"], cell=cell, positions=places, pbc=True)
        values = {"energy_per_atom": row["energy_per_atom_pbe"], "bandgap": row["bandgap"]}
        published.append(record(atoms, row["material_id"], **values))
    write_database(tmp_path, published)
    convert_2dmatpedia(tmp_path)
    found = read_rows(tmp_path / "2dmatpedia.parquet", CRYSTALS)
    assert [row["material_id"] for row in found] == [row["material_id"] for row in known]
    for one, other in zip(found, known, strict=True):
        for name in ("formula", "natoms", "energy_per_atom_pbe", "bandgap"):
            assert one[name] == other[name], one["material_id"]
        assert one["thickness"] == pytest.approx(other["thickness"], abs=1e-5)
