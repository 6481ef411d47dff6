"""How many formula units a cell may hold: what the network says of it, and the room there is.

Atoms of a layer cover its cell: the sum of their squared covalent radii over the area of the cell
is about the same for all layers. Of the 135 prototypes from which the shipped network learned it
is 0.42 in the geometric mean, and the standard deviation of its logarithm 0.38; 0.45 is taken, as
other layers have, since those of several sheets are rare among prototypes. Invented crystals, from
which the network learned too, are looser (0.29), so that alone it writes too few atoms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from ase.data import covalent_radii

from micrographia.arrays import FloatArray
from micrographia.language.structure.canonical import ANGLE, LENGTH, LONGEST, Written
from micrographia.language.structure.grammar import most_units
from micrographia.language.structure.tokens import RANGES
from micrographia.physics.lattice import cell_parameters

#: Logarithm of the sum of squared radii over the area: mean and standard deviation.
PACKED, SPREAD = -0.88, 0.45
#: Of the network's logarithm of a probability so much counts: it is sure of too few atoms.
_TRUSTED = 0.5


def room(crystal: Written) -> float:
    """Logarithm of how usual the area of a crystal's cell is for its atoms, 0 at the most usual.

    Examples
    --------
    >>> room(Written(318, 318, 1200, ((42, 1), (16, 2)), ((0, 0, 0, 0),) * 3)) > -0.2
    True
    """
    covered = sum(count * covalent_radii[number] ** 2 for number, count in crystal.contents)
    return float(-0.5 * ((np.log(covered / _area(crystal)) - PACKED) / SPREAD) ** 2)


def likely_units(
    crystal: Written, amounts: FloatArray, formula: Mapping[int, int], most: int
) -> list[int]:
    """Choose numbers of formula units to ask for.

    Parameters
    ----------
    crystal
        An answer; only its cell counts.
    amounts
        Logarithms (words,) of the probabilities of the word for the first amount.
    formula
        Amounts by atomic number.
    most
        How many are chosen.

    Returns
    -------
    The most likely numbers of units, the most likely first.
    """
    heaviest = formula[max(formula)]
    units = np.arange(1, most_units(sorted(formula.items())) + 1)
    words = [RANGES["count"].word(int(number) * heaviest) for number in units]
    covered = sum(count * covalent_radii[number] ** 2 for number, count in formula.items())
    packed = np.log(units * covered / _area(crystal))
    odds = _TRUSTED * amounts[words] - 0.5 * ((packed - PACKED) / SPREAD) ** 2
    return [int(number) for number in units[np.argsort(-odds, kind="stable")][:most]]


def measured_shape(crystal: Written, cell: FloatArray) -> Written:
    """Return a crystal with the lengths and the angle of a measured cell (2, 2) [Å].

    a is the shorter one, and the angle from 90 to 120 degrees, as the grammar has them.
    """
    a, b, gamma = cell_parameters(cell)
    short, long = sorted(min(round(length / LENGTH), round(LONGEST / LENGTH)) for length in (a, b))
    angle = min(max(round(gamma / ANGLE), 900), 1200)
    return replace(crystal, a=short, b=long, gamma=angle)


def _area(crystal: Written) -> float:
    """Area of the cell [Å²]."""
    gamma = np.radians(crystal.gamma * ANGLE)
    return float(crystal.a * crystal.b * LENGTH**2 * np.sin(gamma))
