"""Relaxation: heights are recovered, and what fails says why."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import fcc100, graphene, mx2
from ase.calculators.calculator import Calculator, all_changes

from micrographia.config import Energy
from micrographia.energy.batch import FORGOTTEN, TRUE, relax_case
from micrographia.energy.calculators import Potential, load_potential
from micrographia.energy.relax import compare_in_plane, relax_layer
from micrographia.errors import EnergyError
from micrographia.io.structures import orient_layer

EMT = Energy(calculator="emt", candidates=20)


@pytest.fixture(scope="module")
def emt() -> Potential:
    return load_potential(EMT)


@pytest.fixture(scope="module")
def chgnet() -> Potential:
    return load_potential(Energy())


def _slab() -> Atoms:
    """Two square layers of copper, the second over the hollows of the first."""
    slab = fcc100("Cu", (1, 1, 2), a=3.6, vacuum=9)
    slab.pbc = True
    return slab


class Broken(Calculator):
    """A potential that answers NaN, or a force that tears the crystal apart."""

    implemented_properties = ("energy", "forces", "stress")

    def __init__(self, energy: float) -> None:
        super().__init__()
        self.energy = energy

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Any = None,
        system_changes: Any = all_changes,
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        assert self.atoms is not None
        forces = np.full((len(self.atoms), 3), 1.0)
        self.results = {"energy": self.energy, "forces": forces, "stress": np.zeros(6)}


def test_heights_of_a_metal_are_found(emt: Potential) -> None:
    truth = relax_case(_slab(), emt, EMT, origin=TRUE, seed=0)
    found = relax_case(_slab(), emt, EMT, origin=FORGOTTEN, seed=0)
    assert len(truth.starts) == 1 and len(found.starts) >= 4
    assert found.best.energy == pytest.approx(truth.best.energy, abs=2e-3)
    assert found.best.converged and found.best.stayed
    assert np.ptp(found.best.atoms.positions[:, 2]) > 1.0


def test_answers_repeat(emt: Potential) -> None:
    first, second = (relax_case(_slab(), emt, EMT, origin=FORGOTTEN, seed=4) for _ in range(2))
    assert first.best.name == second.best.name
    assert np.array_equal(first.best.atoms.positions, second.best.atoms.positions)


def test_the_vacuum_is_kept(emt: Potential) -> None:
    settings = EMT.model_copy(update={"vacuum": 15.0})
    best = relax_case(_slab(), emt, settings, origin=FORGOTTEN, seed=0).best.atoms
    assert best.cell[2, 2] - np.ptp(best.positions[:, 2]) >= 14.5
    assert best.cell[2, :2].tolist() == [0, 0]


def test_templates_are_tried(emt: Potential) -> None:
    layer = orient_layer(_slab())
    relaxed = relax_layer(layer, emt, EMT, templates=[layer.positions[:, 2]])
    assert "template-0" in [start.name for start in relaxed.starts]


@pytest.mark.parametrize(
    ("energy", "reason"), [(float("nan"), "gives no number"), (-1e4, "none of matter")]
)
def test_a_potential_that_fails_is_said(emt: Potential, energy: float, reason: str) -> None:
    broken = replace(emt, calculator=Broken(energy))
    with pytest.raises(EnergyError, match=reason):
        relax_layer(_slab(), broken, EMT, trust_heights=True)


def test_a_relaxation_without_end_is_not_called_converged(emt: Potential) -> None:
    settings = EMT.model_copy(update={"steps": 1, "free_steps": 1, "fmax": 0.002})
    slab = _slab()
    slab.positions[1, 2] += 0.3
    relaxed = relax_layer(slab, emt, settings, trust_heights=True)
    assert not relaxed.best.converged


def test_elements_unknown_to_the_calculator_are_refused(emt: Potential) -> None:
    with pytest.raises(EnergyError, match="does not know Mo, S"):
        relax_layer(mx2("MoS2", vacuum=8), emt, EMT)


def test_shift_and_strain_are_those_that_were_made() -> None:
    measured = orient_layer(graphene(vacuum=8).repeat((2, 2, 1)))
    moved = measured.copy()
    moved.set_cell(measured.cell * np.array([[1.02], [1.02], [1.0]]), scale_atoms=True)
    moved.positions[:, :2] += [0.3, -0.2]
    shift, strain = compare_in_plane(measured, moved)
    assert shift == pytest.approx(0, abs=1e-9)
    assert strain == pytest.approx(0.02)
    moved.positions[0, 0] += 0.4
    # One of eight atoms by 0.4 Å, the mean removed.
    expected = 0.4 * np.sqrt(7) / 8
    assert compare_in_plane(measured, moved)[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    "layer",
    [
        graphene(vacuum=8),
        mx2("MoS2", vacuum=8),
        mx2("TiS2", "1T", a=3.41, thickness=2.85, vacuum=8),
    ],
    ids=["graphene", "MoS2-1H", "TiS2-1T"],
)
def test_chgnet_finds_the_heights_of_flat_crystals(layer: Atoms, chgnet: Potential) -> None:
    truth = relax_case(orient_layer(layer), chgnet, Energy(), origin=TRUE, seed=0)
    found = relax_case(orient_layer(layer), chgnet, Energy(), origin=FORGOTTEN, seed=0)
    assert found.best.energy == pytest.approx(truth.best.energy, abs=2e-3)
    assert found.best.stayed and found.best.converged
    thickness = [np.ptp(relaxed.best.atoms.positions[:, 2]) for relaxed in (found, truth)]
    assert thickness[0] == pytest.approx(thickness[1], abs=0.05)
