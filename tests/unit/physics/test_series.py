"""Fourier series of signals whose series is known."""

from __future__ import annotations

import numpy as np
import pytest

from micrographia.physics.imaging import evaluate_series
from micrographia.physics.series import phase_coefficients, scalar_coefficients

LENGTHS = np.array([4.0, 3.0])
G = np.array([[0.25, 1 / 3], [0.5, -1 / 3]])
AMPLITUDES = np.array([0.3 - 0.2j, 0.1j])


def grid() -> np.ndarray:
    """Points (16, 12, 2) of one cell."""
    axes = [np.arange(n) / n * length for n, length in zip((16, 12), LENGTHS, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def coefficient(g: np.ndarray, values: np.ndarray, at: np.ndarray) -> complex:
    """The coefficient at one frequency."""
    (place,) = np.flatnonzero(np.linalg.norm(g - at, axis=1) < 1e-9)
    return complex(values[place])


def test_a_phase_is_found_from_its_gradient():
    waves = AMPLITUDES * np.exp(2j * np.pi * (grid() @ G.T))
    # The gradient of 2 Re Σ c exp(2πi g·r), over 2π.
    deflection = 2 * np.real(1j * waves @ G)
    g, found = phase_coefficients(deflection, LENGTHS)
    for at, amplitude in zip(G, AMPLITUDES, strict=True):
        assert coefficient(g, found, at) == pytest.approx(amplitude, abs=1e-12)
    assert np.abs(found).sum() == pytest.approx(np.abs(AMPLITUDES).sum())


def test_a_signal_is_its_series_with_its_mean():
    signal = 1.7 + 2 * np.real(np.exp(2j * np.pi * (grid() @ G.T)) @ AMPLITUDES)
    g, found = scalar_coefficients(signal, LENGTHS)
    assert found[0] == pytest.approx(0.85)
    for at, amplitude in zip(G, AMPLITUDES, strict=True):
        assert coefficient(g, found, at) == pytest.approx(amplitude, abs=1e-12)
    shown = evaluate_series(g, found, (12, 16), 0.25)
    np.testing.assert_allclose(shown, signal.T, atol=1e-6)
