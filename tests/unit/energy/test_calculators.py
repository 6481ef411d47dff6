"""The potentials' one interface, and what they say when they cannot be had."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, mx2

from micrographia.config import Energy
from micrographia.energy.calculators import load_potential, mp2020_correction, refuse_unknown
from micrographia.errors import EnergyError


def test_emt_gives_energies_and_nan_for_what_it_does_not_know() -> None:
    potential = load_potential(Energy(calculator="emt"))
    energies = potential.energies([bulk("Cu"), mx2("MoS2", vacuum=8)])
    assert energies[0] == pytest.approx(-0.0056, abs=1e-3)
    assert np.isnan(energies[1])
    assert potential.key.startswith("emt ")
    assert potential.correction(bulk("Cu")) == 0


def test_unknown_elements_are_refused() -> None:
    potential = load_potential(Energy(calculator="emt"))
    with pytest.raises(EnergyError, match=r"does not know Mo, S.*Cu"):
        refuse_unknown(potential, mx2("MoS2", vacuum=8))


def test_chgnet_answers_batches_as_its_calculator_does() -> None:
    potential = load_potential(Energy())
    crystals = [bulk("Cu"), mx2("MoS2", vacuum=8)]
    crystals[1].pbc = True
    batch = potential.energies(crystals)
    single = [potential.calculator.get_potential_energy(atoms) for atoms in crystals]
    np.testing.assert_allclose(batch, single, atol=1e-4)
    np.testing.assert_allclose(potential.energies(crystals[:1]), single[:1], atol=1e-4)
    assert "model 0.3.0" in potential.version


def test_corrections_are_those_of_the_anions() -> None:
    # MP2020Compatibility.yaml of pymatgen: S -0.503, oxide -0.687 eV per anion.
    assert mp2020_correction(mx2("MoS2", vacuum=8)) == pytest.approx(-1.006)
    oxide = Atoms("MnO", positions=[[0, 0, 0], [2.2, 0, 0]], cell=[4.4, 3, 3], pbc=True)
    assert mp2020_correction(oxide) == pytest.approx(-0.687)
    assert mp2020_correction(bulk("Cu")) == 0


def test_mattersim_without_weights_says_where_to_get_them(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(b"no checkpoint")
    settings = Energy(calculator="mattersim", weights=str(path))
    with pytest.raises(EnergyError, match=r"not a MatterSim checkpoint.*mattersim-v1\.0\.0-1M"):
        load_potential(settings)
    other = Energy(calculator="mattersim", weights=str(path), sha256="0" * 64)
    digest = hashlib.sha256(b"no checkpoint").hexdigest()
    with pytest.raises(
        EnergyError, match=rf"does not have the SHA-256 given in energy.sha256; saw '{digest}'"
    ):
        load_potential(other)
    path.unlink()
    with pytest.raises(EnergyError, match="weights of MatterSim do not exist"):
        load_potential(settings)
    path.write_bytes(b"no checkpoint")


def test_weights_belong_to_mattersim(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not set"):
        Energy(calculator="mattersim")
    with pytest.raises(ValueError, match="includes its own"):
        Energy(calculator="chgnet", weights=str(tmp_path))


def test_mattersim_loads_a_checkpoint_by_path(tmp_path: Path) -> None:
    # A model of the real kind, far smaller than the published ones and never trained.
    torch = pytest.importorskip("torch")
    m3gnet = pytest.importorskip("mattersim.forcefield.m3gnet.m3gnet")
    torch.manual_seed(0)
    model = m3gnet.M3Gnet(num_blocks=1, units=8, max_l=1, max_n=1, device="cpu")
    path = tmp_path / "tiny.pth"
    content = {"model_name": "m3gnet", "model_args": model.model_args, "model": model.state_dict()}
    torch.save(content, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    potential = load_potential(Energy(calculator="mattersim", weights=str(path), sha256=digest))
    layer = mx2("MoS2", vacuum=8)
    layer.pbc = True
    assert np.isfinite(potential.energies([layer])).all()
    assert potential.correction(layer) == 0
    assert digest[:12] in potential.key
