"""Read crystals from files, folders, databases and tables; orient layers; write CIF."""

from __future__ import annotations

import logging
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.cell import Cell

from micrographia.arrays import BoolArray, FloatArray
from micrographia.errors import StructureError
from micrographia.io.archives import walk_once
from micrographia.io.crystal_check import check_crystal, text_of
from micrographia.io.crystals.cif import read_cif
from micrographia.io.crystals.frames import good, outcome, plain, read_frames
from micrographia.io.crystals.spacing import NOTE

logger = logging.getLogger(__name__)

#: File name endings and the ASE format that reads them; POSCAR and CONTCAR files have none.
FORMATS = {
    ".cif": "cif",
    ".vasp": "vasp",
    ".poscar": "vasp",
    ".xyz": "extxyz",
    ".extxyz": "extxyz",
}
_DATABASES = (".db", ".json")
_ALLOWED = (
    "a .cif, .vasp, .poscar, .xyz or .extxyz file, one called POSCAR or CONTCAR, a folder of "
    "them, an ASE database (.db, .json) or a .parquet table"
)
#: Least empty space along an axis that makes a crystal a layer [Å]; the widest van der Waals
#: gaps of bulk crystals are about 4 Å.
MIN_GAP = 5.0
#: Least vacuum of a layer that was set upright [Å].
MIN_VACUUM = 15.0

Item = tuple[str, Atoms | None, str]


def read_structure(path: str | os.PathLike[str]) -> Atoms:
    """Read the first crystal of a CIF, POSCAR or extended XYZ file.

    Raises
    ------
    StructureError
        The file is absent, empty, not of its format, or holds no atoms, no cell, an unknown
        element or a partly occupied site.
    """
    atoms = good(_read_file(Path(path))[0])
    if NOTE in atoms.info:
        logger.warning("%s: %s", path, atoms.info[NOTE])
    return atoms


def read_structures(source: str | os.PathLike[str]) -> Iterator[Item]:
    """Read all crystals of a source, one at a time.

    Parameters
    ----------
    source
        A structure file; a folder, searched with its sub-folders; an ASE database (`.db` or
        `.json`); or a parquet table with `structure_id` (or `material_id`) and either `cif` or
        `numbers`, `cell` (9 numbers) and `positions` (3 n numbers) in Å.

    Yields
    ------
    identifier, atoms, failure
        A unique name of letters, digits and `-_.+`, the crystal, and an empty string; or the
        name, None, and why it could not be read.

    Raises
    ------
    StructureError
        The source itself is absent, empty or of no known kind.
    """
    root = Path(source)
    try:
        root.stat()
    except FileNotFoundError:
        raise StructureError(f"Crystal source {root} does not exist", allowed=_ALLOWED) from None
    except OSError as error:
        raise _unreadable(error) from None
    if os.path.isdir(root):
        items = _read_folder(root)
    elif root.suffix.lower() == ".parquet":
        items = _read_parquet(root)
    elif root.suffix.lower() in _DATABASES:
        items = _read_database(root)
    else:
        items = _read_one(root, _safe(_stem(root)))
    names: Counter[str] = Counter()
    for name, atoms, failure in items:
        names[name] += 1
        yield (name if names[name] == 1 else f"{name}-{names[name]}"), atoms, failure


def _stem(path: Path) -> str:
    return path.stem if path.suffix.lower() in FORMATS else path.name


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.+-]+", "-", name).strip("-.") or "crystal"


def _format(path: Path) -> str | None:
    if path.name.upper().startswith(("POSCAR", "CONTCAR")):
        return "vasp"
    return FORMATS.get(path.suffix.lower())


def _read_folder(root: Path) -> Iterator[Item]:
    locked: list[OSError] = []
    walk = walk_once(root, locked.append)
    paths = (Path(folder, name) for folder, _, names in walk for name in names)
    found = sorted(path for path in paths if _format(path))
    if not found:
        for error in locked:
            raise _unreadable(error)
        raise StructureError(f"Folder {root} holds no structure files", allowed=_ALLOWED)
    for error in locked:
        yield _safe(os.path.relpath(error.filename, root)), None, str(_unreadable(error))
    for path in found:
        parts = [*path.parent.relative_to(root).parts, _stem(path)]
        # `MoS2/POSCAR` is named by its folder.
        if len(parts) > 1 and parts[-1].upper() in ("POSCAR", "CONTCAR"):
            parts.pop()
        yield from _read_one(path, _safe("-".join(parts)))


