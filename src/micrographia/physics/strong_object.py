"""What the weak-phase transfer function leaves out of an atom seen by four quadrants.

The transfer function of segments is of first order in the phase. A heavy atom's phase is not
small: with the probe out of focus, terms of second order change its contrast by a tenth, with the
sign of the defocus. Here one column in an empty box is scanned exactly as a thin phase object,
exp(iφ), and compared with the same scan of a faint one. The ideal centre of mass needs none of
this: for a thin object it is exact at any strength (Lazić, Bosch & Lazar, 2016).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.fft import fft2, fftfreq, ifft2
from scipy.ndimage import map_coordinates

from micrographia.arrays import ComplexArray, FloatArray
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import (
    aberration_phase,
    aperture,
    blur,
    projected_phase,
    pupil_radius,
)
from micrographia.physics.scattering import wavelength

_BOX = 6.0  # side of the box [Å]; a defocused disc wider than it wraps around
_SAMPLES = 48  # along it
_POSITIONS = 24  # of the probe along it: up to 2 1/Å, twice the pupil's radius at 200 kV, 25 mrad
_FAINT = 0.01  # share of the phase at which the response is linear

_NO_BLUR = {"source_size": 0.0, "residual_blur": 0.0}


def strong_response(
    numbers: tuple[int, ...], g: FloatArray, area: float, conditions: ImagingConditions
) -> ComplexArray:
    """What strength adds to the image coefficients of a column at the origin.

    Parameters
    ----------
    numbers
        Atomic numbers of the column's atoms.
    g
        Spatial frequencies (m, 2) [1/Å].
    area
        Of the cell over which the coefficient is taken [Å²].
    conditions
        The microscope.

    Returns
    -------
    (m,) [rad], to be added to phase times transfer; 0 for the ideal centre of mass.
    """
    if conditions.detector != "segments":
        return np.zeros(len(g), dtype=np.complex128)
    table = _table(numbers, conditions.model_copy(update=_NO_BLUR))
    place = np.asarray(g, dtype=np.float64).T * _BOX + len(table) // 2
    real, imaginary = (
        map_coordinates(part, place, order=3, mode="constant") for part in (table.real, table.imag)
    )
    return (real + 1j * imaginary) * (_BOX**2 / area) * blur(g, conditions)


@lru_cache(maxsize=256)
def _table(numbers: tuple[int, ...], conditions: ImagingConditions) -> ComplexArray:
    """What strength adds to a column's image, on the box's reciprocal lattice about g = 0."""
    series = _phase_series(numbers, conditions)
    difference = _scan(_phase(series), conditions) - _response(conditions) * _kept(series)
    centred = np.fft.fftshift(difference)
    middle = len(centred) // 2
    # A phase has no origin; around g = 0 the correction is smooth.
    centred[middle, middle] = (
        centred[middle - 1, middle]
        + centred[middle + 1, middle]
        + centred[middle, middle - 1]
        + centred[middle, middle + 1]
    ) / 4
    return centred


@lru_cache(maxsize=16)
def _response(conditions: ImagingConditions) -> ComplexArray:
    """The first order on the same grid, so that its coarseness cancels: of a faint column."""
    series = _phase_series((6,), conditions)
    return _scan(_FAINT * _phase(series), conditions) / (_FAINT * _kept(series))


def _phase_series(numbers: tuple[int, ...], conditions: ImagingConditions) -> FloatArray:
    """Fourier coefficients of a column's phase in the box (n, n) [rad]."""
    axis = fftfreq(_SAMPLES, _BOX / _SAMPLES)
    magnitude = np.hypot(axis[:, None], axis[None, :])
    total = np.zeros(magnitude.size)
    for number in numbers:
        total += projected_phase(number, magnitude.ravel(), _BOX**2, conditions.energy_keV)
    return total.reshape(magnitude.shape)


def _phase(series: FloatArray) -> FloatArray:
    phase = (ifft2(series) * series.size).real
    return np.asarray(phase - phase.mean())


def _kept(series: FloatArray) -> FloatArray:
    """The coefficients that a scan of `_POSITIONS` positions resolves."""
    index = np.rint(fftfreq(_POSITIONS, 1 / _POSITIONS)).astype(int)
    return series[np.ix_(index, index)]


def _scan(phase: FloatArray, conditions: ImagingConditions) -> ComplexArray:
    """Image coefficients of a phase object (n, n) [rad], scanned with four quadrants."""
    axis = fftfreq(_SAMPLES, _BOX / _SAMPLES)
    kx, ky = np.meshgrid(axis, axis, indexing="ij")
    pupil = _pupil(kx, ky, conditions)
    masks = _quadrants(kx, ky, conditions).reshape(4, -1)
    transmitted = np.exp(1j * phase)
    steps = np.arange(_POSITIONS) * _BOX / _POSITIONS
    moves = np.exp(-2j * np.pi * np.outer(steps, axis))
    counts = np.empty((4, _POSITIONS, _POSITIONS))
    for row in range(_POSITIONS):
        shift = moves[row][None, :, None] * moves[:, None, :]
        waves = fft2(ifft2(pupil * shift) * transmitted).reshape(_POSITIONS, -1)
        counts[:, row] = masks @ (np.square(waves.real) + np.square(waves.imag)).T
    sides = np.stack(
        [
            counts[0] + counts[3] - counts[1] - counts[2],
            counts[0] + counts[1] - counts[2] - counts[3],
        ]
    )
    shifts = sides / counts.sum(axis=0) * (np.pi * pupil_radius(conditions) / 4)
    index = fftfreq(_POSITIONS, _BOX / _POSITIONS)
    gx, gy = np.meshgrid(index, index, indexing="ij")
    squared = gx**2 + gy**2
    squared[0, 0] = 1.0
    fourier = fft2(shifts) / _POSITIONS**2
    result: ComplexArray = (gx * fourier[0] + gy * fourier[1]) / (1j * squared)
    return result


def _pupil(kx: FloatArray, ky: FloatArray, conditions: ImagingConditions) -> ComplexArray:
    radius = np.hypot(kx, ky)
    if conditions.roll_off_mrad > 0:
        amplitude = aperture(radius, conditions)
    else:
        amplitude = np.clip((pupil_radius(conditions) - radius) * _BOX + 0.5, 0, 1)
    return np.asarray(amplitude * np.exp(-1j * aberration_phase(kx, ky, conditions)))


def _quadrants(kx: FloatArray, ky: FloatArray, conditions: ImagingConditions) -> FloatArray:
    """Shares of each sample that the quadrants see (4, n, n), in the order of their azimuth."""
    angle = np.hypot(kx, ky) * wavelength(conditions.energy_keV) * 1e3
    seen = (angle >= conditions.detector_inner_mrad) & (angle <= conditions.detector_outer_mrad)
    right, above = (1 + np.sign(kx)) / 2, (1 + np.sign(ky)) / 2
    parts = (right * above, (1 - right) * above, (1 - right) * (1 - above), right * (1 - above))
    return np.stack([seen * part for part in parts])
