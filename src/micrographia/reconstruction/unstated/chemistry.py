"""What is usual in crystals of a few atoms' thickness: a prior for species, learnt from tables.

The numbers are those of the 2,361 layers of up to 4.2 Å of `structures2d` (Materials Cloud and
2DMatPedia; `studies/layer_statistics.py` prints them): 94 of 100 columns hold one atom, 4 two of
one element, 2 two of different ones, and one layer in 200 has nothing but doubled columns.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from ase.data import chemical_symbols, covalent_radii

from micrographia.reconstruction.blind import charges_balance
from micrographia.reconstruction.columns import Kind

#: Log-probability of a kind of column with several atoms to occur in a crystal, and of each such
#: column once it does.
_DOUBLE, _MIXED, _EACH = -3.0, -4.0, -0.4
_BALANCED, _BALANCED_AT_ALL = 1.5, 1.0  # by usual oxidation states, and by any known
#: Mean and deviation of the logarithm of the discs' area (covalent radii) over the cell's.
_PACKING = (0.02, 0.39)
_ABSENT = -7.0  # an element that was named, and is not there
_COMPLICATED = -0.15  # each atom of the reduced formula
_OFF_FORMULA = -14.0  # another composition than the stated one


def log_packing(atoms: Sequence[int], area: float) -> float:
    """Logarithm of the area of atoms' discs (covalent radii) over that of their cell [Å²]."""
    discs = float(np.pi * np.square(covalent_radii[list(atoms)]).sum())
    return float(np.log(discs / area))


def log_prior(
    kinds: list[Kind],
    area: float,
    named: frozenset[int] = frozenset(),
    composition: dict[int, int] | None = None,
) -> float:
    """Log-probability, up to a constant, of the columns of a cell.

    Parameters
    ----------
    kinds
        Atomic numbers in each column.
    area
        Of the cell [Å²].
    named
        Elements that the sample is known to hold.
    composition
        Atoms of each element per formula, where it is known.
    """
    atoms = [number for kind in kinds for number in kind]
    several = [kind for kind in kinds if len(kind) > 1]
    value = _EACH * len(several)
    for kind in set(several):
        value += _DOUBLE if len(set(kind)) == 1 else _MIXED
    value -= 0.5 * ((log_packing(atoms, area) - _PACKING[0]) / _PACKING[1]) ** 2
    value += _ABSENT * len(named - set(atoms))
    counts = Counter(atoms)
    value += _COMPLICATED * sum(counts.values()) / math.gcd(*counts.values())
    symbols = [chemical_symbols[number] for number in atoms]
    if composition is not None:
        value += 0.0 if _is_multiple(counts, composition) else _OFF_FORMULA
    elif len(set(symbols)) > 1:
        value += _BALANCED * charges_balance(symbols, usual=True)
        value += _BALANCED_AT_ALL * charges_balance(symbols)
    # Each column could have been of any kind in use.
    value -= len(kinds) * np.log(max(1, len(set(kinds))))
    return float(value)


def _is_multiple(counts: Counter[int], composition: dict[int, int]) -> bool:
    if set(counts) != set(composition):
        return False
    ratios = {counts[number] / composition[number] for number in composition}
    return len(ratios) == 1
