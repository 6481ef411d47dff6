"""A slow background and a slow gain taken out of a picture, around pixels that do not count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from micrographia.arrays import BoolArray, FloatArray, RealArray

_LEAST_WEIGHT = 1e-3  # share of valid pixels under the Gaussian, below which nothing is known
_GAIN_RANGE = 2.5  # gains are evened out within this factor of the median
_REACH = 2.5  # widths at which Gaussians are cut off


def valid_pixels(pixels: RealArray, mask: BoolArray | None) -> BoolArray:
    """Pixels that count (rows, columns): finite, and not in the mask (True there: invalid)."""
    valid = np.isfinite(pixels)
    return valid if mask is None else valid & ~mask


def smooth(values: FloatArray, weight: FloatArray, sigma: float) -> FloatArray:
    """Gaussian mean of the values (rows, columns) under weights; 0 where no weight is near."""
    total = gaussian_filter(weight, sigma, mode="constant", truncate=_REACH)
    summed = gaussian_filter(values * weight, sigma, mode="constant", truncate=_REACH)
    return np.asarray(np.where(total > _LEAST_WEIGHT, summed / np.maximum(total, 1e-9), 0.0))


@dataclass(frozen=True)
class Flat:
    """A picture without its slow background.

    Attributes
    ----------
    pixels
        (rows, columns), of mean 0 and standard deviation 1 over the valid pixels, 0 elsewhere.
    unit
        What 1 is in the units of the picture, where its contrast is usual.
    """

    pixels: FloatArray
    unit: float


def flatten(pixels: RealArray, mask: BoolArray | None, sigma: float, gain: bool = True) -> Flat:
    """Take a slow background out of a picture, and a slow gain if asked.

    Parameters
    ----------
    pixels
        Picture (rows, columns); NaN is invalid.
    mask
        True where a pixel is invalid (text, lines), (rows, columns), or None.
    sigma
        Width of the Gaussian that counts as slow [px]; 0.7 of the longest lattice spacing leaves
        the lattice as it is.
    gain
        Whether the local contrast is evened out, too.
    """
    valid = valid_pixels(pixels, mask)
    weight = valid.astype(np.float64)
    picture = np.where(valid, pixels, 0.0).astype(np.float64)
    level = float(picture[valid].mean()) if valid.any() else 0.0
    picture = np.where(valid, picture - level, 0.0)
    flat = (picture - slow_part(picture, weight, sigma)) * weight
    if gain:
        power = np.maximum(slow_part(np.square(flat), weight, 1.5 * sigma), 0.0)
        local = np.sqrt(power)
        usual = float(np.median(local[valid])) if valid.any() else 0.0
        if usual > 0:
            flat = flat / np.clip(local / usual, 1 / _GAIN_RANGE, _GAIN_RANGE)
    flat = np.where(valid, flat - (flat.sum() / max(1.0, weight.sum())), 0.0)
    deviation = float(np.sqrt(np.square(flat).sum() / max(1.0, weight.sum())))
    return Flat(flat / deviation if deviation > 0 else flat, deviation)


def slow_part(values: FloatArray, weight: FloatArray, sigma: float) -> FloatArray:
    """`smooth` on a coarser grid, since a wide Gaussian needs no more."""
    step = max(1, int(sigma / 4))
    if step == 1:
        return smooth(values, weight, sigma)
    rows, columns = values.shape
    padding = ((0, -rows % step), (0, -columns % step))
    shape = ((rows + padding[0][1]) // step, step, (columns + padding[1][1]) // step, step)
    heavy = np.pad(weight, padding).reshape(shape).sum(axis=(1, 3))
    summed = np.pad(values * weight, padding).reshape(shape).sum(axis=(1, 3))
    mean = summed / np.maximum(heavy, 1e-9)
    coarse = smooth(mean, heavy / step**2, sigma / step)
    return _enlarge(coarse, step, (rows, columns))


def _enlarge(coarse: FloatArray, step: int, shape: tuple[int, int]) -> FloatArray:
    """Linear interpolation of block means (m, n) at the pixels of the blocks."""
    result = coarse
    for axis in (0, 1):
        where = np.clip((np.arange(shape[axis]) + 0.5) / step - 0.5, 0, coarse.shape[axis] - 1)
        low = np.minimum(where.astype(int), max(0, coarse.shape[axis] - 2))
        high = np.minimum(low + 1, coarse.shape[axis] - 1)
        part = where - low
        part = part[:, None] if axis == 0 else part[None, :]
        result = np.take(result, low, axis) * (1 - part) + np.take(result, high, axis) * part
    return np.asarray(result)
