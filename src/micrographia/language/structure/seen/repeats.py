"""What repeats in a picture: its lattice by autocorrelation, the mean cell, and its columns.

Nothing here knows what is shown. The network takes these as hints: where a pseudo-cell repeats
almost as well as the cell, the list of peaks says so, and the network chooses.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.fft import irfft2, rfft2
from scipy.ndimage import maximum_filter, uniform_filter

from micrographia.arrays import FloatArray, FloatImage, IntArray
from micrographia.language.structure.pictures import PIXEL
from micrographia.physics.lattice import gauss_reduce

#: Size of a pixel at half resolution [Å], and pixels of the mean cell along a side.
STEP, GRID = 2 * PIXEL, 48
_FURTHEST = 0.75  # of a side; at larger shifts too little of the picture overlaps
_NEAREST = 1.4  # Å: no lattice vector of a crystal is shorter
_LEAST = 0.15  # correlation of a peak
_MOST = 48  # peaks that are looked at
#: Below the highest peak, a peak is still taken for a lattice vector.
_BELOW = 0.05
_ALIKE = 0.015  # relative difference of lengths that are equal
_TIMES = 4  # a mean cell is taken off
_FAINT = 0.04  # of the brightest column, above the background


@dataclass(frozen=True, eq=False)
class Repeats:
    """What repeats in a picture.

    Attributes
    ----------
    peaks
        Peaks of the autocorrelation (n, 3), the highest first: x, y [Å], correlation.
    cell
        Vectors (2, 2) [Å], a along the rows as far as the lattice allows; None: no two peaks
        span a plane.
    origin
        Place (2,) of the brightest column [Å].
    mean
        Mean cell (GRID, GRID) over fractions of b (rows) and a (columns), from the origin on;
        of mean 0 and standard deviation 1.
    columns
        Local maxima of the mean cell (n, 3), the brightest first: fractions of a and b, height
        over that of the brightest.
    """

    peaks: FloatArray
    cell: FloatArray | None
    origin: FloatArray
    mean: FloatImage
    columns: FloatArray


def flatten(picture: FloatImage) -> FloatImage:
    """Halve the resolution of a picture and divide by what changes slowly.

    Parameters
    ----------
    picture
        (2 n, 2 n), 256 pixels along a side as the network learned them, or fewer.

    Returns
    -------
    (n, n) of mean 0 and standard deviation 1.
    """
    side = len(picture) // 2
    small = picture.reshape(side, 2, side, 2).mean(axis=(1, 3)).astype(np.float64)
    terms, projection = _terms(side)
    slow = (small.ravel() @ projection).reshape(6) @ terms
    slow = slow.reshape(side, side)
    level = float(small.mean())
    if slow.min() > 0.1 * level > 0:
        small = small * (level / slow)
    small -= small.mean()
    return np.asarray(small / max(float(small.std()), 1e-9), dtype=np.float32)


@cache
def _terms(side: int) -> tuple[FloatArray, FloatArray]:
    """Terms (6, pixels) of what changes slowly, and the projection (pixels, 6) on them."""
    axis = np.linspace(-1, 1, side)
    x, y = np.meshgrid(axis, axis)
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y]).reshape(6, -1)
    return terms, np.linalg.pinv(terms)


def autocorrelation(flat: FloatImage) -> FloatImage:
    """Correlation of a picture with itself, shifted.

    Parameters
    ----------
    flat
        (n, n), of `flatten`.

    Returns
    -------
    (r + 1, 2 r + 1): Pearson's coefficient of what overlaps, for shifts of -1 … r - 1 pixels along
    y and -r … r along x; of 128 pixels r is 97.
    """
    side = len(flat)
    reach = int(_FURTHEST * side) + 1
    power = np.abs(rfft2(flat, s=(2 * side, 2 * side))) ** 2
    circle = irfft2(power, s=(2 * side, 2 * side))
    down, along = np.arange(reach), np.arange(-reach, reach + 1)
    product = circle[np.ix_(down, along)]
    count = np.outer(side - down, side - np.abs(along))
    means: list[FloatArray] = []
    squares: list[FloatArray] = []
    for power_, into in ((1, means), (2, squares)):
        sums = np.zeros((side + 1, side + 1))
        sums[1:, 1:] = (flat.astype(np.float64) ** power_).cumsum(0).cumsum(1)
        left, right = np.maximum(0, -along), side - np.maximum(0, along)
        rows = sums[side - down]
        into.append((rows[:, right] - rows[:, left]) / count)  # what lies still
        rows = sums[side] - sums[down]
        into.append((rows[:, side - left] - rows[:, side - right]) / count)  # what is shifted
    spread = [square - mean**2 for square, mean in zip(squares, means, strict=True)]
    half = (product / count - means[0] * means[1]) / np.sqrt(
        np.maximum(spread[0], 1e-6) * np.maximum(spread[1], 1e-6)
    )
    return np.asarray(np.vstack([half[1, ::-1], half]), dtype=np.float32)


def find_repeats(picture: FloatImage) -> Repeats:
    """Find what repeats in a picture (2 n, 2 n) with pixels of 0.1 Å."""
    flat = flatten(picture)
    peaks = _peaks(autocorrelation(flat))
    return repeats_on(flat, peaks, _cell(peaks))


def repeats_on(flat: FloatImage, peaks: FloatArray, cell: FloatArray | None) -> Repeats:
    """Return what repeats on a given cell: the mean cell and its columns.

    Parameters
    ----------
    flat
        (n, n), of `flatten`.
    peaks
        Of the autocorrelation, as in `Repeats`.
    cell
        Vectors (2, 2) [Å]; None: the whole picture stands for a cell.
    """
    folded = np.eye(2) * len(flat) * STEP if cell is None else cell
    mean = _fold(flat, folded)
    columns = _columns(mean)
    first = columns[0, :2].copy() if len(columns) else np.zeros(2)
    columns[:, :2] = (columns[:, :2] - first) % 1.0
    return Repeats(peaks, cell, first @ folded, _moved(mean, first), columns)


def _peaks(correlation: FloatImage) -> FloatArray:
    """Local maxima (n, 3): x, y [Å], correlation; the highest first."""
    tops = correlation == maximum_filter(correlation, 3)
    tops[[0, -1]] = False
    tops[:, [0, -1]] = False
    reach = correlation.shape[1] // 2
    tops[1, : reach + 1] = False  # along y = 0 each stands twice
    rows, columns = np.nonzero(tops & (correlation > _LEAST))
    far = np.hypot(rows - 1, columns - reach) * STEP >= _NEAREST
    rows, columns = rows[far], columns[far]
    best = np.argsort(-correlation[rows, columns], kind="stable")[:_MOST]
    place, height = _tops(correlation, rows[best], columns[best])
    place = (place - np.array([1, reach])) * STEP
    found = np.column_stack([place[:, ::-1], height])
    return found[np.argsort(-height, kind="stable")]


def _tops(values: FloatImage, rows: IntArray, columns: IntArray) -> tuple[FloatArray, FloatArray]:
    """Places (n, 2) and heights (n,) of maxima between the pixels: a parabola along each axis."""
    height, wide = values.shape
    middle = values[rows, columns].astype(np.float64)
    shifts, gain = [], 0.0
    for before, after in (
        (values[rows - 1, columns], values[(rows + 1) % height, columns]),
        (values[rows, columns - 1], values[rows, (columns + 1) % wide]),
    ):
        bend = np.minimum(before + after - 2 * middle, -1e-9)
        shift = np.clip((before - after) / (2 * bend), -0.5, 0.5)
        shifts.append(shift)
        gain = gain - bend * shift**2 / 2
    return np.column_stack([rows, columns]) + np.column_stack(shifts), middle + gain


def _cell(peaks: FloatArray) -> FloatArray | None:
    """The two shortest lattice vectors among the peaks, fitted to all of them."""
    if len(peaks) < 2:
        return None
    strong = peaks[peaks[:, 2] >= peaks[0, 2] - _BELOW]
    order = np.argsort(np.hypot(*strong[:, :2].T), kind="stable")
    vectors = strong[order, :2]
    lengths = np.hypot(*vectors.T)
    across = np.abs(vectors[0, 0] * vectors[:, 1] - vectors[0, 1] * vectors[:, 0])
    wide = np.flatnonzero(across > 0.5 * lengths[0] * lengths)
    if not len(wide):
        return None
    cell = np.array([vectors[0], vectors[wide[0]]])
    for _ in range(2):
        steps = np.rint(vectors @ np.linalg.inv(cell))
        near = np.hypot(*(vectors - steps @ cell).T) < 0.3
        if np.linalg.matrix_rank(steps[near]) == 2:
            cell = np.linalg.lstsq(steps[near], vectors[near], rcond=None)[0]
    return set_cell(gauss_reduce(cell)[0])


def set_cell(cell: FloatArray) -> FloatArray:
    """Of the bases of a reduced cell's shape the one with a next to the rows, and γ ≥ 90°."""
    wanted = np.hypot(*cell.T)
    best, chosen = -np.inf, cell
    rows = [np.array([i, j]) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
    for first in rows:
        for second in rows:
            sign = int(first[0] * second[1] - first[1] * second[0])
            basis = np.array([first, second]) @ cell
            lengths = np.hypot(*basis.T)
            if abs(sign) != 1 or np.any(np.abs(lengths / wanted - 1) > _ALIKE):
                continue
            cosine = float(basis[0] @ basis[1] / lengths.prod())
            if not -0.52 <= cosine <= 0.02:
                continue
            # A cell that only the other face shows is taken where there is no other.
            score = basis[0, 0] / lengths[0] - 10 * (np.linalg.det(basis) < 0)
            if score > best + 1e-9:
                best, chosen = score, basis
    return chosen


def _fold(flat: FloatImage, cell: FloatArray) -> FloatImage:
    """Mean cell (GRID, GRID) of standard deviation 1."""
    mean = fold(flat, cell)
    return np.asarray(mean / max(float(mean.std()), 1e-9), dtype=np.float32)


def fold(flat: FloatImage, cell: FloatArray) -> FloatArray:
    """Mean cell of a picture, each of whose pixels is shared by four of the grid.

    Parameters
    ----------
    flat
        (n, n), of `flatten`.
    cell
        Vectors (2, 2) [Å] in the frame of the picture.

    Returns
    -------
    (GRID, GRID) over fractions of b (rows) and a (columns), of mean 0, in units of the picture.
    """
    places, shares = _shared(len(flat), cell)
    sums = np.bincount(places, shares * np.tile(flat.ravel(), 4), GRID**2)
    weights = np.bincount(places, shares, GRID**2)
    mean = (sums / np.maximum(weights, 1e-3)).reshape(GRID, GRID)
    return np.asarray(mean - mean.mean())


def without_mean(flat: FloatImage, cell: FloatArray) -> FloatImage:
    """Return what of a picture does not repeat with a cell.

    Parameters
    ----------
    flat, cell
        As in `fold`.

    Returns
    -------
    (n, n), the picture less its mean cell.
    """
    places, shares = _shared(len(flat), cell)
    rest = flat
    # Sharing softens a mean cell, so that something of it is left each time.
    for _ in range(_TIMES):
        repeated = (fold(rest, cell).ravel()[places] * shares).reshape(4, -1).sum(axis=0)
        rest = rest - repeated.reshape(flat.shape)
    return np.asarray(rest, dtype=np.float32)


def _shared(side: int, cell: FloatArray) -> tuple[IntArray, FloatArray]:
    """Places (4 side²,) of the grid among which each pixel is shared, and the shares."""
    away = np.linalg.inv(cell).T @ _centres(side) * GRID
    low = np.floor(away)
    p, q = away - low
    u0, v0 = low.astype(np.int32) % GRID
    u1, v1 = (u0 + 1) % GRID, (v0 + 1) % GRID
    places = np.concatenate([v0 * GRID + u0, v0 * GRID + u1, v1 * GRID + u0, v1 * GRID + u1])
    shares = np.concatenate([(1 - p) * (1 - q), p * (1 - q), (1 - p) * q, p * q])
    return places, shares


def _moved(mean: FloatImage, origin: FloatArray) -> FloatImage:
    """Mean cell that begins at an origin (2,) of fractions, by its Fourier sum."""
    across, along = np.fft.fftfreq(GRID, 1 / GRID), np.arange(GRID // 2 + 1)
    phase = np.exp(2j * np.pi * (across[:, None] * origin[1] + along * origin[0]))
    return np.asarray(irfft2(rfft2(mean) * phase, s=mean.shape), dtype=np.float32)


@cache
def _centres(side: int) -> FloatArray:
    """Places of the pixels (2, side²) [Å]."""
    axis = (np.arange(side) + 0.5) * STEP
    x, y = np.meshgrid(axis, axis)
    return np.stack([x.ravel(), y.ravel()])


def _columns(mean: FloatImage) -> FloatArray:
    """Local maxima of a mean cell (n, 3): fractions of a and b, height; the brightest first."""
    smooth = uniform_filter(mean, 3, mode="wrap")
    tops = smooth == maximum_filter(smooth, 3, mode="wrap")
    rows, columns = np.nonzero(tops)
    place, height = _tops(smooth, rows, columns)
    ground = float(np.quantile(smooth, 0.1))
    height = (height - ground) / max(float(height.max()) - ground, 1e-9)
    kept = height > _FAINT
    found = np.column_stack([place[kept][:, ::-1] / GRID % 1.0, height[kept]])
    return found[np.argsort(-found[:, 2], kind="stable")]
