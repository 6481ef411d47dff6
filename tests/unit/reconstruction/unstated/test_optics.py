"""The probe's transform against sums over its pupil; optics as numbers; the descent."""

from __future__ import annotations

import numpy as np
import pytest

from micrographia.reconstruction.unstated.descent import descend, normal_equations, shortened
from micrographia.reconstruction.unstated.optics import SPREAD, USUAL, Optics, blur_slopes
from micrographia.reconstruction.unstated.pupil import ABERRATIONS, pupil_transfer

ABERRATED = np.array([2.0, 0.5, -0.4, 0.6, -0.3, 0.4, 0.2])
POINTS = np.array([[0.1, 0.0], [0.0, 0.25], [0.2, -0.2], [-0.4, 0.3], [0.5, 0.6], [0.0, -0.85]])


def wave(kx: np.ndarray, ky: np.ndarray, aberrations: np.ndarray) -> np.ndarray:
    """Pupil of radius one, from the definition of its aberrations in polar coordinates."""
    rho, phi = np.hypot(kx, ky), np.arctan2(ky, kx)
    terms = [
        rho**2,
        rho**2 * np.cos(2 * phi),
        rho**2 * np.sin(2 * phi),
        rho**3 * np.cos(phi),
        rho**3 * np.sin(phi),
        rho**3 * np.cos(3 * phi),
        rho**3 * np.sin(3 * phi),
    ]
    chi = sum(c * term for c, term in zip(aberrations, terms, strict=True))
    return np.where(rho <= 1, np.exp(-1j * np.asarray(chi)), 0)


@pytest.mark.parametrize("aberrations", [np.zeros(ABERRATIONS), ABERRATED, -2 * ABERRATED])
def test_the_transfer_is_the_autocorrelation_of_the_pupil(aberrations):
    axis = np.linspace(-1, 1, 1201)
    kx, ky = np.meshgrid(axis, axis)
    found, _ = pupil_transfer(POINTS, aberrations)
    for (x, y), value in zip(POINTS, found, strict=True):
        # The limit is twice the pupil's radius, so a frequency is shared as ± itself.
        there, here = wave(kx + x, ky + y, aberrations), wave(kx - x, ky - y, aberrations)
        expected = (there * here.conj()).sum() * (axis[1] - axis[0]) ** 2 / np.pi
        assert value == pytest.approx(expected, abs=3e-3)


def test_the_slopes_are_differences():
    found, slopes = pupil_transfer(POINTS, ABERRATED)
    assert slopes.shape == (len(POINTS), 1 + ABERRATIONS)
    # A higher limit is a shorter frequency.
    wider, _ = pupil_transfer(POINTS * np.exp(-1e-5), ABERRATED, slopes=False)
    narrower, _ = pupil_transfer(POINTS * np.exp(1e-5), ABERRATED, slopes=False)
    np.testing.assert_allclose(slopes[:, 0], (wider - narrower) / 2e-5, atol=1e-8)
    for place in range(ABERRATIONS):
        step = np.zeros(ABERRATIONS)
        step[place] = 1e-5
        up, none = pupil_transfer(POINTS, ABERRATED + step, slopes=False)
        down, _ = pupil_transfer(POINTS, ABERRATED - step, slopes=False)
        np.testing.assert_allclose(slopes[:, 1 + place], (up - down) / 2e-5, atol=1e-8)
        assert none.shape == (len(POINTS), 0)
    ends, _ = pupil_transfer(np.array([[0.0, 0.0], [1.0, 0.0], [0.9, 0.9]]), ABERRATED)
    np.testing.assert_allclose(ends, [1, 0, 0], atol=1e-3)
    # A picture is real.
    np.testing.assert_allclose(pupil_transfer(-POINTS, ABERRATED)[0], found.conj(), atol=1e-12)


def test_optics_are_their_parameters():
    optics = Optics(
        "phase", 3.0, 1.7, tuple(ABERRATED), blur=(0.05, 0.004, 0.03), flex=((6, 0.1, 0, 0),)
    )
    assert len(USUAL) == len(SPREAD) == len(optics.parameters())
    again = Optics("phase", 3.0, flex=optics.flex).moved(optics.parameters())
    assert again.aberrations == pytest.approx(optics.aberrations)
    assert again.blur == pytest.approx(optics.blur)
    assert (again.limit, again.gain) == pytest.approx((1.7, 3.0))
    assert again.flex == optics.flex
    # Blur never sharpens.
    sharper = optics.parameters()
    sharper[-3:] = [-0.1, 0.0, 0.0]
    assert optics.moved(sharper).blur == (0.0, 0.0, 0.0)


def test_slopes_of_probe_and_blur_are_differences():
    g = 1.7 * POINTS
    optics = Optics("dark", 3.0, 1.7, tuple(ABERRATED), blur=(0.05, 0.004, 0.03))
    values, step = optics.parameters(), 1e-6
    slopes = optics.probe_slopes(g)
    for place in (0, 1, 4):
        moved = values.copy()
        moved[place] += step
        difference = (optics.moved(moved).probe(g) - optics.probe(g)) / step
        np.testing.assert_allclose(slopes[:, place], difference, atol=1e-3)
    for place in range(3):
        moved = values.copy()
        moved[place - 3] += step
        difference = np.log(optics.moved(moved).envelope(g) / optics.envelope(g)) / step
        np.testing.assert_allclose(blur_slopes(g)[:, place], difference, rtol=1e-4, atol=1e-6)


def test_unscattered_electrons_show_atoms_dark():
    g = np.array([[0.3, 0.0]])
    assert Optics("bright").envelope(g) < 0 < Optics("dark").envelope(g)


def test_optics_as_they_usually_are_cost_nothing():
    usual = Optics("phase").moved(USUAL)
    assert usual.unusual() == pytest.approx(0)
    for place, spread in enumerate(SPREAD[:-3]):
        moved = USUAL.copy()
        moved[place] += spread
        assert usual.moved(moved).unusual() == pytest.approx(0.5)


def test_normal_equations_solve_complex_least_squares_for_real_numbers():
    generator = np.random.default_rng(0)
    slopes = generator.normal(size=(3, 50)) + 1j * generator.normal(size=(3, 50))
    wanted = np.array([0.5, -2.0, 7.0])
    normal, gradient = normal_equations(slopes, wanted @ slopes)
    assert np.linalg.solve(normal, gradient) == pytest.approx(wanted)
    assert normal[0, 0] == pytest.approx(np.square(np.abs(slopes[0])).sum())


def test_the_descent_finds_the_bottom_of_a_quadratic():
    normal = np.array([[3.0, 1.0, 0.0], [1.0, 2.0, 0.3], [0.0, 0.3, 0.5]])
    bottom = np.array([0.4, -2.0, 7.0])

    def cost(state: np.ndarray) -> float:
        return float((state - bottom) @ normal @ (state - bottom))

    found = descend(
        np.zeros(3),
        cost,
        lambda state: (normal, normal @ (bottom - state)),
        lambda state, step: state + step,
        rounds=20,
        tolerance=1e-14,
    )
    np.testing.assert_allclose(found, bottom, atol=1e-5)
    # Where no step helps the state stays.
    stuck = descend(bottom, cost, lambda _: (normal, np.ones(3)), lambda s, d: s + d, rounds=3)
    np.testing.assert_array_equal(stuck, bottom)


def test_long_steps_are_cut():
    steps = np.array([[3.0, 4.0], [0.03, 0.04], [0.0, 0.0]])
    np.testing.assert_allclose(shortened(steps, 0.2), [[0.12, 0.16], [0.03, 0.04], [0, 0]])
