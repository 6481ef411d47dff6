"""Atoms moved to where a picture shows them: places come back, distances and contents stay."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.language.structure.again.test_look import TEXTS, again

from micrographia.io.structures import from_cif, to_cif
from micrographia.language.structure.canonical import Written, read

#: The crystals of `TEXTS` with all but the first atom misplaced.
MISPLACED = {
    "oblique": "4.07 6.22 99.5\nZr1 S1 C1\nZr .00 .00 1.0\nS .61 .30 0.0\nC .20 .55 2.0\n",
    "hexagonal": "3.18 3.18 120.0\nMo1 S2\nMo .00 .00 1.6\nS .20 .10 0.0\nS .70 .70 3.2\n",
}


def least_distance(crystal: Written) -> float:
    atoms = crystal.atoms()
    distances = atoms.get_all_distances(mic=True)
    np.fill_diagonal(distances, np.inf)
    return float(distances.min())


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("view", [{}, {"origin": (0.4, 0.7), "rotation": 0.5, "noise": 0.3}])
def test_misplaced_atoms_come_back(name: str, kept: bool, view: dict[str, object]) -> None:
    look = again(TEXTS[name], **view)
    wrong = read(MISPLACED[name])
    (found,) = look.moved(wrong, kept)
    right = look.explained(read(TEXTS[name]))
    assert look.explained(wrong) < right - 0.02
    assert look.explained(found) > right - 0.005
    assert found.contents == wrong.contents
    assert (found.a, found.b, found.gamma) == (wrong.a, wrong.b, wrong.gamma)


def test_atoms_of_one_column_keep_their_distance() -> None:
    """Both sulphur atoms of MoS2 are seen as one column; written at nearly the same height."""
    look = again(TEXTS["hexagonal"])
    flat = read(MISPLACED["hexagonal"].replace("3.2\n", "0.4\n"))
    (found,) = look.moved(flat, False)
    assert {(x, y) for kind, x, y, _ in found.sites if kind == 1} in ({(33, 67)}, {(67, 33)})
    assert least_distance(found) > 1.0
    assert len(from_cif(to_cif(found.atoms()))) == 3


def test_what_lies_on_no_lattice_of_the_picture_is_not_moved() -> None:
    look = again(TEXTS["hexagonal"])
    assert look.moved(read(TEXTS["oblique"]), True) == []
