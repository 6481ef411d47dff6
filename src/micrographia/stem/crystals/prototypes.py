"""Well-known two-dimensional crystals, built from a table of lattice constants and heights.

`prototypes.csv` beside it holds the facts, one crystal per line; this module holds the
prototypes, that is where the atoms of each structure type sit.
"""

from __future__ import annotations

import csv
import difflib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from micrographia.errors import StructureError, TableError
from micrographia.io.crystal_check import check_crystal

#: The embedded prototypes.
EMBEDDED_TABLE = Path(__file__).with_name("prototypes.csv")
#: Vacuum along c beyond the thickness of the layer [Å].
VACUUM = 20.0
COLUMNS = ("structure_id", "prototype", "family", "elements", "a", "b", "parameters", "source")
FAMILIES = ("classic", "allotrope", "MXene", "magnet", "Janus", "other")

Site = tuple[int, float, float, float]  # role, x and y as fractions, height [Å]
Places = Callable[..., list[Site]]


@dataclass(frozen=True)
class Prototype:
    """A structure type.

    Attributes
    ----------
    lattice
        Hexagonal (γ = 120°) and square need a only; rectangular needs b too.
    roles
        How many elements have to be named.
    parameters
        Names of the free parameters, heights in Å from the middle plane, `u` and `v` as
        fractions of a cell vector.
    places
        Takes the parameters by name, gives the sites.
    """

    lattice: Literal["hexagonal", "square", "rectangular"]
    roles: int
    parameters: tuple[str, ...]
    places: Places


# The three places of a hexagonal net.
_A, _B, _C = (0.0, 0.0), (1 / 3, 2 / 3), (2 / 3, 1 / 3)
_CORNERS = ((0.0, 0.0), (0.5, 0.5))
_EDGES = ((0.0, 0.5), (0.5, 0.0))


def _honeycomb(z: float) -> list[Site]:
    return [(0, *_B, z), (1, *_C, -z)]


def _trigonal_prismatic(z: float) -> list[Site]:
    return [(0, *_A, 0), (1, *_B, z), (1, *_B, -z)]


def _octahedral(z: float) -> list[Site]:
    return [(0, *_A, 0), (1, *_B, z), (1, *_C, -z)]


def _janus_prismatic(z_up: float, z_down: float) -> list[Site]:
    return [(0, *_A, 0), (1, *_B, z_up), (2, *_B, -z_down)]


def _janus_octahedral(z_up: float, z_down: float) -> list[Site]:
    return [(0, *_A, 0), (1, *_B, z_up), (2, *_C, -z_down)]


def _gallium_selenide(z_metal: float, z_outer: float) -> list[Site]:
    return [(0, *_B, z_metal), (0, *_B, -z_metal), (1, *_C, z_outer), (1, *_C, -z_outer)]


def _quintuple(z_metal: float, z_outer: float) -> list[Site]:
    """Outer-metal-middle-metal-outer, each above a hollow of the one below it (Bi2Te3)."""
    return [
        (0, *_B, z_metal),
        (0, *_C, -z_metal),
        (1, *_A, 0),
        (2, *_C, z_outer),
        (2, *_B, -z_outer),
    ]


def _mxene_32(z_carbon: float, z_metal: float) -> list[Site]:
    return [
        (0, *_A, 0),
        (1, *_B, z_carbon),
        (1, *_C, -z_carbon),
        (0, *_C, z_metal),
        (0, *_B, -z_metal),
    ]


def _litharge(z: float) -> list[Site]:
    return [(0, *place, 0) for place in _CORNERS] + [(1, *_EDGES[0], z), (1, *_EDGES[1], -z)]


def _matlockite(z_metal: float, z_outer: float) -> list[Site]:
    return [
        *((0, *place, 0) for place in _CORNERS),
        (1, *_EDGES[0], z_metal),
        (1, *_EDGES[1], -z_metal),
        (2, *_EDGES[1], z_outer),
        (2, *_EDGES[0], -z_outer),
    ]


def _octahedra_around_hole(u: float, z: float) -> list[Site]:
    """Six ligands of D3d around the origin of a hexagonal cell."""
    above = [(u, 0.0), (0.0, u), (-u, -u)]
    return [(1, x, y, z) for x, y in above] + [(1, -x, -y, -z) for x, y in above]


