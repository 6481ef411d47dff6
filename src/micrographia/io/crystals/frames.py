"""Text of a structure file to checked crystals, each one or its fault."""

from __future__ import annotations

import io
import re
import warnings

import ase.io
from ase import Atoms

from micrographia.errors import StructureError
from micrographia.io.crystal_check import check_crystal
from micrographia.io.crystals.cif import read_cif
from micrographia.io.crystals.spacing import NOTE


def read_frames(text: str, kind: str, name: str) -> list[Atoms | StructureError]:
    """Read each crystal of a file, or what is wrong with it: one does not spoil the others.

    Parameters
    ----------
    text
        The whole file.
    kind
        Name of the format, as ASE calls it.
    name
        How messages call the file.

    Raises
    ------
    StructureError
        The text as a whole cannot be read, or holds no atoms.
    """
    if kind == "cif":
        frames = read_cif(text, name)
    else:
        try:
            with warnings.catch_warnings():
                # ASE warns of headers that it does not need; what matters is checked below.
                warnings.simplefilter("ignore")
                read = ase.io.read(io.StringIO(text), index=":", format=kind)
        except Exception as error:  # parsers of foreign text fail in every way there is
            raise StructureError(
                f"{name} cannot be read as {kind}: {_reason(error)}",
                remedy="Check that every symbol is a chemical element and the file is complete",
            ) from None
        frames = list(read) if isinstance(read, list) else [read]
    if not frames:
        raise StructureError(f"{name} holds no atoms")
    several = len(frames) > 1
    found: list[Atoms | StructureError] = []
    for number, frame in enumerate(frames, 1):
        try:
            label = f"{name}, crystal {number}" if several else name
            found.append(plain(check_crystal(good(frame), label)))
        except StructureError as error:
            found.append(error)
    return found


def _reason(error: Exception) -> str:
    """What a parser stumbled over; ASE looks elements up by their symbol."""
    if isinstance(error, KeyError) and re.fullmatch(r"[A-Za-z]{1,3}", str(error.args[0])):
        return f"{error.args[0]} is no chemical element"
    return f"{type(error).__name__}: {error}"


def plain(atoms: Atoms) -> Atoms:
    """Species, positions, cell, and what was noted on the way; nothing else."""
    note = {NOTE: atoms.info[NOTE]} if NOTE in atoms.info else None
    return Atoms(
        numbers=atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=atoms.pbc, info=note
    )


def outcome(frame: Atoms | StructureError) -> tuple[Atoms | None, str]:
    """A crystal and no reason, or no crystal and the reason."""
    return (None, str(frame)) if isinstance(frame, StructureError) else (frame, "")


def good(frame: Atoms | StructureError) -> Atoms:
    """A crystal; raises why it is none."""
    if isinstance(frame, StructureError):
        raise frame
    return frame
