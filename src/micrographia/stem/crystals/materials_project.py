"""Crystals from the Materials Project, online, through its own client."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

from ase import Atoms

from micrographia.errors import StructureError
from micrographia.io.crystal_check import check_crystal
from micrographia.io.structures import Item

#: Where the client looks for the key too.
KEY_VARIABLE = "MP_API_KEY"

_IDENTIFIER = re.compile(r"(mp|mvc)-\w+")


def read_materials_project(materials: Sequence[str]) -> Iterator[Item]:
    """Ask the Materials Project for crystals.

    Parameters
    ----------
    materials
        Identifiers (mp-2815), formulas (MoS2) or chemical systems (Mo-S).

    Yields
    ------
    identifier, atoms, failure
        As `read_structures` yields them.

    Raises
    ------
    StructureError
        The client is not installed, there is no key, or the database does not answer.
    """
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key:
        raise StructureError(
            f"The Materials Project needs a key, but the variable {KEY_VARIABLE} is not set",
            remedy=f"Get one at materialsproject.org/api and export {KEY_VARIABLE}",
        )
    try:
        # Optional and no part of the lock: only those who use this source install it.
        client = importlib.import_module("mp_api.client")
    except ImportError as error:
        raise StructureError(
            f"The Materials Project needs its client: {error}", remedy="Run: pip install mp-api"
        ) from error
    try:
        with client.MPRester(key) as rester:
            yield from entries(rester.materials.summary, materials)
    except StructureError:
        raise
    except Exception as error:  # the client's own errors, its web library's, the network's
        raise StructureError(
            f"The Materials Project did not answer: {type(error).__name__}: {error}",
            remedy=f"Check the network, {KEY_VARIABLE} and data.structures.materials",
        ) from error


def entries(summary: Any, materials: Sequence[str]) -> Iterator[Item]:
    """Search the client's `summary` endpoint for each name; each crystal comes once."""
    seen = set()
    for name in materials:
        if _IDENTIFIER.fullmatch(name):
            query: dict[str, Any] = {"material_ids": [name]}
        else:
            query = {"chemsys" if "-" in name else "formula": name}
        documents = summary.search(**query, fields=["material_id", "structure"])
        if not documents:
            yield name, None, f"the Materials Project knows no {name}"
        for document in sorted(documents, key=lambda found: str(found.material_id)):
            identifier = str(document.material_id)
            if identifier not in seen:
                seen.add(identifier)
                yield identifier, *_atoms(document.structure, identifier)


def _atoms(structure: Any, name: str) -> tuple[Atoms | None, str]:
    if not structure.is_ordered:
        return None, "partially occupied sites"
    atoms = Atoms(
        numbers=structure.atomic_numbers,
        positions=structure.cart_coords,
        cell=structure.lattice.matrix,
        pbc=True,
    )
    try:
        return check_crystal(atoms, name), ""
    except StructureError as error:
        return None, str(error)
