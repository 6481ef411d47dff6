"""Relax a table of crystals; a failure is a row, never a missing row."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np
from ase import Atoms
from scipy.optimize import linear_sum_assignment

from micrographia import __version__
from micrographia.arrays import FloatArray
from micrographia.config import Energy
from micrographia.energy.calculators import Potential
from micrographia.energy.formation import formation_energy
from micrographia.energy.heights import flat_heights
from micrographia.energy.relax import Relaxed, drop_equal, relax_layer
from micrographia.errors import MicrographiaError
from micrographia.io.schemas import ENERGIES
from micrographia.io.schemas.rows import (
    EnergyRow,
    blank,
)
from micrographia.io.structures import from_cif, orient_layer, to_cif
from micrographia.physics.lattice import minimum_image

logger = logging.getLogger(__name__)

#: Where a crystal's heights come from.
READ, TRUE, FORGOTTEN = "read from a picture", "true heights", "heights forgotten"
#: How far a template's atom may lie from the measured one in the plane [Å].
_NEAR = 0.6


def relax_rows(
    cases: Sequence[Mapping[str, Any]],
    potential: Potential,
    settings: Energy,
    references: Mapping[str, float],
    *,
    origin: str,
    seed: int,
    templates: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[EnergyRow]:
    """Relax each crystal of a table.

    Parameters
    ----------
    cases
        Rows with `case_id`, `cif` and `failure`.
    potential
        What `load_potential` returns.
    settings
        Limits of the search.
    references
        Energies of the elements [eV/atom]; without them there is no formation energy.
    origin
        Where the heights come from: READ searches, TRUE takes those of the CIF as the only
        start, FORGOTTEN sets them to zero and searches.
    seed
        Of the search.
    templates
        CIFs with further heights to start from, by `case_id`.

    Yields
    ------
    Rows of schema ENERGIES.
    """
    for case in cases:
        row: EnergyRow = blank(ENERGIES)
        row.update(
            {
                "case_id": case["case_id"],
                "origin": origin,
                "calculator": potential.key,
                "alternatives": [],
            }
        )
        started = time.perf_counter()
        try:
            if not case["cif"]:
                row["failure"] = f"There is no crystal: {case['failure'] or 'no CIF'}"
            else:
                layer = orient_layer(from_cif(case["cif"]))
                row["formula"] = layer.get_chemical_formula("metal", empirical=True)
                others = (templates or {}).get(case["case_id"], ())
                relaxed = relax_case(
                    layer, potential, settings, origin=origin, seed=seed, templates=others
                )
                known = describe(relaxed, potential, references, str(case["case_id"]))
                row = cast(EnergyRow, {**row, **known})
        except MicrographiaError as error:
            logger.warning("%s: %s", case["case_id"], error)
            row["failure"] = str(error)
        row["seconds"] = time.perf_counter() - started
        yield row


def relax_case(
    layer: Atoms,
    potential: Potential,
    settings: Energy,
    *,
    origin: str,
    seed: int,
    templates: Sequence[str] = (),
) -> Relaxed:
    """Relax an upright layer whose heights have this origin; see `relax_rows`."""
    if origin == FORGOTTEN:
        layer = layer.copy()
        layer.positions[:, 2] = flat_heights(layer) + layer.cell[2, 2] / 2
    heights = [template_heights(layer, orient_layer(from_cif(text))) for text in templates]
    if unlike := sum(row is None for row in heights):
        logger.warning(
            "%d of %d templates do not match the projection of the crystal and are ignored",
            unlike,
            len(heights),
        )
    return relax_layer(
        layer,
        potential,
        settings,
        seed=seed,
        trust_heights=origin == TRUE,
        templates=[row for row in heights if row is not None],
    )


def template_heights(layer: Atoms, template: Atoms) -> FloatArray | None:
    """Heights (n,) [Å] of a template that lies on the same plane, in the order of the layer.

    None where an atom of it is further than 0.6 Å from its like, or the species differ.
    """
    if sorted(layer.numbers) != sorted(template.numbers):
        return None
    plane = np.array(layer.cell[:2, :2])
    gaps = layer.positions[:, None, :2] - template.positions[None, :, :2]
    fractions = gaps @ np.linalg.inv(plane)
    distances = np.linalg.norm(minimum_image(fractions) @ plane, axis=-1)
    distances[layer.numbers[:, None] != template.numbers[None]] = 1e3
    mine, theirs = linear_sum_assignment(distances)
    if distances[mine, theirs].max() > _NEAR:
        return None
    return np.asarray(template.positions[theirs, 2])


def describe(
    relaxed: Relaxed, potential: Potential, references: Mapping[str, float], name: str
) -> dict[str, Any]:
    """Columns of schema ENERGIES that a relaxation fills, for a crystal of this name."""
    best = relaxed.best
    correction = potential.correction(best.atoms) / len(best.atoms)
    energy = best.energy - correction
    others = [start for start in relaxed.starts if start is not best and not start.failure]
    rivals = drop_equal([best, *sorted(others, key=lambda start: start.held_energy)])[1:]
    return {
        "n_starts": len(relaxed.starts),
        "start": best.name,
        "energy_per_atom": energy,
        "correction_per_atom": correction,
        "formation_energy_per_atom": formation_energy(best.atoms, energy, references),
        "lateral_shift": best.lateral_shift,
        "strain": best.strain,
        "stayed": best.stayed,
        "converged": best.converged,
        "steps": sum(start.steps for start in relaxed.starts),
        "alternatives": [
            f"{start.name}: {1000 * (start.held_energy - best.held_energy):+.1f} meV/atom"
            for start in rivals
        ],
        "cif": to_cif(best.atoms, comments=_comments(relaxed, potential), data_name=name),
    }


def _comments(relaxed: Relaxed, potential: Potential) -> list[str]:
    best = relaxed.best
    return [
        f"Relaxed by Micrographia {__version__} with {potential.key}.",
        f"Heights from start {best.name} of {len(relaxed.starts)}; "
        + ("converged." if best.converged else "not converged."),
        f"In-plane shift {best.lateral_shift:.3f} Å and strain {best.strain:.4f} on freeing.",
    ]
