"""Fourier data of cells by formulas of their own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from micrographia.physics.imaging import reciprocal_vectors
from micrographia.reconstruction.lattice import Fit

LIMIT, BLUR = 1.9, 0.03  # [1/Å, Å²]


def round_transfer(length: np.ndarray) -> np.ndarray:
    """Transfer of a round pupil without aberrations, |g| over the limit: overlap of two discs."""
    x = np.clip(length, 0, 1)
    return 2 / np.pi * (np.arccos(x) - x * np.sqrt(1 - x**2))


def made_fit(
    cell: np.ndarray,
    positions: np.ndarray,
    strengths: Callable[[np.ndarray], np.ndarray],
    gain: float,
    noise: float,
    seed: int = 0,
) -> Fit:
    """Coefficients of columns, `strengths` of which at |g| (m,) are (m, n), with white noise.

    `noise` is its deviation over the strongest coefficient.
    """
    indices, g = reciprocal_vectors(cell, 0.98 * LIMIT)
    radius = np.linalg.norm(g, axis=1)
    optics = round_transfer(radius / LIMIT) * np.exp(-2 * np.pi**2 * BLUR * radius**2)
    waves = np.exp(-2j * np.pi * g @ positions.T)
    clean = gain * optics * (waves * strengths(radius)).sum(axis=1)
    sigma = np.full(len(g), noise * float(np.abs(clean).max()))
    rng = np.random.default_rng(seed)
    added = rng.normal(size=(2, len(g))) * sigma / np.sqrt(2)
    return Fit(cell, indices, g, clean + added[0] + 1j * added[1], sigma, 1.0)
