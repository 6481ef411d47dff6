"""The symmetric cell beside a measured one, and the strain between."""

import numpy as np
import pytest
from unit.reconstruction.periodicity.lattice_pictures import HEXAGONAL, HONEYCOMB, TURN, scanned

from micrographia.reconstruction.periodicity.folding import fold
from micrographia.reconstruction.periodicity.symmetric_cell import (
    AllowedDistortion,
    column_symmetry,
    symmetric_cells,
)
from micrographia.reconstruction.periodicity.turns import turn_between

STRAIN = np.array([[1.008, 0.004], [0.004, 0.992]])


@pytest.mark.parametrize(
    ("cell", "lattice"),
    [
        (HEXAGONAL * 3.2, "hexagonal"),
        (np.eye(2) * 3.6, "square"),
        (np.diag([3.3, 4.4]), "rectangular"),
        (np.array([[4.0, 1.4], [4.0, -1.4]]), "centred rectangular"),
        (np.array([[3.0, 0.2], [0.5, 4.6]]), "oblique"),
    ],
)
def test_lattices_are_named_through_a_strain(cell: np.ndarray, lattice: str) -> None:
    found = symmetric_cells(cell @ TURN @ STRAIN)[0]
    assert found.lattice == lattice
    assert np.allclose(found.cell @ found.distortion, found.measured)
    assert np.allclose(found.distortion, found.distortion.T)
    assert np.linalg.det(found.cell) == pytest.approx(np.linalg.det(found.measured))
    assert found.sentence


def test_a_well_calibrated_picture_keeps_its_cell() -> None:
    measured = np.diag([4.0, 4.1])
    assert symmetric_cells(measured)[0].lattice == "square"
    strict = symmetric_cells(measured, AllowedDistortion(deviation=0.002))[0]
    assert strict.lattice == "rectangular"


def test_nothing_beyond_what_is_allowed() -> None:
    names = {one.lattice for one in symmetric_cells(np.diag([4.0, 4.6]))}
    assert names == {"oblique", "rectangular"}


def test_columns_speak_for_and_against_a_symmetry() -> None:
    cell = HEXAGONAL * 24 @ STRAIN
    honeycomb = fold(scanned(cell, HONEYCOMB), np.ones((256, 256)), cell)
    bar = ((0.1, 0.1, 1.0), (0.48, 0.1, 1.0))
    pair = fold(scanned(cell, bar), np.ones((256, 256)), cell)
    best = symmetric_cells(cell, None, column_symmetry(honeycomb.values))[0]
    assert best.lattice == "hexagonal"
    assert best.agreement is not None and best.agreement > 0.9
    other = symmetric_cells(cell, None, column_symmetry(pair.values))
    hexagonal = next(one for one in other if one.lattice == "hexagonal")
    assert hexagonal.agreement is not None and hexagonal.agreement < 0.9
    assert other[0].lattice != "hexagonal"


def test_the_smallest_turn_counts() -> None:
    angle = np.radians(9)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    found, strain = turn_between(HEXAGONAL * 20, HEXAGONAL * 20 @ turn @ turn.T @ turn)
    assert abs(found) == pytest.approx(9, abs=1e-6)
    assert strain < 1e-9
