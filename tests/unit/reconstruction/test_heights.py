"""Heights of crystals that everybody knows, from their projections alone."""

from __future__ import annotations

import numpy as np
import pytest
import spglib
from ase import Atoms
from ase.build import graphene, mx2

from micrographia.reconstruction.heights import build_layer, rank_layers, shortest_bond
from micrographia.reconstruction.heights.bonds import find_pairs, relax
from micrographia.reconstruction.heights.rank import rank_heights
from micrographia.reconstruction.symmetry.layer import symmetrise_layer


def _group(layer: Atoms) -> int:
    cell = (layer.cell[:], layer.get_scaled_positions(), layer.numbers)
    return int(spglib.get_symmetry_dataset(cell, symprec=0.1).number)


def _forgotten(layer: Atoms, count: int = 1) -> list[Atoms]:
    plane = np.array(layer.cell[:2, :2])
    return rank_layers(plane, layer.positions[:, :2], layer.numbers, 20.0, count)


def _titanium_fluoride() -> Atoms:
    fractions = [[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0], [0, 0, 0], [0, 0, 0]]
    return Atoms("TiF4", scaled_positions=fractions, cell=[4.1, 4.1, 20], pbc=True)


@pytest.mark.parametrize(
    ("layer", "number", "thickness"),
    [
        (graphene(vacuum=8), 191, 0.0),
        (graphene("BN", a=2.504, vacuum=8), 187, 0.0),
        (mx2("MoS2", vacuum=8), 187, 3.17),
        (mx2("TiS2", "1T", a=3.41, thickness=2.85, vacuum=8), 164, 2.85),
        (_titanium_fluoride(), 123, 3.6),
    ],
    ids=["graphene", "h-BN", "MoS2-1H", "TiS2-1T", "TiF4"],
)
def test_known_crystals_get_their_space_group_and_thickness(
    layer: Atoms, number: int, thickness: float
) -> None:
    (made,) = _forgotten(layer)
    exact = symmetrise_layer(made, 0.03, 0.5).atoms
    assert _group(exact) == number
    assert np.ptp(exact.positions[:, 2]) == pytest.approx(thickness, abs=0.6)
    assert np.linalg.norm(made.cell[2]) == pytest.approx(20 + np.ptp(made.positions[:, 2]))


def test_layers_of_one_plane_differ_and_begin_with_the_answer() -> None:
    layer = mx2("TiS2", "1T", a=3.41, thickness=2.85, vacuum=8)
    layers = _forgotten(layer, 4)
    assert 1 < len(layers) <= 4
    assert np.array_equal(layers[0].positions, _forgotten(layer)[0].positions)
    heights = [np.sort(one.positions[:, 2] - one.positions[:, 2].mean()) for one in layers]
    for place, one in enumerate(heights):
        for other in heights[:place]:
            assert min(np.abs(one - other).max(), np.abs(one + other[::-1]).max()) > 0.05


def test_heights_do_not_depend_on_the_order_of_atoms() -> None:
    layer = _gallium_selenide()
    other = layer[[2, 0, 3, 1]]
    first, second = (
        rank_heights(np.array(one.cell[:2, :2]), one.positions[:, :2], one.numbers)[0]
        for one in (layer, other)
    )
    turned = [np.sort(sign * second) for sign in (1, -1)]
    assert min(np.abs(np.sort(first) - one).max() for one in turned) < 1e-6


def test_relaxed_energy_is_a_minimum() -> None:
    layer = mx2("MoS2", vacuum=8)
    pairs = find_pairs(np.array(layer.cell[:2, :2]), layer.positions[:, :2], layer.numbers)
    heights, energies = relax(pairs, np.array([[0.0, 1.2, -1.2]]))
    assert heights[0] == pytest.approx([0, 1.6, -1.6], abs=0.35)
    for step in (0.3, -0.3):
        moved, _ = relax(pairs, heights + np.array([[0, step, -step]]))
        assert moved[0] == pytest.approx(heights[0], abs=0.05)
    assert energies[0] < relax(pairs, np.array([[0.0, 5.0, -5.0]]))[1][0]


def test_columns_within_each_other_are_pushed_apart() -> None:
    """Four atoms in a column of a narrow cell: no pattern has room, and yet there is a layer."""
    cell = np.diag([3.0, 3.0])
    made = build_layer(cell, np.zeros((4, 2)), np.array([55, 55, 55, 55]), 20.0)
    assert shortest_bond(made) > 0.5


def test_a_single_atom_is_a_layer() -> None:
    made = build_layer(np.diag([2.9, 2.9]), np.zeros((1, 2)), np.array([79]), 20.0)
    assert len(made) == 1 and made.cell[2, 2] == 20.0
