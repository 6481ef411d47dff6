"""Engine `prism`: abTEM's scattering matrix of one periodic cell, as a Fourier series.

The plane waves inside the probe's aperture are propagated once and then added up for each scan
point (Ophus, Adv. Struct. Chem. Imaging 3 (2017) 13). Without interpolation, as here, that is
multislice in another order: the pictures are equal. It pays where a cell has more scan points
than the aperture has plane waves, some seven hundred for the usual probe.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms

from micrographia.arrays import ComplexArray, FloatArray
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import aperture, pupil_radius
from micrographia.physics.scattering import wavelength
from micrographia.stem.multislice import periodic_series, settle_abtem


def prism_series(atoms: Atoms, conditions: ImagingConditions) -> tuple[FloatArray, ComplexArray]:
    """Fourier series of a layer's image by abTEM's PRISM.

    Parameters, result and errors are those of `multislice_series`.
    """
    return periodic_series(atoms, conditions, _matrix_scan)


def _matrix_scan(
    potential: Any,
    grid: Any,
    detector: Any,
    conditions: ImagingConditions,
    aberrations: dict[str, float],
) -> Any:
    """Add up the propagated plane waves for each scan point."""
    import abtem

    settle_abtem()
    sampling = np.asarray(potential.extent) ** -1
    # abTEM's own probe has an edge one frequency step wide, which reaches half a step out.
    reach = conditions.semiangle_mrad + 1e3 * wavelength(conditions.energy_keV) * sampling.max()

    class Pupil(abtem.CTF):  # type: ignore[misc]
        """abTEM's aberrations, with the edge that the probe of multislice has."""

        def _evaluate_from_angular_grid(self, alpha: FloatArray, phi: FloatArray) -> Any:
            phase = super()._evaluate_from_angular_grid(alpha, phi)
            return phase * pupil_amplitude(alpha / self.wavelength, phi, sampling, conditions)

    matrix = abtem.SMatrix(
        potential=potential,
        energy=conditions.energy_keV * 1e3,
        semiangle_cutoff=reach,
        downsample=False,
    )
    pupil = Pupil(energy=conditions.energy_keV * 1e3, aberration_coefficients=aberrations)
    return matrix.scan(scan=grid, detectors=detector, ctf=pupil)


def pupil_amplitude(
    k: FloatArray, azimuth: FloatArray, sampling: FloatArray, conditions: ImagingConditions
) -> FloatArray:
    """Amplitude of the pupil at plane waves (m,): rolled off, or with an edge of one step.

    Parameters
    ----------
    k, azimuth
        Magnitudes [1/Å] and azimuths [rad] of the plane waves.
    sampling
        Distance of plane waves along x and y (2,) [1/Å].
    conditions
        Semi-angle, energy and roll-off.
    """
    if conditions.roll_off_mrad > 0:
        return aperture(k, conditions)
    step = np.hypot(np.cos(azimuth) * sampling[0], np.sin(azimuth) * sampling[1])
    edge: FloatArray = np.clip((pupil_radius(conditions) - k) / step + 0.5, 0, 1)
    return edge
