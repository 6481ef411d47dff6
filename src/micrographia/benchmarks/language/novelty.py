"""Whether a written crystal copies one that was learned."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import gcd
from typing import Any

import numpy as np
from ase import Atoms
from pymatgen.core import Structure

from micrographia.arrays import FloatArray
from micrographia.benchmarks.structure.stem2crystal.matching import (
    in_plane,
    match,
    reduce_structure,
    same_type,
)
from micrographia.errors import StructureError
from micrographia.io.structures import from_cif

#: What an angle counts beside a relative length when cells are ranked by likeness [1/degree].
_PER_DEGREE = 1 / 60


@dataclass(frozen=True, eq=False)
class _Known:
    name: str
    cif: str
    cell: FloatArray

    @cached_property
    def atoms(self) -> Atoms:
        return from_cif(self.cif)

    @cached_property
    def reduced(self) -> Structure | None:
        return reduce_structure(self.atoms)


class Learned:
    """The training crystals, to be asked whether one of them is a given crystal.

    A match by pymatgen keeps the numbers of atoms of each element, so only crystals with the same
    formula, or with the same anonymous formula (AB₂), are compared, those with the most alike
    cells first; the first match ends the search.

    Parameters
    ----------
    texts
        Rows of CRYSTAL_TEXTS, of which those of the split `train` were learned.
    """

    def __init__(self, texts: Sequence[Mapping[str, Any]]) -> None:
        self._by_amounts: dict[tuple[int, ...], list[_Known]] = defaultdict(list)
        self._by_formula: dict[tuple[tuple[str, int], ...], list[_Known]] = defaultdict(list)
        self._count = 0
        for row in texts:
            if row["split"] != "train" or row["cif"] is None:
                continue
            cell = np.array([row["a"], row["b"], row["gamma"]], dtype=np.float64)
            known = _Known(str(row["structure_id"]), str(row["cif"]), cell)
            formula = _reduced(known.atoms)
            self._by_formula[formula].append(known)
            self._by_amounts[_amounts(formula)].append(known)
            self._count += 1

    def __len__(self) -> int:
        return self._count

    def copy_of(self, atoms: Atoms) -> str | None:
        """Return the training crystal that matches, as `Match.hit`; None where none does."""
        candidates = self._by_formula.get(_reduced(atoms), [])
        found = (one.name for one in _ranked(candidates, atoms) if match(atoms, one.atoms).hit)
        return next(found, None)

    def type_of(self, atoms: Atoms) -> str | None:
        """Return the training crystal that matches once elements are renamed, or None."""
        structure = reduce_structure(atoms)
        candidates = self._by_amounts.get(_amounts(_reduced(atoms)), [])
        if structure is None:
            return None
        for one in _ranked(candidates, atoms):
            # Primitive cells with other numbers of atoms never match: no supercells are tried.
            if (
                one.reduced is not None
                and len(one.reduced) == len(structure)
                and same_type(structure, one.reduced)
            ):
                return one.name
        return None


def _reduced(atoms: Atoms) -> tuple[tuple[str, int], ...]:
    counts = Counter(atoms.get_chemical_symbols())
    unit = gcd(*counts.values())
    return tuple(sorted((symbol, count // unit) for symbol, count in counts.items()))


def _amounts(formula: tuple[tuple[str, int], ...]) -> tuple[int, ...]:
    return tuple(sorted(count for _, count in formula))


def _ranked(candidates: Sequence[_Known], atoms: Atoms) -> list[_Known]:
    """Order candidates by how much their cells differ from a crystal's."""
    try:
        a, b, gamma = in_plane(atoms)
    except StructureError:
        return list(candidates)

    def away(one: _Known) -> tuple[float, str]:
        lengths = abs(one.cell[0] / a - 1) + abs(one.cell[1] / b - 1)
        return float(lengths + abs(one.cell[2] - gamma) * _PER_DEGREE), one.name

    return sorted(candidates, key=away)
