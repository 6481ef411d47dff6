"""How strongly atoms scatter: two published tables, neither of them Kirkland's.

The projected potential is made of the electron scattering factors that pymatgen ships for its
diffraction calculators: four Gaussians per element, f(s) = Σ a exp(-b s²), f in Å, at
s = sin(θ/2)/λ = g/2 in 1/Å, θ the full angle (Doyle & Turner, Acta Cryst. A24 (1968) 390; Smith &
Burge, Acta Cryst. 15 (1962) 182). f(0) of hydrogen is 0.53 Å, as it must be. They hold below
s = 2/Å, which is beyond every reflection of a probe here, and fall to nothing above, where a ring
counts. So the ring takes the X-ray factors of Waasmaier & Kirfel (Acta Cryst. A51 (1995) 416; up
to s = 6/Å) by the formula of Mott and Bethe, f = 0.023934 (Z - f_x) / s². Their table is read from
abTEM's data.

Both are first Born: the phase of a heavy atom's scattering is left out.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from ase.data import chemical_symbols

# CODATA 2018.
_H_C = 12.398419843  # keV Å
_REST_ENERGY = 510.99895  # keV
_MOTT_BETHE = 0.0239337  # 1/Å: 1 / (8 π² a0)


def wavelength(energy_keV: float) -> float:
    """Relativistic wavelength of electrons [Å]."""
    return float(_H_C / np.sqrt(energy_keV * (energy_keV + 2 * _REST_ENERGY)))


def mass_ratio(energy_keV: float) -> float:
    """Relativistic mass over rest mass."""
    return 1 + energy_keV / _REST_ENERGY


@lru_cache(maxsize=1)
def _electron_table() -> dict[str, list[list[float]]]:
    spec = find_spec("pymatgen.analysis.diffraction")
    assert spec is not None and spec.submodule_search_locations, "pymatgen is not installed"
    folder = Path(next(iter(spec.submodule_search_locations)))
    return json.loads((folder / "atomic_scattering_params.json").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _x_ray_table() -> dict[str, list[float]]:
    spec = find_spec("abtem")
    assert spec is not None and spec.submodule_search_locations, "abtem is not installed"
    folder = Path(next(iter(spec.submodule_search_locations))) / "parametrizations/data"
    return json.loads((folder / "waasmaier_kirfel.json").read_text(encoding="utf-8"))


def gaussians(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Amplitudes a [Å] and widths b [Å²] of an element's electron scattering factor."""
    pairs = np.asarray(_electron_table()[chemical_symbols[number]])
    pairs = pairs[pairs[:, 0] != 0]
    return pairs[:, 0], pairs[:, 1]


def projected_phase(
    number: int, radius_squared: np.ndarray, displacement: float, energy_keV: float
) -> np.ndarray:
    """Phase shift of a beam through one atom at distances r from it [rad].

    Parameters
    ----------
    number
        Atomic number.
    radius_squared
        r² [Å²], any shape.
    displacement
        Root mean square thermal displacement along one direction [Å].
    energy_keV
        Of the beam.

    Notes
    -----
    σ V = (m/m0) λ F(r), F the two-dimensional Fourier transform of f: Σ a 4π/b' exp(-4π² r²/b'),
    b' = b + 8π² u².
    """
    phase = np.zeros_like(radius_squared)
    for a, b in zip(*gaussians(number), strict=True):
        width = b + 8 * np.pi**2 * displacement**2
        phase += a * 4 * np.pi / width * np.exp(-4 * np.pi**2 / width * radius_squared)
    return mass_ratio(energy_keV) * wavelength(energy_keV) * phase


def x_ray_factor(number: int, s: np.ndarray) -> np.ndarray:
    """X-ray scattering factor of a neutral atom [electrons] at s = sin(θ/2)/λ [1/Å]."""
    values = _x_ray_table()[chemical_symbols[number]]  # a1 … a5, c, b1 … b5
    factor = np.full_like(s, values[5])
    for a, b in zip(values[:5], values[6:], strict=True):
        factor += a * np.exp(-b * s**2)
    return factor


def electron_factor_at_high_angle(number: int, s: np.ndarray) -> np.ndarray:
    """Scattering factor of electrons at rest mass [Å] by Mott and Bethe, for s > 0.3/Å."""
    return _MOTT_BETHE * (number - x_ray_factor(number, s)) / s**2


def ring_cross_section(
    number: int,
    energy_keV: float,
    ring_mrad: tuple[float, float],
    displacement: float,
    coherent: float,
) -> float:
    """Cross-section of an atom for scattering into a ring [Å²].

    Parameters
    ----------
    number
        Atomic number.
    energy_keV
        Of the beam.
    ring_mrad
        Inner and outer angle.
    displacement
        Thermal displacement, rms along one direction [Å].
    coherent
        Share of the elastic part, f² exp(-2M), that arrives in the ring; the diffuse part,
        f² (1 - exp(-2M)), always does. 1 is a lone atom, whose elastic and diffuse scattering sum
        to f²; 0 is a crystal whose reflections all miss the ring. A layer lies between.
    """
    theta = np.linspace(*ring_mrad, 400) * 1e-3
    s = np.sin(theta / 2) / wavelength(energy_keV)
    factor = mass_ratio(energy_keV) * electron_factor_at_high_angle(number, s)
    still = np.exp(-2 * 8 * np.pi**2 * displacement**2 * s**2)
    weight = 1 - (1 - coherent) * still
    return float(np.trapezoid(factor**2 * weight * 2 * np.pi * np.sin(theta), theta))
