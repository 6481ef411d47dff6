"""How strongly atoms scatter: two published tables, neither of them Kirkland's.

The projected potential is made of the electron scattering factors that pymatgen ships for its
diffraction calculators: four Gaussians per element, f(s) = Σ a exp(-b s²), f in Å, at
s = sin(θ/2)/λ = g/2 in 1/Å, θ the full angle (Doyle & Turner, Acta Cryst. A24 (1968) 390; Smith &
Burge, Acta Cryst. 15 (1962) 182). f(0) of hydrogen is 0.53 Å, as it must be. They hold below
s = 2/Å, which is beyond every reflection of a probe here, and fall to nothing above, where a ring
counts. So from s = 0.6/Å on the ring takes the X-ray factors of Waasmaier & Kirfel (Acta Cryst.
A51 (1995) 416; up to s = 6/Å) by the formula of Mott and Bethe, f = 0.023934 (Z - f_x) / s². Their
table is read from abTEM's data.

An atom's scattering into a ring is that of its phase exp(iφ), not first Born, which is too strong
by half for tungsten at 80 keV, and of a convergent beam, which gives a light atom a tenth more.
Relativity enters by mass and wavelength only, spin does not.
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


def electron_factor(number: int, s: np.ndarray) -> np.ndarray:
    """Scattering factor of electrons at rest mass [Å] at s = sin(θ/2)/λ [1/Å].

    Gaussians below, Mott and Bethe's formula above; blended from 0.5 to 0.7/Å, where the two
    differ by up to 1 %, and for tungsten by 6 %.
    """
    low = sum(a * np.exp(-b * s**2) for a, b in zip(*gaussians(number), strict=True))
    far = np.maximum(s, 0.4)
    high = _MOTT_BETHE * (number - x_ray_factor(number, far)) / far**2
    share = np.clip((s - 0.5) / 0.2, 0, 1)
    return np.asarray(low * (1 - share) + high * share)


@lru_cache(maxsize=64)
def ring_cross_section(
    number: int,
    energy_keV: float,
    semiangle_mrad: float,
    ring_mrad: tuple[float, float],
    displacement: float,
    coherent: float,
) -> float:
    """Cross-section of an atom for scattering from a convergent beam into a ring [Å²].

    Parameters
    ----------
    number
        Atomic number.
    energy_keV, semiangle_mrad
        Of the beam.
    ring_mrad
        Inner and outer angle.
    displacement
        Thermal displacement, rms along one direction [Å].
    coherent
        Share of the elastic part, |F|² exp(-2M), that arrives in the ring; the diffuse part,
        |F|² (1 - exp(-2M)), always does. 1 is a lone atom, whose elastic and diffuse scattering
        sum to |F|²; 0 is a crystal whose reflections all miss the ring. A layer lies between.

    Notes
    -----
    ∫ |F(k)|² w(k) dk, F the Fourier transform of exp(iφ) - 1 and w the share of the beam's
    directions k0 for which k + k0 hits the ring: summed over all positions of the probe, its
    directions do not interfere.
    """
    step, samples = 0.02, 512
    axis = np.fft.fftfreq(samples, step)
    k = np.hypot(axis[:, None], axis)
    length = wavelength(energy_keV)
    factor = mass_ratio(energy_keV) * length * electron_factor(number, k / 2)
    phase = np.fft.ifft2(factor).real / step**2
    amplitude = np.fft.fft2(np.exp(1j * phase) - 1) * step**2
    still = np.exp(-4 * np.pi**2 * displacement**2 * k**2)
    weight = _share_in_ring(k * length * 1e3, semiangle_mrad, ring_mrad)
    weight *= 1 - (1 - coherent) * still
    return float((np.abs(amplitude) ** 2 * weight).sum() / (samples * step) ** 2)


def _share_in_ring(theta: np.ndarray, semiangle: float, ring: tuple[float, float]) -> np.ndarray:
    """Share of a cone of directions which a deflection by theta sends into a ring [mrad]."""
    radii = semiangle * np.sqrt((np.arange(12) + 0.5) / 12)
    azimuths = np.pi * (np.arange(48) + 0.5) / 48
    at = np.arange(0.0, ring[1] + semiangle + 1)
    there = np.abs(at[:, None, None] + radii[:, None] * np.exp(1j * azimuths))
    inside = ((there >= ring[0]) & (there <= ring[1])).mean(axis=(1, 2))
    return np.interp(theta, at, inside, right=0.0)
