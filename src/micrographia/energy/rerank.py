"""Put ranked crystals in the order of their energies, where only heights tell them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import spglib
from ase import Atoms
from ase.spacegroup.symmetrize import refine_symmetry

from micrographia.arrays import FloatArray, IntArray
from micrographia.energy.calculators import Potential, quiet
from micrographia.energy.relax import relax_heights
from micrographia.energy.search import LOWEST_ENERGY
from micrographia.errors import MicrographiaError
from micrographia.io.structures import from_cif, to_cif

#: Energies of heights that were not relaxed are no better known than this [eV/atom]: among
#: crystals within it the most symmetric comes first, whose positions agree within this [Å].
_UNKNOWN, _SYMMETRY = 0.08, 0.1
#: The same of relaxed ones [eV/atom]; steps and force [eV/Å] of their relaxation.
_RELAXED, _STEPS, _FORCE = 0.01, 20, 0.05
#: Distance of positions within which relaxed crystals are made symmetric [Å].
_NEARLY = 0.2


def rerank(
    rows: Iterable[Mapping[str, Any]], potential: Potential, relaxed: int = 0
) -> Iterator[dict[str, Any]]:
    """Reorder the crystals of each answer.

    Parameters
    ----------
    rows
        As `io.datasets.answers.read_lines` returns them.
    potential
        What `load_potential` returns.
    relaxed
        How many of the best are given heights of lower energy, plane and cell held, made
        symmetric within 0.2 Å, and ordered by that energy.

    Yields
    ------
    The rows. Crystals with the atoms of the first one, which differ from it in heights and in
    how these repeat, stand in the order of their energies per atom; but those that such energies
    cannot tell from the lowest (0.08 eV/atom before, 0.01 after relaxation) stand first in the
    order of their symmetry. The others keep their places. A crystal whose energy is none of
    matter comes last.
    """
    for row in rows:
        texts = list(row.get("answers") or [])
        try:
            crystals = [from_cif(text) for text in texts]
        except MicrographiaError:
            yield dict(row)
            continue
        places = [place for place, one in enumerate(crystals) if _alike(one, crystals[0])]
        if len(places) > 1:
            chosen = [crystals[place] for place in places]
            order = _order(chosen, potential)
            ordered = [(texts[places[first]], chosen[first]) for first in order]
            best = _relaxed([atoms for _, atoms in ordered[:relaxed]], potential)
            sorted_texts = [*best, *(text for text, _ in ordered[len(best) :])]
            moved = dict(zip(places, sorted_texts, strict=True))
            texts = [moved.get(place, text) for place, text in enumerate(texts)]
        yield {**row, "answers": texts} if texts else dict(row)


def _order(crystals: list[Atoms], potential: Potential) -> IntArray:
    try:
        with quiet():
            energies = potential.energies(crystals) / len(crystals[0])
    except Exception:  # potentials and their graphs fail in every way there is
        return np.arange(len(crystals))
    return _by_energy(crystals, energies, _UNKNOWN)


def _by_energy(crystals: list[Atoms], energies: FloatArray, unknown: float) -> IntArray:
    """The lowest first, of those within an uncertainty [eV/atom] of it the most symmetric."""
    known = np.isfinite(energies) & (energies > LOWEST_ENERGY)
    energies = np.where(known, energies, np.inf)
    close = energies <= energies.min() + unknown if known.any() else known
    symmetry = [_operations(one) if near else 0 for one, near in zip(crystals, close, strict=True)]
    return np.lexsort((energies, -np.array(symmetry)))


def _relaxed(crystals: list[Atoms], potential: Potential) -> list[str]:
    """The crystals, as CIF, with heights of lower energy and in the order of it."""
    if not crystals:
        return []
    with quiet():
        starts = [relax_heights(one, potential, _FORCE, _STEPS) for one in crystals]
    energies = np.array([np.inf if one.failure else one.held_energy for one in starts])
    atoms = [
        given if start.failure else _symmetric(start.atoms)
        for given, start in zip(crystals, starts, strict=True)
    ]
    return [to_cif(atoms[place]) for place in _by_energy(atoms, energies, _RELAXED)]


def _symmetric(atoms: Atoms) -> Atoms:
    """The crystal with the symmetry that it has but for what no picture tells."""
    refined = atoms.copy()
    try:
        with quiet():
            refine_symmetry(refined, symprec=_NEARLY)
    except Exception:  # spglib finds no group, in one of several ways
        return atoms
    return refined


def _operations(atoms: Atoms) -> int:
    """How many operations lay a crystal on itself."""
    cell = (atoms.cell[:], atoms.get_scaled_positions(), atoms.numbers)
    with quiet():
        found = spglib.get_symmetry(cell, symprec=_SYMMETRY)
    return 1 if found is None else len(found["rotations"])


def _alike(one: Atoms, other: Atoms) -> bool:
    """Whether two layers have the same atoms."""
    return Counter(one.numbers.tolist()) == Counter(other.numbers.tolist())