def _trihalide(u: float, z: float) -> list[Site]:
    return [(0, *_B, 0), (0, *_C, 0), *_octahedra_around_hole(u, z)]


def _thiophosphate(u: float, z: float, z_dimer: float) -> list[Site]:
    return [*_trihalide(u, z), (2, *_A, z_dimer), (2, *_A, -z_dimer)]


def _phosphorene(v: float, z: float) -> list[Site]:
    return [(0, 0, v, z), (0, 0.5, 0.5 - v, z), (0, 0, -v, -z), (0, 0.5, 0.5 + v, -z)]


def _monochalcogenide(v: float, z_metal: float, z_chalcogen: float) -> list[Site]:
    """Pmn21: the metal lies over its chalcogen, displaced by v along the armchair direction."""
    return [
        (0, 0, 0, z_metal),
        (0, 0.5, 0.5, -z_metal),
        (1, 0, v, -z_chalcogen),
        (1, 0.5, 0.5 + v, z_chalcogen),
    ]


def _distorted_octahedral(
    v_metal: float, z_metal: float, v_far: float, z_far: float, v_near: float, z_near: float
) -> list[Site]:
    """1T', P21/m: metal zigzag chains along a; two kinds of chalcogen, inversion at 0."""
    rows = [(0, 0.25, v_metal, z_metal), (1, 0.25, v_far, z_far), (1, 0.25, v_near, z_near)]
    return rows + [(role, 1 - x, -y, -z) for role, x, y, z in rows]


def _pentagonal(u: float, v: float, z: float) -> list[Site]:
    """Pentagonal PdS2, P21/c: pairs of chalcogens across the layer."""
    return [
        *((0, *place, 0) for place in _EDGES),
        (1, u, v, -z),
        (1, -u, -v, z),
        (1, 0.5 - u, 0.5 + v, z),
        (1, 0.5 + u, 0.5 - v, -z),
    ]


PROTOTYPES = {
    "honeycomb": Prototype("hexagonal", 2, ("z",), _honeycomb),
    "1H": Prototype("hexagonal", 2, ("z",), _trigonal_prismatic),
    "1T": Prototype("hexagonal", 2, ("z",), _octahedral),
    "Janus-1H": Prototype("hexagonal", 3, ("z_up", "z_down"), _janus_prismatic),
    "Janus-1T": Prototype("hexagonal", 3, ("z_up", "z_down"), _janus_octahedral),
    "GaSe": Prototype("hexagonal", 2, ("z_metal", "z_outer"), _gallium_selenide),
    "Bi2Te3": Prototype("hexagonal", 3, ("z_metal", "z_outer"), _quintuple),
    "M3C2": Prototype("hexagonal", 2, ("z_carbon", "z_metal"), _mxene_32),
    "CrI3": Prototype("hexagonal", 2, ("u", "z"), _trihalide),
    "MnPS3": Prototype("hexagonal", 3, ("u", "z", "z_dimer"), _thiophosphate),
    "PbO": Prototype("square", 2, ("z",), _litharge),
    "BiOCl": Prototype("square", 3, ("z_metal", "z_outer"), _matlockite),
    "phosphorene": Prototype("rectangular", 1, ("v", "z"), _phosphorene),
    "GeS": Prototype("rectangular", 2, ("v", "z_metal", "z_chalcogen"), _monochalcogenide),
    "1T'": Prototype(
        "rectangular",
        2,
        ("v_metal", "z_metal", "v_far", "z_far", "v_near", "z_near"),
        _distorted_octahedral,
    ),
    "PdS2": Prototype("rectangular", 2, ("u", "v", "z"), _pentagonal),
}


