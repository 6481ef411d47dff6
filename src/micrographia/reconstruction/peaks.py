"""Reflections of a picture, strongest first, each taken away before the next is sought.

The method is Högbom's CLEAN (Astron. Astrophys. Suppl. 15 (1974) 417) on the whitened
spectrum: without it the side lobes of strong reflections pass for weak ones.
"""

from __future__ import annotations

import numpy as np

from micrographia.arrays import ComplexArray, FloatArray
from micrographia.reconstruction.spectrum import Tapered, sample, waves

_PADDING = 2  # oversampling of the spectrum's grid
_PRODUCTS = 500_000_000  # of pixels and waves between two looks at the clock
_LOWEST = 2.5  # reflections closer to zero than this many 1/extent are shading


def find_peaks(
    tapered: Tapered, threshold: float = 18.0, most: int = 90
) -> tuple[FloatArray, FloatArray]:
    """Find the reflections that stand out of the noise.

    Parameters
    ----------
    tapered
        The whitened picture under its window.
    threshold
        Least significance; noise alone exceeds 18 in one of several thousand pictures.
    most
        Stop after this many.

    Returns
    -------
    g, significance
        Frequencies (n, 2) [1/Å] in the half plane, and their significances (n,) in the order
        found.

    Raises
    ------
    OutOfTimeError
        The picture's deadline is reached.
    """
    grid = _Grid(tapered)
    found: list[FloatArray] = []
    strengths: list[float] = []
    for _ in range(most):
        tapered.image.deadline.check()
        g, strength = grid.strongest()
        if strength < threshold:
            break
        g = _refine(tapered, g, grid.removed(g))
        grid.subtract(g)
        found.append(g)
        strengths.append(strength)
    if not found:
        return np.zeros((0, 2)), np.zeros(0)
    return np.array(found), np.array(strengths)


class _Grid:
    """Spectrum on an oversampled grid over the half plane up to the limit."""

    def __init__(self, tapered: Tapered) -> None:
        image, window = tapered.image, tapered.window
        self._tapered, self._image, self._window = tapered, image, window
        step = 1 / (_PADDING * image.extent)
        reach = int(np.ceil(image.limit / step))
        self._gx: FloatArray = np.arange(0.0, reach + 1) * step
        self._gy: FloatArray = np.arange(-float(reach), reach + 1) * step
        rows, columns = image.pixels.shape
        self._rows = np.arange(rows) * image.pixel_size
        self._columns = np.arange(columns) * image.pixel_size
        self._wave_y = waves(self._gy, rows, image.pixel_size) * window.rows
        self._wave_x = waves(self._gx, columns, image.pixel_size) * window.columns
        self._values: ComplexArray = np.empty((len(self._gy), len(self._gx)), np.complex128)
        band = max(1, _PRODUCTS // image.pixels.size)
        for start in range(0, len(self._gy), band):
            image.deadline.check()
            part = slice(start, start + band)
            self._values[part] = self._wave_y[part] @ image.pixels @ self._wave_x.T
        gy, gx = np.meshgrid(self._gy, self._gx, indexing="ij")
        radius = np.hypot(gx, gy)
        mesh = np.stack([gx.ravel(), gy.ravel()], axis=1)
        self._noise = image.noise(mesh).reshape(radius.shape) * window.sum_squares
        self._mask = (radius <= image.limit) & (radius > _LOWEST / image.extent)
        self._waves: list[tuple[FloatArray, complex]] = []

    def strongest(self) -> tuple[FloatArray, float]:
        power = np.where(self._mask, np.square(np.abs(self._values)) / self._noise, 0)
        row, column = np.unravel_index(int(power.argmax()), power.shape)
        return np.array([self._gx[column], self._gy[row]]), float(power[row, column])

    def removed(self, near: FloatArray) -> list[tuple[FloatArray, complex]]:
        """Waves already taken away whose lobes reach the neighbourhood of `near`."""
        reach = 12 / self._image.extent
        return [wave for wave in self._waves if np.hypot(*(wave[0] - near)) < reach]

    def subtract(self, g: FloatArray) -> None:
        amplitude = complex(self._at(g) / self._window.sum)
        for wave, value in ((g, amplitude), (-g, np.conj(amplitude))):
            along_y = self._wave_y @ np.exp(2j * np.pi * wave[1] * self._rows)
            along_x = self._wave_x @ np.exp(2j * np.pi * wave[0] * self._columns)
            self._values -= value * np.outer(along_y, along_x)
        self._waves.append((g, amplitude))

    def _at(self, g: FloatArray) -> complex:
        value = sample(self._tapered, g[None])[0]
        for wave, amplitude in self._waves:
            shift = np.array([g - wave, g + wave])
            lobe = self._window.transform(shift, self._image.pixel_size)
            value -= amplitude * lobe[0] + np.conj(amplitude) * lobe[1]
        return complex(value)


def _refine(
    tapered: Tapered, start: FloatArray, neighbours: list[tuple[FloatArray, complex]]
) -> FloatArray:
    """Move a frequency to the top of its lobe by parabolas along both axes."""
    image, window = tapered.image, tapered.window
    g = start.copy()
    step = 0.25 / image.extent
    offsets = np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]], dtype=float)
    for _ in range(3):
        points = g + step * offsets
        values = sample(tapered, points)
        for wave, amplitude in neighbours:
            values -= amplitude * window.transform(points - wave, image.pixel_size)
        g = g + step * _parabola(np.square(np.abs(values)))
        step /= 2
    return g


def _parabola(power: FloatArray) -> FloatArray:
    """Offset of the maximum from five samples (centre, +x, -x, +y, -y), in steps, at most 1."""
    shift = np.zeros(2)
    for axis in (0, 1):
        above, below = power[1 + 2 * axis], power[2 + 2 * axis]
        curvature = above + below - 2 * power[0]
        if curvature < 0:
            shift[axis] = np.clip((below - above) / (2 * curvature), -1, 1)
        else:
            shift[axis] = np.sign(above - below)
    return shift


def refine_all(tapered: Tapered, g: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Move many frequencies to the tops of their lobes at once.

    Returns
    -------
    g, power
        Refined frequencies (n, 2) [1/Å] and |spectrum|² at the start (n,).
    """
    step = 0.1 / tapered.image.extent
    offsets = np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]], dtype=float) * step
    points = (g[:, None, :] + offsets).reshape(-1, 2)
    values: ComplexArray = sample(tapered, points)
    power = np.square(np.abs(values)).reshape(-1, 5)
    shifts = np.array([_parabola(row) for row in power])
    return g + step * shifts, power[:, 0]
