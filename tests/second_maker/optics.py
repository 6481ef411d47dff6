"""The pupil and the probe."""

from __future__ import annotations

import numpy as np

from .conditions import Conditions
from .scattering import wavelength

_FWHM = 2 * np.sqrt(2 * np.log(2))


def pupil(kx: np.ndarray, ky: np.ndarray, c: Conditions, soft: float = 0.0) -> np.ndarray:
    """Complex pupil A exp(-iχ) at spatial frequencies k [1/Å].

    Parameters
    ----------
    kx, ky
        Any shape.
    c
        Conditions.
    soft
        Width of the edge [1/Å], so that a grid of this step sees a round aperture.
    """
    k = np.hypot(kx, ky)
    if soft:
        amplitude = np.sqrt(np.clip((c.radius - k) / soft + 0.5, 0, 1))
    else:
        amplitude = (k <= c.radius).astype(float)
    length = wavelength(c.energy_keV)
    theta = k * length
    azimuth = np.arctan2(ky, kx)
    path = theta**2 / 2 * (
        -c.defocus + c.astigmatism * np.cos(2 * (azimuth - np.deg2rad(c.astigmatism_angle)))
    ) + theta**3 / 3 * (
        c.coma * np.cos(azimuth - np.deg2rad(c.coma_angle))
        + c.threefold * np.cos(3 * (azimuth - np.deg2rad(c.threefold_angle)))
    )
    return amplitude * np.exp(-2j * np.pi / length * path)


def probe_intensity(c: Conditions, samples: int, step: float) -> np.ndarray:
    """|ψ|² on a periodic grid, the probe at its origin; sums to 1.

    Parameters
    ----------
    samples, step
        The square grid: samples along an axis and their distance [Å].
    """
    k = np.fft.fftfreq(samples, step)
    kx, ky = np.meshgrid(k, k)
    wave = np.fft.ifft2(pupil(kx, ky, c, soft=1 / (samples * step)))
    intensity = np.abs(wave) ** 2
    return intensity / intensity.sum()


def gaussian_envelope(g_squared: np.ndarray, fwhm: float) -> np.ndarray:
    """Fourier transform of a normalised Gaussian of a full width at half maximum [Å]."""
    return np.exp(-2 * np.pi**2 * (fwhm / _FWHM) ** 2 * g_squared)
