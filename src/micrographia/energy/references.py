"""Reference crystals of the elements, relaxed by the same calculator as the compounds.

Structures come from `elements.csv` (molecules, and crystals with internal coordinates) or else
from ASE's table of the elements' structures at room conditions.
"""

from __future__ import annotations

import csv
import json
import logging
from collections.abc import Iterable, Mapping
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.filters import FrechetCellFilter
from ase.optimize import FIRE
from ase.spacegroup import crystal

from micrographia.energy.calculators import Potential, quiet, refuse_unknown
from micrographia.errors import EnergyError, MicrographiaError
from micrographia.io.atomic import write_text

logger = logging.getLogger(__name__)

#: Side of the box of a molecule [Å].
_BOX = 14.0
#: Convergence [eV/Å] and most steps of an element's relaxation.
_FMAX, _STEPS = 0.02, 400
#: Every element that has a reference here.
ELEMENTS = (
    *("H", "Li", "Be", "B", "C", "N", "O", "F", "Na", "Mg", "Al", "Si", "P", "S", "Cl", "K", "Ca"),
    *("Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br"),
    *("Rb", "Sr", "Y", "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Sb"),
    *("Te", "I", "Cs", "Ba", "La", "Ce", "Pr", "Nd", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb"),
    *("Lu", "Hf", "Ta", "W", "Re", "Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Th"),
)


def reference_crystal(element: str) -> Atoms:
    """Return the stable form of an element, in its primitive cell, as the literature has it.

    Raises
    ------
    EnergyError
        There is none for this element.
    """
    row = _table().get(element)
    if row is not None:
        return _molecule(element, float(row["a"])) if row["kind"] == "molecule" else _crystal(row)
    if element not in ELEMENTS:
        raise EnergyError(
            f"There is no reference crystal of {element}", allowed=" ".join(ELEMENTS)
        )
    return bulk(element)


def _table() -> dict[str, dict[str, str]]:
    text = resources.files("micrographia.energy").joinpath("elements.csv").read_text("utf-8")
    return {row["element"]: row for row in csv.DictReader(text.splitlines())}


def _molecule(element: str, length: float) -> Atoms:
    middle = _BOX / 2
    positions = [[middle, middle, middle - length / 2], [middle, middle, middle + length / 2]]
    return Atoms([element] * 2, positions=positions, cell=[_BOX] * 3, pbc=True)


def _crystal(row: Mapping[str, str]) -> Atoms:
    group, _, setting = row["spacegroup"].partition(":")
    sites = [[float(Fraction(x)) for x in site.split()] for site in row["sites"].split(";")]
    lengths = [float(row[name]) for name in "abc"]
    return crystal(
        [row["element"]] * len(sites),
        sites,
        spacegroup=int(group),
        setting=int(setting or 1),
        cellpar=[*lengths, 90, 90, float(row["gamma"])],
        primitive_cell=True,
    )


def relax_element(element: str, potential: Potential) -> dict[str, Any]:
    """Relax an element; return its entry of the references.

    Returns
    -------
    `energy_per_atom` [eV], `natoms`, `volume_per_atom` [Å³] (null for a molecule), `converged`,
    `source`.

    Raises
    ------
    EnergyError
        No reference, an element unknown to the potential, or a relaxation that fails.
    """
    atoms = reference_crystal(element)
    refuse_unknown(potential, atoms)
    row = _table().get(element, {"kind": "crystal", "source": "ASE reference_states"})
    molecule = row["kind"] == "molecule"
    atoms.calc = potential.calculator
    try:
        with quiet():
            moving = atoms if molecule else FrechetCellFilter(atoms)
            optimizer = FIRE(moving, logfile=None)
            converged = bool(optimizer.run(fmax=_FMAX, steps=_STEPS))
            energy = float(atoms.get_potential_energy()) / len(atoms)
    except Exception as error:  # potentials fail in every way there is
        raise EnergyError(
            f"{element} cannot be relaxed: {type(error).__name__}: {error}"
        ) from None
    if not np.isfinite(energy):
        raise EnergyError(f"{element} cannot be relaxed: {potential.key} gives no number")
    return {
        "energy_per_atom": energy,
        "natoms": len(atoms),
        "volume_per_atom": None if molecule else float(atoms.get_volume()) / len(atoms),
        "converged": converged,
        "source": row["source"],
    }


def relax_elements(elements: Iterable[str], potential: Potential) -> dict[str, Any]:
    """Relax many elements; what fails is named under `failures` with its reason.

    Returns
    -------
    `calculator`, `elements` (entries of `relax_element` by symbol) and `failures`.
    """
    found: dict[str, Any] = {"calculator": potential.key, "elements": {}, "failures": {}}
    for element in elements:
        try:
            found["elements"][element] = relax_element(element, potential)
        except MicrographiaError as error:
            logger.warning("%s", error)
            found["failures"][element] = str(error)
    return found


def write_references(path: Path, references: Mapping[str, Any]) -> None:
    """Write the references as JSON, atomically."""
    write_text(path, json.dumps(references, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def read_references(path: Path, potential: Potential) -> dict[str, float]:
    """Read energies per atom [eV] by element.

    Raises
    ------
    EnergyError
        The file is absent, damaged, or of another calculator.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        calculator = found["calculator"]
        energies = {name: float(row["energy_per_atom"]) for name, row in found["elements"].items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EnergyError(
            f"{path} does not contain reference energies: {error}",
            remedy="Run `micrographia energy references`",
        ) from None
    if calculator != potential.key:
        raise EnergyError(
            f"{path} was made with another calculator",
            seen=calculator,
            allowed=potential.key,
            remedy="Run `micrographia energy references` with the same settings",
        )
    return energies
