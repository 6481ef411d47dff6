"""Transform of the probe's intensity from the pupil, in numbers without units, with slopes.

In a frame along the frequency, with L its length over the limit, points z = u + iv of the lens in
which two discs at distance 2L overlap carry the phase χ(z + L) - χ(z - L). Its even aberrations
are linear there, 4L (D u + E v), and its odd ones of second degree, L (A u² + B v² + C uv + 2L²K):
a few sums over v are enough for the transfer and for all its slopes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import roots_jacobi

from micrographia.arrays import ComplexArray, FloatArray
from micrographia.physics.waves import cos_sin, turned

#: Defocus; two-fold astigmatism (2); coma (2); three-fold astigmatism (2).
ABERRATIONS = 7

# The lens's height goes to nothing as the square root of the distance to its tip, which Jacobi's
# polynomials of that weight integrate exactly; its own value is divided out of their weights.
_ALONG, _JACOBI_WEIGHTS = roots_jacobi(8, 0.5, 0.0)
_T = (_ALONG + 1) / 2  # places along the lens, 0..1
_ALONG_WEIGHTS = _JACOBI_WEIGHTS / np.sqrt(1 - _ALONG)
# Nodes across come in pairs ±y.
_Y, _Y_WEIGHTS = (part[5:] for part in np.polynomial.legendre.leggauss(10))
_MOMENTS = np.stack([_Y_WEIGHTS, _Y_WEIGHTS * _Y, _Y_WEIGHTS * _Y**2])
_AT_ONCE = 512  # frequencies whose sums stay in a processor's cache


def pupil_transfer(
    x: FloatArray, aberrations: FloatArray, slopes: bool = True
) -> tuple[ComplexArray, ComplexArray]:
    """Autocorrelation of the round pupil exp(-iχ) and its slopes.

    Parameters
    ----------
    x
        Frequencies over the information limit (m, 2); a pupil's radius is half of it.
    aberrations
        χ on the rim [rad] (7,): defocus ρ², astigmatism ρ² cos 2φ and ρ² sin 2φ, coma ρ³ cos φ
        and ρ³ sin φ, three-fold astigmatism ρ³ cos 3φ and ρ³ sin 3φ.
    slopes
        Whether the slopes are wanted.

    Returns
    -------
    transfer, slopes
        (m,) with value 1 at 0 and 0 beyond 1, and its derivatives (m, 8) with the logarithm of
        the limit and with each aberration; empty if not wanted.

    Examples
    --------
    >>> values, _ = pupil_transfer(np.array([[0, 0], [0.5, 0], [0, 1]]), np.zeros(7))
    >>> bool(np.abs(values.real - [1.0, 0.391, 0.0]).max() < 0.001)
    True
    """
    frequencies = np.asarray(x, dtype=np.float64)
    values = np.zeros(len(frequencies), dtype=np.complex128)
    width = 1 + ABERRATIONS if slopes else 0
    changes = np.zeros((len(frequencies), width), dtype=np.complex128)
    inside = np.flatnonzero(np.square(frequencies).sum(axis=1) < 1 - 1e-9)
    for start in range(0, len(inside), _AT_ONCE):
        part = inside[start : start + _AT_ONCE]
        lens = _Lens.at(frequencies[part], aberrations)
        waves = lens.waves(slopes)
        values[part] = (lens.weights * waves[0]).sum(axis=1)
        if slopes:
            changes[part] = _slopes(lens, waves)
    return values, changes


@dataclass(frozen=True)
class _Lens:
    """Half the overlap of two discs for each of some frequencies, and the phases in it.

    Half is enough, since z → -z turns the sign of the even phase and keeps the odd one's.
    `along` is the frequency's direction (m,) as exp(iφ); `u`, `height` and the `weights` of the
    integral are (m, 8), the coefficients of the phases (m, 1).
    """

    length: FloatArray
    along: ComplexArray
    u: FloatArray
    height: FloatArray
    weights: FloatArray
    even: tuple[FloatArray, FloatArray]
    odd: tuple[FloatArray, FloatArray, FloatArray, FloatArray]

    @classmethod
    def at(cls, x: FloatArray, aberrations: FloatArray) -> _Lens:
        """The lens at frequencies (m, 2), all shorter than one."""
        frequency = x[:, :1] + 1j * x[:, 1:]
        length = np.abs(frequency)
        along = np.where(length > 1e-12, frequency / np.maximum(length, 1e-12), 1.0)
        u = (1 - length) * _T
        height = np.sqrt(np.maximum(1 - (u + length) ** 2, 0))
        weights = (1 - length) / np.pi * _ALONG_WEIGHTS * height
        focus, *pairs = (float(value) for value in aberrations)
        two = (pairs[0] - 1j * pairs[1]) * along**2
        coma = (pairs[2] - 1j * pairs[3]) * along
        three = (pairs[4] - 1j * pairs[5]) * along**3
        both = coma.real + three.real
        even = (focus + two.real, -two.imag)
        odd = (6 * both, 2 * coma.real - 6 * three.real, -4 * coma.imag - 12 * three.imag, both)
        return cls(length, along[:, 0], u, height, weights, even, odd)

    def waves(self, slopes: bool) -> ComplexArray:
        """Sums over v of exp(-i odd) cos(even), and of its change with the even phase (s, m, 8).

        The first with 1, v and v², the second with 1 and v; without slopes only the very first.
        """
        length, u = self.length, self.u
        v = _Y[:, None, None] * self.height
        odd = [self.odd[1] * v * v, self.odd[2] * u * v, 4 * self.even[1] * v]
        cosines, sines = cos_sin(length * np.stack(odd))
        turn = cosines[0] - 1j * sines[0]
        cos_cos, sin_sin = turn * (cosines[1] * cosines[2]), turn * (sines[1] * sines[2])
        cosine, sine = cos_sin(4 * length * self.even[0] * u)
        level = turned(length * (self.odd[0] * u * u + 2 * length**2 * self.odd[3]))
        front = 2 * level * np.stack([cosine, 1j * sine])
        if not slopes:
            return (front[0] * _summed(cos_cos, 0) + front[1] * _summed(sin_sin, 0))[None]
        back = 2 * level * np.stack([sine, 1j * cosine])
        cos_sin_, sin_cos = turn * (cosines[1] * sines[2]), turn * (sines[1] * cosines[2])
        first, second = _summed(cos_cos, 0), _summed(sin_sin, 0)
        third, fourth = _summed(cos_sin_, 1), _summed(sin_cos, 1)
        return np.stack([
            front[0] * first + front[1] * second,
            -(back[0] * third + back[1] * fourth) * self.height,
            (front[0] * _summed(cos_cos, 2) + front[1] * _summed(sin_sin, 2)) * self.height**2,
            -(back[0] * first - back[1] * second),
            -(front[0] * third - front[1] * fourth) * self.height,
        ])  # fmt: skip


def _summed(values: ComplexArray, power: int) -> ComplexArray:
    """Sum (m, 8) over nodes (5, m, 8) with a power of y."""
    flat = _MOMENTS[power] @ values.reshape(len(values), -1).view(np.float64)
    return np.asarray(flat.view(np.complex128).reshape(values.shape[1:]))


def _slopes(lens: _Lens, waves: ComplexArray) -> ComplexArray:
    """Derivatives (m, 8) with the logarithm of the limit and with each aberration."""
    length, u, (wave, wave_v, wave_vv, shifted, shifted_v) = lens.length[:, 0], lens.u, waves
    sums = [shifted * u, shifted_v, wave, wave_vv, wave * u * u, wave_v * u]
    sums += [_by_length(lens, waves)]
    by_u, by_v, one, square_v, square_u, product, by_length = np.einsum(
        "smu,mu->sm", np.stack(sums), lens.weights
    )
    two, three = lens.along**2, lens.along**3
    rest = 2 * length**2 * one
    coma, slant = 6 * square_u + 2 * square_v + rest, 4 * product
    clover, bow = 6 * square_u - 6 * square_v + rest, 12 * product
    by = [
        -length * by_length,
        4 * length * by_u,
        4 * length * (two.real * by_u - two.imag * by_v),
        4 * length * (two.imag * by_u + two.real * by_v),
        -1j * length * (lens.along.real * coma - lens.along.imag * slant),
        -1j * length * (lens.along.imag * coma + lens.along.real * slant),
        -1j * length * (three.real * clover - three.imag * bow),
        -1j * length * (three.imag * clover + three.real * bow),
    ]
    return np.stack(by, axis=1)


def _by_length(lens: _Lens, waves: ComplexArray) -> ComplexArray:
    """Change (m, 8) with the frequency's length, over the weights: of lens and phases."""
    length, u, (wave, wave_v, wave_vv, shifted, shifted_v) = lens.length, lens.u, waves
    # Of the logarithm of the height, and of u.
    taller = -(u + length) / ((1 - length) * (1 + u + length))
    shift = -_T
    a, b, c, k = lens.odd
    change = (taller - 1 / (1 - length)) * wave
    change += 4 * lens.even[0] * (u + length * shift) * shifted
    change += 4 * lens.even[1] * (1 + length * taller) * shifted_v
    odd = (a * u * (u + 2 * length * shift) + 6 * length**2 * k) * wave
    odd += b * (1 + 2 * length * taller) * wave_vv
    odd += c * (u + length * (shift + u * taller)) * wave_v
    return np.asarray(change - 1j * odd)
