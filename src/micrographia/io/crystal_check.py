"""Checks of what a crystal's file holds: text, a cell, one element per site, its own formula."""

from __future__ import annotations

import codecs
import re
from collections import Counter, defaultdict

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from micrographia.errors import StructureError


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


#: An element with its count, as in `Mo1 S2`.
_PART = re.compile(r"([A-Z][a-z]?)(\d*\.?\d+|\d*)")


def check_crystal(atoms: Atoms, name: str) -> None:
    """Refuse atoms that are not an ordered crystal.

    Parameters
    ----------
    atoms
        What a file, a row of a database or a row of a table was read as.
    name
        How the message calls it.

    Raises
    ------
    StructureError
        No atoms, no cell, a site without an element or shared by several, or a coordinate that
        is not a number.
    """
    if len(atoms) == 0:
        raise StructureError(f"{name} holds no atoms")
    if (atoms.numbers < 1).any():
        raise StructureError(
            f"{name} has a site without an element",
            seen=chemical_symbols[0],
            allowed="symbols of chemical elements",
            remedy="Replace dummy atoms by elements, or remove them",
        )
    for site in (atoms.info.get("occupancy") or {}).values():
        shares = {symbol: _share(share, name) for symbol, share in site.items()}
        if len(shares) > 1 or any(abs(share - 1) > 1e-3 for share in shares.values()):
            raise StructureError(
                f"{name} has a partly occupied site",
                seen=", ".join(f"{symbol} {share:g}" for symbol, share in shares.items()),
                allowed="sites that one element occupies fully",
                remedy="Give an ordered model of this crystal",
            )
    if not np.isfinite(atoms.positions).all() or not np.isfinite(atoms.cell[:]).all():
        raise StructureError(f"{name} has a coordinate that is not a number")
    if atoms.cell.rank < 2:
        raise StructureError(
            f"{name} has no cell: it is a molecule, not a crystal",
            remedy="Give the lattice vectors (extended XYZ: Lattice=...)",
        )


def check_formula(atoms: Atoms, stated: object, name: str) -> None:
    """Refuse atoms whose composition is another than the file's own formula.

    Readers of CIFs take the longest symbol that they know: NI is read as N, and a mixed site such
    as Mo/W as Mo. The formula tells.

    Parameters
    ----------
    atoms
        What the file was read as.
    stated
        The CIF's `_chemical_formula_sum`; anything that is no formula says nothing.
    name
        How the message calls it.

    Raises
    ------
    StructureError
        The proportions of the elements differ.
    """
    parts = [_PART.fullmatch(part) for part in str(stated or "").split()]
    if not parts or not all(parts):
        return
    wanted: dict[str, float] = defaultdict(float)
    for part in parts:
        assert part is not None
        # Deuterium is hydrogen to all who read this.
        wanted["H" if part[1] == "D" else part[1]] += float(part[2] or 1)
    found = Counter(atoms.get_chemical_symbols())
    total, there = sum(wanted.values()), sum(found.values())
    symbols = wanted.keys() | found.keys()
    if any(abs(wanted[one] / total - found[one] / there) > 1e-3 for one in symbols):
        raise StructureError(
            f"{name} states another composition than its atoms have",
            seen=atoms.get_chemical_formula("metal"),
            allowed=str(stated),
            remedy="Check the symbols of its sites (NI is Ni; a mixed site has no one element)",
        )


def _share(value: object, name: str) -> float:
    """Occupancy of a site; one that is not given ('.' or '?') is 1, as the CIF dictionary says."""
    if str(value).strip() in (".", "?"):
        return 1.0
    try:
        return float(str(value))
    except ValueError:
        raise StructureError(
            f"{name} has an occupancy that is not a number", seen=value, allowed="0 to 1"
        ) from None
