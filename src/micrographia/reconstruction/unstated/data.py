"""Fourier data of a cell with their uncertainty, and what optics make of atoms there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from micrographia.arrays import BoolArray, ComplexArray, FloatArray
from micrographia.physics.lattice import minimum_image
from micrographia.reconstruction.lattice import Fit
from micrographia.reconstruction.reflections import usual_amplitude
from micrographia.reconstruction.unstated.optics import Optics, blur_slopes, flex_terms
from micrographia.reconstruction.unstated.pupil import ABERRATIONS

#: Spacing of search maps [Å], and how many points they have along a vector at least.
GRID, LEAST_POINTS = 0.1, 24

_REMEMBERED = 100  # probes and strengths that are kept
_MARGIN = 1.1  # frequencies that are kept beyond the last that carry signal
_STRAY = 0.02  # of the strongest coefficient, what errors of a detector spread everywhere
_HARMONICS = 0.2  # the same where greys were bent
_FAINT = 2e-3  # of the strongest coefficient: shells below hold nothing that matters
_SHELL = 24  # reflections that are judged together


@dataclass(frozen=True)
class Data:
    """Fourier coefficients of a cell and their uncertainty.

    Attributes
    ----------
    fit
        Lattice and coefficients.
    deviation
        Noise, and error of the model (m,).
    shape
        Usual dependence of an atom's strength on |g| (m,), one at the origin.
    """

    fit: Fit
    deviation: FloatArray
    shape: FloatArray

    _memory: dict[tuple[object, ...], ComplexArray | FloatArray] = field(
        default_factory=dict, repr=False, compare=False
    )

    @cached_property
    def values(self) -> ComplexArray:
        """Coefficients over their deviation (m,)."""
        return np.asarray(self.fit.coefficients / self.deviation)

    @cached_property
    def squares(self) -> FloatArray:
        """|g|² (m,) [1/Å²]."""
        return np.asarray(np.square(self.fit.g).sum(axis=1))

    @cached_property
    def blur_slopes(self) -> FloatArray:
        """Change of the envelope's logarithm with the blur (3, m), as `optics.blur_slopes`."""
        return np.ascontiguousarray(blur_slopes(self.fit.g).T)

    @cached_property
    def flex_terms(self) -> FloatArray:
        """What an element's corrections are factors of (3, m), as `optics.flex_terms`."""
        return np.ascontiguousarray(flex_terms(self.fit.g).T)

    def profile(self, optics: Optics) -> ComplexArray:
        """What optics make of an atom of strength one, over the deviation (m,)."""
        key = ("probe", optics.limit, optics.aberrations, optics.stated)
        if key not in self._memory:
            if len(self._memory) > _REMEMBERED:
                self._memory.clear()
            self._memory[key] = optics.probe(self.fit.g) / self.deviation
        return np.asarray(self._memory[key] * optics.envelope(self.fit.g))

    def probe_slopes(self, optics: Optics) -> ComplexArray:
        """Change of the profile (m, 1 + k) with the logarithm of the limit and the aberrations."""
        if optics.stated is not None:
            return np.zeros((len(self.deviation), 1 + ABERRATIONS), dtype=np.complex128)
        key = ("slopes", optics.limit, optics.aberrations)
        if key not in self._memory:
            self._memory[key] = optics.probe_slopes(self.fit.g) / self.deviation[:, None]
        return np.asarray(self._memory[key] * optics.envelope(self.fit.g)[:, None])

    def strength(self, optics: Optics, number: int) -> FloatArray:
        """Strength of an atom (m,) at the data's frequencies."""
        if optics.mode != "phase":
            return optics.strength(number, self.fit.g)
        key = ("strength", number)
        if key not in self._memory:
            self._memory[key] = replace(optics, flex=()).strength(number, self.fit.g)
        return np.asarray(self._memory[key].real * optics.correction(number, self.fit.g))


def doubted(fit: Fit, shape: FloatArray, doubt: float, bent: bool = False) -> Data:
    """Data whose deviation holds an error of the model as a share of what is usual at its |g|.

    `bent`: the greys may have been bent for display, which puts harmonics of strong reflections
    on weak ones.
    """
    strongest = float(np.abs(fit.coefficients).max())
    usual = np.maximum(usual_amplitude(fit), (_HARMONICS if bent else _STRAY) * strongest)
    return Data(fit, np.hypot(fit.sigma, doubt * usual), shape)


def forms(data: Data, optics: Optics, kinds: list[tuple[int, ...]]) -> ComplexArray:
    """Signal of one column of each kind at the origin, over the deviation (k, m)."""
    numbers = {number for kind in kinds for number in kind}
    single = {number: data.strength(optics, number) for number in numbers}
    shapes = np.array([np.sum([single[n] for n in kind], axis=0) for kind in kinds])
    return np.asarray(data.profile(optics) * shapes)


def price(data: Data) -> float:
    """Log-likelihood that a column must bring to be believed."""
    return float(1.5 * np.log(2 * len(data.values)) + 6.0)


def trimmed(fit: Fit) -> Fit:
    """The fit up to the frequencies beyond which nothing but noise is left."""
    radius = np.linalg.norm(fit.g, axis=1)
    order = np.argsort(radius)
    signal = np.square(np.abs(fit.coefficients))[order]
    power = signal / np.square(fit.sigma[order])
    ends = range(0, len(order), _SHELL)
    loud = [
        place
        for place in ends
        if power[place : place + _SHELL].mean()
        > 1 + 4 / np.sqrt(len(power[place : place + _SHELL]))
        and signal[place : place + _SHELL].mean() > _FAINT**2 * signal.max()
    ]
    last = min(len(order), (loud[-1] if loud else 0) + _SHELL) - 1
    keep = radius <= _MARGIN * radius[order[last]]
    return replace(
        fit,
        indices=fit.indices[keep],
        g=fit.g[keep],
        coefficients=fit.coefficients[keep],
        sigma=fit.sigma[keep],
    )


def vacant(
    cell: FloatArray, positions: FloatArray, shape: tuple[int, ...], apart: float
) -> BoolArray:
    """Points of a cell's grid (rows, columns) at least so far [Å] from columns (n, 2) [Å]."""
    metric = cell @ cell.T
    free = np.ones(shape, dtype=np.bool_)
    for place in positions @ np.linalg.inv(cell):
        down = minimum_image(np.arange(shape[0]) / shape[0] - place[0])[:, None]
        along = minimum_image(np.arange(shape[1]) / shape[1] - place[1])[None, :]
        square = metric[0, 0] * down**2 + along * (2 * metric[0, 1] * down + metric[1, 1] * along)
        free &= square >= apart**2
    return free
