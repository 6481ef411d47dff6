"""Transform of the probe's intensity from the pupil, in numbers without units, with slopes."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import ComplexArray, FloatArray

#: Defocus; two-fold astigmatism (2); coma (2); three-fold astigmatism (2).
ABERRATIONS = 7
_EVEN = 3  # of these, the first are even in the pupil

_ALONG, _ALONG_WEIGHTS = np.polynomial.legendre.leggauss(14)
_ACROSS, _ACROSS_WEIGHTS = np.polynomial.legendre.leggauss(10)


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
        (m,) with value 1 at 0 and 0 beyond 1, and its derivatives (m, 7); empty if not wanted.

    Examples
    --------
    >>> values, _ = pupil_transfer(np.array([[0, 0], [0.5, 0], [0, 1]]), np.zeros(7))
    >>> bool(np.abs(values.real - [1.0, 0.391, 0.0]).max() < 0.001)
    True
    """
    shift = np.asarray(x, dtype=np.float64)
    length = np.linalg.norm(shift, axis=1)
    safe = np.where(length > 1e-12, length, 1.0)
    along = np.where(length[:, None] > 1e-12, shift / safe[:, None], np.array([1.0, 0.0]))
    reach = np.clip(1 - length, 0, None)
    # The two discs' overlap is a lens; its half k·g > 0 is enough, since k → -k turns the sign
    # of the even aberrations' phase and keeps the odd ones'.
    u = reach[:, None] * (_ALONG + 1) / 2
    height = np.sqrt(np.clip(1 - (u + length[:, None]) ** 2, 0, None))
    weights = (reach[:, None] / 2 * _ALONG_WEIGHTS * height)[:, :, None] * _ACROSS_WEIGHTS
    v = height[:, :, None] * _ACROSS
    kx = u[:, :, None] * along[:, 0, None, None] - v * along[:, 1, None, None]
    ky = u[:, :, None] * along[:, 1, None, None] + v * along[:, 0, None, None]
    change = _differences(kx, ky, shift[:, 0, None, None], shift[:, 1, None, None])
    even = sum(c * f for c, f in zip(aberrations[:_EVEN], change[:_EVEN], strict=True))
    odd = sum(c * f for c, f in zip(aberrations[_EVEN:], change[_EVEN:], strict=True))
    turned = weights * np.exp(-1j * np.asarray(odd))
    wave = turned * np.cos(even)
    value = np.asarray(2 / np.pi * wave.sum(axis=(1, 2)), dtype=np.complex128)
    if not slopes:
        return value, np.zeros((len(value), 0), dtype=np.complex128)
    falling = -turned * np.sin(even)
    by = [(falling * f).sum(axis=(1, 2)) for f in change[:_EVEN]]
    by += [(-1j * wave * f).sum(axis=(1, 2)) for f in change[_EVEN:]]
    return value, np.asarray(2 / np.pi * np.stack(by, axis=1), dtype=np.complex128)


def _differences(
    kx: FloatArray, ky: FloatArray, sx: FloatArray, sy: FloatArray
) -> list[FloatArray]:
    """χ(k + s) - χ(k - s) for each aberration of one radian on the rim."""
    ax, ay, bx, by = kx + sx, ky + sy, kx - sx, ky - sy
    aa, bb = ax**2 + ay**2, bx**2 + by**2
    return [
        aa - bb,
        (ax**2 - ay**2) - (bx**2 - by**2),
        2 * (ax * ay - bx * by),
        aa * ax - bb * bx,
        aa * ay - bb * by,
        ax * (ax**2 - 3 * ay**2) - bx * (bx**2 - 3 * by**2),
        ay * (3 * ax**2 - ay**2) - by * (3 * bx**2 - by**2),
    ]
