"""A written crystal, drawn again and compared with the picture for which it was written.

The answer is drawn by the engine of MicroscopyGPT's pictures, Gaussians of weight Z^1.7, on the
lattice that was measured; the share of the picture's variance that it explains says how well it
fits. Where it begins, how sharp the picture is, and in which of the settings of one shape the
cell was written are free: they are found on the mean cell, in Fourier space. An answer on a super-
or sublattice of the measured cell is drawn on its own.
"""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft2, rfft2

from micrographia.arrays import FloatArray, FloatImage
from micrographia.language.structure.again.lattices import changes_between
from micrographia.language.structure.again.places import SIGMA, moved
from micrographia.language.structure.again.waves import ALONG, DOWN, TWICE, series, softened, top
from micrographia.language.structure.canonical import ANGLE, LENGTH, Written, same_shape
from micrographia.language.structure.pictures import POWER, Plane, View, draw_picture
from micrographia.language.structure.seen.repeats import GRID, fold

#: Further blur of an atom that is tried, standard deviation [Å]: from that of the engine alone to
#: what the probe of a microscope adds.
BLURS = (0.0, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6)

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
        return max(
            (self._alike(draw_picture(plane, view, _NOISELESS))
             for _, plane, view in self._fits(answer)),
            default=0.0,
        )  # fmt: skip

    def moved(self, answer: Written, kept: bool) -> list[Written]:
        """Return the answer with its atoms where the picture shows them; see `places.moved`.

        Parameters
        ----------
        answer
            What was written.
        kept
            Whether the atoms begin where they were written.

        Returns
        -------
        One for each lattice on which the written cell fits the measured one; none that the digits
        cannot hold.
        """
        found = (
            moved(seen, answer, plane, view, kept) for seen, plane, view in self._fits(answer)
        )
        return [one for one in found if one is not None]

    def _fits(self, answer: Written) -> list[tuple[FloatArray, Plane, View]]:
        """Mean cells on lattices of the written shape, with the answer laid on each."""
        shape = np.array([answer.a * LENGTH, answer.b * LENGTH, answer.gamma * ANGLE])
        found = []
        for change in changes_between(self.cell, shape):
            key = np.round(change, 3).tobytes()
            if key not in self._means:
                self._means[key] = rfft2(fold(self.flat, change @ self.cell))
            plane, view = _laid(self._means[key], change @ self.cell, answer)
            found.append((self._means[key], plane, view))
        return found

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
    soft = softened(shape, np.hypot(SIGMA, BLURS[1]))
    best = -1.0
    for change, _ in same_shape(shape):
        turned = places @ np.linalg.inv(change)
        drawn = series(turned, weights)
        # The product with the mean cell, wherever the answer begins.
        match = irfft2(seen * np.conj(drawn * soft), s=(GRID, GRID))
        if match.max() > best:
            best, chosen, waves, origin = float(match.max()), turned, drawn, top(match)
    plane = Plane(cell, chosen, np.asarray(atoms.numbers, dtype=np.int64))
    return plane, View(origin=origin, blur=_blur(seen, waves, origin, shape))


def _blur(
    seen: FloatArray, waves: FloatArray, origin: tuple[float, float], shape: FloatArray
) -> float:
    """The blur with which an answer fits best."""
    turned = np.exp(2j * np.pi * (DOWN[:, None] * origin[1] + ALONG * origin[0]))
    both = (np.conj(waves) * seen * turned).real * TWICE
    power = np.abs(waves) ** 2 * TWICE
    soft = softened(shape, np.hypot(SIGMA, BLURS)[:, None, None])
    match = (both * soft).sum(axis=(1, 2)) / np.sqrt((power * soft**2).sum(axis=(1, 2)) + 1e-12)
    return BLURS[int(match.argmax())]
