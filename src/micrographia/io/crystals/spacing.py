"""Distances between the atoms of a crystal: which are one atom, which are too close."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from scipy.spatial import cKDTree

from micrographia.arrays import BoolArray, FloatArray, IntArray
from micrographia.errors import StructureError

#: Least distance of two atoms as a share of the sum of their covalent radii (Cordero et al.,
#: Dalton Trans. 2008, as ASE holds them). The shortest of 4,821 relaxed layers (2DMatPedia) is
#: 0.66.
LEAST_SHARE = 0.5
#: Least distance of any two atoms [Å]; the shortest bond, of H2, is 0.74 Å.
LEAST = 0.5
#: Atoms of one element this close are one atom [Å]; also the tolerance of symmetry searches.
SAME_PLACE = 0.01

#: Key of `Atoms.info` under which stands what was assumed or merged when a crystal was read.
NOTE = "micrographia_note"


class Pairs(NamedTuple):
    """Pairs of atoms, each once.

    Attributes
    ----------
    first, second
        Indices of the atoms (n,), first ≤ second; equal where an atom meets its own image.
    distances
        In Å (n,).
    shifted
        Whether the second is an image in another cell than the one it is written in (n,).
    """

    first: IntArray
    second: IntArray
    distances: FloatArray
    shifted: BoolArray


def pairs_within(
    positions: FloatArray, cell: FloatArray, periodic: BoolArray, radius: float
) -> Pairs:
    """Find the pairs of atoms within a distance, across the borders of the cell too.

    Parameters
    ----------
    positions
        Cartesian (n, 3) [Å], inside the cell or not.
    cell
        Three lattice vectors as rows (3, 3) [Å], of any shape.
    periodic
        Along which of them the crystal repeats (3,).
    radius
        Greatest distance [Å].
    """
    inverse = np.linalg.inv(cell)
    fractions = positions @ inverse
    home = np.where(periodic, np.floor(fractions), 0.0)
    inside = fractions - home
    # An image that near lies beyond a face by at most this share of the cell.
    margins = radius * np.linalg.norm(inverse, axis=0)
    images, cells, atoms = inside, np.zeros_like(inside), np.arange(len(positions))
    for axis in np.flatnonzero(periodic):
        margin, unit = margins[axis], np.eye(3)[axis]
        shells = int(np.ceil(margin))
        parts = []
        for step in range(-shells, shells + 1):
            place = images[:, axis] + step
            near = (place > -margin) & (place < 1 + margin)
            parts.append((images[near] + step * unit, cells[near] + step * unit, atoms[near]))
        images, cells, atoms = (np.concatenate(values) for values in zip(*parts, strict=True))
    found = cKDTree(images @ cell).query_ball_point(inside @ cell, radius)
    first = np.repeat(np.arange(len(positions)), [len(one) for one in found])
    image = np.concatenate([np.asarray(one, dtype=int) for one in found])
    second = atoms[image]
    distances = np.linalg.norm((images[image] - inside[first]) @ cell, axis=1)
    shifted = np.any(cells[image] - home[second] + home[first] != 0, axis=1)
    once = (first < second) | ((first == second) & np.any(cells[image] != 0, axis=1))
    return Pairs(first[once], second[once], distances[once], shifted[once])


def check_spacing(atoms: Atoms, name: str) -> Atoms:
    """Refuse atoms too close to be atoms; merge those that stand on two borders of the cell.

    An atom drawn at 0 and again at 1 is one atom: the lattice says so. Two that are written at one
    place may be a slip, where one of them belongs elsewhere, and are refused.

    Parameters
    ----------
    atoms
        At least one, with two or three lattice vectors. The crystal repeats along all that are
        given, but not across the layers that `pbc` tells to be one.
    name
        How the message calls it.

    Returns
    -------
    The same object, or, where atoms were merged, a copy without the repeated ones that says so
    in `info[NOTE]`.

    Raises
    ------
    StructureError
        Two atoms are closer than half the sum of their covalent radii, or the cell is flat.
    """
    cell, periodic = _repeats(atoms)
    radii = covalent_radii[atoms.numbers]
    radius = max(LEAST, 2 * LEAST_SHARE * float(radii.max()))
    _check_volume(cell, name)
    found = pairs_within(atoms.positions, cell, periodic, radius)
    first, second = found.first, found.second
    least = np.maximum(LEAST, LEAST_SHARE * (radii[first] + radii[second]))
    same = (
        found.shifted
        & (first != second)
        & (found.distances < SAME_PLACE)
        & (atoms.numbers[first] == atoms.numbers[second])
    )
    repeated = np.unique(second[same])
    gone = np.isin(first, repeated) | np.isin(second, repeated)
    close = np.flatnonzero((found.distances < least) & ~gone)
    if len(close):
        # Ties go to the first pair: the message must not depend on the search.
        order = np.lexsort((second[close], first[close], np.round(found.distances[close], 6)))
        worst = close[order[0]]
        raise _too_close(atoms, found, int(worst), float(least[worst]), len(close), name)
    if not len(repeated):
        return atoms
    merged = atoms[np.setdiff1d(np.arange(len(atoms)), repeated)]
    return noted(
        merged,
        f"{len(repeated)} of its {len(atoms)} atoms repeat another one a lattice vector away; "
        "each place counts once",
    )


def _check_volume(cell: FloatArray, name: str) -> None:
    sizes = np.linalg.norm(cell, axis=1)
    flat = abs(np.linalg.det(cell)) < 1e-6 * sizes.prod()
    height = 0.0 if flat else 1 / np.linalg.norm(np.linalg.inv(cell), axis=0).max()
    if height < LEAST / 10:
        raise StructureError(
            f"{name} has a flat cell: two of its faces are {height:.2g} Å apart",
            remedy="Check the lattice vectors and their unit (Å)",
        )


def noted(atoms: Atoms, note: str) -> Atoms:
    """Add what was done to a crystal to `info[NOTE]`."""
    before = atoms.info.get(NOTE)
    atoms.info[NOTE] = f"{before}; {note}" if before else note
    return atoms


def _repeats(atoms: Atoms) -> tuple[FloatArray, BoolArray]:
    """Three lattice vectors, and along which of them the crystal repeats."""
    given = np.linalg.norm(atoms.cell[:], axis=1) > 0
    cell = np.array(atoms.cell.complete()[:])
    return cell, np.array(atoms.pbc) if given.all() and atoms.pbc.sum() == 2 else given


def _too_close(
    atoms: Atoms, found: Pairs, worst: int, least: float, count: int, name: str
) -> StructureError:
    first, second = int(found.first[worst]), int(found.second[worst])
    symbols = atoms.get_chemical_symbols()
    both = [f"{symbols[one]} (atom {one + 1})" for one in (first, second)]
    if first == second:
        both[1] = "its own image"
    elsewhere = " across the border of the cell" if found.shifted[worst] else ""
    others = f", and {count - 1} more pairs" if count > 1 else ""
    return StructureError(
        f"{name} has atoms closer than atoms can be",
        seen=f"{both[0]} and {both[1]}{elsewhere}: {found.distances[worst]:.3f} Å{others}",
        allowed=f"at least {least:.2f} Å, half the sum of their covalent radii",
        remedy="Check coordinates (write 0.33333, not 0.33), cell, symmetry and unit (Å)",
    )
