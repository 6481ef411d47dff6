"""A written crystal, drawn again and compared with the picture for which it was written.

The answer is drawn by the engine of MicroscopyGPT's pictures, Gaussians of weight Z^1.7, on the
lattice that was measured; the share of the picture's variance that it explains says how well it
fits. Where it begins, how sharp the picture is, and in which of the settings of one shape the
cell was written are free: they are found on the mean cell, in Fourier space. An answer on a super-
or sublattice of the measured cell is drawn on its own.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.fft import irfft2, rfft2

from micrographia.arrays import FloatArray, FloatImage, IntArray
from micrographia.language.structure.again.lattices import changes_between
from micrographia.language.structure.canonical import ANGLE, LENGTH, Written, same_shape
from micrographia.language.structure.pictures import POWER, WIDTH, Plane, View, draw_picture
from micrographia.language.structure.seen.repeats import GRID, fold

#: Further blur of an atom that is tried, standard deviation [Å]: from that of the engine alone to
#: what the probe of a microscope adds.
BLURS = (0.0, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6)

_SIGMA = WIDTH / np.sqrt(8 * np.log(2))
_NOISELESS = np.random.default_rng(0)  # nothing is drawn from it where there is no noise


class Again:
    """A picture with its measured cell, ready to be compared with answers.

    Parameters
    ----------
    flat
        Picture (n, n) of `repeats.flatten`: mean 0, standard deviation 1; n up to 128.
    cell
        Measured vectors (2, 2) [Å] in the frame of the picture.
    """

    def __init__(self, flat: FloatImage, cell: FloatArray) -> None:
        self.flat, self.cell = flat, cell
        self._means: dict[bytes, FloatArray] = {}

    def explained(self, answer: Written) -> float:
        """Share of the picture's variance that an answer explains, 0 to 1.

        0 where the written cell is no super- or sublattice of the measured one.
        """
        shape = np.array([answer.a * LENGTH, answer.b * LENGTH, answer.gamma * ANGLE])
        best = 0.0
        for change in changes_between(self.cell, shape):
            key = np.round(change, 3).tobytes()
            if key not in self._means:
                self._means[key] = rfft2(fold(self.flat, change @ self.cell))
            plane, view = _laid(self._means[key], change @ self.cell, answer)
            best = max(best, self._alike(draw_picture(plane, view, _NOISELESS)))
        return best

    def _alike(self, drawn: FloatImage) -> float:
        """Pearson's coefficient, squared; what is opposite explains nothing."""
        side = len(self.flat)
        small = drawn[: 2 * side, : 2 * side].reshape(side, 2, side, 2).mean(axis=(1, 3))
        spread = max(float(small.std()), 1e-9)
        match = float((self.flat * (small - small.mean())).mean()) / spread
        return max(match, 0.0) ** 2


def _laid(seen: FloatArray, cell: FloatArray, answer: Written) -> tuple[Plane, View]:
    """The answer where and as it fits a mean cell with these Fourier coefficients best."""
    atoms = answer.atoms()
    shape = np.array(atoms.cell[:2, :2])
    places = atoms.positions[:, :2] @ np.linalg.inv(shape)
    weights = np.asarray(atoms.numbers, dtype=np.float64) ** POWER
    squares = np.square(_reciprocal(shape)).sum(axis=-1)
    softened = np.exp(-2 * np.pi**2 * (_SIGMA**2 + BLURS[1] ** 2) * squares)
    best = -1.0
    for change, _ in same_shape(shape):
        turned = places @ np.linalg.inv(change)
        drawn = _series(turned, weights)
        # The product with the mean cell, wherever the answer begins.
        match = irfft2(seen * np.conj(drawn * softened), s=(GRID, GRID))
        if match.max() > best:
            best, chosen, series, origin = float(match.max()), turned, drawn, _top(match)
    plane = Plane(cell, chosen, np.asarray(atoms.numbers, dtype=np.int64))
    return plane, View(origin=origin, blur=_blur(seen, series, origin, squares))


def _top(match: FloatArray) -> tuple[float, float]:
    """Fractions of a and b of the maximum, between the places of the grid."""
    row, column = divmod(int(match.argmax()), GRID)
    found = []
    for line, place in ((match[row], column), (match[:, column], row)):
        before, middle, after = (float(line[(place + step) % GRID]) for step in (-1, 0, 1))
        bend = min(before + after - 2 * middle, -1e-12)
        found.append((place + float(np.clip((before - after) / (2 * bend), -0.5, 0.5))) / GRID)
    return found[0], found[1]


def _blur(
    seen: FloatArray, series: FloatArray, origin: tuple[float, float], squares: FloatArray
) -> float:
    """The blur with which an answer fits best."""
    down, along = _waves()
    turned = np.exp(2j * np.pi * (down[:, None] * origin[1] + along * origin[0]))
    both = (np.conj(series) * seen * turned).real * _TWICE
    power = np.abs(series) ** 2 * _TWICE
    sigma = np.array(BLURS)[:, None, None] ** 2 + _SIGMA**2
    soft = np.exp(-2 * np.pi**2 * sigma * squares)
    match = (both * soft).sum(axis=(1, 2)) / np.sqrt((power * soft**2).sum(axis=(1, 2)) + 1e-12)
    return BLURS[int(match.argmax())]


@cache
def _waves() -> tuple[IntArray, IntArray]:
    return np.rint(np.fft.fftfreq(GRID, 1 / GRID)).astype(np.int64), np.arange(GRID // 2 + 1)


def _twice() -> FloatArray:
    """How many waves each of half the plane stands for; the mean is left out."""
    counts = np.full((GRID, GRID // 2 + 1), 2.0)
    counts[:, [0, -1]] = 1.0
    counts[0, 0] = 0.0
    return counts


_TWICE = _twice()


def _series(places: FloatArray, weights: FloatArray) -> FloatArray:
    """Fourier coefficients (GRID, GRID // 2 + 1) of points at fractions (n, 2), but their mean.

    Dampened as the mean cell is, which shares each pixel among four places of its grid.
    """
    down, along = _waves()
    rows = np.exp(-2j * np.pi * np.outer(down, places[:, 1]))
    columns = np.exp(-2j * np.pi * np.outer(places[:, 0], along))
    series = (rows * weights) @ columns
    series *= np.outer(np.sinc(down / GRID) ** 2, np.sinc(along / GRID) ** 2)
    series[0, 0] = 0.0
    return np.asarray(series)


def _reciprocal(cell: FloatArray) -> FloatArray:
    """Vectors of the waves (GRID, GRID // 2 + 1, 2) [1/Å]."""
    down, along = _waves()
    inverse = np.linalg.inv(cell).T
    return np.asarray(along[None, :, None] * inverse[0] + down[:, None, None] * inverse[1])
