"""The optics of a picture as a few numbers that are fitted with the atoms.

For the phase object (`physics.imaging`) and for incoherent imaging alike, a picture of a thin
crystal is, in Fourier space, gain · T(g) · exp(-2π² gᵀ B g) · Σ_j S_j(|g|) exp(-2πi g·r_j). T is
the transform of the probe's intensity, the autocorrelation of its pupil. With frequencies in
units of the information limit 2α/λ and aberrations as phases on the rim of the pupil it needs
neither voltage nor aperture (Hopkins, Proc. R. Soc. A 231 (1955) 91). The tensor B collects what
blurs further: source, vibration, heat. S_j is the strength of an atom: for phase contrast its
electron scattering factor; for rings that count electrons a power of the atomic number, Z^n,
whose exponent depends on the ring.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np

from micrographia.arrays import ComplexArray, FloatArray, IntArray
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import transfer
from micrographia.physics.incoherent import strength
from micrographia.physics.scattering import scattering_factor
from micrographia.reconstruction.unstated.pupil import ABERRATIONS, pupil_transfer

Mode = Literal["phase", "dark", "bright"]

#: Usual exponent of Z, and its spread, for rings that collect scattered (dark) and unscattered
#: (bright) electrons. The tails are Student's: a picture whose greys were bent has quite another.
EXPONENTS: dict[Mode, tuple[float, float]] = {"dark": (1.7, 0.12), "bright": (0.7, 0.25)}

# At no defocus the first derivative by it vanishes, and no descent would leave there.
_ROUND = (1.0, *(0.0,) * (ABERRATIONS - 1))

# What is fitted: log of the limit [1/Å], aberrations [rad], mean blur and its two anisotropies
# [Å²], exponent; each with its usual value and spread.
USUAL = np.array([np.log(2.0), *(0.0,) * ABERRATIONS, 0.04, 0.0, 0.0])
SPREAD = np.array([0.35, 2.0, 0.4, 0.4, 0.25, 0.25, 0.25, 0.25, 0.06, 0.006, 0.006])
# How far an element's strength may be from what the tables say: in its logarithm, and in the
# factors of t and t², t = (|g| / 1.5)², by which heat, binding and second-order scattering
# change its shape; for light elements, and what each further atomic number adds.
_FLEX = np.array([0.04, 0.15, 0.05])
_FLEX_PER_Z = np.array([0.0004, 0.001, 0.0012])
_REFERENCE = 20  # calcium, at which strengths on rings are one
_USUAL_RING = ImagingConditions(
    energy_keV=200,
    semiangle_mrad=25,
    detector="haadf",
    annular_inner_mrad=70,
    annular_outer_mrad=200,
)
_FLEX_SCALE = 1.5  # [1/Å]
_BLUR = slice(1 + ABERRATIONS, 4 + ABERRATIONS)


@dataclass(frozen=True)
class Optics:
    """How a picture shows atoms.

    Attributes
    ----------
    mode
        'phase': integrated centre of mass; 'dark' and 'bright': rings.
    gain
        Picture's units per unit of strength and area.
    limit
        Highest frequency that the probe transfers [1/Å].
    aberrations
        Phases on the rim of the pupil [rad], in the order of `pupil.pupil_transfer`.
    blur
        B as (xx, xy, yy) [Å²].
    exponent
        Of Z, in the ring modes.
    vague
        Factor on the exponent's spread: greys of eight bits were often bent for display.
    flex
        For each element that is fitted: its number, and the three corrections of its strength.
    stated
        Conditions that were stated, whose transfer takes T's place; None: fitted.
    told
        What else is known of the parameters: its place among them, value and spread of each.
    """

    mode: Mode
    gain: float = 1.0
    limit: float = 2.0
    aberrations: tuple[float, ...] = _ROUND
    blur: tuple[float, float, float] = (0.04, 0.0, 0.04)
    exponent: float = 1.7
    vague: float = 1.0
    flex: tuple[tuple[int, float, float, float], ...] = ()
    stated: ImagingConditions | None = None
    told: tuple[tuple[int, float, float], ...] = ()

    @property
    def usual(self) -> FloatArray:
        """Most probable parameters: what is known of them, `USUAL` where nothing is."""
        values = USUAL.copy()
        for place, value, _ in self.told:
            values[place] = value
        return values

    @property
    def spread(self) -> FloatArray:
        """How far the parameters may be from the most probable ones."""
        values = SPREAD.copy()
        for place, _, spread in self.told:
            values[place] = spread
        return values

    def told_that(self, told: tuple[tuple[int, float, float], ...]) -> Optics:
        """The same with some parameters known."""
        return replace(self, told=told)

    def probe(self, g: FloatArray) -> ComplexArray:
        """T (m,) at frequencies g (m, 2) [1/Å]."""
        if self.stated is not None:
            return transfer(g, self.stated)
        return pupil_transfer(g / self.limit, np.array(self.aberrations))[0]

    def probe_slopes(self, g: FloatArray) -> ComplexArray:
        """Change of T with the logarithm of the limit and with each aberration (m, 1 + k)."""
        return pupil_transfer(g / self.limit, np.array(self.aberrations))[1]

    def envelope(self, g: FloatArray) -> FloatArray:
        """What gain and blur make of T (m,)."""
        xx, xy, yy = self.blur
        spread = xx * g[:, 0] ** 2 + 2 * xy * g[:, 0] * g[:, 1] + yy * g[:, 1] ** 2
        sign = -1.0 if self.mode == "bright" else 1.0
        return np.asarray(sign * self.gain * np.exp(-2 * np.pi**2 * spread))

    def strength(self, number: int, g: FloatArray) -> FloatArray:
        """Strength of an atom (m,) at frequencies (m, 2)."""
        if self.mode == "phase":
            bare = scattering_factor(number, np.linalg.norm(g, axis=1))
        else:
            bare = np.full(len(g), self.ring_strength(number))
        return bare * self.correction(number, g)

    def ring_strength(self, number: int) -> float:
        """Strength of an atom on a ring, calcium's about one."""
        if self.mode == "bright":
            return float((number / _REFERENCE) ** self.exponent)
        # The exponent is that near calcium; the rest of the curve is calculated.
        bend = self.exponent - EXPONENTS["dark"][0]
        return _dark_strength(number) * float((number / _REFERENCE) ** bend)

    def correction(self, number: int, g: FloatArray) -> FloatArray:
        """Factor (m,) by which an element's strength differs from what tables say."""
        for element, *values in self.flex:
            if element == number:
                return np.asarray(np.exp(flex_terms(g) @ np.array(values)))
        return np.ones(len(g))

    def parameters(self) -> FloatArray:
        """What is fitted, as numbers in the order of `USUAL`; gain and exponent are apart."""
        xx, xy, yy = self.blur
        blur = [(xx + yy) / 2, (xx - yy) / 2, xy]
        return np.array([np.log(self.limit), *self.aberrations, *blur])

    def moved(self, values: FloatArray) -> Optics:
        """The optics of other fitted numbers; blur never sharpens."""
        mean, tilt, slant = (float(value) for value in values[_BLUR])
        mean = max(mean, 0.0)
        return replace(
            self,
            limit=float(np.exp(np.clip(values[0], -1.0, 4.0))),
            aberrations=tuple(float(v) for v in np.clip(values[1 : 1 + ABERRATIONS], -12, 12)),
            blur=(mean + tilt, slant, mean - tilt),
        )

    def unusual(self) -> float:
        """Half the squared deviations from what is usual: minus a log-probability."""
        value = 0.5 * float(np.square((self.parameters() - self.usual) / self.spread).sum())
        if self.mode != "phase":
            usual, spread = EXPONENTS[self.mode]
            square = ((self.exponent - usual) / (spread * self.vague)) ** 2
            freedom = _freedom(self)
            value += (freedom + 1) / 2 * float(np.log1p(square / freedom))
        for number, *values in self.flex:
            value += 0.5 * float(np.square(np.array(values) / flex_spread(number)).sum())
        return value


