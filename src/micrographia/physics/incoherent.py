"""Dark-field images as a sum over atoms: the probe's intensity under each atom's own profile.

A ring outside the bright disc sees only what the atoms scatter, and where it is wide, or where
the atoms move, their waves do not interfere. Then the image is linear (Pennycook & Jesson,
Ultramicroscopy 37 (1991) 14; Nellist & Pennycook, Ultramicroscopy 78 (1999) 111):

    I(g) = conj T(g) · Σ_atoms O_Z(g) exp(-2πi g·r),    T = Fourier transform of |ψ_probe|².

O_Z comes from the wave S(k) that an atom scatters as a phase object of any strength
(`physics.atom_wave`), so nothing is fitted, and any ring and energy can be asked for:

    O(g) = ∫ D(k) S(k - g/2) S*(k + g/2) d²k · exp(-2 π² u² g²).

O(0) is the cross-section for scattering into the ring. D is the ring, softened by the angles
that meet in the probe; u is the thermal displacement. Tests hold O(0) against abTEM for 92
elements, four energies and three rings (`studies/annular_strengths.py` makes their table).

The same functions make images (room `stem`) and explain them (room `reconstruction`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline

from micrographia.arrays import ComplexArray, FloatArray, IntArray
from micrographia.errors import ImageError
from micrographia.physics.atom_wave import scattered_wave
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import (
    information_limit,
    pupil_radius,
    reciprocal_vectors,
    transfer,
)
from micrographia.physics.scattering import (
    POTENTIAL,
    interaction_constant,
    scattering_factor,
    wavelength,
)

#: Root mean square displacement of an atom along one direction at room temperature [Å].
THERMAL = 0.08

_FREQUENCIES = 24  # samples of a profile up to the information limit
_FINE = 769  # of its table, close enough to be read linearly
_RADII = 96  # samples of the ring from its inner to its outer edge
_AZIMUTHS = 24  # samples of a quarter of the ring


def strength(number: int, conditions: ImagingConditions) -> float:
    """Cross-section of an atom for scattering into the annular detector [Å²].

    The image of one atom, in shares of the beam, integrated over the scan, is this.

    Raises
    ------
    ImageError
        The detector is no ring outside the bright disc.
    StructureError
        The element has no parametrization.
    """
    refuse_no_dark_field(conditions)
    return _form(number, _ring(conditions), 0.0)


def object_form(
    number: int, g: FloatArray, conditions: ImagingConditions, thermal: float = THERMAL
) -> FloatArray:
    """What an atom at the origin contributes to the object function, O(g) [Å²].

    Parameters
    ----------
    number
        Atomic number, 1 to 103.
    g
        Spatial frequencies (m, 2) [1/Å].
    conditions
        Energy, semi-angle and ring; aberrations do not enter.
    thermal
        Root mean square displacement along one direction [Å].

    Returns
    -------
    (m,) [Å²], `strength` at g = 0; constant beyond the information limit but for the thermal
    factor.

    Raises
    ------
    ImageError
        The detector is no ring outside the bright disc.
    StructureError
        The element has no parametrization.
    """
    refuse_no_dark_field(conditions)
    magnitude = np.hypot(g[..., 0], g[..., 1])
    at, form = _profile(number, _ring(conditions))
    still = np.interp(magnitude, at, form)  # beyond the last frequency the last value
    return np.asarray(still * np.exp(-2 * np.square(np.pi * thermal * magnitude)))


def probe_transfer(g: FloatArray, conditions: ImagingConditions) -> ComplexArray:
    """Transfer (m,) from the object function to its image: conj T(g), with blur; 1 at g = 0.

    Parameters
    ----------
    g
        Spatial frequencies (m, 2) [1/Å].
    conditions
        Energy, semi-angle, roll-off, aberrations, source size and residual blur.
    """
    found = transfer(g, conditions.model_copy(update={"detector": "icom"}))
    # The table's samples at the pupil's edge are halved twice; nothing is lost at g = 0.
    found[np.square(g).sum(axis=-1) == 0] = 1.0
    return found


def incoherent_series(
    cell: FloatArray,
    positions: FloatArray,
    numbers: IntArray,
    conditions: ImagingConditions,
    thermal: float = THERMAL,
) -> tuple[FloatArray, ComplexArray]:
    """Fourier series of a thin crystal's dark-field image.

    Parameters
    ----------
    cell, positions, numbers
        In-plane cell (2, 2) [Å], Cartesian xy (n, 2) [Å], atomic numbers (n,).
    conditions
        The microscope; `detector` must be haadf, its ring outside the bright disc.
    thermal
        Root mean square displacement along one direction [Å].

    Returns
    -------
    g, coefficients
        Frequencies (m, 2) [1/Å] of a half plane, zero first, and complex coefficients (m,) in
        shares of the beam. The image is 2 Re Σ c exp(2πi g·r); g = 0 carries half its mean.

    Raises
    ------
    ImageError
        The detector is no ring outside the bright disc.
    StructureError
        An element has no parametrization.
    """
    refuse_no_dark_field(conditions)
    _, half = reciprocal_vectors(cell, information_limit(conditions))
    g = np.concatenate([np.zeros((1, 2)), half])
    coefficients = np.zeros(len(g), dtype=np.complex128)
    for number in np.unique(numbers):
        form = object_form(int(number), g, conditions, thermal)
        phases = np.exp(-2j * np.pi * (g @ positions[numbers == number].T))
        coefficients += form * phases.sum(axis=1)
    coefficients[0] /= 2  # a series is evaluated as twice its real part
    area = abs(float(np.linalg.det(cell)))
    return g, coefficients * probe_transfer(g, conditions) / area


def born_cross_section(number: int, conditions: ImagingConditions) -> float:
    """Cross-section of an atom for scattering into the annular detector [Å²], first Born.

    With the phase's Fourier transform φ(k) = σ V(k), the share of a wave that one atom per area
    scatters into d²k is |φ(k)|² d²k (Kirkland, section 5.3).
    """
    inner, outer = conditions.annulus
    angles = np.linspace(inner, outer, 400) * 1e-3
    k = angles / wavelength(conditions.energy_keV)
    phase = interaction_constant(conditions.energy_keV) * POTENTIAL * scattering_factor(number, k)
    return float(np.trapezoid(phase**2 * 2 * np.pi * k, k))


def refuse_no_dark_field(conditions: ImagingConditions) -> None:
    """Refuse detectors whose image is no sum over atoms.

    Raises
    ------
    ImageError
        The detector is no ring, or its ring reaches into the bright disc.
    """
    if conditions.detector != "haadf":
        raise ImageError(
            "The incoherent model makes dark-field images only",
            seen=f"detector '{conditions.detector}'",
            allowed="haadf",
            remedy="Set conditions.detector to haadf, or choose another engine",
        )
    if conditions.annulus[0] < conditions.semiangle_mrad:
        raise ImageError(
            "The ring reaches into the bright disc, whose signal is not incoherent",
            seen=f"annular_inner_mrad {conditions.annulus[0]:g}",
            allowed=f"at least the semi-angle, {conditions.semiangle_mrad:g} mrad",
            remedy="Widen the ring's inner angle, or choose engine multislice or prism",
        )


class _Ring(NamedTuple):
    """All that a profile depends on: energy [keV], radii of pupil and ring [1/Å]."""

    energy_keV: float
    pupil: float
    inner: float
    outer: float


def _ring(conditions: ImagingConditions) -> _Ring:
    scale = 1e-3 / wavelength(conditions.energy_keV)
    inner, outer = conditions.annulus
    radius = pupil_radius(conditions)
    return _Ring(conditions.energy_keV, radius, inner * scale, outer * scale)


@lru_cache(maxsize=1024)
def _profile(number: int, ring: _Ring) -> tuple[FloatArray, FloatArray]:
    """Magnitudes g [1/Å] up to the information limit, and an atom's O(g) at rest there [Å²]."""
    at = np.linspace(0, 2 * ring.pupil, _FREQUENCIES)
    fine = np.linspace(0, 2 * ring.pupil, _FINE)
    return fine, CubicSpline(at, [_form(number, ring, float(g)) for g in at])(fine)


