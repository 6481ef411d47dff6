"""Noise as physics: electrons are counted per quadrant, then differenced and integrated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import pupil_radius


def expose(
    clean: NDArray[np.float32],
    pixel_size: float,
    dose: float,
    conditions: ImagingConditions,
    seed: int | list[int],
) -> NDArray[np.float32]:
    """Draw one noisy iDPC image at a dose.

    Every pixel receives dose · pixel area electrons. Four quadrants share them as the local
    beam shift says (first order in the shift over the disc's radius); each count is Poisson.
    The noise of the difference signals is integrated like the signals, so its power falls as
    1/g² as in a microscope.

    Parameters
    ----------
    clean
        Noiseless iDPC image [rad].
    pixel_size
        [Å].
    dose
        [e/Å²].
    conditions
        The microscope.
    seed
        Same seed, same electrons.

    Returns
    -------
    Noisy iDPC image [rad], zero mean.
    """
    generator = np.random.default_rng(seed)
    share = 4 / (np.pi * pupil_radius(conditions))
    slope_y, slope_x = np.gradient(np.asarray(clean, dtype=np.float64), pixel_size)
    shift = np.stack([slope_x, slope_y]) / (2 * np.pi)
    electrons = dose * pixel_size**2
    error = _count_quadrants(shift, share, electrons, generator) - shift
    noise = integrate_periodic(error, pixel_size)
    noisy = clean + noise
    return (noisy - noisy.mean()).astype(np.float32)


def _count_quadrants(
    shift: NDArray[np.float64], share: float, electrons: float, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Beam shift (2, rows, columns) [1/Å] as measured from Poisson counts of four quadrants."""
    measured = np.zeros_like(shift)
    for sign_x in (1, -1):
        for sign_y in (1, -1):
            expected = electrons / 4 * (1 + share * (sign_x * shift[0] + sign_y * shift[1]))
            counts = generator.poisson(np.clip(expected, 0, None))
            measured[0] += sign_x * counts
            measured[1] += sign_y * counts
    return measured / (electrons * share)


def integrate_periodic(shift: NDArray[np.float64], pixel_size: float) -> NDArray[np.float64]:
    """Least-squares phase whose gradient over 2π is `shift` (2, rows, columns) [1/Å]."""
    rows, columns = shift.shape[1:]
    gx = np.fft.rfftfreq(columns, pixel_size)[None, :]
    gy = np.fft.fftfreq(rows, pixel_size)[:, None]
    squared = gx**2 + gy**2
    squared[0, 0] = 1.0
    fourier = (gx * np.fft.rfft2(shift[0]) + gy * np.fft.rfft2(shift[1])) / (1j * squared)
    fourier[0, 0] = 0.0
    return np.fft.irfft2(fourier, s=(rows, columns))
