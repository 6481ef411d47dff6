"""Image formation of thin crystals: the phase object and the probe's transfer function.

A thin crystal multiplies the probe by exp(iφ(r)), φ = σ V. The integrated centre-of-mass image
is then exactly φ cross-correlated with the probe's intensity (Lazić, Bosch & Lazar,
Ultramicroscopy 160 (2016) 265, eq. 26), that is, in Fourier space,

    I(g) = φ(g) · conj T(g),    T = Fourier transform of |ψ_probe|², T(0) = 1.

A detector of four quadrants measures the shift of the pattern approximately; its transfer
function in the same weak-phase limit takes the place of conj T.

The same functions make images (room `stem`) and explain them (room `reconstruction`).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.ndimage import map_coordinates, spline_filter

from micrographia.arrays import ComplexArray, FloatArray, FloatImage, IntArray
from micrographia.errors import ImageError
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.scattering import (
    POTENTIAL,
    interaction_constant,
    scattering_factor,
    wavelength,
)

_GRID = 512  # samples along each axis of the pupil's grid

# What the pupil's autocorrelation does not depend on; drawn values of it share one table.
_NO_BLUR = {"source_size": 0.0, "residual_blur": 0.0}


def information_limit(conditions: ImagingConditions) -> float:
    """Highest spatial frequency that the probe transfers, 2α/λ [1/Å]."""
    return 2e-3 * conditions.semiangle_mrad / wavelength(conditions.energy_keV)


def reciprocal_vectors(cell: FloatArray, limit: float) -> tuple[IntArray, FloatArray]:
    """All reciprocal lattice vectors of a 2D cell up to a frequency, half plane, without zero.

    Parameters
    ----------
    cell
        Rows are the lattice vectors, shape (2, 2) [Å].
    limit
        Highest |g| [1/Å].

    Returns
    -------
    indices, vectors
        Miller indices (m, 2) and vectors g (m, 2) [1/Å]. Of each pair ±g one is listed.
    """
    reciprocal = np.linalg.inv(cell).T
    lengths = np.linalg.norm(cell, axis=1)
    reach = np.ceil(limit * lengths).astype(int) + 1
    h, k = np.meshgrid(
        np.arange(-reach[0], reach[0] + 1), np.arange(-reach[1], reach[1] + 1), indexing="ij"
    )
    indices = np.stack([h.ravel(), k.ravel()], axis=1)
    half = (indices[:, 0] > 0) | ((indices[:, 0] == 0) & (indices[:, 1] > 0))
    indices = indices[half]
    vectors = indices @ reciprocal
    inside = np.hypot(vectors[:, 0], vectors[:, 1]) <= limit
    return indices[inside], vectors[inside]


def transfer(g: FloatArray, conditions: ImagingConditions) -> ComplexArray:
    """Transfer function from the phase to the integrated image of the stated detector.

    Parameters
    ----------
    g
        Spatial frequencies (m, 2) [1/Å], in the frame of the scan and of the detector.
    conditions
        Energy, semi-angle, aberrations and detector.

    Returns
    -------
    Complex transfer (m,), 0 beyond the information limit. For the ideal centre of mass it is
    conj T(g); for quadrants it is the first-order response of their differences, integrated.
    Source size and residual blur multiply either.

    Raises
    ------
    ImageError
        The detector counts a ring: its picture is not linear in the phase.
    """
    if conditions.is_annular:
        raise ImageError(
            "A phase object has no picture on an annular detector, whose signal is not linear "
            "in the phase",
            seen=f"detector '{conditions.detector}'",
            allowed="icom, segments",
            remedy="Use engine multislice or prism, or incoherent for haadf",
        )
    splines, step = _transfer_splines(conditions.model_copy(update=_NO_BLUR))
    place = np.asarray(g, dtype=np.float64).T / step + _GRID // 2
    real, imaginary = (
        map_coordinates(part, place, order=3, mode="constant", prefilter=False)
        for part in (splines.real, splines.imag)
    )
    return (real + 1j * imaginary) * blur(g, conditions)


def blur(g: FloatArray, conditions: ImagingConditions) -> FloatArray:
    """Envelope (m,) by which source size and residual blur damp frequencies g (m, 2) [1/Å]."""
    width = np.hypot(conditions.source_size, conditions.residual_blur)
    return gaussian_envelope(g, float(width))


def gaussian_envelope(g: FloatArray, width: float) -> FloatArray:
    """Fourier transform (m,) of a normalised Gaussian of full width at half maximum `width` [Å].

    Parameters
    ----------
    g
        Spatial frequencies (m, 2) [1/Å].
    width
        [Å]; 0 gives ones.
    """
    sigma = width / (2 * np.sqrt(2 * np.log(2)))
    envelope: FloatArray = np.exp(-2 * np.square(np.pi * sigma) * np.square(g).sum(axis=-1))
    return envelope


def projected_phase(number: int, g: FloatArray, area: float, energy_keV: float) -> FloatArray:
    """Fourier coefficient of one atom's phase shift φ(g) at the origin [rad].

    Parameters
    ----------
    number
        Atomic number.
    g
        Magnitudes |g| (m,) [1/Å].
    area
        Area of the cell over which the coefficient is taken [Å²].
    energy_keV
        Beam energy [keV].
    """
    return interaction_constant(energy_keV) * POTENTIAL / area * scattering_factor(number, g)


def image_coefficients(
    cell: FloatArray,
    positions: FloatArray,
    numbers: IntArray,
    conditions: ImagingConditions,
) -> tuple[FloatArray, ComplexArray]:
    """Fourier series of the ideal iDPC image of a thin crystal.

    Parameters
    ----------
    cell, positions, numbers
        In-plane cell (2, 2) [Å], Cartesian xy (n, 2) [Å], atomic numbers (n,).
    conditions
        The microscope.

    Returns
    -------
    g, coefficients
        Half-plane frequencies (m, 2) [1/Å] and complex coefficients (m,) [rad]. The image is
        2 Re Σ c exp(2πi g·r); its mean is set to zero, since a phase has no origin.
    """
    _, vectors = reciprocal_vectors(cell, information_limit(conditions))
    magnitudes = np.hypot(vectors[:, 0], vectors[:, 1])
    area = abs(float(np.linalg.det(cell)))
    coefficients = np.zeros(len(vectors), dtype=np.complex128)
    for number in np.unique(numbers):
        form = projected_phase(int(number), magnitudes, area, conditions.energy_keV)
        phases = np.exp(-2j * np.pi * (vectors @ positions[numbers == number].T))
        coefficients += form * phases.sum(axis=1)
    return vectors, coefficients * transfer(vectors, conditions)


def evaluate_series(
    g: FloatArray,
    coefficients: ComplexArray,
    shape: tuple[int, int],
    pixel_size: float,
    displacement: FloatArray | None = None,
) -> FloatImage:
    """Evaluate 2 Re Σ c exp(2πi g·r) on a pixel grid; r = (x, y) = (column, row)·pixel size.

    The sum separates into a product of two matrices, so any rotation and any field, periodic
    or not, costs the same; and so does a scan whose rows are displaced, without interpolation.

    Parameters
    ----------
    g, coefficients
        As `image_coefficients` returns them.
    shape
        Rows and columns of the image.
    pixel_size
        [Å].
    displacement
        Displacement (x, y) of each row's scan points from the regular grid, (rows, 2) [Å].
    """
    rows, columns = (np.arange(n) * pixel_size for n in shape)
    along_x = np.exp(2j * np.pi * np.outer(g[:, 0], columns)).astype(np.complex64)
    turns = np.outer(rows, g[:, 1])
    if displacement is not None:
        turns += displacement @ g.T
    along_y = np.exp(2j * np.pi * turns).astype(np.complex64)
    return 2 * ((along_y * coefficients.astype(np.complex64)) @ along_x).real


def aberration_phase(kx: FloatArray, ky: FloatArray, conditions: ImagingConditions) -> FloatArray:
    """Aberration function χ(k) [rad]; the pupil is A(k) exp(-iχ) (Kirkland, eq. 2.22).

    Parameters
    ----------
    kx, ky
        Pupil coordinates [1/Å].
    """
    length = wavelength(conditions.energy_keV)
    squared = (kx**2 + ky**2) * length**2
    azimuth = np.arctan2(ky, kx)

    def wave(fold: int, magnitude: float, angle: float) -> FloatArray | float:
        if magnitude == 0:
            return 0.0
        return magnitude * np.cos(fold * (azimuth - np.deg2rad(angle)))

    second = -conditions.defocus + wave(2, conditions.astigmatism, conditions.astigmatism_angle)
    third = wave(1, conditions.coma, conditions.coma_angle) + wave(
        3, conditions.threefold, conditions.threefold_angle
    )
    path = squared * second / 2 + squared**1.5 * third / 3 + conditions.Cs * squared**2 / 4
    return 2 * np.pi / length * path


def aperture(k: FloatArray, conditions: ImagingConditions) -> FloatArray:
    """Amplitude of a rolled-off pupil at radii k [1/Å]: 1, then a smooth step to 0.

    The edge 3t² - 2t³ lies inside the semi-angle, as that of abTEM's `Bullseye`, so that the
    information limit stays 2α/λ.
    """
    angle = np.asarray(k, dtype=np.float64) * wavelength(conditions.energy_keV) * 1e3
    t = np.clip((conditions.semiangle_mrad - angle) / conditions.roll_off_mrad, 0, 1)
    edge: FloatArray = t * t * (3 - 2 * t)
    return edge


@lru_cache(maxsize=16)
def _transfer_splines(conditions: ImagingConditions) -> tuple[ComplexArray, float]:
    """Cubic spline coefficients of the transfer function's table, and the grid's step [1/Å].

    Filtering the table takes longer than all that is read from it, hence once for all.
    """
    table, step = _transfer_table(conditions)
    real, imaginary = (
        spline_filter(part, order=3, mode="constant") for part in (table.real, table.imag)
    )
    return real + 1j * imaginary, step


def _transfer_table(conditions: ImagingConditions) -> tuple[ComplexArray, float]:
    """The transfer function on a square grid centred on g = 0, and the grid's step [1/Å].

    With Ψ = A exp(-iχ), a detector that weights the diffraction pattern by D(k) responds to a
    weak phase by i φ(g) Q(g), Q(g) = ∫ D(k) [Ψ*(k) Ψ(k-g) - Ψ(k) Ψ*(k+g)] dk / ∫ |Ψ|² (Seki et
    al., Ultramicroscopy 193 (2018) 118). D = k gives g times the autocorrelation of Ψ, which is
    the ideal centre of mass.
    """
    cutoff = pupil_radius(conditions)
    # The grid reaches a little beyond twice the cutoff, where the autocorrelation ends.
    step = 2 * cutoff / (_GRID // 2 - 4)
    axis = (np.arange(_GRID) - _GRID // 2) * step
    kx, ky = np.meshgrid(axis, axis, indexing="ij")
    radius = np.hypot(kx, ky)
    if conditions.roll_off_mrad > 0:
        amplitude = aperture(radius, conditions)
        total = np.square(amplitude).sum()
    else:
        # Half-covered samples at the edge count by their area, hence Σ A and not Σ A².
        amplitude = np.clip((cutoff - radius) / step + 0.5, 0, 1)
        total = amplitude.sum()
    pupil = amplitude * np.exp(-1j * aberration_phase(kx, ky, conditions))
    if conditions.detector == "icom":
        return _correlate(np.conj(pupil), pupil) / total, step
    weights = np.pi * cutoff / 4 * _quadrant_signs(kx, ky, conditions)
    squared = kx**2 + ky**2
    squared[_GRID // 2, _GRID // 2] = 1.0
    response = np.zeros_like(pupil)
    for component, sign in zip((kx, ky), weights, strict=True):
        forward = _correlate(sign * np.conj(pupil), pupil)
        backward = np.roll(np.flip(forward), 1, axis=(0, 1))
        response += component / squared * (forward - np.conj(backward))
    return response / total, step


def pupil_radius(conditions: ImagingConditions) -> float:
    """Radius of the pupil, α/λ [1/Å]."""
    return 1e-3 * conditions.semiangle_mrad / wavelength(conditions.energy_keV)


def _quadrant_signs(kx: FloatArray, ky: FloatArray, conditions: ImagingConditions) -> FloatArray:
    """Signs with which the quadrants enter the x and the y difference, (2, n, n)."""
    radius = np.hypot(kx, ky) * wavelength(conditions.energy_keV) * 1e3
    seen = (radius >= conditions.detector_inner_mrad) & (radius <= conditions.detector_outer_mrad)
    return np.stack([np.sign(kx) * seen, np.sign(ky) * seen])


def _correlate(first: ComplexArray, second: ComplexArray) -> ComplexArray:
    """Σ_k first(k) second(k - g) on the grid centred on zero."""
    mirrored = np.roll(np.flip(second), 1, axis=(0, 1))
    product = np.fft.fft2(np.fft.ifftshift(first)) * np.fft.fft2(np.fft.ifftshift(mirrored))
    return np.fft.fftshift(np.fft.ifft2(product))
