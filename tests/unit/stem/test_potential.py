"""Transmission functions for dark fields: atoms between samples, planes, motion."""

import abtem
import numpy as np
import pytest
from ase import Atoms
from ase.build import mx2

from micrographia.errors import StructureError
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import evaluate_series
from micrographia.physics.incoherent import strength
from micrographia.physics.scattering import wavelength
from micrographia.stem.incoherent import incoherent_series
from micrographia.stem.multislice import Effort, Phonons, multislice_series, settle_abtem
from micrographia.stem.potential import exact_transmission, plane_heights

DARK = ImagingConditions(detector="haadf", semiangle_mrad=2, annular_outer_mrad=160)
SIDE, SAMPLES = 8.0, 160  # the ring ends within two thirds of the corner frequency


def _strength(number: int, place: tuple[float, float]) -> float:
    """Cross-section for the ring from abTEM's exit wave of a plane wave behind one atom."""
    settle_abtem()
    xy = np.array(place) * SIDE / SAMPLES
    atom = Atoms([number], [[*xy, 1.0]], cell=[SIDE, SIDE, 5], pbc=True)
    transmission = exact_transmission(atom, (SAMPLES, SAMPLES), DARK.energy_keV)
    wave = abtem.PlaneWave(energy=DARK.energy_keV * 1e3, normalize=False)
    exit_wave = np.asarray(wave.multislice(transmission).compute().array, dtype=complex)
    shares = np.abs(np.fft.fft2(exit_wave) / exit_wave.size) ** 2
    k = np.fft.fftfreq(SAMPLES, SIDE / SAMPLES)
    angle = np.hypot(k[:, None], k[None, :]) * wavelength(DARK.energy_keV) * 1e3
    inner, outer = DARK.annulus
    return float(shares[(angle >= inner) & (angle <= outer)].sum() * SIDE**2)


@pytest.mark.parametrize("number", [7, 79])
def test_an_atom_scatters_alike_wherever_it_lies_between_the_samples(number: int) -> None:
    values = [_strength(number, place) for place in ((40, 40), (40.5, 40), (40.5, 40.5))]
    # abTEM's own potential at this sampling: nitrogen half-way has 0.71 of its strength.
    assert np.ptp(values) < 0.03 * values[0]
    assert values[0] == pytest.approx(strength(number, DARK), rel=0.03)


def test_slices_are_as_far_apart_as_the_planes() -> None:
    np.testing.assert_allclose(plane_heights(np.array([5.0, 3.2, 3.1, 6.6])), [3.1, 5.0, 6.6])
    made = exact_transmission(mx2("MoS2", vacuum=5) * (2, 1, 1), (64, 32), 200.0)
    assert made.slice_thickness[:2] == pytest.approx((1.595, 1.595))
    assert made.array.shape == (3, 64, 32)


def test_an_unknown_element_is_refused() -> None:
    with pytest.raises(StructureError):
        exact_transmission(Atoms([0], cell=[3, 3, 3]), (16, 16), 200.0)


def test_phonons_move_each_atom_by_what_the_seed_says() -> None:
    # One atom in the box: motion shifts its picture, and the mean is known.
    layer = Atoms("Mo", [[1, 1, 5]], cell=[3, 3, 10], pbc=True)
    dark = ImagingConditions(
        detector="haadf", semiangle_mrad=15, annular_inner_mrad=40, annular_outer_mrad=60
    )
    phonons = Phonons(configurations=3, displacement=0.2, seed=4)
    _, still = multislice_series(layer, dark, Effort(box=3))
    g, moving = multislice_series(layer, dark, Effort(box=3, phonons=phonons))
    generator = np.random.default_rng(phonons.seed)
    moves = np.array([generator.normal(0.0, 0.2, 2) for _ in range(3)])
    expected = still * np.exp(-2j * np.pi * (g @ moves.T)).mean(axis=1)
    np.testing.assert_allclose(moving, expected, atol=0.01 * abs(still[0]))
    assert abs(moving - still).max() > 0.1 * abs(still[1:]).max()  # they did move


@pytest.mark.slow
def test_incoherent_agrees_with_frozen_phonons() -> None:
    layer = mx2("MoS2", vacuum=5)
    layer.rotate(23, "z", rotate_cell=True)
    dark = ImagingConditions(
        detector="haadf",
        energy_keV=80,
        semiangle_mrad=30,
        roll_off_mrad=5,
        coma=2000,
        coma_angle=20,
        defocus=30,
    )
    effort = Effort(box=8, phonons=Phonons(8))
    exact, found = (
        evaluate_series(*made, (60, 60), 0.1)
        for made in (multislice_series(layer, dark, effort), incoherent_series(layer, dark))
    )
    assert np.corrcoef(exact.ravel(), found.ravel())[0, 1] > 0.99
    assert found.mean() == pytest.approx(exact.mean(), rel=0.1)
