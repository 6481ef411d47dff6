"""Heights are found for what two-dimensional crystals look like."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import mx2
from hypothesis import given
from hypothesis import strategies as st

from micrographia.arrays import FloatArray
from micrographia.energy.heights import (
    distinct,
    flat_heights,
    perturb_heights,
    propose_heights,
    relax_pairs,
    vary_bonds,
    with_heights,
)


def _phosphorene() -> Atoms:
    fractions = [[0, 0.08, 0], [0.5, 0.42, 0], [0.5, 0.58, 0], [0, 0.92, 0]]
    cell = [3.31, 4.38, 20]
    layer = Atoms("P4", scaled_positions=fractions, cell=cell, pbc=True)
    layer.positions[:, 2] = [1.07, 1.07, -1.07, -1.07]
    return layer


def _gallium_selenide() -> Atoms:
    layer = mx2("MoS2", a=3.75, vacuum=8)
    layer += layer[[0]]
    layer.symbols = "GaSeSeGa"
    layer.positions[:, 2] = [10 + 1.23, 10 + 2.4, 10 - 2.4, 10 - 1.23]
    return layer


def _silicene() -> Atoms:
    layer = mx2("MoS2", a=3.83, vacuum=8)[:2]
    layer.symbols = "Si2"
    layer.positions[:, 2] = [10, 10.44]
    return layer


def _distance(first: FloatArray, second: FloatArray) -> float:
    """Largest difference of an atom's height, mirror images being equal."""
    first, second = (row - (row.max() + row.min()) / 2 for row in (first, second))
    return float(min(np.abs(first - second).max(), np.abs(first + second).max()))


@pytest.mark.parametrize(
    ("layer", "within"),
    [
        (mx2("MoS2", vacuum=8), 0.3),
        (mx2("TiS2", "1T", a=3.41, thickness=2.85, vacuum=8), 0.35),
        (_phosphorene(), 0.3),
        (_gallium_selenide(), 0.5),
        (_silicene(), 0.5),
    ],
    ids=["1H", "1T", "phosphorene", "GaSe", "silicene"],
)
def test_true_heights_are_among_the_proposals(layer: Atoms, within: float) -> None:
    truth = layer.positions[:, 2].copy()
    layer.positions[:, 2] = 0
    proposals, levels = propose_heights(layer, 60, seed=0)
    proposals += vary_bonds(layer, levels)
    assert min(_distance(truth, row) for row in proposals) < within


def test_proposals_repeat_and_do_not_look_at_the_heights() -> None:
    layer = mx2("MoS2", vacuum=8)
    first, _ = propose_heights(layer, 20, seed=3)
    layer.positions[:, 2] = 0
    second, _ = propose_heights(layer, 20, seed=3)
    assert len(first) == len(second)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_the_first_proposal_is_flat_but_not_exactly() -> None:
    layer = mx2("TiS2", "1T", vacuum=8)
    first = propose_heights(layer, 10, seed=0)[0][0]
    assert 0 < np.ptp(first) < 0.3
    assert not flat_heights(layer).any()


def test_atoms_of_one_column_are_never_flat() -> None:
    heights = flat_heights(mx2("MoS2", vacuum=8))
    assert heights[0] == 0
    assert heights[1] == pytest.approx(-heights[2])
    assert abs(heights[1]) > 0.9


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=6), st.floats(-5, 5))
def test_mirror_images_and_shifts_are_repeats(values: list[float], shift: float) -> None:
    row = np.array(values)
    assert len(distinct([row, row + shift, shift - row])) == 1


def test_what_is_no_number_is_dropped() -> None:
    assert distinct([np.array([0.0, np.nan]), np.array([0.0, 1.0])]) == [1]


def test_changes_turn_parts_over() -> None:
    layer = _phosphorene()
    parent = layer.positions[:, 2].copy()
    children = perturb_heights(layer, [parent], 50, np.random.default_rng(0))
    assert all(np.isfinite(row).all() for row in children)
    assert len(distinct([parent, *children])) >= 4


def test_a_bond_gets_its_length() -> None:
    # Two columns 1 Å apart: Mo and S are then a bond apart only at different heights.
    layer = Atoms("MoS", positions=[[0, 0, 0], [1, 0, 0]], cell=[12, 12, 20], pbc=True)
    heights, _ = relax_pairs(layer, np.array([[0.0, 1.0]]), bond=1.0, steps=400)
    assert np.hypot(1.0, heights[0, 1] - heights[0, 0]) == pytest.approx(1.54 + 1.05, abs=0.02)


def test_a_layer_with_heights_has_its_vacuum() -> None:
    layer = with_heights(mx2("MoS2", vacuum=8), np.array([0.0, 1.5, -1.5]), 15.0)
    assert layer.cell[2, 2] == pytest.approx(18.0)
    assert layer.positions[:, 2].mean() == pytest.approx(9.0)
    assert layer.pbc.all()
