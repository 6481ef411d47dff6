"""Shot noise: count electrons per quadrant, then take differences and integrate.

On an annular detector they are counted, no more.
"""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft2, rfft2

from micrographia.arrays import FloatArray, FloatImage, IntArray
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import pupil_radius
from micrographia.stem.electrons import draw_counts

_ROWS = 32  # exposed at a time, so that all four quadrants stay in the processor's cache
_QUADRANTS = ((1, 1), (1, -1), (-1, 1), (-1, -1))  # signs of x and y


def expose(
    clean: FloatImage,
    pixel_size: float,
    dose: float,
    conditions: ImagingConditions,
    seed: int | list[int],
) -> FloatImage:
    """Draw one noisy image at a dose.

    On a ring the counts of each pixel are Poisson, and divided by the electrons it received.
    Otherwise four quadrants share a pixel's electrons, dose · pixel area, as the local beam shift
    says (first order in the shift over the disc's radius); each count is Poisson. The noise of
    the difference signals is integrated like the signals, so its power falls as 1/g² as in a
    microscope.

    Parameters
    ----------
    clean
        Noiseless image [rad], or [share of the beam] when the detector is a ring.
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
    Noisy image in the same unit; a phase has zero mean.
    """
    generator = np.random.default_rng(seed)
    electrons = dose * pixel_size**2
    if conditions.is_annular:
        expected = electrons * np.clip(np.asarray(clean, dtype=np.float64), 0, None)
        return (draw_counts(expected, generator) / electrons).astype(np.float32)
    share = 4 / (np.pi * pupil_radius(conditions))
    slope_y, slope_x = np.gradient(np.asarray(clean, dtype=np.float64), pixel_size)
    shift = np.stack([slope_x, slope_y]) / (2 * np.pi)
    error = np.empty_like(shift)
    for start in range(0, shift.shape[1], _ROWS):
        rows = np.s_[:, start : start + _ROWS]
        counts = count_quadrants(shift[rows], share, electrons, generator)
        error[rows] = _measure_shift(counts, share, electrons) - shift[rows]
    noise = integrate_periodic(error, pixel_size)
    noisy = clean + noise
    return (noisy - noisy.mean()).astype(np.float32)


def count_quadrants(
    shift: FloatArray, share: float, electrons: float, generator: np.random.Generator
) -> IntArray:
    """Draw the electrons that four quadrants count.

    Parameters
    ----------
    shift
        Beam shift (2, rows, columns) [1/Å].
    share
        Share of the beam that crosses an axis, per shift [Å].
    electrons
        That a pixel receives.
    generator
        Source of randomness.

    Returns
    -------
    (4, rows, columns), in the order of `_QUADRANTS`.
    """
    along_x, along_y = shift * (electrons / 4 * share)
    rates = np.empty((4, *along_x.shape))
    for rate, (x, y) in zip(rates, _QUADRANTS, strict=True):
        np.add(x * along_x, y * along_y, out=rate)
    rates += electrons / 4
    np.maximum(rates, 0, out=rates)
    return draw_counts(rates, generator)


def _measure_shift(counts: IntArray, share: float, electrons: float) -> FloatArray:
    """Beam shift (2, rows, columns) [1/Å] as measured from the counts of four quadrants."""
    right, left = counts[0] + counts[1], counts[2] + counts[3]
    above, below = counts[0] + counts[2], counts[1] + counts[3]
    return np.stack([right - left, above - below]) / (electrons * share)


def integrate_periodic(shift: FloatArray, pixel_size: float) -> FloatArray:
    """Least-squares phase whose gradient over 2π is `shift` (2, rows, columns) [1/Å]."""
    rows, columns = shift.shape[1:]
    gx = np.fft.rfftfreq(columns, pixel_size)[None, :]
    gy = np.fft.fftfreq(rows, pixel_size)[:, None]
    squared = gx**2 + gy**2
    squared[0, 0] = 1.0
    waves = rfft2(shift)
    fourier = (gx * waves[0] + gy * waves[1]) / (1j * squared)
    fourier[0, 0] = 0.0
    return np.asarray(irfft2(fourier, s=(rows, columns)))
