"""Any set of two-dimensional crystals becomes a table: standardised, measured, filtered."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import numpy as np
import spglib
from ase import Atoms
from ase.data import chemical_symbols

from micrographia.config import StructureFilter
from micrographia.errors import StructureError
from micrographia.io.schemas import STRUCTURES
from micrographia.io.structures import orient_layer, to_cif
from micrographia.physics.lattice import gauss_reduce, niggli_parameters

logger = logging.getLogger(__name__)

_SYMPREC = 0.01  # Å
_SAME_COLUMN = 0.1  # atoms closer than this in projection are one column [Å]

#: One crystal as it comes in: name, atoms (None if unreadable), reason, family.
Item = tuple[str, Atoms | None, str, str]
Row = dict[str, Any]


def curate(
    items: Iterable[Item], settings: StructureFilter, limit: int | None, seed: int, source: str
) -> list[Row]:
    """Standardise, measure and filter crystals.

    Parameters
    ----------
    items
        Crystals as they come in.
    settings
        The selection; a crystal outside it is a row with `status` rejected and the reason.
    limit
        Keep a random sample of this many of those that pass (None: all); the others are left
        out of the table.
    seed
        Of the sample.
    source
        Where the crystals come from, kept with every row.

    Returns
    -------
    Rows of schema STRUCTURES, in the order of `items`; `structure_id` is made unique.
    """
    rows: list[Row] = []
    taken: dict[str, int] = {}
    for name, atoms, reason, family in items:
        taken[name] = taken.get(name, 0) + 1
        unique = name if taken[name] == 1 else f"{name}-{taken[name]}"
        row = dict.fromkeys(STRUCTURES.names) | {
            "structure_id": unique,
            "family": family,
            "source": source,
            "split": "all",
            "status": "rejected",
            "reason": reason,
        }
        if atoms is not None:
            row.update(_describe(atoms, unique, settings))
        rows.append(row)
    if limit is None:
        return rows
    kept = [place for place, row in enumerate(rows) if row["status"] == "kept"]
    chosen = np.random.default_rng(seed).permutation(kept)[:limit]
    left_out = set(kept) - {int(place) for place in chosen}
    return [row for place, row in enumerate(rows) if place not in left_out]


def _describe(atoms: Atoms, name: str, settings: StructureFilter) -> Row:
    try:
        layer = standardise(atoms)
    except StructureError as error:
        return {"reason": str(error)}
    a, b, gamma = niggli_parameters(np.asarray(layer.cell[:2, :2]))
    measured = {
        "formula": layer.get_chemical_formula("metal", empirical=True),
        "elements": sorted(set(layer.get_chemical_symbols())),
        "natoms": len(layer),
        "a": a,
        "b": b,
        "gamma": gamma,
        "layer_group": layer_group(layer),
        "thickness": float(np.ptp(layer.positions[:, 2])),
        "overlap_ratio": overlap_ratio(layer),
        "cif": to_cif(layer, data_name=name),
    }
    reason = _fault(layer, measured, settings)
    return measured | {"status": "rejected" if reason else "kept", "reason": reason}


def standardise(atoms: Atoms) -> Atoms:
    """Primitive layer, c along z, in-plane cell reduced (Gauss) with a along x.

    Raises
    ------
    StructureError
        The crystal is not a layer.
    """
    layer = orient_layer(atoms)
    found = spglib.find_primitive(
        (np.asarray(layer.cell), layer.get_scaled_positions(), layer.numbers), symprec=_SYMPREC
    )
    if found is not None and len(found[2]) < len(layer):
        cell, fractions, numbers = found
        layer = orient_layer(Atoms(numbers, scaled_positions=fractions, cell=cell, pbc=True))
    reduced, _ = gauss_reduce(np.asarray(layer.cell[:2, :2]))
    angle = np.arctan2(reduced[0, 1], reduced[0, 0])
    cell = np.array(layer.cell)
    cell[:2, :2] = reduced
    layer.set_cell(cell)
    layer.rotate(-np.rad2deg(angle), "z", rotate_cell=True)
    upright = np.array(layer.cell)
    upright[0, 1] = 0.0
    layer.set_cell(upright)
    layer.wrap()
    return layer


def layer_group(layer: Atoms) -> int | None:
    """Number of the layer group (1 to 80), or None where spglib finds none."""
    found = spglib.get_layergroup(
        (np.asarray(layer.cell), layer.get_scaled_positions(), layer.numbers),
        aperiodic_dir=2,
        symprec=_SYMPREC,
    )
    return None if found is None else int(found.number)


def overlap_ratio(layer: Atoms, spacing: float = 1.0) -> float:
    """Share of atoms whose cell of a projected grid holds another atom (AutoMat, section 3).

    Parameters
    ----------
    layer
        c along z.
    spacing
        Of the grid [Å].
    """
    lengths = layer.cell.lengths()[:2]
    steps = np.maximum(1, np.rint(lengths / spacing)).astype(int)
    places = np.floor((layer.get_scaled_positions()[:, :2] % 1.0) * steps + 1e-6).astype(int)
    _, inverse, counts = np.unique(
        places % steps, axis=0, return_inverse=True, return_counts=True
    )
    return float((counts[inverse] > 1).mean())


def projected_distance(layer: Atoms) -> float:
    """Least distance between two different columns in projection [Å]; inf for one column."""
    plane = np.asarray(layer.cell[:2, :2])
    delta = layer.positions[:, None, :2] - layer.positions[None, :, :2]
    fractions = delta @ np.linalg.inv(plane)
    distances = np.linalg.norm((fractions - np.rint(fractions)) @ plane, axis=-1)
    apart = distances[distances > _SAME_COLUMN]
    return float(apart.min()) if apart.size else float("inf")


def _fault(layer: Atoms, measured: Row, settings: StructureFilter) -> str | None:
    """Why a crystal does not take part: the value and the limit, or None."""
    numbers = np.unique(layer.numbers)
    span = int(numbers.max() - numbers.min())
    unknown = [chemical_symbols[number] for number in numbers if number > 103]
    closest = projected_distance(layer)
    checks = [
        (bool(unknown), f"no scattering factors for {', '.join(unknown)}"),
        (
            len(numbers) > settings.max_elements,
            f"{len(numbers)} elements, at most {settings.max_elements}",
        ),
        (
            len(numbers) > 1 and span < settings.min_z_span,
            f"atomic numbers span {span}, at least {settings.min_z_span}",
        ),
        (
            measured["thickness"] > settings.max_thickness,
            f"{measured['thickness']:.2f} Å thick, at most {settings.max_thickness:g} Å",
        ),
        (
            measured["overlap_ratio"] > settings.max_overlap_ratio,
            f"{measured['overlap_ratio']:.0%} of atoms overlap in projection, "
            f"at most {settings.max_overlap_ratio:.0%}",
        ),
        (
            closest < settings.min_projected_distance,
            f"columns {closest:.2f} Å apart, at least {settings.min_projected_distance:g} Å",
        ),
        (len(layer) > settings.max_atoms, f"{len(layer)} atoms, at most {settings.max_atoms}"),
    ]
    return "; ".join(text for failed, text in checks if failed) or None
