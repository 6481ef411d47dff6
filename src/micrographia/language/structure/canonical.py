"""One text for one crystal: canonical cell, origin, order of atoms, and fixed digits.

A text has three parts: the cell, the contents of the cell, and one line for each atom::

    3.18 3.18 120.0
    Mo1 S2
    Mo .00 .00 1.6
    S .33 .67 0.0
    S .33 .67 3.1

- Cell: lengths a ≤ b [Å] with two decimals and γ [degree] with one, 90 ≤ γ ≤ 120: the reduced
  cell after Gauss, a along x, b in the upper half of the plane.
- Contents: atoms of each element in the cell, the heaviest element first.
- Atoms: fractions x, y with two decimals, and the height z above the lowest atom [Å] with one.
  Atoms come in the order of the contents, those of one element by x, y, z.
- Origin: an atom of the heaviest element.

Of all texts that describe the same crystal (origins; cells of the same shape, which a rotation in
the plane or a rotation by 180° around an axis in the plane makes) the one that is first in the
order of its numbers is canonical. The crystal is turned, never mirrored.

Two decimals cannot hold a third: .33, .67, .17 and .83 are read as 1/3, 2/3, 1/6 and 5/6, so that
what is symmetric stays so. Every text is reproduced exactly by reading and writing it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols

from micrographia.arrays import FloatArray, IntArray
from micrographia.errors import StructureError
from micrographia.io.structures import MIN_VACUUM
from micrographia.physics.lattice import cell_parameters, gauss_reduce, minimum_image

#: Steps of the digits: lengths and heights [Å], angle [degree], fractions of a cell vector.
LENGTH, HEIGHT, ANGLE, FRACTION = 0.01, 0.1, 0.1, 0.01
#: Most that the digits can hold: lengths and heights [Å], atoms in a cell.
LONGEST, THICKEST, MOST_ATOMS = 39.99, 19.9, 40
#: Parts of a hundred that stand for a third or a sixth.
_PARTS = {33: 1 / 3, 67: 2 / 3, 17: 1 / 6, 83: 5 / 6}
_ALLOWED = "three lines or more: `3.18 3.18 120.0`, `Mo1 S2`, then `Mo .00 .00 1.6` for each atom"

#: Whole numbers of one atom: place of its element in the contents, x, y [0.01], z [0.1 Å].
Site = tuple[int, int, int, int]


@dataclass(frozen=True, order=True)
class Written:
    """A crystal in whole numbers, which is what a text says.

    Attributes
    ----------
    a, b
        Lengths [0.01 Å].
    gamma
        Angle [0.1 degree].
    contents
        Atomic number and count of each element, the heaviest first.
    sites
        Of each atom: place of its element in `contents`, x, y [0.01], z [0.1 Å].
    """

    a: int
    b: int
    gamma: int
    contents: tuple[tuple[int, int], ...]
    sites: tuple[Site, ...]

    def text(self) -> str:
        """Write the text; see the module."""
        symbols = [chemical_symbols[number] for number, _ in self.contents]
        named = zip(symbols, self.contents, strict=True)
        lines = [
            f"{self.a * LENGTH:.2f} {self.b * LENGTH:.2f} {self.gamma * ANGLE:.1f}",
            " ".join(f"{symbol}{count}" for symbol, (_, count) in named),
        ]
        lines += [
            f"{symbols[kind]} .{x:02d} .{y:02d} {z * HEIGHT:.1f}" for kind, x, y, z in self.sites
        ]
        return "\n".join(lines) + "\n"

    def atoms(self) -> Atoms:
        """Return the crystal: a along x, c along z with a vacuum of `MIN_VACUUM` at least."""
        a, b, gamma = self.a * LENGTH, self.b * LENGTH, np.radians(self.gamma * ANGLE)
        plane = np.array([[a, 0.0], [b * np.cos(gamma), b * np.sin(gamma)]])
        kinds, x, y, z = np.array(self.sites).T
        fractions = np.array([[_fraction(one) for one in pair] for pair in zip(x, y, strict=True)])
        heights = z * HEIGHT
        cell = np.zeros((3, 3))
        cell[:2, :2] = plane
        cell[2, 2] = heights.max() + MIN_VACUUM
        positions = np.column_stack([fractions @ plane, heights + MIN_VACUUM / 2])
        numbers = np.array([number for number, _ in self.contents])[kinds]
        return Atoms(numbers=numbers, positions=positions, cell=cell, pbc=(True, True, False))


def write(layer: Atoms) -> Written:
    """Return the canonical text of a layer.

    Parameters
    ----------
    layer
        Layer with c along z, as `stem structures` writes it.

    Raises
    ------
    StructureError
        The digits cannot hold the crystal, or it is no layer along z.
    """
    # What is rounded can have symmetries that the crystal has not: go on until a text comes back.
    seen: list[Written] = []
    found = _first(layer)
    while found not in seen:
        seen.append(found)
        found = _first(found.atoms())
    return min(seen[seen.index(found) :])


def _first(layer: Atoms) -> Written:
    """The first text of all settings of a layer."""
    plane, xy, heights = _upright(layer)
    numbers = np.asarray(layer.numbers, dtype=np.int64)
    return min(
        written(turned, sites, rise, numbers)
        for turned, sites, rise in _settings(plane, xy, heights)
    )


def written(
    plane: FloatArray,
    fractions: FloatArray,
    heights: FloatArray,
    numbers: IntArray,
    near: FloatArray | None = None,
) -> Written:
    """Return the text of a crystal in a given setting; only the origin is still chosen.

    Parameters
    ----------
    plane
        Reduced cell (2, 2) [Å].
    fractions, heights, numbers
        Atoms: fractions (n, 2), heights (n,) [Å], atomic numbers (n,).
    near
        Place (2,) as fractions; the text begins at the atom of the heaviest element that is
        nearest to it. None: at the one whose text is first.

    Raises
    ------
    StructureError
        The digits cannot hold the crystal.
    """
    a, b, gamma = cell_parameters(plane)
    thickness = float(np.ptp(heights))
    _check(max(a, b), thickness, len(numbers))
    kinds = np.unique(numbers)[::-1]
    contents = tuple((int(kind), int((numbers == kind).sum())) for kind in kinds)
    place = np.searchsorted(-kinds, -numbers)
    z = np.rint((heights - heights.min()) / HEIGHT).astype(np.int64)
    first = fractions[place == 0]
    if near is not None:
        first = first[np.hypot(*(minimum_image(first - near) @ plane).T).argmin()][None]
    options = [_sites(fractions - origin, place, z) for origin in first]
    return Written(
        round(a / LENGTH), round(b / LENGTH), round(gamma / ANGLE), contents, min(options)
    )


def is_writable(plane: FloatArray, heights: FloatArray, natoms: int) -> bool:
    """Whether the digits can hold a crystal; see `written`."""
    try:
        _check(max(cell_parameters(plane)[:2]), float(np.ptp(heights)), natoms)
    except StructureError:
        return False
    return True


def read(text: str) -> Written:
    """Read a text.

    Raises
    ------
    StructureError
        It is no such text; the message says which line is wrong.
    """
    lines = text.strip().splitlines()
    if len(lines) < 3:
        raise StructureError("This is no crystal as text", seen=text[:60], allowed=_ALLOWED)
    cell = _fields(lines[0], r"(\d+\.\d\d) (\d+\.\d\d) (\d+\.\d)", 1)
    contents = []
    for part in lines[1].split():
        found = re.fullmatch(r"([A-Z][a-z]?)(\d+)", part)
        if found is None or found[1] not in atomic_numbers or int(found[2]) < 1:
            raise StructureError("Line 2 of a crystal's text is wrong", seen=lines[1],
                                 allowed=_ALLOWED)  # fmt: skip
        contents.append((atomic_numbers[found[1]], int(found[2])))
    order = [chemical_symbols[number] for number, _ in contents]
    sites = []
    for number, line in enumerate(lines[2:], 3):
        symbol, x, y, z = _fields(line, r"([A-Z][a-z]?) \.(\d\d) \.(\d\d) (\d+\.\d)", number)
        if symbol not in order:
            raise StructureError(
                f"Line {number} of a crystal's text names an element that the contents do not",
                seen=symbol,
                allowed=", ".join(order),
            )
        sites.append((order.index(symbol), int(x), int(y), round(float(z) / HEIGHT)))
    counts = [sum(site[0] == kind for site in sites) for kind in range(len(order))]
    if counts != [count for _, count in contents]:
        raise StructureError("A crystal's text has not as many atoms as its contents say",
                             seen=counts, allowed=lines[1])  # fmt: skip
    lengths = [round(float(value) / LENGTH) for value in cell[:2]]
    return Written(
        lengths[0], lengths[1], round(float(cell[2]) / ANGLE), tuple(contents), tuple(sites)
    )


def _fields(line: str, pattern: str, number: int) -> tuple[str, ...]:
    found = re.fullmatch(pattern, line.strip())
    if found is None:
        raise StructureError(
            f"Line {number} of a crystal's text is wrong", seen=line, allowed=_ALLOWED
        )
    return found.groups()


def _fraction(hundredths: int) -> float:
    return _PARTS.get(int(hundredths), int(hundredths) * FRACTION)


def _check(longest: float, thickness: float, natoms: int) -> None:
    for value, most, what in (
        (longest, LONGEST, "lattice vector is too long [Å]"),
        (thickness, THICKEST, "atoms span too much height [Å]"),
        (natoms, MOST_ATOMS, "cell has too many atoms"),
    ):
        if value > most:
            raise StructureError(
                f"A crystal cannot be written as text: its {what}", seen=round(value, 2),
                allowed=f"at most {most:g}",
            )  # fmt: skip


def _sites(fractions: FloatArray, place: IntArray, z: IntArray) -> tuple[Site, ...]:
    """Sites in their order, from fractions whose origin is settled."""
    steps = np.rint(fractions / FRACTION + 1e-9).astype(np.int64) % round(1 / FRACTION)
    columns = np.column_stack([place, steps, z])
    # Numbers of columns that sort like the tuples, in one pass.
    rank = np.lexsort(columns.T[::-1])
    return tuple(map(tuple, columns[rank].tolist()))


def _upright(layer: Atoms) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Reduced cell (2, 2), fractions (n, 2), heights (n,); γ ≥ 90° by turning the layer over."""
    cell = np.asarray(layer.cell[:])
    if max(np.abs(cell[:2, 2]).max(), np.abs(cell[2, :2]).max()) > 1e-3:
        raise StructureError(
            "A crystal cannot be written as text: its c is not along z",
            remedy="Set it upright: `micrographia stem structures`",
        )
    positions = np.array(layer.positions)
    plane = gauss_reduce(cell[:2, :2])[0]
    if plane[0] @ plane[1] > 1e-6 * (plane[0] @ plane[0]):
        mirror = np.array([1.0, -1.0])
        positions[:, 1:] *= -1
        plane = gauss_reduce(plane * mirror)[0]
    return plane, positions[:, :2] @ np.linalg.inv(plane), positions[:, 2]


