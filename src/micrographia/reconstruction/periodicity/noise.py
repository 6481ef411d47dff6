"""Noise made white: integrated signals have most of it at low frequencies."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.fft import irfft2, rfft2

from micrographia.arrays import FloatArray

_WIDTH = 3.0  # of a ring [1/side]
_QUARTILE = 0.2877  # of a unit exponential: blind to reflections on three quarters of a ring
_REACH = 0.99  # share of the power above the noise within the reach of the reflections
_BAND = (0.15, 0.45)  # 1/px, in which the noise's law is read
_FLATTEST, _STEEPEST = 1.4, 2.5  # exponents of coloured noise; enlarged pictures fall faster
_LARGEST_LOSS = 1e3  # in power


@dataclass(frozen=True)
class White:
    """A picture whose noise is white as far as its reflections reach.

    Attributes
    ----------
    pixels
        (rows, columns), of standard deviation 1 over the valid pixels, 0 elsewhere.
    colour
        Power of the noise within the reach over its mean at all frequencies: what a measurement
        by reflections has more of noise than the variance of pixels says.
    """

    pixels: FloatArray
    colour: float


def whitened(flat: FloatArray, weight: FloatArray) -> White:
    """Damp the low frequencies of a picture whose noise follows a power law, as iDPC's does.

    Jitter and drift spread reflections, which looks like coloured noise at low frequencies; so the
    law is read at high ones. Nothing is amplified: beyond the reach of the reflections there is
    nothing to be gained.

    Parameters
    ----------
    flat, weight
        Picture without its background and 1 for valid pixels, both (rows, columns).
    """
    rows, columns = flat.shape
    window = np.hanning(rows + 2)[1:-1, None] * np.hanning(columns + 2)[None, 1:-1]
    power = np.square(np.abs(rfft2(flat * weight * window)))
    radius = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)[None, :])
    width = _WIDTH / min(rows, columns)
    ring = (radius / width).astype(np.int64)
    usual = _quartiles(power, ring)
    above = np.maximum(power - 5 * usual[ring], 0.0)
    share = np.cumsum(np.bincount(ring.ravel(), above.ravel(), len(usual)))
    reach = int(np.searchsorted(share, _REACH * share[-1]))
    slope = _slope(usual, width)
    if not -_STEEPEST < slope < -_FLATTEST or not share[-1] > 0:
        return White(flat, 1.0)
    edge = (reach + 0.5) * width
    loss = np.maximum(np.maximum(radius, width) / edge, 1e-3) ** slope
    loss = np.clip(loss, 1.0, _LARGEST_LOSS)
    filtered = irfft2(rfft2(flat * weight) / np.sqrt(loss), s=flat.shape) * weight
    count = max(1.0, float(weight.sum()))
    filtered = (filtered - filtered.sum() / count) * weight
    beyond = np.minimum((np.maximum(radius, width) / edge) ** slope, 1.0)
    colour = float(1 / beyond.mean())
    return White(filtered / np.sqrt(np.square(filtered).sum() / count), colour)


def _slope(usual: FloatArray, width: float) -> float:
    """Exponent of the noise's power law near Nyquist's frequency, where no lattice disturbs it."""
    centres = (np.arange(len(usual)) + 0.5) * width
    band = (centres > _BAND[0]) & (centres < _BAND[1]) & (usual > 0)
    if band.sum() < 4:
        return 0.0
    return float(np.polyfit(np.log(centres[band]), np.log(usual[band]), 1)[0])


def _quartiles(power: FloatArray, ring: FloatArray) -> FloatArray:
    """Mean power of the noise of each ring by its lower quartile."""
    order = np.argsort(ring, axis=None, kind="stable")
    values = power.ravel()[order]
    ends = np.searchsorted(ring.ravel()[order], np.arange(int(ring.max()) + 2))
    found = [
        np.quantile(values[low:high], 0.25) if high > low else 0.0 for low, high in pairwise(ends)
    ]
    return np.array(found) / _QUARTILE
