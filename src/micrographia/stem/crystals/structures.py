"""Curation of two-dimensional crystals: upright, primitive, standardised, filtered."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import spglib
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols
from numpy.typing import NDArray

from micrographia.arrays import FloatArray
from micrographia.config import Splits, StructureFilter
from micrographia.errors import MicrographiaError
from micrographia.io.crystals.spacing import NOTE
from micrographia.io.schemas import STRUCTURES
from micrographia.io.schemas.rows import (
    StructureRow,
    blank,
)
from micrographia.io.structures import from_cif, orient_layer, to_cif
from micrographia.physics.lattice import cell_parameters, gauss_reduce, minimum_image
from micrographia.stem.crystals.duplicates import find_duplicates
from micrographia.stem.crystals.splits import assign_splits

#: Distance within which spglib takes positions for equal [Å].
SYMMETRY_TOLERANCE = 0.01
#: Atoms nearer than this in projection are one column [Å].
COLUMN_WIDTH = 0.1
#: Kirkland's scattering factors end at lawrencium.
HEAVIEST = 103

_MXENE_METALS = {"Sc", "Y", "Ti", "Zr", "Hf", "V", "Nb", "Ta", "Cr", "Mo", "W"}
_MXENE_ENDS = {"O", "H", "F", "Cl", "Br", "I", "S", "Se", "Te"}
_MAGNETIC = {"V", "Cr", "Mn", "Fe", "Co", "Ni"}
_CHALCOGENS = {"S", "Se", "Te"}

#: Origins among which the groups' tables leave a choice; labels must not depend on it.
_ORIGINS = ((0, 0), (1 / 2, 0), (0, 1 / 2), (1 / 2, 1 / 2), (1 / 3, 2 / 3), (2 / 3, 1 / 3))

#: Identifier, crystal or None, why it could not be read, and the family if it is known.
Entry = tuple[str, Atoms | None, str, str | None]


def curate(
    entries: Iterable[Entry],
    limits: StructureFilter,
    limit: int | None = None,
    seed: int = 0,
    source: str = "",
    duplicate_tolerance: float | None = None,
    splits: Splits | None = None,
) -> list[StructureRow]:
    """Turn crystals of any origin into rows of schema STRUCTURES.

    Parameters
    ----------
    entries
        Crystals with their names; one that could not be read becomes a rejected row.
    limits
        Which crystals are kept.
    limit
        Keep a random sample of at most this many; the others of the kept ones are left out.
    seed
        Seed of the sample and of the splits.
    source
        Where the crystals come from, noted in every row.
    duplicate_tolerance
        Of crystals that agree within this displacement [Å] the first is kept; None keeps all.
    splits
        How the kept crystals are divided; None or not enabled calls them `all`.

    Returns
    -------
    Rows in the order of the entries, with names made unique; each rejected crystal is a row
    with its reasons, a repeated one with the name of the crystal it repeats.
    """
    names: Counter[str] = Counter()
    rows = []
    for name, atoms, failure, known_family in entries:
        names[name] += 1
        unique = name if names[name] == 1 else f"{name}-{names[name]}"
        rows.append(_row((unique, atoms, failure, known_family), limits, source))
    if duplicate_tolerance is not None:
        _merge(rows, duplicate_tolerance)
    rows = _sample(rows, limit, seed)
    kept = [row for row in rows if row["status"] == "kept"]
    if splits is not None and splits.enabled:
        layers = [from_cif(row["cif"]) for row in kept]
        sides = assign_splits(layers, [row["formula"] for row in kept], splits, seed)
    else:
        sides = ["all"] * len(kept)
    for row, side in zip(kept, sides, strict=True):
        row["split"] = side
    return rows


def _merge(rows: list[StructureRow], tolerance: float) -> None:
    """Reject the kept rows that repeat an earlier one."""
    kept = {row["structure_id"]: row for row in rows if row["status"] == "kept"}
    found = find_duplicates(
        list(kept),
        [row["formula"] for row in kept.values()],
        [from_cif(row["cif"]) for row in kept.values()],
        tolerance,
    )
    for name, first in found.items():
        kept[name].update(
            {"status": "rejected", "reason": f"the same crystal as {first}", "duplicate_of": first}
        )


def _sample(rows: list[StructureRow], limit: int | None, seed: int) -> list[StructureRow]:
    """Leave out kept rows beyond the limit, and the duplicates of those left out."""
    kept = [row["structure_id"] for row in rows if row["status"] == "kept"]
    if limit is None or len(kept) <= limit:
        return rows
    dropped = set(np.random.default_rng(seed).permutation(kept)[limit:].tolist())
    return [row for row in rows if not {row["structure_id"], row["duplicate_of"]} & dropped]


def _row(entry: Entry, limits: StructureFilter, source: str) -> StructureRow:
    name, atoms, failure, known_family = entry
    row: StructureRow = blank(STRUCTURES)
    row.update({"structure_id": name, "source": source, "status": "rejected", "reason": failure})
    if atoms is None:
        return row
    try:
        layer = standardise(atoms)
    except MicrographiaError as error:
        row["reason"] = str(error)
        return row
    a, b, gamma = cell_parameters(layer.cell[:2, :2])
    numbers = sorted(set(layer.numbers.tolist()))
    row.update(
        {
            "formula": reduced_formula(layer),
            "elements": sorted(set(layer.get_chemical_symbols()), key=lambda s: atomic_numbers[s]),
            "natoms": len(layer),
            "a": a,
            "b": b,
            "gamma": gamma,
            "layer_group": layer_group(layer),
            "prototype": prototype(layer),
            "thickness": float(np.ptp(layer.positions[:, 2])),
            "overlap_ratio": overlap_ratio(layer),
            "family": known_family or family(layer),
            "cif": to_cif(layer, data_name=name),
            "note": atoms.info.get(NOTE),
        }
    )
    reasons = _reasons(row, numbers, layer, limits)
    row["status"] = "rejected" if reasons else "kept"
    row["reason"] = "; ".join(reasons) or None
    return row


def _reasons(
    row: StructureRow, numbers: list[int], layer: Atoms, limits: StructureFilter
) -> list[str]:
    """Each limit that a crystal breaks, with its value."""
    span = numbers[-1] - numbers[0]
    distance = projected_distance(layer)
    heavy = [chemical_symbols[number] for number in numbers if number > HEAVIEST]
    checks = [
        (bool(heavy), f"no scattering factors for {', '.join(heavy)}"),
        (
            len(numbers) > limits.max_elements,
            f"{len(numbers)} elements, max_elements is {limits.max_elements}",
        ),
        (
            len(numbers) > 1 and span < limits.min_z_span,
            f"atomic numbers span {span}, min_z_span is {limits.min_z_span}",
        ),
        (
            row["thickness"] > limits.max_thickness,
            f"thickness {row['thickness']:.2f} Å, max_thickness is {limits.max_thickness:g} Å",
        ),
        (
            row["overlap_ratio"] > limits.max_overlap_ratio,
            f"overlap {row['overlap_ratio']:.2f}, "
            f"max_overlap_ratio is {limits.max_overlap_ratio:g}",
        ),
        (
            distance < limits.min_projected_distance,
            f"columns {distance:.2f} Å apart, "
            f"min_projected_distance is {limits.min_projected_distance:g} Å",
        ),
        (
            row["natoms"] > limits.max_atoms,
            f"{row['natoms']} atoms, max_atoms is {limits.max_atoms}",
        ),
    ]
    return [reason for broken, reason in checks if broken]


def standardise(atoms: Atoms) -> Atoms:
    """Set a layer upright and give it its primitive cell in the 2D Niggli basis.

    Returns
    -------
    Layer with a along x, a ≤ b, 90° ≤ γ ≤ 120°, c along z. Where the lattice asks for it the
    layer is turned over (a rotation by 180° around an axis in the plane), never mirrored.

    Raises
    ------
    StructureError
        The crystal is bulk.
    """
    layer = orient_layer(_primitive(orient_layer(atoms)))
    plane = gauss_reduce(np.array(layer.cell[:2, :2]))[0]
    positions = layer.positions.copy()
    if plane[0] @ plane[1] > 1e-6 * (plane[0] @ plane[0]):
        positions[:, 1:] *= -1
        plane = gauss_reduce(plane * np.array([1.0, -1.0]))[0]
    cell = np.zeros((3, 3))
    cell[:2, :2] = plane
    cell[2, 2] = layer.cell[2, 2]
    turned = Atoms(numbers=layer.numbers, positions=positions, cell=cell, pbc=(True, True, False))
    # Sets a along x and the middle of the layer at c/2.
    return orient_layer(turned)


def _primitive(layer: Atoms) -> Atoms:
    cell = (layer.cell[:], layer.get_scaled_positions(), layer.numbers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # spglib, of its error handling
        found = spglib.standardize_cell(
            cell, to_primitive=True, no_idealize=True, symprec=SYMMETRY_TOLERANCE
        )
    if found is None or len(found[2]) >= len(layer):
        return layer
    return Atoms(numbers=found[2], scaled_positions=found[1], cell=found[0], pbc=True)


def layer_group(layer: Atoms) -> int | None:
    """Number of the layer group (International Tables E), or None where spglib finds none."""
    found = _layer_group_data(layer.cell[:], layer.get_scaled_positions(), layer.numbers)
    return None if found is None else int(found.number)


def prototype(layer: Atoms) -> str | None:
    """Label of a primitive layer's structure type, or None where spglib finds no layer group.

    Anonymous formula, layer group and the Wyckoff letters of each species, joined by dashes.
    Species come in the order of their amounts. Of the origins and directions that the tables
    allow, those with the first letters count: where a crystal lies does not change its label.
    """
    fractions = layer.get_scaled_positions()
    labels = []
    for origin in _ORIGINS:
        for turn in (1, -1):  # half a turn around z
            moved = fractions * [turn, turn, 1] + np.array([*origin, 0])
            found = _layer_group_data(layer.cell[:], moved, layer.numbers)
            if found is None:
                return None
            labels.append(_wyckoff_label(layer.numbers, found))
    return min(labels)


def _layer_group_data(cell: FloatArray, fractions: FloatArray, numbers: NDArray[Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return spglib.get_layergroup(
                (cell, fractions, numbers), aperiodic_dir=2, symprec=SYMMETRY_TOLERANCE
            )
        except spglib.SpglibError:
            return None


def _wyckoff_label(numbers: NDArray[Any], found: Any) -> str:
    """Anonymous formula, group, and per species the letters of its orbits."""
    species = []
    for number in np.unique(numbers):
        members = np.flatnonzero(numbers == number)
        orbits = {int(found.crystallographic_orbits[i]): found.wyckoffs[i] for i in members}
        species.append((len(members), "".join(sorted(orbits.values()))))
    species.sort()
    divisor = math.gcd(*(count for count, _ in species))
    amounts = [count // divisor for count, _ in species]
    formula = "".join(
        chr(ord("A") + place) + (str(amount) if amount > 1 else "")
        for place, amount in enumerate(amounts)
    )
    return "-".join([formula, str(found.number), *(letters for _, letters in species)])


def reduced_formula(layer: Atoms) -> str:
    """Formula with the smallest whole numbers, metals first: CrI3, MoS2."""
    return str(layer.symbols.formula.reduce()[0].format("metal"))


def overlap_ratio(layer: Atoms) -> float:
    """Share of the atoms that are not alone in their cell of a 1 Å grid in projection.

    The grid divides the unit cell into whole cells of about 1 Å, with the first atom in the
    middle of one (AutoMat, section 3, leaves the origin open).
    """
    plane = np.array(layer.cell[:2, :2])
    counts = np.maximum(np.rint(np.linalg.norm(plane, axis=1)), 1).astype(int)
    fractions = layer.positions[:, :2] @ np.linalg.inv(plane)
    fractions = (fractions - fractions[0] + 0.5 / counts + 1e-9) % 1.0
    grid = np.floor(fractions * counts).astype(int) % counts
    _, inverse, sizes = np.unique(grid, axis=0, return_inverse=True, return_counts=True)
    return float((sizes[inverse.ravel()] > 1).mean())


def projected_distance(layer: Atoms) -> float:
    """Least distance of two projected columns [Å]; atoms within 0.1 Å are one column.

    A column counts as its own neighbour one lattice vector away.
    """
    plane = gauss_reduce(np.array(layer.cell[:2, :2]))[0]
    xy = layer.positions[:, :2]
    steps = np.array([[i, j] for i in (-1, 0, 1) for j in (-1, 0, 1)]) @ plane
    delta = (xy[None, :] - xy[:, None]) @ np.linalg.inv(plane)
    delta = minimum_image(delta) @ plane
    distances = np.linalg.norm(delta[:, :, None, :] + steps, axis=-1)
    apart = distances[distances > COLUMN_WIDTH]
    return float(apart.min())


def family(layer: Atoms) -> str:
    """Family of a crystal as AutoMat's figure 5 divides them, by composition and layering.

    MXene: early transition metals with C or N, and terminations at most. Janus: different
    elements face up and down. Magnet: a 3d metal with an open shell and halogens, or three
    elements; it says that magnetism is to be expected, not that it was found. Classic:
    graphene, h-BN, phosphorene, dichalcogenides and monochalcogenides.
    """
    symbols = set(layer.get_chemical_symbols())
    if len(symbols) == 1:
        flat = float(np.ptp(layer.positions[:, 2])) < 0.1
        return "classic" if symbols == {"C"} and flat and len(layer) == 2 else "allotrope"
    if symbols & _MXENE_METALS and symbols & {"C", "N"}:
        rest = symbols - _MXENE_METALS - {"C", "N"}
        if rest <= _MXENE_ENDS and _metals(layer) > _count(layer, {"C", "N"}):
            return "MXene"
    if len(symbols) > 2 and _faces_differ(layer):
        return "Janus"
    halides = symbols & {"F", "Cl", "Br", "I"}
    if symbols & _MAGNETIC and (halides or len(symbols) > 2):
        return "magnet"
    if symbols == {"B", "N"} or (len(symbols) == 2 and symbols & _CHALCOGENS):
        others = len(layer) - _count(layer, _CHALCOGENS)
        ratio = _count(layer, _CHALCOGENS) / max(others, 1)
        return "classic" if symbols == {"B", "N"} or ratio in (1.0, 2.0) else "other"
    return "other"


def _count(layer: Atoms, symbols: set[str]) -> int:
    return sum(symbol in symbols for symbol in layer.get_chemical_symbols())


def _metals(layer: Atoms) -> int:
    return _count(layer, _MXENE_METALS)


def _faces_differ(layer: Atoms) -> bool:
    heights = layer.positions[:, 2]
    faces = [
        {s for s, near in zip(layer.get_chemical_symbols(), close, strict=True) if near}
        for close in (heights > heights.max() - 0.3, heights < heights.min() + 0.3)
    ]
    return faces[0].isdisjoint(faces[1])
