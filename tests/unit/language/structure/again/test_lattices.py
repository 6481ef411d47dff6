"""Changes of cell between a measured lattice and a written shape."""

from __future__ import annotations

import numpy as np
import pytest

from micrographia.arrays import FloatArray
from micrographia.language.structure.again.lattices import changes_between
from micrographia.physics.lattice import cell_parameters, gauss_reduce

OBLIQUE = np.array([[3.0, 1.0], [-2.2, 4.1]])
HEXAGONAL = 3.2 * np.array([[1.0, 0.0], [-0.5, np.sqrt(0.75)]])


def shape(cell: FloatArray) -> FloatArray:
    return np.array(cell_parameters(gauss_reduce(cell)[0]))


def test_the_measured_cell_is_itself() -> None:
    (change,) = changes_between(OBLIQUE, np.array(cell_parameters(OBLIQUE)))
    np.testing.assert_array_equal(change, np.eye(2))


@pytest.mark.parametrize("whole", [[[2, 0], [0, 1]], [[1, 1], [-1, 1]], [[1, -1], [1, 2]]])
def test_super_and_sublattices_are_found_by_their_shape(whole: list[list[int]]) -> None:
    large = np.array(whole) @ OBLIQUE
    for measured, written in ((OBLIQUE, large), (large, OBLIQUE)):
        found = changes_between(measured, shape(written))
        # Another lattice can have nearly the same shape; the nearest comes first.
        assert len(found) in (1, 2)
        np.testing.assert_allclose(cell_parameters(found[0] @ measured), shape(written))
        ratio = abs(np.linalg.det(written) / np.linalg.det(measured))
        assert abs(np.linalg.det(found[0])) == pytest.approx(ratio)


def test_lattices_of_one_shape_are_all_offered() -> None:
    """A rectangle of a and a √3 lies in a hexagonal lattice in three ways."""
    rectangle = np.array([3.2, 3.2 * np.sqrt(3), 90.0])
    found = changes_between(HEXAGONAL, rectangle)
    assert len(found) == 3
    spanned = {tuple(np.round(np.sort(np.abs(one @ HEXAGONAL).ravel()), 3)) for one in found}
    assert len(spanned) > 1


def test_what_is_no_lattice_of_the_measured_one_is_not_found() -> None:
    assert changes_between(HEXAGONAL, np.array([3.2, 4.0, 90.0])) == []
    assert changes_between(HEXAGONAL, np.array([3.5, 3.5, 120.0])) == []
