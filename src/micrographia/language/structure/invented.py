"""Crystals that are invented: a layer group, elements, and atoms that keep their distances.

The 80 layer groups are the 17 plane groups with a sign for each operation, which says whether it
turns the layer over, and with or without the mirror that lies in the layer. A group, a lattice
that it allows, elements and free or special sites are drawn at random, and the whole is scaled
until the nearest atoms touch. What is not bonded as layers are is drawn again. No database is
needed, so that a network that learns from these has seen none of the crystals that judge it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from ase.data import covalent_radii

from micrographia.arrays import FloatArray, IntArray
from micrographia.language.structure.canonical import MOST_ATOMS, is_writable
from micrographia.language.structure.variants import Crystal, reduced

_MINUS, _MIRROR, _SWAP = (-1, 0, 0, -1), (-1, 0, 0, 1), (0, 1, 1, 0)
_THIRD, _QUARTER, _SIXTH, _OTHER = (0, -1, 1, -1), (0, -1, 1, 0), (1, -1, 1, 0), (0, -1, -1, 0)
#: Lattice, weight, and generators (matrix by rows, translation) of the plane groups, on a
#: primitive cell; centred ones on a rhombus. International Tables A, with 2D layers in mind: the
#: hexagonal and square ones are drawn more often.
_GROUPS: dict[str, tuple[str, float, tuple[tuple[tuple[int, ...], tuple[float, float]], ...]]] = {
    "p1": ("oblique", 0.4, ()),
    "p2": ("oblique", 0.8, ((_MINUS, (0, 0)),)),
    "pm": ("rectangular", 0.6, ((_MIRROR, (0, 0)),)),
    "pg": ("rectangular", 0.4, ((_MIRROR, (0, 0.5)),)),
    "cm": ("rhombic", 0.8, ((_SWAP, (0, 0)),)),
    "p2mm": ("rectangular", 1.0, ((_MINUS, (0, 0)), (_MIRROR, (0, 0)))),
    "p2mg": ("rectangular", 1.0, ((_MINUS, (0, 0)), (_MIRROR, (0.5, 0)))),
    "p2gg": ("rectangular", 0.6, ((_MINUS, (0, 0)), (_MIRROR, (0.5, 0.5)))),
    "c2mm": ("rhombic", 1.0, ((_MINUS, (0, 0)), (_SWAP, (0, 0)))),
    "p4": ("square", 0.3, ((_QUARTER, (0, 0)),)),
    "p4mm": ("square", 1.2, ((_QUARTER, (0, 0)), (_MIRROR, (0, 0)))),
    "p4gm": ("square", 0.4, ((_QUARTER, (0, 0)), (_MIRROR, (0.5, 0.5)))),
    "p3": ("hexagonal", 0.4, ((_THIRD, (0, 0)),)),
    "p3m1": ("hexagonal", 2.0, ((_THIRD, (0, 0)), (_OTHER, (0, 0)))),
    "p31m": ("hexagonal", 0.8, ((_THIRD, (0, 0)), (_SWAP, (0, 0)))),
    "p6": ("hexagonal", 0.2, ((_SIXTH, (0, 0)),)),
    "p6mm": ("hexagonal", 1.2, ((_SIXTH, (0, 0)), (_OTHER, (0, 0)))),
}
#: Elements that take electrons, by how often layers have them; all others give them.
_TAKERS = {
    8: 4.0, 16: 4.0, 34: 3.5, 52: 2.5, 17: 3.0, 35: 2.5, 53: 2.5, 9: 1.5, 7: 1.0, 15: 1.0,
    33: 0.7, 6: 0.6, 51: 0.4, 14: 0.3, 32: 0.3, 1: 0.2,
}  # fmt: skip
_HEAVIEST, _NOBLE = 83, (2, 10, 18, 36, 54)
#: Chance of one, two, three and four elements, and usual number of atoms with its spread (log).
_ELEMENTS, _ATOMS, _SPREAD = (0.08, 0.5, 0.35, 0.07), 7.0, 0.7
#: Atoms that both take or both give electrons stay this much further apart than the sum of their
#: radii; nearest atoms of a bond are this far apart at most, in units of that sum.
_LIKE, _LOOSE = 1.25, 1.3
#: Spread of the shortest bond around the sum of the radii, and attempts at a crystal.
_TOUCH, _ATTEMPTS = 0.06, 12
#: Usual sum of squared radii over the cell's area, with its spread (log), and the least: layers
#: from graphene (0.22) to those of several sheets; places that are tried for each atom.
_PACKING, _PACKED, _LEAST, _TRIED = 0.5, 0.35, 0.16, 6


@dataclass(frozen=True, eq=False)
class Group:
    """Operations of a layer group without translations of the lattice.

    Attributes
    ----------
    lattice
        Which lattices it allows.
    rotations
        In the plane, on fractions as columns (n, 2, 2).
    shifts
        Translations (n, 2).
    signs
        -1 where heights are reversed (n,).
    """

    lattice: str
    rotations: IntArray
    shifts: FloatArray
    signs: IntArray

    def images(self, place: FloatArray) -> FloatArray:
        """Return all different images (k, 3) of a place: fractions x, y and a height."""
        flat = self.rotations @ place[:2] + self.shifts
        points = np.column_stack([flat % 1.0, self.signs * place[2]])
        kept: list[FloatArray] = []
        for point in points:
            gaps = [point - other for other in kept]
            if all(np.abs(_nearest(gap)).max() > 1e-4 for gap in gaps):
                kept.append(point)
        return np.array(kept)

    def special(self, place: FloatArray, generator: np.random.Generator) -> FloatArray:
        """Move a place onto a random element of symmetry, where the group has one."""
        number = int(generator.integers(len(self.signs)))
        rotation, shift = self.rotations[number], self.shifts[number]
        away = np.eye(2) - rotation
        if abs(np.linalg.det(away)) > 0.5:
            cell = generator.integers(0, 3, 2)
            flat = np.linalg.solve(away, shift + cell) % 1.0
        else:
            flat = (place[:2] + rotation @ place[:2] + shift) / 2
        back = rotation @ flat + shift - flat
        if np.abs(back - np.rint(back)).max() > 1e-6:
            return place  # a glide: nothing stays
        height = place[2] if self.signs[number] > 0 or generator.uniform() < 0.5 else 0.0
        return np.array([*flat, height])


def _nearest(gap: FloatArray) -> FloatArray:
    return gap - np.array([*np.rint(gap[:2]), 0.0])


@cache
def layer_groups() -> tuple[tuple[Group, float], ...]:
    """Return the groups with the weights by which they are drawn; settings of one count alone.

    Examples
    --------
    >>> len({group.lattice for group, _ in layer_groups()})
    5
    """
    found = []
    for lattice, weight, generators in _GROUPS.values():
        options = []
        for choice in range(2 ** len(generators)):
            signs = [1 if choice >> place & 1 == 0 else -1 for place in range(len(generators))]
            operations = _closed(generators, signs)
            # A sign that the group cannot have makes the identity turn heights over as well.
            if not any(sign < 0 and _is_identity(matrix, shift)
                       for matrix, shift, sign in operations):  # fmt: skip
                options.append(operations)
        for operations in options:
            for flat in (False, True):
                whole = operations if not flat else [
                    (matrix, shift, sign * turn)
                    for matrix, shift, sign in operations for turn in (1, -1)
                ]  # fmt: skip
                group = Group(
                    lattice,
                    np.array([np.reshape(matrix, (2, 2)) for matrix, _, _ in whole]),
                    np.array([shift for _, shift, _ in whole], dtype=np.float64),
                    np.array([sign for _, _, sign in whole]),
                )
                found.append((group, weight / len(options) / 2))
    return tuple(found)


_Operation = tuple[tuple[int, ...], tuple[float, float], int]


def _closed(
    generators: tuple[tuple[tuple[int, ...], tuple[float, float]], ...], signs: list[int]
) -> list[_Operation]:
    """All products of signed generators, translations within the cell."""
    found: list[_Operation] = [((1, 0, 0, 1), (0.0, 0.0), 1)]
    steps = [(*one, sign) for one, sign in zip(generators, signs, strict=True)]
    for operation in found:  # which grows
        for step in steps:
            product = _times(operation, step)
            if product not in found:
                found.append(product)
    return found


def _times(first: _Operation, second: _Operation) -> _Operation:
    one, two = np.reshape(first[0], (2, 2)), np.reshape(second[0], (2, 2))
    shift = (np.array(first[1]) + one @ np.array(second[1])) % 1.0
    x, y = (float(value) for value in np.round(shift, 6) % 1.0)
    return tuple(int(value) for value in (one @ two).ravel()), (x, y), first[2] * second[2]


def _is_identity(matrix: tuple[int, ...], shift: tuple[float, float]) -> bool:
    return matrix == (1, 0, 0, 1) and shift == (0.0, 0.0)


def invent(generator: np.random.Generator) -> Crystal:
    """Invent a crystal; a function of the generator's state alone.

    Parameters
    ----------
    generator
        Source of randomness.

    Returns
    -------
    A layer that the text can hold, with 1 to 40 atoms of one to four elements.
    """
    best: tuple[float, Crystal] | None = None
    for _ in range(_ATTEMPTS):
        drawn = _draw(generator)
        if drawn is None:
            continue
        if best is None or drawn[0] < best[0]:
            best = drawn
        if drawn[0] == 0:
            return drawn[1]
    # So many failures in a row hardly happen; then again, until there is one.
    return invent(generator) if best is None else best[1]


def _draw(generator: np.random.Generator) -> tuple[float, Crystal] | None:
    """One attempt, with how far it is from what layers are; None if it cannot be written."""
    groups = layer_groups()
    weights = np.array([weight for _, weight in groups])
    group = groups[int(generator.choice(len(groups), p=weights / weights.sum()))][0]
    wanted = int(np.clip(np.exp(generator.normal(np.log(_ATOMS), _SPREAD)), 1, MOST_ATOMS))
    elements = _elements(generator)
    packing = float(np.exp(generator.normal(np.log(_PACKING), _PACKED)))
    area = max(wanted, len(elements)) * float(np.square(covalent_radii[elements]).mean()) / packing
    cell = _lattice(group.lattice, generator) * np.sqrt(area)
    places, numbers = np.zeros((0, 3)), np.zeros(0, dtype=np.int64)
    turn = 0
    while turn < len(elements) or len(numbers) < wanted:
        found = _roomiest(group, cell, places, numbers, elements[turn % len(elements)], generator)
        if found is None:
            break
        places, numbers = found
        turn += 1
    if turn < len(elements):
        return None
    return _scaled(cell, places, numbers, generator)


def _roomiest(
    group: Group,
    cell: FloatArray,
    places: FloatArray,
    numbers: IntArray,
    element: int,
    generator: np.random.Generator,
) -> tuple[FloatArray, IntArray] | None:
    """Add the images of an atom where they have most room; None if there are too many."""
    best: tuple[float, FloatArray, IntArray] | None = None
    for _ in range(_TRIED):
        height = 0.0 if generator.uniform() < 0.3 else generator.uniform(0.4, 2.6)
        place = np.array([*generator.uniform(0, 1, 2), height])
        for _ in range(int(generator.choice(3, p=(0.25, 0.35, 0.4)))):
            place = group.special(place, generator)
        images = group.images(place)
        if len(numbers) + len(images) > MOST_ATOMS:
            continue
        whole = np.concatenate([places, images])
        named = np.concatenate([numbers, np.full(len(images), element)])
        # By symmetry the first image speaks for all.
        room = float(_ratios(cell, whole, named, len(places)).min())
        if best is None or room > best[0]:
            best = room, whole, named
    return None if best is None else best[1:]


def _elements(generator: np.random.Generator) -> list[int]:
    count = 1 + int(generator.choice(4, p=_ELEMENTS))
    takers = np.array(list(_TAKERS))
    odds = np.array(list(_TAKERS.values()))
    givers = [number for number in range(3, _HEAVIEST + 1) if number not in (*_NOBLE, *_TAKERS)]
    if count == 1:
        return [int(generator.choice([6, 14, 15, 32, 33, 50, 51, 82, 83, 34, 52, *givers]))]
    taking = 1 if count == 2 or generator.uniform() < 0.6 else 2
    first = generator.choice(takers, taking, replace=False, p=odds / odds.sum())
    second = generator.choice(givers, count - taking, replace=False)
    return [int(number) for number in (*second, *first)]


def _lattice(name: str, generator: np.random.Generator) -> FloatArray:
    """A cell (2, 2) of area 1."""
    ratio, angle = 1.0, 90.0
    if name in ("oblique", "rectangular"):
        ratio = float(np.exp(generator.uniform(-0.9, 0.9)))
    if name in ("oblique", "rhombic"):
        angle = float(generator.uniform(62, 118))
    if name == "hexagonal":
        angle = 120.0
    radians = np.radians(angle)
    cell = np.array([[1.0, 0.0], [ratio * np.cos(radians), ratio * np.sin(radians)]])
    return np.asarray(cell / np.sqrt(abs(np.linalg.det(cell))))


def _scaled(
    cell: FloatArray, places: FloatArray, numbers: IntArray, generator: np.random.Generator
) -> tuple[float, Crystal] | None:
    """Scale until the nearest atoms touch; None where the digits cannot hold the result."""
    nearest = np.array([_ratios(cell, places, numbers, atom).min() for atom in range(len(places))])
    if nearest.min() < 1e-2:
        return None
    scale = float(np.exp(generator.normal(0, _TOUCH))) / float(nearest.min())
    crystal = reduced(cell * scale, places[:, :2], places[:, 2] * scale, numbers)
    if not is_writable(crystal.cell, crystal.heights, len(numbers)):
        return None
    packing = np.square(covalent_radii[numbers]).sum() / abs(np.linalg.det(crystal.cell))
    lonely = max(0.0, float(nearest.max() / nearest.min()) - _LOOSE)
    return lonely + max(0.0, float(np.log(_LEAST / packing))), crystal


def _ratios(cell: FloatArray, places: FloatArray, numbers: IntArray, atom: int) -> FloatArray:
    """Distance of one atom from each, its own images too, over what their bond is long (n,)."""
    steps = np.array([[i, j] for i in (-1, 0, 1) for j in (-1, 0, 1)], dtype=np.float64)
    gaps = places[:, :2] - places[atom, :2]
    gaps = (gaps - np.rint(gaps))[:, None] + steps
    squares = np.square(gaps @ cell).sum(axis=-1) + np.square(places[:, 2:] - places[atom, 2])
    squares[atom, 4] = np.inf
    radii = covalent_radii[numbers]
    taking = np.isin(numbers, list(_TAKERS))
    both = taking == taking[atom] if taking.any() and not taking.all() else np.zeros(len(radii))
    bonds = (radii + radii[atom]) * np.where(both, _LIKE, 1.0)
    return np.asarray(np.sqrt(squares.min(axis=-1)) / bonds)
