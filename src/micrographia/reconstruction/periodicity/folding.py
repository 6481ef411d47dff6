"""The mean unit cell of a picture, and pictures of it: the periodic model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import ifft2, next_fast_len
from scipy.ndimage import gaussian_filter

from micrographia.arrays import FloatArray

_FINE = 0.3  # largest spacing of the table that a model is looked up in [px]
_LARGEST_TABLE = 1_000_000  # nodes
_LEAST_WEIGHT = 0.2  # pixels of a node of the mean cell, below which its neighbours speak
_LEAST_NODES = 6
_SHRINK = 3.0  # times the noise's mean power that a Fourier coefficient is shrunk by


@dataclass(frozen=True)
class MeanCell:
    """A picture averaged over its unit cells.

    Attributes
    ----------
    cell
        Vectors (2, 2) as rows (x, y) [px].
    values
        Means (m, n) at fractions (i/m, j/n) of the two vectors, counted from pixel (0, 0).
    """

    cell: FloatArray
    values: FloatArray

    def tables(self) -> FloatArray:
        """The model and its derivatives along x and y [1/px] on a fine grid (3, k, l)."""
        m, n = self.values.shape
        spectrum = np.fft.fft2(self.values)
        h = np.fft.fftfreq(m, 1 / m)[:, None]
        k = np.fft.fftfreq(n, 1 / n)[None, :]
        # Frequencies at Nyquist's have no derivative.
        spectrum = np.where((2 * np.abs(h) >= m) | (2 * np.abs(k) >= n), 0.0, spectrum)
        reciprocal = np.linalg.inv(self.cell).T
        g = h[..., None] * reciprocal[0] + k[..., None] * reciprocal[1]
        spacing = np.linalg.norm(self.cell, axis=1) / [m, n]
        times = np.maximum(1, np.ceil(spacing / _FINE)).astype(int)
        if m * n * int(times.prod()) > _LARGEST_TABLE:
            times = np.ones(2, dtype=int)
        larger = times * [m, n]
        parts = [spectrum, 2j * np.pi * g[..., 0] * spectrum, 2j * np.pi * g[..., 1] * spectrum]
        shape = (next_fast_len(int(larger[0])), next_fast_len(int(larger[1])))
        return np.array([_zero_padded(part, shape) for part in parts])

    def without_noise(self, variance: float, count: float) -> MeanCell:
        """The mean cell with each Fourier coefficient shrunk by what noise gives it.

        What is left of the noise of a row in the mean would pull that row to where it is.

        Parameters
        ----------
        variance
            Of the picture's pixels, signal and noise.
        count
            Number of pixels that were averaged.
        """
        spectrum = np.fft.fft2(self.values)
        power = np.square(np.abs(spectrum))
        kept = spectrum
        for _ in range(3):
            signal = float(np.square(np.abs(kept)).sum()) / spectrum.size**2
            noise = max(variance - signal, 0.0) * spectrum.size**2 / count
            kept = spectrum * np.maximum(1 - _SHRINK * noise / np.maximum(power, 1e-300), 0.0)
        return MeanCell(self.cell, np.asarray(np.fft.ifft2(kept).real))


def _zero_padded(spectrum: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """The real series of a spectrum (m, n) on a finer grid."""
    m, n = spectrum.shape
    wide = np.zeros(shape, dtype=np.complex128)
    rows = np.fft.fftfreq(m, 1 / m).astype(int)
    columns = np.fft.fftfreq(n, 1 / n).astype(int)
    wide[np.ix_(rows, columns)] = spectrum
    return np.asarray(ifft2(wide).real * (wide.size / spectrum.size))


def look_up(tables: FloatArray, cell: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Values (t, …) of periodic tables (t, m, n) at places (…) [px], by the nearest node."""
    inverse = np.linalg.inv(cell)
    _, m, n = tables.shape
    first = np.rint((x * inverse[0, 0] + y * inverse[1, 0]) % 1.0 * m).astype(np.int64) % m
    second = np.rint((x * inverse[0, 1] + y * inverse[1, 1]) % 1.0 * n).astype(np.int64) % n
    return np.asarray(tables.reshape(len(tables), -1)[:, first * n + second])


def fold(
    flat: FloatArray, weight: FloatArray, cell: FloatArray, displacement: FloatArray | None = None
) -> MeanCell:
    """Average a picture over its unit cells.

    Parameters
    ----------
    flat, weight
        Picture without its background and 1 for valid pixels, both (rows, columns).
    cell
        Vectors (2, 2) as rows (x, y) [px].
    displacement
        Where each row lies beside its place (rows, 2) = (x, y) [px], or None.

    Returns
    -------
    The mean cell on nodes about one pixel apart; linear weights share each pixel out.
    """
    rows, columns = flat.shape
    moved = np.zeros((rows, 2)) if displacement is None else displacement
    inverse = np.linalg.inv(cell)
    x = np.arange(columns)[None, :] - moved[:, :1]
    y = np.arange(rows)[:, None] - moved[:, 1:]
    lengths = np.linalg.norm(cell, axis=1)
    m, n = (int(max(_LEAST_NODES, np.ceil(length))) for length in lengths)
    first = (x * inverse[0, 0] + y * inverse[1, 0]) * m
    second = (x * inverse[0, 1] + y * inverse[1, 1]) * n
    i, j = np.floor(first), np.floor(second)
    u, v = first - i, second - j
    i, j = i.astype(np.int64) % m, j.astype(np.int64) % n
    total, count = np.zeros(m * n), np.zeros(m * n)
    heavy = flat * weight
    for di, part in ((0, 1 - u), (1, u)):
        for dj, share in ((0, 1 - v), (1, v)):
            index = (((i + di) % m) * n + (j + dj) % n).ravel()
            both = part * share
            total += np.bincount(index, (heavy * both).ravel(), m * n)
            count += np.bincount(index, (weight * both).ravel(), m * n)
    return MeanCell(cell, _filled(total.reshape(m, n), count.reshape(m, n)))


def _filled(total: FloatArray, count: FloatArray) -> FloatArray:
    """Means, with nodes that hardly any pixel met filled from their neighbours."""
    mean = total / np.maximum(count, 1e-9)
    if count.min() >= _LEAST_WEIGHT:
        return mean
    wide_total = gaussian_filter(total, 1.0, mode="wrap")
    wide_count = gaussian_filter(count, 1.0, mode="wrap")
    around = wide_total / np.maximum(wide_count, 1e-9)
    return np.asarray(np.where(count >= _LEAST_WEIGHT, mean, around))
