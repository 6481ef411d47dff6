"""Invented crystals: groups as spglib knows them, atoms that touch, and nothing by chance."""

from __future__ import annotations

import numpy as np
import pytest
import spglib
from ase.data import covalent_radii

from micrographia.language.structure.canonical import read
from micrographia.language.structure.invented import invent, layer_groups
from micrographia.language.structure.tokens import bravais_of

#: Orders of the point groups of the 17 plane groups (International Tables A, table 6.1).
ORDERS = [1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 8, 8, 3, 6, 6, 6, 12]
CELLS = {
    "oblique": (4.0, 5.1, 97.0),
    "rectangular": (4.0, 5.1, 90.0),
    "rhombic": (4.6, 4.6, 103.0),
    "square": (4.6, 4.6, 90.0),
    "hexagonal": (4.6, 4.6, 120.0),
}


def test_the_groups_have_the_orders_of_the_international_tables() -> None:
    found = {len(group.signs) for group, _ in layer_groups()}
    assert found == {order * factor for order in ORDERS for factor in (1, 2)}
    # Signs of a sixfold group: none, the rotation, the mirrors, or both reverse heights.
    twelve = [group for group, _ in layer_groups() if len(group.signs) == 12]
    assert {int(group.signs.sum()) for group in twelve} == {12, 0}


@pytest.mark.parametrize("number", range(0, 92, 7))
def test_a_crystal_of_a_group_has_its_symmetry_for_spglib(number: int) -> None:
    group = layer_groups()[number][0]
    a, b, gamma = CELLS[group.lattice]
    radians = np.radians(gamma)
    cell = np.diag([a, 0.0, 30.0])
    cell[1, :2] = b * np.cos(radians), b * np.sin(radians)
    places, numbers = [], []
    # Two general places of two elements leave no symmetry but that of the group.
    for element, place in ((14, (0.13, 0.29, 1.1)), (8, (0.37, 0.08, 2.3))):
        images = group.images(np.array(place))
        places.append(images)
        numbers += [element] * len(images)
    points = np.concatenate(places)
    points[:, 2] = points[:, 2] / 30.0 + 0.5
    symmetry = spglib.get_symmetry((cell, points, numbers), symprec=1e-4)
    assert symmetry is not None
    assert len(symmetry["rotations"]) == len(group.signs)


def test_invented_crystals_can_be_written_and_their_atoms_touch() -> None:
    lattices, closest = set(), []
    for number in range(40):
        crystal = invent(np.random.default_rng([7, number]))
        text = crystal.written()
        assert read(text.text()) == text and 1 <= len(crystal.numbers) <= 40
        lattices.add(bravais_of(text))
        atoms = text.atoms()
        atoms.pbc = True
        if len(atoms) > 1:
            distances = atoms.get_all_distances(mic=True)
            radii = covalent_radii[atoms.numbers]
            ratios = distances / (radii[:, None] + radii[None])
            closest.append(float(ratios[np.triu_indices(len(atoms), 1)].min()))
    assert lattices == {"hexagonal", "square", "rectangular", "centred", "oblique"}
    # Shortest bonds are the sum of the radii within a few percent, or longer where alike.
    assert min(closest) > 0.8 and 0.95 < float(np.median(closest)) < 1.3


def test_a_crystal_is_a_function_of_the_generator() -> None:
    one, two, other = (invent(np.random.default_rng(seed)).written() for seed in (11, 11, 12))
    assert one == two and one != other


def test_special_places_have_fewer_images() -> None:
    square = next(group for group, _ in layer_groups() if len(group.signs) == 16)
    generator = np.random.default_rng(0)
    place = np.array([0.13, 0.29, 1.1])
    sizes = {len(square.images(place))}
    for _ in range(200):
        moved = square.special(square.special(place, generator), generator)
        sizes.add(len(square.images(moved)))
    # Orbits of a group of sixteen: its divisors, down to a place that nothing moves.
    assert sizes <= {1, 2, 4, 8, 16} and {1, 2, 4, 8, 16} - sizes <= {1}
