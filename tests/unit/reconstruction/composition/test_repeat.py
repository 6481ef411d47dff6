"""Layers whose projection repeats more often than they: iron telluride, and counts of lattices."""

from __future__ import annotations

import numpy as np
import pytest
import spglib

from micrographia.reconstruction.composition.repeat import larger_layers, sublattices

HEXAGONAL = 3.0 * np.array([[1.0, 0.0], [-0.5, np.sqrt(0.75)]])
SQUARE = np.diag([3.0, 3.0])
OBLIQUE = np.array([[3.1, 0.2], [-0.7, 4.4]])


@pytest.mark.parametrize(("index", "count"), [(1, 1), (2, 3), (3, 4), (4, 7), (6, 12)])
def test_without_symmetry_there_are_as_many_lattices_as_the_divisors_sum_to(index, count):
    # The sublattices of index n of a plane lattice number the sum of n's divisors.
    xy, numbers = np.array([[0.1, 0.2], [1.3, 0.9], [0.4, 2.8]]), np.array([8, 16, 34])
    found = sublattices(OBLIQUE, xy, numbers, index)
    assert len(found) == count
    assert all(round(abs(np.linalg.det(whole))) == index for whole in found)


@pytest.mark.parametrize(("cell", "count"), [(HEXAGONAL, 1), (SQUARE, 2)])
def test_turns_make_lattices_of_twice_the_area_equal(cell, count):
    # Doubled along a or along b are one; of a square there is its centred one beside.
    assert len(sublattices(cell, np.zeros((1, 2)), np.array([14]), 2)) == count


def test_tellurium_above_and_below_iron_makes_the_tetragonal_cell():
    # FeTe, P4/nmm (129), a = 3.82 Å: its projection has half of its area.
    half = 3.82 / np.sqrt(2)
    cell, xy = np.diag([half, half]), np.array([[0.0, 0.0], [half / 2, half / 2]])
    layers = larger_layers(cell, xy, np.array([26, 52]), 2, 3, 15.0)
    first = layers[0]
    assert first.get_chemical_formula() == "Fe2Te2"
    assert first.cell.cellpar()[[0, 1, 5]] == pytest.approx([3.82, 3.82, 90], abs=0.01)
    group = spglib.get_symmetry_dataset(
        (first.cell[:], first.get_scaled_positions(), first.numbers), symprec=0.05
    )
    assert group.number == 129
    tellurium = first.positions[first.numbers == 52, 2]
    iron = first.positions[first.numbers == 26, 2]
    assert np.sort(tellurium - iron.mean()) == pytest.approx([-1.75, 1.75], abs=0.5)


def test_no_layer_repeats_in_a_smaller_cell():
    half = 3.82 / np.sqrt(2)
    cell, xy = np.diag([half, half]), np.array([[0.0, 0.0], [half / 2, half / 2]])
    for layer in larger_layers(cell, xy, np.array([26, 52]), 2, 5, 15.0):
        found = spglib.find_primitive(
            (layer.cell[:], layer.get_scaled_positions(), layer.numbers), symprec=0.05
        )
        assert found is not None and len(found[2]) == 4
