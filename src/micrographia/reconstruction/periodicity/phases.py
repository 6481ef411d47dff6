"""A first path of the rows, from the phases of strong reflections along the scan.

Geometric phase analysis (Hÿtch, Snoeck & Kilaas, Ultramicroscopy 74 (1998) 131): where a crystal
is displaced by d, the phase of its reflection g is -2π g·d. Phases hold far beyond the width of a
column, where laying rows against a model finds the wrong one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter1d

from micrographia.arrays import ComplexArray, FloatArray

_ORDERS = 2  # reflections with indices up to this
_MOST = 5
_BLOCKS = 4  # along x, to see how the phase runs there
_SPACING = 0.6  # width of the Gaussian along y, in spacings of the widest planes
_STEEPEST = 0.12  # displacement per pixel, beyond which phases were misread
_CLEAR = 4.0  # amplitude over its noise that a phase needs not to slip


@dataclass(frozen=True)
class _Waves:
    """Strong reflections and their amplitudes by block of columns and by row (k, blocks, rows)."""

    indices: FloatArray
    amplitudes: ComplexArray
    noise: float


def slow_path(
    flat: FloatArray, weight: FloatArray, cell: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Follow the slow displacement of the rows.

    Parameters
    ----------
    flat, weight
        Picture without its background and 1 for valid pixels, both (rows, columns).
    cell
        Primitive vectors (2, 2) as rows (x, y) [px].

    Returns
    -------
    Displacement (rows, 2) = (x, y) [px] without linear part, all zero where the phases are too
    noisy to be followed; and the cell with the linear part along both axes put into it.
    """
    rows, columns = flat.shape
    current = cell
    for _ in range(2):
        waves = _strong_waves(flat, weight, current)
        gradient = _gradient(waves, current, columns / _BLOCKS)
        if np.abs(gradient).max() > _STEEPEST:
            return np.zeros((rows, 2)), cell
        current = current @ np.linalg.inv(np.eye(2) - gradient)
    waves = _strong_waves(flat, weight, current)
    total = waves.amplitudes.sum(axis=1)
    spacing = 1 / np.linalg.norm(np.linalg.inv(current).T, axis=1).min()
    for sigma in np.geomspace(_SPACING * spacing, rows / 5, 5):
        smoothed = np.asarray(gaussian_filter1d(total, sigma, axis=1, mode="nearest"))
        strength = np.abs(smoothed) / (waves.noise / np.sqrt(2 * np.sqrt(np.pi) * sigma))
        clear = np.quantile(strength, 0.05, axis=1) > _CLEAR
        if clear.sum() >= 2 and np.linalg.matrix_rank(waves.indices[clear]) == 2:
            return _displacement(smoothed[clear], waves.indices[clear], current)
    return np.zeros((rows, 2)), current


def _strong_waves(flat: FloatArray, weight: FloatArray, cell: FloatArray) -> _Waves:
    """Amplitudes along y of the reflections of low order that are strongest."""
    rows, columns = flat.shape
    span = np.arange(-_ORDERS, _ORDERS + 1)
    grid = np.stack(np.meshgrid(span, span, indexing="ij"), axis=-1).reshape(-1, 2)
    grid = grid[(grid[:, 0] > 0) | ((grid[:, 0] == 0) & (grid[:, 1] > 0))]
    reciprocal = np.linalg.inv(cell).T
    g = grid @ reciprocal
    grid, g = grid[np.abs(g).max(axis=1) < 0.4], g[np.abs(g).max(axis=1) < 0.4]
    picture = flat * weight
    x, y = np.arange(columns), np.arange(rows)
    edges = np.linspace(0, columns, _BLOCKS + 1).astype(int)
    along = np.exp(-2j * np.pi * g[:, :1] * x)
    down = np.exp(-2j * np.pi * g[:, 1:] * y)
    amplitudes = np.array(
        [picture[:, low:high] @ along[:, low:high].T for low, high in pairwise(edges)]
    )  # (blocks, rows, k)
    amplitudes = amplitudes.transpose(2, 0, 1) * down[:, None, :]
    sigma = _SPACING / np.linalg.norm(reciprocal, axis=1).min()
    smoothed = gaussian_filter1d(amplitudes, sigma, axis=2, mode="nearest")
    power = np.square(np.abs(smoothed)).sum(axis=(1, 2))
    # Low orders first: their phases turn less.
    power = power / (1 + np.square(np.linalg.norm(g, axis=1) * 2 * sigma))
    strong = np.argsort(-power)[:_MOST]
    strong = strong[power[strong] > 0.02 * power[strong[0]]]
    if np.linalg.matrix_rank(grid[strong]) < 2:
        strong = np.argsort(-power)[: 2 * _MOST]
    noise = float(np.sqrt(np.square(picture).sum() / rows))
    return _Waves(grid[strong].astype(np.float64), amplitudes[strong], noise)


def _gradient(waves: _Waves, cell: FloatArray, width: float) -> FloatArray:
    """Displacement per pixel: rows (2, 2) along x and along y, from the turning of phases."""
    g = waves.indices @ np.linalg.inv(cell).T
    spacing = 1 / np.linalg.norm(np.linalg.inv(cell).T, axis=1).min()
    smoothed = gaussian_filter1d(waves.amplitudes, _SPACING * spacing, axis=2, mode="nearest")
    lag = max(1, int(_SPACING * spacing))
    across = (smoothed[:, 1:] * np.conj(smoothed[:, :-1])).sum(axis=(1, 2))
    down = (smoothed[:, :, lag:] * np.conj(smoothed[:, :, :-lag])).sum(axis=(1, 2))
    result = []
    for product, step in ((across, width), (down, float(lag))):
        turn = np.angle(product) / (-2 * np.pi * step)
        scale = np.sqrt(np.abs(product))
        result.append(np.linalg.lstsq(g * scale[:, None], turn * scale, rcond=None)[0])
    return np.array(result)


def _displacement(
    smoothed: ComplexArray, indices: FloatArray, cell: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Least squares over the unwrapped phases (k, rows), split into a path and a cell."""
    g = indices @ np.linalg.inv(cell).T
    phases = np.unwrap(np.angle(smoothed), axis=1)
    phases = phases - phases.mean(axis=1, keepdims=True)
    scale = np.abs(smoothed).mean(axis=1)[:, None]
    path = np.linalg.lstsq(g * scale, phases * scale / (-2 * np.pi), rcond=None)[0].T
    rows = len(path)
    time = np.arange(rows) - (rows - 1) / 2
    slope = time @ path / (time @ time)
    seen = np.linalg.inv(np.eye(2) - np.array([np.zeros(2), slope]))
    return (path - np.outer(time, slope)) @ seen, np.asarray(cell @ seen)