def _read_one(path: Path, name: str) -> Iterator[Item]:
    try:
        frames = _read_file(path)
    except StructureError as error:
        yield name, None, str(error)
        return
    for number, frame in enumerate(frames, 1):
        yield (name if len(frames) == 1 else f"{name}-{number}"), *outcome(frame)


def _read_file(path: Path) -> list[Atoms | StructureError]:
    kind = _format(path)
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            raise StructureError(f"Structure file {path} {what}")
        if kind is None:
            raise StructureError(f"{path} is of no known kind", seen=path.suffix, allowed=_ALLOWED)
        text = text_of(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n")
        if not text:
            raise StructureError(f"{path} is empty (0 bytes)", remedy="Download or write it again")
    except OSError as error:
        raise _unreadable(error) from None
    except UnicodeDecodeError:
        raise StructureError(
            f"{path} is not a text file", remedy=f"Check that it really is {kind}"
        ) from None
    return read_frames(text, kind, str(path))


def _unreadable(error: OSError) -> StructureError:
    what = f"{error.filename} cannot be read ({error.strerror})"
    return StructureError(what, remedy="Give yourself the right to read it")


def _read_database(path: Path) -> Iterator[Item]:
    from ase.db import connect

    try:
        if path.stat().st_size == 0:
            raise ValueError("0 bytes")
        rows = list(connect(path).select())
    except Exception as error:  # sqlite and json each have their own
        raise StructureError(
            f"{path} is not a readable ASE database: {error}", allowed=_ALLOWED
        ) from None
    if not rows:
        raise StructureError(f"ASE database {path} has no rows")
    for row in rows:
        name = _safe(str(row.get("uid") or f"{row.formula}-{row.id}"))
        try:
            atoms = check_crystal(row.toatoms(), f"{path}, row {row.id}")
            yield name, plain(atoms), ""
        except Exception as error:  # a broken row must not end the run
            yield name, None, str(error)


def _read_parquet(path: Path) -> Iterator[Item]:
    from micrographia.io.tables import read_table

    table = read_table(path)
    key = "structure_id" if "structure_id" in table else "material_id"
    arrays = {"numbers", "cell", "positions"} <= set(table.columns)
    if key not in table or not (arrays or "cif" in table):
        raise StructureError(
            f"{path} is no table of crystals",
            seen=", ".join(table.columns),
            allowed="structure_id or material_id, and cif or numbers, cell and positions",
        )
    for record in table.to_dict("records"):
        name = _safe(str(record[key]))
        try:
            yield name, (_from_arrays(record, name) if arrays else _from_record(record, name)), ""
        except StructureError as error:
            yield name, None, str(error)


def _from_arrays(record: Mapping[Any, Any], name: str) -> Atoms:
    try:
        atoms = Atoms(
            numbers=np.asarray(record["numbers"], dtype=int),
            positions=np.asarray(record["positions"], dtype=float).reshape(-1, 3),
            cell=np.asarray(record["cell"], dtype=float).reshape(3, 3),
            pbc=True,
        )
    except (ValueError, TypeError) as error:
        raise StructureError(f"{name} is not a crystal: {error}") from None
    return check_crystal(atoms, name)


def _from_record(record: Mapping[Any, Any], name: str) -> Atoms:
    if not isinstance(record["cif"], str):
        raise StructureError(f"{name} has no CIF")
    return good(read_frames(record["cif"], "cif", name)[0])


def from_cif(text: str) -> Atoms:
    """Read the first crystal of a CIF that the program wrote into one of its tables.

    Distances between atoms are not checked: crystals that came from outside have passed that, and
    an answer whose atoms are too close is to be scored, not refused.

    Raises
    ------
    StructureError
        As `read_structure`.
    """
    return plain(good(read_cif(text, "The CIF text")[0]))


def to_cif(atoms: Atoms, comments: Sequence[str] = (), data_name: str = "crystal") -> str:
    """Write a crystal as CIF text in P 1; the same crystal gives the same text.

    Parameters
    ----------
    atoms
        The crystal; its cell is kept. Where it is left-handed, c is reversed, since a CIF
        cannot tell a crystal from its mirror image otherwise.
    comments
        Lines that go before the data.
    data_name
        Name of the data block.
    """
    cell = atoms.cell[:]
    if np.linalg.det(cell) < 0:
        cell = cell * np.array([[1.0], [1.0], [-1.0]])
    fractions = np.round(atoms.positions @ np.linalg.inv(cell) % 1.0, 8) % 1.0
    parameters = Cell(cell).cellpar()
    names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    lines = [f"# {' '.join(comment.split())}" for comment in comments]
    lines.append(f"data_{re.sub(r'[^!-~]+', '_', data_name)}")
    lines += [f"_cell_{name} {value:.8f}" for name, value in zip(names, parameters, strict=True)]
    lines += [
        "_space_group_name_H-M_alt 'P 1'",
        "_space_group_IT_number 1",
        f"_chemical_formula_sum '{_formula_sum(atoms)}'",
        "loop_",
        "_space_group_symop_operation_xyz",
        "'x, y, z'",
        "loop_",
        "_atom_site_label",
        "_atom_site_type_symbol",
        "_atom_site_fract_x",
        "_atom_site_fract_y",
        "_atom_site_fract_z",
        "_atom_site_occupancy",
    ]
    counts: Counter[str] = Counter()
    for symbol, (x, y, z) in zip(atoms.get_chemical_symbols(), fractions, strict=True):
        counts[symbol] += 1
        lines.append(f"{symbol}{counts[symbol]} {symbol} {x:.8f} {y:.8f} {z:.8f} 1")
    return "\n".join(lines) + "\n"


def _formula_sum(atoms: Atoms) -> str:
    counts = sorted(Counter(atoms.get_chemical_symbols()).items())
    return " ".join(f"{symbol}{count}" for symbol, count in counts)


def orient_layer(atoms: Atoms) -> Atoms:
    """Orient a layer: normal and c along z, a along x, b in the upper half of the xy plane.

    The vacuum lies along the lattice vector across which the atoms leave the largest gap. The
    layer is centred along c, which is made perpendicular and long enough for a vacuum of at
    least 15 Å. The crystal is turned, never mirrored.

    Raises
    ------
    StructureError
        No gap of 5 Å along any axis: a bulk crystal.
    """
    cell, pbc = _complete(atoms)
    fractions = atoms.positions @ np.linalg.inv(cell)
    heights = 1 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    found = [_largest_gap(fractions[:, axis]) for axis in range(3)]
    gaps = np.array([gap for gap, _ in found]) * heights
    axis = int(np.argmin(pbc)) if pbc.sum() == 2 else int(gaps.argmax())
    if gaps[axis] < MIN_GAP:
        raise StructureError(
            f"This is a bulk crystal: its largest gap without atoms is {gaps[axis]:.2f} Å",
            allowed=f"layers with at least {MIN_GAP:g} Å of vacuum",
            remedy="Cut a single layer and add vacuum",
        )
    fractions[:, axis] = (fractions[:, axis] - found[axis][1] + 1e-9) % 1.0
    first, second = cell[(axis + 1) % 3], cell[(axis + 2) % 3]
    normal = np.cross(first, second)
    normal /= np.linalg.norm(normal)
    along = first / np.linalg.norm(first)
    turned = np.array([along, np.cross(normal, along), normal]).T
    positions = fractions @ cell @ turned
    thickness = float(np.ptp(positions[:, 2]))
    length = thickness + max(heights[axis] - thickness, MIN_VACUUM)
    plane = np.array([first, second]) @ turned
    upright = np.array([[plane[0, 0], 0, 0], [plane[1, 0], plane[1, 1], 0], [0, 0, length]])
    positions[:, 2] += length / 2 - (positions[:, 2].max() + positions[:, 2].min()) / 2
    layer = Atoms(numbers=atoms.numbers, positions=positions, cell=upright, pbc=True)
    layer.wrap(pbc=(True, True, False), eps=1e-6)
    layer.pbc = (True, True, False)
    return layer


def _complete(atoms: Atoms) -> tuple[FloatArray, BoolArray]:
    """Cell and periodicity; a layer given by two vectors gets a third, wide one."""
    if atoms.cell.rank < 2 or len(atoms) == 0:
        raise StructureError("There is no crystal: it needs atoms and two lattice vectors")
    if atoms.cell.rank == 3:
        return np.array(atoms.cell[:]), np.array(atoms.pbc)
    cell = np.array(atoms.cell.complete()[:])
    missing = int(np.argmin(np.linalg.norm(atoms.cell[:], axis=1)))
    extent = float(np.ptp(atoms.positions @ cell[missing]))
    cell[missing] *= extent + MIN_VACUUM
    return cell, np.arange(3) != missing


def _largest_gap(fractions: FloatArray) -> tuple[float, float]:
    """Width of the widest empty interval on the circle 0..1, and where it ends."""
    ordered = np.sort(fractions % 1.0)
    gaps = np.diff(ordered, append=ordered[0] + 1.0)
    widest = int(gaps.argmax())
    return float(gaps[widest]), float(ordered[(widest + 1) % len(ordered)])
