"""Elements that were named have a place, in a larger cell if need be."""

import numpy as np
from ase import Atoms
from ase.build import mx2

from micrographia.config import Reconstruction
from micrographia.physics.conditions import ImagingConditions
from micrographia.reconstruction.solve import Solution, solve
from micrographia.stem.simulate import draw_view, simulate


def _solved(layer: Atoms, elements: list[str], dose: float) -> Solution:
    view = draw_view(0.1, 45.0, None, [3, 5])
    image = simulate(layer, ImagingConditions(), view, dose=dose, seed=8)
    return solve(image, elements, Reconstruction())


def _ordered_alloy() -> Atoms:
    """1T layer of chromium and manganese, neighbours in atomic number, in rows."""
    layer = mx2("MnO2", "1T", a=2.9, thickness=1.9, vacuum=5).repeat((2, 1, 1))
    layer.symbols[0] = "Cr"
    layer.positions[1, :2] += [0.03, 0.02]
    return layer


def test_an_element_that_was_named_is_in_the_answer() -> None:
    solution = _solved(_ordered_alloy(), ["Cr", "Mn", "O"], 3e4)
    assert {"Cr", "Mn", "O"} == set(solution.atoms.get_chemical_symbols())
    assert len(solution.atoms) % 6 == 0


def test_one_kind_of_cell_is_not_made_larger() -> None:
    layer = mx2("MnO2", "1T", a=2.9, thickness=1.9, vacuum=5)
    solution = _solved(layer, ["Mn", "O"], 6e4)
    assert solution.atoms.get_chemical_formula("metal") == "MnO2"
    assert abs(np.linalg.det(solution.atoms.cell[:2, :2])) < 8


def test_an_element_that_is_nowhere_costs_confidence() -> None:
    layer = mx2("MoS2", vacuum=5)
    told = _solved(layer, ["Mo", "S"], 3e4)
    lied = _solved(layer, ["Mo", "S", "W"], 3e4)
    assert told.confidence > 0.8
    assert lied.confidence < 0.5
