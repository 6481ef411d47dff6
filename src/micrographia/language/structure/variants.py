"""Crystals made up from known ones: other elements, other lengths, other settings of the cell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from ase import Atoms
from ase.data import covalent_radii

from micrographia.arrays import FloatArray, IntArray
from micrographia.config import Variants
from micrographia.language.structure.canonical import Written, is_writable, same_shape, written
from micrographia.language.structure.pictures import Plane
from micrographia.physics.lattice import gauss_reduce

#: Share of the made-up crystals whose lattice is strained, and so loses its symmetry.
_STRAINED = 0.25
#: Heaviest element that is substituted, and that takes another's place: bismuth.
_HEAVIEST = 83
#: Atomic numbers of the noble gases, at which the rows of the periodic table end.
_ENDS = (2, 10, 18, 36, 54, 86)
#: Elements that take no other's place: hydrogen and the noble gases.
_ALONE = {1, *_ENDS}


@dataclass(frozen=True, eq=False)
class Crystal:
    """A layer as arrays, quick to change.

    Attributes
    ----------
    cell
        Reduced in-plane vectors (2, 2) [Å].
    fractions
        Places of the atoms (n, 2).
    heights
        Of the atoms (n,) [Å].
    numbers
        Atomic numbers (n,).
    """

    cell: FloatArray
    fractions: FloatArray
    heights: FloatArray
    numbers: IntArray

    @classmethod
    def of(cls, layer: Atoms) -> Crystal:
        """Take a layer with c along z; γ ≥ 90° by turning it over."""
        cell = np.array(layer.cell[:2, :2])
        return reduced(
            cell, layer.positions[:, :2] @ np.linalg.inv(cell), np.array(layer.positions[:, 2]),
            np.asarray(layer.numbers, dtype=np.int64),
        )  # fmt: skip

    def plane(self) -> Plane:
        """Return what a picture shows, a along its rows."""
        length = float(np.hypot(*self.cell[0]))
        along = float(self.cell[0] @ self.cell[1]) / length
        # The size of the area and not its sign: what was turned over is seen from behind.
        across = abs(float(np.linalg.det(self.cell))) / length
        upright = np.array([[length, 0.0], [along, across]])
        return Plane(upright, self.fractions, self.numbers)

    def written(self, near: FloatArray | None = None) -> Written:
        """Return the text in this setting; of the two faces, which no picture tells apart, the
        one whose text is first is up.

        Parameters
        ----------
        near
            As for `canonical.written`.
        """
        return min(
            written(self.cell, self.fractions, rise, self.numbers, near)
            for rise in (self.heights, -self.heights)
        )


def reduced(
    cell: FloatArray, fractions: FloatArray, heights: FloatArray, numbers: IntArray
) -> Crystal:
    plane, change = gauss_reduce(cell)
    places = fractions @ np.linalg.inv(change)
    if plane[0] @ plane[1] > 1e-6 * (plane[0] @ plane[0]):
        # Turned over around a: γ becomes 180° - γ.
        plane, places = plane * np.array([1.0, -1.0]), places * np.array([1.0, 1.0])
        plane, change = gauss_reduce(plane)
        places, heights = places @ np.linalg.inv(change), -heights
    return Crystal(plane, places, heights, numbers)


def set_at_random(crystal: Crystal, generator: np.random.Generator) -> Crystal:
    """Return the crystal in one of the settings of its cell that have the same shape.

    These are turns in the plane and turns around an axis in the plane: the same crystal.
    """
    options = same_shape(crystal.cell)
    change, turn = options[int(generator.integers(len(options)))]
    return Crystal(
        change @ crystal.cell,
        crystal.fractions @ np.linalg.inv(change),
        crystal.heights * turn,
        crystal.numbers,
    )


def make_up(crystal: Crystal, settings: Variants, generator: np.random.Generator) -> Crystal:
    """Return a crystal that is made up from a known one.

    Elements are replaced by similar ones, never by one that the crystal has; the lengths follow
    the covalent radii, and change at random beyond that. Of some the lattice is strained. What
    the digits cannot hold is not made up: the known crystal is returned.

    Parameters
    ----------
    crystal
        The known one, which the digits can hold.
    settings
        How much changes.
    generator
        Source of randomness.
    """
    numbers = _substituted(crystal.numbers, settings.substitution, generator)
    ratio = float(covalent_radii[numbers].sum() / covalent_radii[crystal.numbers].sum())
    change = ratio * (1 + generator.uniform(-1, 1) * settings.scale)
    strain = np.eye(2)
    drawn = generator.uniform(-1, 1, 3) * settings.strain
    if generator.uniform() < _STRAINED:
        strain = np.eye(2) + np.array([[drawn[0], drawn[2] / 2], [drawn[2] / 2, drawn[1]]])
    made = reduced(
        crystal.cell @ strain * change, crystal.fractions, crystal.heights * change, numbers
    )
    return made if is_writable(made.cell, made.heights, len(numbers)) else crystal


def _substituted(
    numbers: IntArray, probability: float, generator: np.random.Generator
) -> IntArray:
    changed = numbers.copy()
    present = set(numbers.tolist())
    for number in sorted(present):
        chance, choice = generator.uniform(0, 1, 2)
        options = [one for one in similar(number) if one not in present]
        if chance < probability and options:
            other = options[int(choice * len(options))]
            changed[numbers == number] = other
            present.add(other)
    return changed


@cache
def similar(number: int) -> tuple[int, ...]:
    """Elements that often take the place of another one, by atomic number.

    Those of its group; of a metal of groups 3 to 12 or a lanthanide also the neighbours in its
    row. Hydrogen, noble gases, and elements beyond bismuth take no part.

    Examples
    --------
    >>> similar(16), similar(42)
    ((8, 34, 52), (24, 41, 43, 74))
    """
    if number > _HEAVIEST or number in _ALONE:
        return ()
    row, group = _place(number)
    found = []
    for other in range(1, _HEAVIEST + 1):
        if other == number or other in _ALONE:
            continue
        there, column = _place(other)
        metals = 3 <= min(group, column) <= max(group, column) <= 12
        if column == group or (metals and there == row and abs(column - group) == 1):
            found.append(other)
    return tuple(found)


def _place(number: int) -> tuple[int, int]:
    """Row and group (1 … 18) of an element; lanthanides count as group 3."""
    row = int(np.searchsorted(_ENDS, number)) + 1
    first = 1 if row == 1 else _ENDS[row - 2] + 1
    place, length = number - first, _ENDS[row - 1] - first + 1
    if length <= 8:
        return row, place + 1 if place < (1 if row == 1 else 2) else place + 11 + 8 - length
    if length == 18 or place < 2:
        return row, place + 1
    return row, max(3, place + 1 - 14)