def build(
    prototype: str, elements: list[str], a: float, b: float, parameters: dict[str, float]
) -> Atoms:
    """Build a crystal of a prototype.

    Parameters
    ----------
    prototype
        A key of `PROTOTYPES`.
    elements
        One symbol per role.
    a, b
        Lattice constants [Å]; b is used by rectangular prototypes only.
    parameters
        The prototype's free parameters [Å, or fractions].

    Returns
    -------
    Layer with c along z and 20 Å of vacuum.

    Raises
    ------
    StructureError
        Unknown prototype or element, or parameters that are not the prototype's.
    """
    if prototype not in PROTOTYPES:
        raise StructureError(
            "Unknown prototype", seen=prototype, allowed=", ".join(sorted(PROTOTYPES))
        )
    kind = PROTOTYPES[prototype]
    unknown = [symbol for symbol in elements if atomic_numbers.get(symbol, 0) == 0]
    if unknown:
        raise StructureError("Unknown element", seen=", ".join(unknown))
    if len(elements) != kind.roles or set(parameters) != set(kind.parameters):
        raise StructureError(
            f"Prototype {prototype} takes {kind.roles} elements and {kind.parameters}",
            seen=(elements, sorted(parameters)),
        )
    if not (a > 0 and b > 0):
        raise StructureError("A lattice constant must be positive", seen=(a, b))
    angle = np.deg2rad(120 if kind.lattice == "hexagonal" else 90)
    second = b if kind.lattice == "rectangular" else a
    sites = kind.places(**parameters)
    heights = np.array([site[3] for site in sites], dtype=float)
    length = float(np.ptp(heights)) + VACUUM
    cell = np.array(
        [[a, 0, 0], [second * np.cos(angle), second * np.sin(angle), 0], [0, 0, length]]
    )
    middle = length / 2 - (heights.max() + heights.min()) / 2
    flat = np.array([site[1:3] for site in sites]) % 1.0 @ cell[:2, :2]
    return Atoms(
        symbols=[elements[site[0]] for site in sites],
        positions=np.column_stack([flat, heights + middle]),
        cell=cell,
        pbc=(True, True, False),
    )


def read_prototypes(
    table: str | os.PathLike[str],
) -> Iterator[tuple[str, Atoms | None, str, str]]:
    """Build every crystal of a table with the columns of `COLUMNS`.

    Yields
    ------
    identifier, atoms, failure, family
        As `io.structures.read_structures`, and the family named in the table; a faulty line
        yields None and the reason.

    Raises
    ------
    TableError
        The file is absent or lacks a column.
    """
    path = Path(table)
    if not path.is_file():
        raise TableError(f"Table of prototypes {path} does not exist")
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise TableError(f"{path} lacks the columns {missing}", allowed=", ".join(COLUMNS))
        for record in reader:
            name, family = record["structure_id"] or f"line-{reader.line_num}", record["family"]
            try:
                yield name, _build(record), "", family
            except StructureError as error:
                yield name, None, f"{path}, line {reader.line_num}: {error}", family


def embedded_crystal(name: str) -> Atoms:
    """Build the embedded crystal with a `structure_id`, such as "graphene" or "MoS2-1H".

    Raises
    ------
    StructureError
        There is none of this name; the message lists those that come close.
    """
    names = []
    for identifier, atoms, _, _ in read_prototypes(EMBEDDED_TABLE):
        if identifier == name and atoms is not None:
            return atoms
        names.append(identifier)
    same = [one for one in names if one.lower().startswith(name.lower())]
    close = same or difflib.get_close_matches(name, names, n=3)
    raise StructureError(
        f"There is no embedded crystal of this name among {len(names)}",
        seen=name,
        allowed=", ".join(close or names),
        remedy=f"All names are in the first column of {EMBEDDED_TABLE}",
    )


def _build(record: dict[str, str]) -> Atoms:
    if record["family"] not in FAMILIES:
        raise StructureError("Unknown family", seen=record["family"], allowed=", ".join(FAMILIES))
    try:
        pairs = dict(word.split("=", 1) for word in record["parameters"].split())
        parameters = {name: float(value) for name, value in pairs.items()}
        a, b = float(record["a"]), float(record["b"] or record["a"])
    except (ValueError, TypeError, AttributeError) as error:
        raise StructureError(
            f"A value is not a number: {error}", allowed="a, b in Å; parameters as name=value"
        ) from None
    atoms = build(record["prototype"], record["elements"].split(), a, b, parameters)
    return check_crystal(atoms, record["structure_id"] or "It")
