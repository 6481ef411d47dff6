"""2DMatPedia as its authors publish it, to a table of crystals with their DFT energies."""

from __future__ import annotations

import csv
import gzip
import json
import math
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from ase import Atoms
from ase.data import atomic_numbers
from ase.formula import Formula

from micrographia.errors import RetrievalError, StructureError
from micrographia.io.crystal_check import check_crystal
from micrographia.io.structures import orient_layer
from micrographia.io.tables import write_table

#: The table that `data.structures.source` and `benchmarks.dft_energies` read.
CRYSTALS = pa.schema(
    [
        ("material_id", pa.string()),
        ("formula", pa.string()),  # reduced
        ("natoms", pa.int64()),
        ("numbers", pa.list_(pa.int64())),
        ("cell", pa.list_(pa.float64())),  # rows a, b, c [Å]; c is the normal
        ("positions", pa.list_(pa.float64())),  # 3 per atom [Å]
        ("thickness", pa.float64()),  # [Å]
        ("energy_per_atom_pbe", pa.float64()),  # [eV]
        ("energy_per_atom_vdw", pa.float64()),  # [eV]
        ("decomposition_energy", pa.float64()),  # [eV/atom]
        ("exfoliation_energy_per_atom", pa.float64()),  # [eV]
        ("bandgap", pa.float64()),  # [eV]
        ("total_magnetization", pa.float64()),  # [Bohr magneton]
        ("discovery_process", pa.string()),
    ]
)
#: Column to the name of the value in a published record, where they differ.
_PUBLISHED = {
    "energy_per_atom_pbe": "energy_per_atom",
    "energy_per_atom_vdw": "energy_vdw_per_atom",
}
_NUMBERS = CRYSTALS.names[CRYSTALS.get_field_index("energy_per_atom_pbe") : -1]


def convert_2dmatpedia(folder: Path) -> None:
    """Write `2dmatpedia.parquet` from `db.json.gz`; records that are no layer go to `unread.csv`.

    Parameters
    ----------
    folder
        Holds `db.json.gz`: one JSON object a line.

    Raises
    ------
    RetrievalError
        The file is no gzip of text, or none of its records is a crystal.
    """
    rows, unread = [], []
    for line, record in _records(folder / "db.json.gz"):
        try:
            rows.append(crystal_row(record))
        except StructureError as error:
            name = record.get("material_id", "") if isinstance(record, dict) else ""
            unread.append((line, str(name), str(error)))
    if not rows:
        why = f": {unread[0][2]}" if unread else ""
        raise RetrievalError(f"db.json.gz of 2DMatPedia holds no crystal{why}")
    write_table(rows, folder / "2dmatpedia.parquet", CRYSTALS)
    with (folder / "unread.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([("line", "material_id", "reason"), *unread])


def _records(path: Path) -> Iterator[tuple[int, Any]]:
    """Line number and record; a line that is no JSON is a record that is no mapping."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                try:
                    yield number, json.loads(line)
                except ValueError:
                    yield number, None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise RetrievalError(f"db.json.gz of 2DMatPedia cannot be read ({error})") from None


def crystal_row(record: Any) -> dict[str, Any]:
    """Return a row of `CRYSTALS` from a published record.

    Parameters
    ----------
    record
        `material_id`, `structure` as pymatgen's `Structure.as_dict` writes it (`lattice.matrix`
        [Å], `sites` with `species` and `abc`), energies [eV].

    Raises
    ------
    StructureError
        The record has no such structure, a site is partly occupied, or the crystal is no layer.
    """
    if not isinstance(record, dict) or not record.get("material_id"):
        raise StructureError("The record has no material_id")
    name = str(record["material_id"])
    layer = orient_layer(check_crystal(_atoms(record, name), name))
    heights = layer.positions[:, 2]
    values = {column: _number(record, column) for column in _NUMBERS}
    process = record.get("discovery_process")
    return {
        "material_id": name,
        "formula": Formula(layer.get_chemical_formula("hill")).reduce()[0].format("hill"),
        "natoms": len(layer),
        "numbers": layer.numbers.tolist(),
        "cell": layer.cell[:].ravel().tolist(),
        "positions": layer.positions.ravel().tolist(),
        "thickness": float(np.ptp(heights)),
        **values,
        "discovery_process": process if isinstance(process, str) else None,
    }


def _number(record: Mapping[str, Any], column: str) -> float | None:
    value = record.get(_PUBLISHED.get(column, column))
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _atoms(record: Mapping[str, Any], name: str) -> Atoms:
    try:
        structure = record["structure"]
        cell = np.asarray(structure["lattice"]["matrix"], dtype=float).reshape(3, 3)
        numbers = [_element(site, name) for site in structure["sites"]]
        places = [np.asarray(site["abc"], dtype=float).reshape(3) for site in structure["sites"]]
        return Atoms(numbers=numbers, scaled_positions=places, cell=cell, pbc=True)
    except (KeyError, TypeError, ValueError) as error:
        what = f"{name} has no structure in the form of pymatgen ({type(error).__name__}: {error})"
        raise StructureError(what) from None


def _element(site: Mapping[str, Any], name: str) -> int:
    (species, *others) = site["species"]
    if others or species.get("occu", 1) != 1:
        raise StructureError(f"{name} has a partly occupied site")
    return atomic_numbers[species["element"]]
