"""The checks that every crystal passes: text, cell, one element for each site, distances."""

from __future__ import annotations

import codecs

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from micrographia.errors import StructureError
from micrographia.io.crystals.contents import check_site
from micrographia.io.crystals.spacing import check_spacing
from micrographia.io.crystals.symbols import no_element

#: Greatest coordinate [Å]: beyond it a place within the cell has no digits left.
FARTHEST = 1e6


def text_of(raw: bytes) -> str:
    """Text of a file: UTF-8 with or without a byte order mark, UTF-16 with one, else Latin-1.

    Names and comments may hold any letter; symbols and numbers are ASCII in all of them, so what
    is mostly of other bytes is no text.

    Raises
    ------
    UnicodeDecodeError
        The bytes are no text.
    """
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16")
    if b"\0" in raw or sum(byte > 127 for byte in raw) > 0.3 * len(raw):
        raise UnicodeDecodeError("latin-1", raw, 0, 1, "bytes of no text")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def check_crystal(atoms: Atoms, name: str) -> Atoms:
    """Refuse atoms that are not an ordered crystal.

    Every crystal that enters goes through here: files, rows of databases and tables, `ase.Atoms`.

    Parameters
    ----------
    atoms
        What a file, a row of a database or a row of a table was read as.
    name
        How the message calls it.

    Returns
    -------
    The same object, or a copy without atoms that stand on two borders of the cell; the copy
    says so in `info[NOTE]`.

    Raises
    ------
    StructureError
        No atoms, no cell, a site without an element or shared by several, a coordinate that is
        not a number, or atoms closer than atoms can be.
    """
    if len(atoms) == 0:
        raise StructureError(f"{name} holds no atoms")
    if (atoms.numbers < 1).any() or (atoms.numbers >= len(chemical_symbols)).any():
        raise no_element(name)
    for shares in (atoms.info.get("occupancy") or {}).values():
        check_site(shares, name)
    if not np.isfinite(atoms.positions).all() or not np.isfinite(atoms.cell[:]).all():
        raise StructureError(f"{name} has a coordinate that is not a number")
    if np.abs(atoms.positions).max() > FARTHEST:
        raise StructureError(
            f"{name} has an atom far from any cell",
            seen=f"{np.abs(atoms.positions).max():g} Å",
            allowed=f"coordinates up to {FARTHEST:g} Å",
        )
    if atoms.cell.rank < 2:
        raise StructureError(
            f"{name} has no cell: it is a molecule, not a crystal",
            remedy="Give the lattice vectors (extended XYZ: Lattice=...)",
        )
    return check_spacing(atoms, name)
