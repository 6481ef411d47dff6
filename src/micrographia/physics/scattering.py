"""Electron scattering by atoms: Kirkland's factors, wavelength, interaction constant.

Notation: `g` is a spatial frequency [1/Å] (g = 1/d, not 2π/d).
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

import numpy as np

from micrographia.arrays import FloatArray
from micrographia.errors import StructureError

#: h²/(2π m₀ e), so that the Fourier transform of an atom's projected potential is this times
#: its scattering factor: V(g) = POTENTIAL · f(g) [V Å²] (Kirkland, eq. C.16 integrated over z).
POTENTIAL = 47.878009

_REST_ENERGY_KEV = 510.99895
_HC_KEV_ANGSTROM = 12.398419843


def wavelength(energy_keV: float) -> float:
    """Relativistic electron wavelength [Å] at a beam energy [keV] (Kirkland, eq. 2.5)."""
    return _HC_KEV_ANGSTROM / float(np.sqrt(energy_keV * (2 * _REST_ENERGY_KEV + energy_keV)))


def interaction_constant(energy_keV: float) -> float:
    """Phase per projected potential σ = 2π m e λ / h² [rad/(V Å)] (Kirkland, eq. 5.6)."""
    ratio = (_REST_ENERGY_KEV + energy_keV) / (2 * _REST_ENERGY_KEV + energy_keV)
    return 2 * np.pi / (wavelength(energy_keV) * energy_keV * 1000.0) * ratio


def scattering_factor(number: int, g: FloatArray) -> FloatArray:
    """Electron scattering factor f(g) [Å] of a neutral atom.

    Parameters
    ----------
    number
        Atomic number, 1 to 103.
    g
        Magnitudes of spatial frequencies [1/Å], any shape.

    Raises
    ------
    StructureError
        The element has no parametrization.
    """
    a, b, c, d = kirkland_terms(number)
    squared = np.square(np.asarray(g, dtype=np.float64))[..., None]
    return np.sum(a / (squared + b) + c * np.exp(-d * squared), axis=-1)


def kirkland_terms(number: int) -> FloatArray:
    """Kirkland's a, b, c, d of f(g) = Σ a/(g² + b) + Σ c exp(-d g²), shape (4, 3).

    Raises
    ------
    StructureError
        The element has no parametrization.
    """
    table = _kirkland()
    if number not in table:
        raise StructureError(
            "No scattering factor for an atomic number",
            seen=number,
            allowed=f"{min(table)} to {max(table)}",
        )
    return table[number]


@cache
def _kirkland() -> dict[int, FloatArray]:
    text = resources.files("micrographia.physics").joinpath("kirkland.csv").read_text()
    rows = csv.reader(line for line in text.splitlines() if not line.startswith("#"))
    next(rows)
    return {int(row[1]): np.array(row[2:], dtype=np.float64).reshape(4, 3) for row in rows}
