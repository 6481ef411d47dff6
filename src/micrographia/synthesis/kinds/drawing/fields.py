"""Random fields and point sets from which surfaces and scenes are made."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.spatial import cKDTree

from micrographia.arrays import FloatArray, FloatImage, IntArray


def clouds(size: int, rng: np.random.Generator, scale: float) -> FloatImage:
    """Smooth field of zero mean and unit deviation, shape (size, size).

    Parameters
    ----------
    size
        Side [px].
    rng
        Source of randomness.
    scale
        Distance from bump to hollow [px], at least 1.
    """
    coarse = max(int(np.ceil(size / max(scale, 1.0))), 2) + 3
    noise = rng.standard_normal((coarse, coarse)).astype(np.float32)
    side = max(int(np.ceil(coarse * max(scale, 1.0))), size + 3)
    fine = cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
    top, left = rng.integers(0, side - size + 1, 2)
    return normalised(fine[top : top + size, left : left + size])


def fractal(
    size: int, rng: np.random.Generator, scale: float, octaves: int = 4, gain: float = 0.5
) -> FloatImage:
    """Sum of clouds, each half as wide and `gain` as strong as the one before; unit deviation."""
    total = np.zeros((size, size), dtype=np.float32)
    for octave in range(octaves):
        wide = scale / 2**octave
        if wide < 1.0 and octave:
            break
        total += np.float32(gain**octave) * clouds(size, rng, wide)
    return normalised(total)


def streaks(
    size: int, rng: np.random.Generator, length: float, width: float, angle: float
) -> FloatImage:
    """Noise drawn out along `angle` (x towards y) [rad]: brushed or fibrous; unit deviation."""
    side = int(size * 1.5) + 2
    wide, long = max(width, 1.0), max(length, 1.0)
    shape = (max(int(side / wide), 2), max(int(side / long), 2))
    noise = rng.standard_normal(shape).astype(np.float32)
    fine = cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), -float(np.degrees(angle)), 1.0)
    turned = cv2.warpAffine(fine, turn, (side, side), borderMode=cv2.BORDER_REFLECT)
    start = (side - size) // 2
    return normalised(turned[start : start + size, start : start + size])


def warp(field: FloatImage, rng: np.random.Generator, amount: float, scale: float) -> FloatImage:
    """Displace a square field by clouds of deviation `amount` [px]."""
    size = field.shape[0]
    y, x = np.mgrid[:size, :size].astype(np.float32)
    dy, dx = (np.float32(amount) * clouds(size, rng, scale) for _ in range(2))
    moved = cv2.remap(field, x + dx, y + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(moved, dtype=np.float32)


def cells(
    size: int, points: FloatArray, *, stretch: float = 1.0, fine: int = 2
) -> tuple[FloatImage, FloatImage, IntArray]:
    """Voronoi cells of `points` (y, x): distance to the nearest, gap to the second, whose it is.

    Parameters
    ----------
    size
        Side [px].
    points
        At least two centres, shape (n, 2) [px].
    stretch
        Length over width of the cells: heights count for less.
    fine
        The distances are computed on every `fine`-th pixel and interpolated.
    """
    axis = np.arange(0, size + fine, fine, dtype=np.float64)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    scale = np.array([1 / stretch, 1.0])
    distance, index = cKDTree(points * scale).query(grid * scale, k=2)
    shape = (axis.size, axis.size)
    y, x = np.mgrid[:size, :size].astype(np.float32) / np.float32(fine)
    first, second = (
        cv2.remap(part.reshape(shape).astype(np.float32), x, y, cv2.INTER_LINEAR)
        for part in distance.T
    )
    owner = index[:, 0].reshape(shape).astype(np.int32)
    near = np.minimum(np.rint([y, x]).astype(np.int64), axis.size - 1)
    return first, np.maximum(second - first, 0), owner[near[0], near[1]].astype(np.int64)


def spread_points(
    size: int, rng: np.random.Generator, spacing: float, jitter: float = 0.3
) -> FloatArray:
    """Hexagonal grid with jittered points (share of the spacing), reaching beyond the border.

    Returns
    -------
    ndarray
        Points (y, x) in random order, shape (n, 2) [px].
    """
    rows = np.arange(-1.5, size / (spacing * 0.866) + 2) * spacing * 0.866
    columns = np.arange(-1.5, size / spacing + 2) * spacing
    y, x = np.meshgrid(rows, columns, indexing="ij")
    x = x + (np.arange(rows.size) % 2)[:, None] * spacing / 2
    points = np.column_stack([y.ravel(), x.ravel()])
    points += rng.normal(0, 1, points.shape) * jitter * spacing + rng.uniform(0, spacing, 2)
    return np.asarray(rng.permutation(points))


def apart(
    size: int,
    rng: np.random.Generator,
    radii: FloatArray,
    *,
    overlap: float = 0.0,
    tries: int = 12,
) -> FloatArray:
    """Throw circles at random; keep those that do not overlap.

    Parameters
    ----------
    size
        Side [px].
    rng
        Source of randomness.
    radii
        Radii [px], the first thrown first.
    overlap
        Share of the sum of two radii by which they may overlap.
    tries
        Throws for each.

    Returns
    -------
    ndarray
        Rows (y, x, radius) of those that found room, shape (n, 3) [px].
    """
    kept = np.empty((radii.size, 3))
    number = 0
    for radius in radii:
        for centre in rng.uniform(-0.6 * radius, size + 0.6 * radius, (tries, 2)):
            gap = np.hypot(kept[:number, 0] - centre[0], kept[:number, 1] - centre[1])
            if (gap >= (kept[:number, 2] + radius) * (1 - overlap)).all():
                kept[number] = *centre, radius
                number += 1
                break
    return kept[:number]


def normalised(field: FloatImage) -> FloatImage:
    """Field of zero mean and unit deviation (zero where it is constant)."""
    centred = field - field.mean()
    deviation = float(centred.std())
    return np.asarray(centred / deviation if deviation > 0 else centred, dtype=np.float32)


def smooth(field: FloatImage, width: float) -> FloatImage:
    """Gaussian blur of deviation `width` [px]; a wide one is computed on fewer pixels."""
    if width <= 0.05:
        return field
    if width > 8:
        part = cv2.resize(field, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        part = cv2.GaussianBlur(part, (0, 0), width / 4, borderType=cv2.BORDER_REPLICATE)
        shape = (field.shape[1], field.shape[0])
        return np.asarray(
            cv2.resize(part, shape, interpolation=cv2.INTER_LINEAR), dtype=np.float32
        )
    blurred = cv2.GaussianBlur(field, (0, 0), width, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, dtype=np.float32)
