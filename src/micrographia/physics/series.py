"""Fourier series of periodic signals that were measured over one rectangular cell."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import BoolArray, ComplexArray, FloatArray


def phase_coefficients(
    deflection: FloatArray, lengths: FloatArray
) -> tuple[FloatArray, ComplexArray]:
    """Fourier series of the phase whose gradient over 2π is a periodic deflection.

    Parameters
    ----------
    deflection
        (nx, ny, 2) [1/Å], over one cell.
    lengths
        Sides of the cell (2,) [Å].

    Returns
    -------
    Half-plane frequencies (m, 2) [1/Å] and coefficients (m,) [rad], to the grid's own limit:
    a strong object has a little signal beyond the probe's.
    """
    g = _frequencies(deflection.shape[:2], lengths)
    fourier = np.fft.fft2(deflection, axes=(0, 1)) / deflection[..., 0].size
    half = _half_plane(g)
    squared = np.square(g[half]).sum(axis=-1)
    return g[half], (g * fourier).sum(axis=-1)[half] / (1j * squared)


def scalar_coefficients(
    signal: FloatArray, lengths: FloatArray
) -> tuple[FloatArray, ComplexArray]:
    """Fourier series of a periodic signal (nx, ny), first its mean, as `phase_coefficients`.

    A series is evaluated as 2 Re Σ c exp(2πi g·r), so g = 0 carries half the mean.
    """
    g = _frequencies(signal.shape, lengths)
    fourier = np.fft.fft2(signal) / signal.size
    half = _half_plane(g)
    vectors = np.concatenate([np.zeros((1, 2)), g[half]])
    return vectors, np.concatenate([fourier[:1, 0] / 2, fourier[half]])


def _frequencies(shape: tuple[int, ...], lengths: FloatArray) -> FloatArray:
    axes = [np.fft.fftfreq(n, length / n) for n, length in zip(shape, lengths, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def _half_plane(g: FloatArray) -> BoolArray:
    half: BoolArray = (g[..., 0] > 0) | ((g[..., 0] == 0) & (g[..., 1] > 0))
    return half
