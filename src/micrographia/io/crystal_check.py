"""Check that a crystal is ordered: atoms, a cell, one element per site."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from micrographia.errors import StructureError


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
        if len(site) > 1 or any(abs(float(share) - 1) > 1e-3 for share in site.values()):
            raise StructureError(
                f"{name} has a partly occupied site",
                seen=", ".join(f"{symbol} {share:g}" for symbol, share in site.items()),
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