@lru_cache(maxsize=4096)
def _form(number: int, ring: _Ring, g: float) -> float:
    """An atom's O(g) at rest [Å²].

    The plane waves q and q - g of the probe interfere at the detector's point k. With p their
    mean, an atom scatters S(k - p - g/2) S*(k - p + g/2): averaged over the p that the pupil
    allows, that is a ring softened by the overlap of two discs g apart.
    """
    reach = ring.pupil * _overlap_radius(g / (2 * ring.pupil))
    # Geometric radii, since scattering falls with k⁴.
    k = np.geomspace(max(ring.inner - reach, 0.05 * ring.inner), ring.outer + reach, _RADII)
    seen = _share_inside(k, reach, ring.outer) - _share_inside(k, reach, ring.inner)
    azimuth = (np.arange(_AZIMUTHS) + 0.5) * (np.pi / 2 / _AZIMUTHS)
    along, across = k[:, None] * np.cos(azimuth), k[:, None] * np.sin(azimuth)
    before, after = (
        scattered_wave(number, np.hypot(along + side * g / 2, across), ring.energy_keV)
        for side in (-1, 1)
    )
    product = (before * after.conj()).real.mean(axis=1)
    return float(np.trapezoid(product * seen * 2 * np.pi * k, k))


@lru_cache(maxsize=64)
def _overlap_radius(separation: float) -> float:
    """Radius of the disc that spreads as the overlap of two unit discs 2·`separation` apart."""
    axis = np.linspace(-1, 1, 201)
    x, y = np.meshgrid(axis, axis)
    shared = np.hypot(np.abs(x) + separation, y) <= 1
    return float(np.sqrt(2 * np.mean((x**2 + y**2)[shared]))) if shared.any() else 0.0


def _share_inside(distance: FloatArray, small: float, large: float) -> FloatArray:
    """Share of a disc of radius `small`, its centre at `distance`, inside a disc `large`."""
    if small == 0:
        return (distance <= large).astype(np.float64)
    gap = np.clip(distance, abs(large - small), large + small)
    near = np.clip((gap**2 + small**2 - large**2) / (2 * gap * small), -1, 1)
    far = np.clip((gap**2 + large**2 - small**2) / (2 * gap * large), -1, 1)
    lens = small**2 * (np.arccos(near) - near * np.sqrt(1 - near**2))
    lens += large**2 * (np.arccos(far) - far * np.sqrt(1 - far**2))
    return np.asarray(lens / (np.pi * small**2))
