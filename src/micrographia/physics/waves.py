"""Cosines, sines and plane waves, several times as fast as the functions of those names."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import ComplexArray, FloatArray


def cos_sin(angle: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Cosine and sine of angles [rad] of any shape, by the tangent of half the angle.

    NumPy computes the tangent of many numbers at once where the processor can, in double
    precision neither sine nor cosine.

    Examples
    --------
    >>> cosine, sine = cos_sin(np.array([0.0, np.pi / 2]))
    >>> bool(np.abs(cosine - [1, 0]).max() < 1e-15 and np.abs(sine - [0, 1]).max() < 1e-15)
    True
    """
    tangent = np.tan(angle / 2)
    share = 2 / (1 + tangent * tangent)
    return share - 1, tangent * share


def turned(angle: FloatArray) -> ComplexArray:
    """exp(-i angle) for angles [rad] of any shape."""
    cosine, sine = cos_sin(angle)
    wave = np.empty(cosine.shape, dtype=np.complex128)
    wave.real, wave.imag = cosine, -sine
    return wave


def plane_waves(g: FloatArray, positions: FloatArray) -> ComplexArray:
    """exp(-2πi g·r) (m, n) for frequencies g (m, 2) [1/Å] and positions r (n, 2) [Å]."""
    return turned(2 * np.pi * (g @ positions.T))
