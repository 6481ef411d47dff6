"""Points of a cell as Fourier coefficients on the waves of a mean cell."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import FloatArray
from micrographia.language.structure.seen.repeats import GRID

#: Waves along b and along a: half of the plane, of which the other half follows.
DOWN = np.rint(np.fft.fftfreq(GRID, 1 / GRID)).astype(np.int64)
ALONG = np.arange(GRID // 2 + 1)


def _twice() -> FloatArray:
    counts = np.full((len(DOWN), len(ALONG)), 2.0)
    counts[:, [0, -1]] = 1.0
    counts[0, 0] = 0.0
    return counts


#: How many waves of the plane each stands for; the mean is left out.
TWICE = _twice()
#: A mean cell shares each pixel among four places of its grid, which dampens its waves.
_SHARED = np.outer(np.sinc(DOWN / GRID) ** 2, np.sinc(ALONG / GRID) ** 2)


def series(places: FloatArray, weights: FloatArray) -> FloatArray:
    """Fourier coefficients (GRID, GRID // 2 + 1) of points at fractions (n, 2), but their mean."""
    rows = np.exp(-2j * np.pi * np.outer(DOWN, places[:, 1]))
    columns = np.exp(-2j * np.pi * np.outer(places[:, 0], ALONG))
    found = (rows * weights) @ columns * _SHARED
    found[0, 0] = 0.0
    return np.asarray(found)


def softened(cell: FloatArray, sigma: float | FloatArray) -> FloatArray:
    """How much each wave of a cell (2, 2) [Å] is left of Gaussians of a width `sigma` [Å]."""
    inverse = np.linalg.inv(cell).T
    vectors = ALONG[None, :, None] * inverse[0] + DOWN[:, None, None] * inverse[1]
    squares = np.square(vectors).sum(axis=-1)
    return np.asarray(np.exp(-2 * np.pi**2 * np.square(sigma) * squares))


def top(match: FloatArray) -> tuple[float, float]:
    """Fractions of a and b of the maximum of a map (GRID, GRID), between its places."""
    row, column = divmod(int(match.argmax()), GRID)
    found = []
    for line, place in ((match[row], column), (match[:, column], row)):
        before, middle, after = (float(line[(place + step) % GRID]) for step in (-1, 0, 1))
        bend = min(before + after - 2 * middle, -1e-12)
        found.append((place + float(np.clip((before - after) / (2 * bend), -0.5, 0.5))) / GRID)
    return found[0], found[1]
