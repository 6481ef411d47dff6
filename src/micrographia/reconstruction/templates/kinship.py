"""How near two elements, and two crystals of one structure type, are in chemistry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from ase.data import covalent_radii

_NOBLE = (0, 2, 10, 18, 36, 54, 86, 118)
#: What a relative difference of lattice constants beyond that of radii counts, in groups of the
#: periodic table; chosen on 55 crystals for the thickness that the nearest prototype predicts.
_WEIGHT = 15.0


def group_of(number: int) -> int:
    """Group of the periodic table, 1 to 18; lanthanides and actinides are of group 3.

    Examples
    --------
    >>> [group_of(number) for number in (1, 2, 6, 26, 57, 72, 82)]
    [1, 18, 14, 8, 3, 4, 14]
    """
    place = next(k for k, noble in enumerate(_NOBLE) if noble >= number)
    left, right = number - _NOBLE[place - 1], _NOBLE[place] - number
    if right <= 5 and (left > 2 or right == 0):
        return 18 - right
    if _NOBLE[place] - _NOBLE[place - 1] == 32 and left > 2:
        return max(3, left - 14)
    return left


def radii_ratio(old: Sequence[int], new: Sequence[int]) -> float:
    """Mean covalent radius of some atoms over that of others."""
    return float(covalent_radii[list(new)].mean() / covalent_radii[list(old)].mean())


def strangeness(species: Mapping[int, int], old: Sequence[int], growth: float) -> float:
    """How far a crystal is from one of its type, in groups of the periodic table.

    Parameters
    ----------
    species
        Atomic number of the other crystal in the place of each of the first.
    old
        Atomic numbers (n,) of the first.
    growth
        Lattice constant of the other over that of the first.

    Returns
    -------
    Mean difference of the groups of the atoms, plus the difference between the growth of the
    lattice and that of the radii: where they disagree the bonds are of another kind.
    """
    new = [species[number] for number in old]
    apart = np.mean([abs(group_of(a) - group_of(b)) for a, b in zip(old, new, strict=True)])
    return float(apart + _WEIGHT * abs(np.log(growth / radii_ratio(old, new))))
