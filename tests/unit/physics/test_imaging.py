"""Image formation: transfer, Fourier series, invariances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrographia.errors import ImageError
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import (
    aberration_phase,
    evaluate_series,
    gaussian_envelope,
    image_coefficients,
    information_limit,
    pupil_radius,
    reciprocal_vectors,
    transfer,
)

CONDITIONS = ImagingConditions(detector="icom")
QUADRANTS = ImagingConditions(detector="segments")
CELL = np.array([[3.18, 0.0], [-1.59, 2.754]])
XY = np.array([[0.0, 0.0], [1.59, 0.918]])
NUMBERS = np.array([42, 16])


def _image(cell: np.ndarray, xy: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    return evaluate_series(*image_coefficients(cell, xy, numbers, CONDITIONS), (60, 70), 0.1)


def test_transfer_of_a_perfect_lens_is_the_overlap_of_two_discs() -> None:
    # Autocorrelation of a disc: (2/π)(arccos s - s sqrt(1-s²)), s = g / (2α/λ).
    limit = information_limit(CONDITIONS)
    s = np.linspace(0.05, 0.95, 19)
    g = np.stack([s * limit, np.zeros_like(s)], axis=1)
    expected = 2 / np.pi * (np.arccos(s) - s * np.sqrt(1 - s**2))
    np.testing.assert_allclose(transfer(g, CONDITIONS), expected, atol=2e-3)
    assert abs(transfer(np.array([[1.01 * limit, 0.0]]), CONDITIONS)[0]) < 1e-3


def test_quadrants_agree_with_the_centre_of_mass_on_long_waves_only() -> None:
    # To first order in a long wave both measure the same shift of the disc.
    long_wave = np.array([[0.06, 0.0], [0.0, 0.06]])
    np.testing.assert_allclose(
        transfer(long_wave, QUADRANTS), transfer(long_wave, CONDITIONS), rtol=0.05
    )
    along, across = transfer(np.array([[1.0, 0.0], [0.7071, 0.7071]]), QUADRANTS).real
    assert abs(along - across) > 0.02
    # A symmetric detector: real and even where the lens is perfect.
    g = np.array([[0.8, 0.3], [-0.8, -0.3]])
    both = transfer(g, QUADRANTS)
    assert abs(both[0] - both[1]) < 1e-6 and abs(both.imag).max() < 1e-6


def test_defocus_lowers_the_transfer_symmetrically() -> None:
    g = np.array([[0.8, 0.3]])
    focused = abs(transfer(g, CONDITIONS)[0])
    for defocus in (-60.0, 60.0):
        blurred = transfer(g, CONDITIONS.model_copy(update={"defocus": defocus}))[0]
        assert abs(blurred) < 0.9 * focused
        assert abs(blurred.imag) < 1e-3  # an even aberration keeps the probe centred


def test_transfer_of_coma_is_that_of_the_displaced_probe() -> None:
    # By brute force: T(g) = ∫ |ψ(r)|² exp(-2πi g·r) dr of the probe itself, and its conjugate.
    conditions = CONDITIONS.model_copy(
        update={"coma": 3000.0, "coma_angle": 30.0, "threefold": 1500.0, "defocus": 20.0}
    )
    n, box = 256, 24.0
    k = np.fft.fftfreq(n, box / n)
    kx, ky = np.meshgrid(k, k, indexing="ij")
    pupil = np.hypot(kx, ky) <= pupil_radius(conditions)
    probe = np.fft.ifft2(pupil * np.exp(-1j * aberration_phase(kx, ky, conditions)))
    transform = np.fft.fft2(np.square(np.abs(probe)))
    expected = np.conj(transform / transform[0, 0])
    chosen = np.hypot(kx, ky) < 1.5
    found = transfer(np.stack([kx[chosen], ky[chosen]], axis=1), conditions)
    assert np.abs(expected[chosen].imag).max() > 0.2
    np.testing.assert_allclose(found, expected[chosen], atol=0.03)


def test_rolled_off_edge_keeps_the_limit_and_damps_what_is_near_it() -> None:
    soft = CONDITIONS.model_copy(update={"roll_off_mrad": 10.0})
    limit = information_limit(soft)
    low, high, beyond = np.array([[0.02, 0.0], [0.8 * limit, 0.0], [1.01 * limit, 0.0]])
    assert abs(transfer(low[None], soft)[0]) == pytest.approx(
        abs(transfer(low[None], CONDITIONS)[0]), rel=0.02
    )
    assert abs(transfer(high[None], soft)[0]) < 0.5 * abs(transfer(high[None], CONDITIONS)[0])
    assert abs(transfer(beyond[None], soft)[0]) < 1e-3


def test_source_size_and_blur_add_up_as_gaussians() -> None:
    blurred = QUADRANTS.model_copy(update={"source_size": 0.6, "residual_blur": 0.8})
    g = np.array([[0.5, 0.2], [0.1, -0.9]])
    half = np.log(2) / np.pi  # a Gaussian of width w falls to a half at g = 2 ln 2 / (π w)
    assert gaussian_envelope(np.array([[2 * half / 0.7, 0.0]]), 0.7) == pytest.approx([0.5])
    np.testing.assert_allclose(
        transfer(g, blurred), transfer(g, QUADRANTS) * gaussian_envelope(g, 1.0), rtol=1e-9
    )


@pytest.mark.parametrize("detector", ["haadf", "abf"])
def test_rings_have_no_transfer_function(detector: str) -> None:
    with pytest.raises(ImageError, match=f"{detector}.*multislice"):
        transfer(np.array([[0.5, 0.0]]), ImagingConditions(detector=detector))


def test_conditions_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(ValueError, match="inner angle"):
        ImagingConditions(detector="abf", annular_inner_mrad=40.0)
    with pytest.raises(ValueError, match="roll_off_mrad"):
        ImagingConditions(semiangle_mrad=10.0, roll_off_mrad=12.0)
    assert ImagingConditions(detector="abf").annulus == (12.5, 25.0)


def test_displaced_rows_are_evaluated_where_they_are() -> None:
    g, coefficients = image_coefficients(CELL, XY, NUMBERS, CONDITIONS)
    regular = evaluate_series(g, coefficients, (30, 40), 0.1)
    by_rows = np.repeat([[0.3, -0.2]], 30, axis=0)  # three columns on, two rows back
    moved = evaluate_series(g, coefficients, (30, 40), 0.1, by_rows)
    np.testing.assert_allclose(moved[2:, :-3], regular[:-2, 3:], atol=2e-5)


def test_reciprocal_vectors_are_dual_and_complete() -> None:
    indices, g = reciprocal_vectors(CELL, 2.0)
    np.testing.assert_allclose(g @ CELL.T, indices, atol=1e-9)
    area = abs(np.linalg.det(CELL))
    assert len(g) == pytest.approx(np.pi * 4 * area / 2, rel=0.15)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(-2, 2), st.permutations([0, 1]))
def test_image_ignores_the_choice_of_cell_and_the_order_of_atoms(
    n: int, m: int, shear: int, order: list[int]
) -> None:
    transform = np.array([[n, shear], [0, m]])
    big = transform @ CELL
    shifts = np.array([[i, j] for i in range(-8, 9) for j in range(-8, 9)]) @ CELL
    fractions = shifts @ np.linalg.inv(big)
    inside = ((fractions > -1e-9) & (fractions < 1 - 1e-9)).all(axis=1)
    assert inside.sum() == n * m
    xy = (XY[order][:, None] + shifts[inside]).reshape(-1, 2)
    numbers = np.repeat(NUMBERS[order], inside.sum())
    np.testing.assert_allclose(_image(big, xy, numbers), _image(CELL, XY, NUMBERS), atol=2e-5)


@settings(max_examples=15, deadline=None)
@given(st.floats(0, 2 * np.pi), st.floats(-3, 3), st.floats(-3, 3))
def test_image_turns_and_moves_with_the_crystal(angle: float, dx: float, dy: float) -> None:
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    shift = np.array([dx, dy])
    g, coefficients = image_coefficients(CELL, XY, NUMBERS, CONDITIONS)
    moved = coefficients * np.exp(-2j * np.pi * (g @ turn @ shift))
    expected = evaluate_series(g @ turn, moved, (40, 40), 0.13)
    found = evaluate_series(
        *image_coefficients(CELL @ turn, XY @ turn + shift, NUMBERS, CONDITIONS), (40, 40), 0.13
    )
    np.testing.assert_allclose(found, expected, atol=2e-4)
