"""Put ranked crystals in the order of their energies, where only heights tell them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import spglib
from ase import Atoms

from micrographia.arrays import IntArray
from micrographia.energy.calculators import Potential, quiet
from micrographia.energy.search import LOWEST_ENERGY
from micrographia.errors import MicrographiaError
from micrographia.io.structures import from_cif

#: Energies of heights that were not relaxed are no better known than this [eV/atom]: among
#: crystals within it the most symmetric comes first, whose positions agree within this [Å].
_UNKNOWN, _SYMMETRY = 0.08, 0.1
#: Relative difference of in-plane lengths, and of angles in degrees, of one plane.
_LENGTHS, _ANGLE = 1e-3, 0.1


def rerank(rows: Iterable[Mapping[str, Any]], potential: Potential) -> Iterator[dict[str, Any]]:
    """Reorder the crystals of each answer.

    Parameters
    ----------
    rows
        As `io.datasets.answers.read_lines` returns them.
    potential
        What `load_potential` returns.

    Yields
    ------
    The rows. Crystals with cell and atoms of the first one, which differ from it in heights,
    stand in the order of their energies, without relaxation; but those within 0.08 eV/atom of the
    lowest, which such energies cannot tell apart, stand first in the order of their symmetry. The
    others keep their places. A crystal whose energy is none of matter comes last.
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
            order = _order([crystals[place] for place in places], potential)
            moved = {
                place: texts[places[first]] for place, first in zip(places, order, strict=True)
            }
            texts = [moved.get(place, text) for place, text in enumerate(texts)]
        yield {**row, "answers": texts} if texts else dict(row)


def _order(crystals: list[Atoms], potential: Potential) -> IntArray:
    try:
        with quiet():
            energies = potential.energies(crystals) / len(crystals[0])
    except Exception:  # potentials and their graphs fail in every way there is
        return np.arange(len(crystals))
    known = np.isfinite(energies) & (energies > LOWEST_ENERGY)
    energies = np.where(known, energies, np.inf)
    close = energies <= energies.min() + _UNKNOWN if known.any() else known
    symmetry = [_operations(one) if near else 0 for one, near in zip(crystals, close, strict=True)]
    return np.lexsort((energies, -np.array(symmetry)))


def _operations(atoms: Atoms) -> int:
    """How many operations lay a crystal on itself."""
    cell = (atoms.cell[:], atoms.get_scaled_positions(), atoms.numbers)
    with quiet():
        found = spglib.get_symmetry(cell, symprec=_SYMMETRY)
    return 1 if found is None else len(found["rotations"])


def _alike(one: Atoms, other: Atoms) -> bool:
    """Whether two upright layers have the same atoms in the same in-plane cell."""
    first, second = (atoms.cell.cellpar()[[0, 1, 5]] for atoms in (one, other))
    near = (
        np.abs(first[:2] / second[:2] - 1).max() < _LENGTHS and abs(first[2] - second[2]) < _ANGLE
    )
    return bool(near) and Counter(one.numbers.tolist()) == Counter(other.numbers.tolist())
