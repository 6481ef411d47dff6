"""Noise: Poisson counts per quadrant, unbiased, 1/g² after integration."""

import numpy as np
import pytest

from micrographia.physics.conditions import ImagingConditions
from micrographia.stem.multislice import quadrant_centre_of_mass
from micrographia.stem.noise import count_quadrants, expose, integrate_periodic

CONDITIONS = ImagingConditions()


def _wave(side: int = 96, pixel_size: float = 0.1) -> np.ndarray:
    x = np.arange(side) * pixel_size
    return (0.05 * np.cos(2 * np.pi * x / 2.4)[None, :] * np.ones((side, 1))).astype(np.float32)


def test_mean_of_many_exposures_is_the_clean_image() -> None:
    clean = _wave()
    draws = [expose(clean, 0.1, 1e4, CONDITIONS, seed) for seed in range(200)]
    error = np.mean(draws, axis=0) - (clean - clean.mean())
    single = np.std(draws[0] - clean)
    assert error.std() == pytest.approx(single / np.sqrt(200), rel=0.3)


@pytest.mark.parametrize("electrons", [2.0, 300.0, 1e6])
def test_counts_are_poisson_over_200_draws(electrons: float) -> None:
    # A steady shift, so that two quadrants receive more than the others.
    shift = np.broadcast_to(np.array([0.05, -0.02])[:, None, None], (2, 40, 40))
    generator = np.random.default_rng(0)
    counts = np.array([count_quadrants(shift, 1.27, electrons, generator) for _ in range(200)])
    assert counts.shape == (200, 4, 40, 40) and counts.dtype == np.int64
    for quadrant, (x, y) in enumerate([(1, 1), (1, -1), (-1, 1), (-1, -1)]):
        drawn = counts[:, quadrant]
        expected = electrons / 4 * (1 + 1.27 * (0.05 * x - 0.02 * y))
        assert drawn.mean() == pytest.approx(expected, rel=0.01)
        assert drawn.var() == pytest.approx(drawn.mean(), rel=0.01)


def test_mean_contrast_is_unbiased_over_200_draws() -> None:
    clean = _wave()
    pattern = (clean - clean.mean()) / np.square(clean - clean.mean()).sum()
    for dose in (300.0, 1e5):  # 3 and 1000 electrons a pixel
        contrasts = [
            (pattern * expose(clean, 0.1, dose, CONDITIONS, [9, k])).sum() for k in range(200)
        ]
        error = np.std(contrasts) / np.sqrt(200)
        assert abs(np.mean(contrasts) - 1) < 4 * error
    assert error < 0.01


def test_a_ring_counts_electrons() -> None:
    dark = ImagingConditions(detector="haadf")
    clean = np.full((200, 200), 0.02, np.float32)
    draws = np.array([expose(clean, 0.1, 1e5, dark, seed) for seed in range(20)])
    counts = draws * 1000
    np.testing.assert_allclose(counts, np.round(counts), atol=1e-3)
    assert counts.mean() == pytest.approx(20, rel=0.01)
    assert counts.var() == pytest.approx(counts.mean(), rel=0.01)


def test_noise_power_falls_as_one_over_g_squared() -> None:
    noise = expose(np.zeros((256, 256), np.float32), 0.1, 3e4, CONDITIONS, 5)
    power = np.square(np.abs(np.fft.fft2(noise)))
    frequency = np.fft.fftfreq(256, 0.1)
    radius = np.hypot(frequency[:, None], frequency[None, :])
    low = power[(radius > 0.2) & (radius < 0.4)].mean()
    high = power[(radius > 2.0) & (radius < 4.0)].mean()
    whitened = (power * radius**2)[(radius > 0.2) & (radius < 4.0)]
    assert low > 30 * high
    rings = [whitened[k::7].mean() for k in range(7)]
    assert np.std(rings) < 0.05 * np.mean(rings)


def test_more_dose_less_noise_and_same_seed_same_image() -> None:
    clean = _wave()
    few, many = (
        np.sqrt(
            np.mean([np.var(expose(clean, 0.1, dose, CONDITIONS, k) - clean) for k in range(60)])
        )
        for dose in (1e3, 1e5)
    )
    # Few slow waves carry most of the noise, so a single picture's deviation varies.
    assert few == pytest.approx(10 * many, rel=0.1)
    assert np.array_equal(
        expose(clean, 0.1, 1e4, CONDITIONS, 7), expose(clean, 0.1, 1e4, CONDITIONS, 7)
    )


def test_integration_inverts_differentiation() -> None:
    side, pixel = 96, 0.1
    x = np.arange(side) * pixel
    phase = np.cos(2 * np.pi * x / 2.4)[None, :] + np.sin(2 * np.pi * x / 4.8)[:, None]
    slope_x = -np.sin(2 * np.pi * x / 2.4)[None, :] / 2.4 * np.ones((side, 1))
    slope_y = np.cos(2 * np.pi * x / 4.8)[:, None] / 4.8 * np.ones((1, side))
    found = integrate_periodic(np.stack([slope_x, slope_y]), pixel)
    np.testing.assert_allclose(found, phase - phase.mean(), atol=1e-9)


def test_quadrants_measure_a_small_shift_of_the_disc() -> None:
    # Counts of a uniform disc moved by δ, by brute force.
    cutoff = 0.9968
    axis = np.linspace(-1.3, 1.3, 1201)
    kx, ky = np.meshgrid(axis, axis, indexing="ij")
    shift = np.array([0.03, -0.02])
    disc = np.hypot(kx - shift[0], ky - shift[1]) <= cutoff
    quadrants = np.array(
        [
            disc[(kx > 0) & (ky > 0)].sum(),
            disc[(kx < 0) & (ky > 0)].sum(),
            disc[(kx < 0) & (ky < 0)].sum(),
            disc[(kx > 0) & (ky < 0)].sum(),
        ],
        dtype=float,
    )
    np.testing.assert_allclose(quadrant_centre_of_mass(quadrants, CONDITIONS), shift, rtol=0.02)