def exponent_weight(optics: Optics) -> float:
    """Half the curvature that holds the exponent at its usual value (Student's t, reweighted)."""
    usual, spread = EXPONENTS.get(optics.mode, (optics.exponent, 1e-3))
    spread *= optics.vague
    square = ((optics.exponent - usual) / spread) ** 2
    freedom = _freedom(optics)
    return float(0.5 / spread**2 * (freedom + 1) / (freedom + square))


def _freedom(optics: Optics) -> float:
    """Of Student's distribution of the exponent: where its spread is wide, its tails are not."""
    return 2.0 if optics.vague == 1 else 20.0


def flex_terms(g: FloatArray) -> FloatArray:
    """1, t and t² (m, 3) at frequencies (m, 2): what an element's corrections are factors of."""
    t = np.square(g / _FLEX_SCALE).sum(axis=1)
    return np.stack([np.ones_like(t), t, t**2], axis=1)


def flex_spread(number: int) -> FloatArray:
    """Usual size (3,) of an element's corrections."""
    return np.asarray(_FLEX + _FLEX_PER_Z * number)


@cache
def _dark_strength(number: int) -> float:
    """Strength of an atom on a usual dark-field ring over calcium's."""
    return strength(number, _USUAL_RING) / strength(_REFERENCE, _USUAL_RING)


def blur_slopes(g: FloatArray) -> FloatArray:
    """Change of the logarithm of the envelope with mean blur and its anisotropies (m, 3)."""
    squares = np.stack(
        [np.square(g).sum(axis=1), g[:, 0] ** 2 - g[:, 1] ** 2, 2 * g.prod(axis=1)], axis=1
    )
    return np.asarray(-2 * np.pi**2 * squares)


def usual_strength(mode: Mode, numbers: IntArray | list[int], g: FloatArray) -> FloatArray:
    """Mean over some elements of the shape of their strengths (m,), one at the origin."""
    base = Optics(mode)
    zero = np.zeros((1, 2))
    shapes = [base.strength(int(n), g) / base.strength(int(n), zero) for n in numbers]
    return np.asarray(np.mean(shapes, axis=0))