def _settings(
    plane: FloatArray, fractions: FloatArray, heights: FloatArray
) -> Iterator[tuple[FloatArray, FloatArray, FloatArray]]:
    """The crystal in each cell of the same shape, turned in the plane or turned over."""
    for change, turn in same_shape(plane):
        rise = heights if turn > 0 else -heights
        yield change @ plane, fractions @ np.linalg.inv(change), rise


def same_shape(plane: FloatArray) -> list[tuple[IntArray, int]]:
    """Bases of a lattice that are alike to the digits, with the signs of their determinants.

    Parameters
    ----------
    plane
        Reduced cell (2, 2) [Å] with 90° ≤ γ ≤ 120°.

    Returns
    -------
    Integers (2, 2) `M` for which `M @ plane` has the lengths and the angle of `plane` within half
    a step of the digits: the symmetries of the lattice. Determinant -1: turned over.
    """
    wanted = np.array(cell_parameters(plane))
    limits = np.array([LENGTH, LENGTH, ANGLE]) / 2
    found = []
    rows = [np.array([i, j]) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
    for first in rows:
        for second in rows:
            sign = int(first[0] * second[1] - first[1] * second[0])
            if abs(sign) != 1:
                continue
            change = np.array([first, second])
            if np.all(np.abs(np.array(cell_parameters(change @ plane)) - wanted) <= limits):
                found.append((change, sign))
    return found
