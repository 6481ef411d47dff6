"""The pixel size at which a picture's cell has a known area.

The cell is read from the picture's own correlation with its shifted self, which needs no scale
and no noise model: at a vector of the lattice the picture is most like itself.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates, maximum_filter

from micrographia.arrays import FloatArray, FloatImage
from micrographia.errors import SolveError
from micrographia.physics.lattice import gauss_reduce

#: Width of the background that is taken away, and farthest shift, as shares of the shorter side.
_BACKGROUND, _FARTHEST = 0.15, 0.45
#: Least correlation of a peak, and least distance of two peaks [px].
_LEAST, _APART = 0.1, 5
#: Peaks whose pairs are tried: the nearest.
_PEAKS = 24
#: Largest index of the lattice points at which a cell is judged.
_INDEX = 3
#: How much less alike than under the best cell the picture may be under one that is smaller.
_WORSE = 0.12


def pixel_size_of_area(pixels: FloatImage, area: float) -> float:
    """Return the pixel size [Å] at which the lattice of a picture has cells of this area [Å²].

    Parameters
    ----------
    pixels
        Picture (rows, columns).
    area
        Of the true projected primitive cell [Å²].

    Raises
    ------
    SolveError
        The picture repeats itself nowhere.
    """
    return float(np.sqrt(area / abs(np.linalg.det(repeating_cell(pixels)))))


def repeating_cell(pixels: FloatImage) -> FloatArray:
    """Find the smallest cell by which a picture repeats itself.

    Parameters
    ----------
    pixels
        Picture (rows, columns), of a few cells or many.

    Returns
    -------
    Vectors (2, 2) as rows, x to the right and y downwards [px].

    Raises
    ------
    SolveError
        The picture repeats itself nowhere.
    """
    likeness, reach = _self_correlation(np.asarray(pixels, dtype=np.float64))
    peaks = _peaks(likeness, reach)[:_PEAKS]
    scored: list[tuple[float, float, FloatArray]] = []
    for place, first in enumerate(peaks):
        for second in peaks[:place]:
            pair = np.array([first, second])
            if abs(np.linalg.det(pair)) < _APART**2:
                continue
            cell = gauss_reduce(pair)[0]
            area = abs(float(np.linalg.det(cell)))
            shortest = float(np.linalg.norm(cell, axis=1).min())
            if area > 0.3 * float(np.prod(np.linalg.norm(cell, axis=1))) and shortest > _APART:
                scored.append((_mean_at(likeness, cell, reach), area, cell))
    if not scored:
        raise SolveError(
            "The picture repeats itself nowhere, so it has no cell to take the scale from",
            remedy="State the pixel size or the field of view in the table",
        )
    best = max(value for value, _, _ in scored)
    _, _, cell = min(
        (item for item in scored if item[0] >= best - _WORSE * abs(best)), key=lambda item: item[1]
    )
    return _refine(likeness, cell, reach)


def _self_correlation(pixels: FloatArray) -> tuple[FloatArray, float]:
    """Correlation of a picture with itself, 1 at the middle, and the farthest shift [px]."""
    side = min(pixels.shape)
    flat = pixels - gaussian_filter(pixels, _BACKGROUND * side, mode="reflect")
    flat = gaussian_filter(flat, 1.0)
    flat -= flat.mean()
    size = [2 * length for length in flat.shape]
    power = np.square(np.abs(np.fft.rfft2(flat, size)))
    overlap = np.square(np.abs(np.fft.rfft2(np.ones_like(flat), size)))
    summed, count = (np.fft.fftshift(np.fft.irfft2(part, size)) for part in (power, overlap))
    likeness = summed / np.maximum(count, 1.0)
    return likeness / likeness.max(), _FARTHEST * side


def _peaks(likeness: FloatArray, reach: float) -> FloatArray:
    """Shifts (n, 2) [px] at which the picture is most like itself, the shortest first."""
    middle = np.array(likeness.shape) // 2
    top = likeness == maximum_filter(likeness, 2 * _APART + 1)
    rows, columns = np.nonzero(top & (likeness > _LEAST))
    shifts = np.column_stack([columns - middle[1], rows - middle[0]]).astype(float)
    length = np.linalg.norm(shifts, axis=1)
    half = (shifts[:, 1] > 0) | ((shifts[:, 1] == 0) & (shifts[:, 0] > 0))
    kept = half & (length < reach) & (length > _APART)
    return shifts[kept][np.argsort(length[kept], kind="stable")]


def _points(cell: FloatArray, reach: float) -> tuple[FloatArray, FloatArray]:
    """Indices and shifts (n, 2) of half of the lattice's points within reach."""
    span = range(-_INDEX, _INDEX + 1)
    indices = np.array([[i, j] for i in span for j in span if (i, j) > (0, 0)], dtype=float)
    shifts = indices @ cell
    near = np.linalg.norm(shifts, axis=1) < reach
    return indices[near], shifts[near]


def _mean_at(likeness: FloatArray, cell: FloatArray, reach: float) -> float:
    _, shifts = _points(cell, reach)
    middle = np.array(likeness.shape) // 2
    places = [shifts[:, 1] + middle[0], shifts[:, 0] + middle[1]]
    return float(map_coordinates(likeness, places, order=1).mean()) if len(shifts) else -1.0


def _refine(likeness: FloatArray, cell: FloatArray, reach: float) -> FloatArray:
    """Fit the cell to the peaks nearest to its points, twice."""
    peaks = _peaks(likeness, reach)
    peaks = np.concatenate([peaks, -peaks])
    for _ in range(2):
        indices, shifts = _points(cell, reach)
        gaps = np.linalg.norm(shifts[:, None] - peaks[None], axis=-1)
        close = gaps.min(axis=1) < 0.2 * np.linalg.norm(cell, axis=1).min()
        if np.linalg.matrix_rank(indices[close]) < 2:
            return cell
        targets = peaks[gaps.argmin(axis=1)][close]
        cell = np.linalg.lstsq(indices[close], targets, rcond=None)[0]
    return cell
