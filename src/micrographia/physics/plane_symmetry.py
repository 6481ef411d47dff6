"""Plane symmetry of a projected layer, and the signs that a layer's symmetry adds to it.

The 80 layer groups are the 17 plane groups with a sign for each operation: whether it keeps the
heights or reverses them. The signs form a homomorphism of the plane group to {1, -1}, of which
there are few, so heights that have the symmetry of their projection can be enumerated.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from micrographia.arrays import FloatArray, IntArray
from micrographia.physics.lattice import lattice_mappings, minimum_image

#: Atoms nearer than this in projection are one column [Å].
COLUMN_WIDTH = 0.3
#: How far an operation may lay a site from its image [Å].
TOLERANCE = 0.15


@dataclass(frozen=True)
class Sites:
    """Atoms of one species in one column, for all columns and species.

    Attributes
    ----------
    fractions
        In the plane (sites, 2).
    numbers
        Atomic numbers (sites,).
    site_of
        Site of each atom (atoms,).
    """

    fractions: FloatArray
    numbers: IntArray
    site_of: IntArray


@dataclass(frozen=True)
class PlaneGroup:
    """Operations of the plane that lay the sites on each other.

    Attributes
    ----------
    images
        Image of each site under each operation (operations, sites).
    table
        Number of the operation that does a and then b (operations, operations).
    """

    images: IntArray
    table: IntArray

    def __len__(self) -> int:
        return len(self.images)


def find_sites(layer: Atoms) -> Sites:
    """Divide the atoms of a layer into sites."""
    plane = np.array(layer.cell[:2, :2])
    fractions = layer.positions[:, :2] @ np.linalg.inv(plane)
    site_of = np.full(len(layer), -1)
    first: list[int] = []
    for atom in range(len(layer)):
        for site, other in enumerate(first):
            gap = fractions[atom] - fractions[other]
            near = np.linalg.norm(minimum_image(gap) @ plane) < COLUMN_WIDTH
            if near and layer.numbers[atom] == layer.numbers[other]:
                site_of[atom] = site
        if site_of[atom] < 0:
            site_of[atom] = len(first)
            first.append(atom)
    return Sites(fractions[first], layer.numbers[first].astype(np.int64), site_of)


def find_plane_group(plane: FloatArray, sites: Sites) -> PlaneGroup:
    """Find the operations of the plane that keep the sites within 0.15 Å.

    Parameters
    ----------
    plane
        In-plane cell (2, 2) [Å].
    sites
        What `find_sites` returns.
    """
    counts = np.bincount(sites.numbers)
    rare = np.argmin(np.where(counts > 0, counts, counts.max() + 1))
    targets = np.flatnonzero(sites.numbers == rare)
    rotations, shifts, images = [], [], []
    for rotation in lattice_mappings(plane, plane, 0.02, 1.0):
        turned = sites.fractions @ rotation
        for target in targets:
            shift = sites.fractions[target] - turned[targets[0]]
            image = _lay(turned + shift, sites, plane)
            if image is not None:
                rotations.append(rotation)
                shifts.append(shift)
                images.append(image)
    table = _multiply(np.array(rotations), np.array(shifts), plane)
    # Near the tolerance the operations need not close; the identity alone always does.
    if (table < 0).any():
        identity = np.arange(len(sites.numbers))[None]
        return PlaneGroup(identity, np.zeros((1, 1), dtype=np.int64))
    return PlaneGroup(np.array(images), table)


def _lay(moved: FloatArray, sites: Sites, plane: FloatArray) -> IntArray | None:
    gaps = moved[:, None] - sites.fractions[None]
    distances = np.linalg.norm(minimum_image(gaps) @ plane, axis=-1)
    distances[sites.numbers[:, None] != sites.numbers[None]] = np.inf
    image = distances.argmin(axis=1)
    fits = distances.min(axis=1).max() < TOLERANCE and len(set(image.tolist())) == len(image)
    return image if fits else None


def _multiply(rotations: IntArray, shifts: FloatArray, plane: FloatArray) -> IntArray:
    """Multiplication table; -1 where a product is no operation."""
    count = len(rotations)
    table = np.full((count, count), -1)
    for a, b in itertools.product(range(count), repeat=2):
        gaps = shifts[a] @ rotations[b] + shifts[b] - shifts
        near = np.linalg.norm(minimum_image(gaps) @ plane, axis=1) < 2 * TOLERANCE
        found = np.flatnonzero((rotations == rotations[a] @ rotations[b]).all(axis=(1, 2)) & near)
        if len(found):
            table[a, b] = found[0]
    return table


def sign_patterns(group: PlaneGroup) -> Iterator[tuple[IntArray, IntArray]]:
    """Enumerate the signs of the operations, subgroups of index two after the group.

    Yields
    ------
    operations, signs
        Operations (m,) of a subgroup, the whole group first, and the sign (m,) of each, 1 for
        those that keep the heights.
    """
    pending = [np.arange(len(group))]
    seen = {tuple(range(len(group)))}
    while pending:
        members = pending.pop(0)
        for signs in _characters(members, group.table):
            yield members, signs
            kernel = members[signs > 0]
            key = tuple(kernel.tolist())
            if key not in seen:
                seen.add(key)
                pending.append(kernel)


def _characters(members: IntArray, table: IntArray) -> list[IntArray]:
    """All homomorphisms of a subgroup to {1, -1}, the trivial one first."""
    generators: list[int] = []
    reached = {_identity(members, table)}
    for member in members.tolist():
        if member not in reached:
            generators.append(member)
            reached = _close(reached | {member}, table)
    found = []
    for choice in itertools.product((1, -1), repeat=len(generators)):
        signs = _extend(dict(zip(generators, choice, strict=True)), members, table)
        if signs is not None:
            found.append(signs)
    return found


def _identity(members: IntArray, table: IntArray) -> int:
    return next(int(m) for m in members if table[m, m] == m)


def _close(elements: set[int], table: IntArray) -> set[int]:
    while True:
        listed = sorted(elements)
        grown = elements | set(table[np.ix_(listed, listed)].ravel().tolist())
        if grown == elements:
            return elements
        elements = grown


def _extend(chosen: dict[int, int], members: IntArray, table: IntArray) -> IntArray | None:
    """Carry the generators' signs to all members; None where they contradict each other."""
    signs = {_identity(members, table): 1}
    pending = list(signs)
    while pending:
        element = pending.pop()
        for generator, sign in chosen.items():
            product, value = int(table[element, generator]), signs[element] * sign
            if product not in signs:
                signs[product] = value
                pending.append(product)
            elif signs[product] != value:
                return None
    return np.array([signs[int(member)] for member in members])


def site_orbits(group: PlaneGroup, members: IntArray, signs: IntArray) -> list[IntArray]:
    """Signed orbits of the sites under a subgroup.

    Returns
    -------
    For each orbit whose height is not forced to zero, an array (sites,) with 1 and -1 on its
    members and 0 elsewhere.
    """
    orbits = []
    seen: set[int] = set()
    for site in range(group.images.shape[1]):
        if site in seen:
            continue
        targets = group.images[members, site]
        orbit = np.zeros(group.images.shape[1], dtype=np.int64)
        orbit[targets] = signs
        seen |= set(targets.tolist())
        if (orbit[targets] == signs).all():
            orbits.append(orbit)
    return orbits
