"""What every energy calculator must do: one that joins the registry is tested here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from pydantic import ValidationError

from micrographia.config import Energy
from micrographia.energy.calculators import (
    CALCULATORS,
    Potential,
    load_potential,
    refuse_unknown,
)
from micrographia.errors import EnergyError


def needs_weights(name: str) -> bool:
    """Whether the settings ask for a file of weights."""
    try:
        Energy(calculator=name)
    except ValidationError:
        return True
    return False


def save_random(folder: Path) -> Path:
    """Write a MatterSim model of the real kind, far smaller and never trained."""
    torch = pytest.importorskip("torch")
    m3gnet = pytest.importorskip("mattersim.forcefield.m3gnet.m3gnet")
    torch.manual_seed(0)
    model = m3gnet.M3Gnet(num_blocks=1, units=8, max_l=1, max_n=1, device="cpu")
    with torch.no_grad():  # as they are drawn, the energy hardly depends on the positions
        for weight in model.parameters():
            weight *= 3
    path = folder / "tiny.pth"
    content = {"model_name": "m3gnet", "model_args": model.model_args, "model": model.state_dict()}
    torch.save(content, path)
    return path


@pytest.fixture(scope="module", params=CALCULATORS)
def potential(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Potential:
    """A calculator, with random weights where it ships none."""
    weights = None
    if needs_weights(request.param):
        weights = str(save_random(tmp_path_factory.mktemp("weights")))
    return load_potential(Energy(calculator=request.param, weights=weights))


def crystal() -> Atoms:
    """Copper, strained so that it has forces; all calculators know it."""
    atoms = bulk("Cu", cubic=True)
    atoms.positions[0] += (0.15, 0.05, 0.0)
    return atoms


def oxide() -> Atoms:
    """Copper and oxygen, with an anion to correct."""
    return Atoms("CuO", positions=[[0, 0, 0], [2.1, 0, 0]], cell=[4.2, 3, 3], pbc=True)


def test_it_is_named_with_its_version(potential: Potential) -> None:
    assert potential.name in CALCULATORS
    assert potential.key == f"{potential.name} {potential.version}" and potential.version


def test_energies_are_finite_and_extensive(potential: Potential) -> None:
    one, two = potential.energies([crystal(), crystal().repeat((2, 1, 1))])
    assert np.isfinite(one) and one != 0
    assert two == pytest.approx(2 * one, rel=1e-4, abs=1e-4)


def test_many_crystals_get_the_energies_that_each_gets_alone(potential: Potential) -> None:
    atoms = crystal()
    before = atoms.copy()
    many = potential.energies([atoms, bulk("Cu")])
    assert many.dtype == np.float64 and many.shape == (2,)
    alone = [potential.calculator.get_potential_energy(each) for each in (atoms, bulk("Cu"))]
    np.testing.assert_allclose(many, alone, atol=1e-4)
    np.testing.assert_array_equal(potential.energies([atoms, bulk("Cu")]), many)
    assert atoms == before and len(potential.energies([])) == 0


def test_forces_are_what_the_energy_falls_by(potential: Potential) -> None:
    atoms = crystal()
    atoms.calc = potential.calculator
    force = atoms.get_forces()
    assert force.shape == (4, 3) and np.isfinite(force).all() and abs(force).max() > 0.01
    step = 0.01 * force[0] / np.linalg.norm(force[0])
    there, back = crystal(), crystal()
    there.positions[0] += step
    back.positions[0] -= step
    slope = np.diff([float(potential.energies([each])[0]) for each in (back, there)])[0] / 0.02
    assert -slope == pytest.approx(float(np.linalg.norm(force[0])), rel=0.05)


def test_the_correction_is_a_function_of_the_crystal(potential: Potential) -> None:
    one = potential.correction(oxide())
    assert isinstance(one, float) and np.isfinite(one)
    assert potential.correction(oxide().repeat((2, 1, 1))) == pytest.approx(2 * one)
    assert potential.correction(crystal()) == 0  # a metal has no anions


def test_unknown_elements_are_refused_with_what_is_known(potential: Potential) -> None:
    refuse_unknown(potential, oxide())
    unknown = Atoms("CuDs", positions=[[0, 0, 0], [2.5, 0, 0]], cell=[5, 5, 5], pbc=True)
    with pytest.raises(EnergyError, match=rf"{potential.name} does not know Ds; allowed: \w+"):
        refuse_unknown(potential, unknown)


@pytest.mark.parametrize("name", [name for name in CALCULATORS if needs_weights(name)])
def test_absent_weights_are_an_error_with_a_remedy(name: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.touch()
    settings = Energy(calculator=name, weights=str(path))
    path.unlink()
    with pytest.raises(EnergyError, match=rf"do not exist; saw '{path}'\. Download "):
        load_potential(settings)
