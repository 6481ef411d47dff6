"""The wave that one atom scatters, as a phase object of any strength.

An atom thinner than the depth of focus multiplies the incident wave by exp(iφ(r)), with
φ = σ V. What it adds is s = exp(iφ) - 1, and S(k), its Fourier transform, is the wave scattered
to k. The first Born approximation keeps iφ alone, which overstates heavy atoms by tenths.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
from scipy.special import j0, k0

from micrographia.arrays import ComplexArray, FloatArray
from micrographia.physics.scattering import (
    POTENTIAL,
    interaction_constant,
    kirkland_terms,
    scattering_factor,
)

# Radii [Å] of the transform's quadrature: the potential has a logarithmic pole at the nucleus.
_RADII = np.geomspace(1e-6, 12.0, 3000)
# Frequencies [1/Å] of the table; S is so smooth that steps of 1 % interpolate to 10⁻⁴.
_TABLE = np.geomspace(0.01, 80.0, 900)


def atom_phase(number: int, r: FloatArray, energy_keV: float) -> FloatArray:
    """Phase shift φ(r) [rad] of an atom at distances `r` [Å] > 0 from its projected nucleus.

    Raises
    ------
    StructureError
        The element has no parametrization.
    """
    a, b, c, d = kirkland_terms(number)
    r = np.asarray(r, dtype=np.float64)[..., None]
    # Inverse transforms in the plane of a / (g² + b) and of c exp(-d g²).
    yukawa = 2 * np.pi * a * k0(2 * np.pi * r * np.sqrt(b))
    gaussian = np.pi * c / d * np.exp(-np.square(np.pi * r) / d)
    phase: FloatArray = (
        interaction_constant(energy_keV) * POTENTIAL * (yukawa + gaussian).sum(axis=-1)
    )
    return phase


def scattered_wave(number: int, k: FloatArray, energy_keV: float) -> ComplexArray:
    """Fourier transform S(k) [Å²] of exp(iφ) - 1 of one atom.

    Parameters
    ----------
    number
        Atomic number, 1 to 103.
    k
        Magnitudes of the scattering vector [1/Å], any shape; to be trusted up to 30.
    energy_keV
        Beam energy [keV].

    Returns
    -------
    Complex amplitudes of the shape of `k`: an atom in a wave of one electron per area scatters
    |S(k)|² d²k into d²k.

    Raises
    ------
    StructureError
        The element has no parametrization.
    """
    beyond = _beyond_born(number, energy_keV)
    logs, table = np.log(np.maximum(k, _TABLE[0])), np.log(_TABLE)
    correction = np.interp(logs, table, beyond.real) + 1j * np.interp(logs, table, beyond.imag)
    born = interaction_constant(energy_keV) * POTENTIAL * scattering_factor(number, k)
    return np.asarray(1j * born + correction)


@lru_cache(maxsize=512)
def _beyond_born(number: int, energy_keV: float) -> ComplexArray:
    """Transform of exp(iφ) - 1 - iφ at the table's frequencies: short-ranged, hence numerical."""
    phase = atom_phase(number, _RADII, energy_keV)
    rest = np.exp(1j * phase) - 1 - 1j * phase
    kernel = _hankel()
    return np.asarray(kernel @ rest.real + 1j * (kernel @ rest.imag))


@cache
def _hankel() -> FloatArray:
    """Quadrature of 2π ∫ f(r) J₀(2πkr) r dr, trapezoids in the logarithm of r."""
    step = np.log(_RADII[1] / _RADII[0])
    bessel = j0(2 * np.pi * np.outer(_TABLE, _RADII))
    return np.asarray(2 * np.pi * step * np.square(_RADII) * bessel)
