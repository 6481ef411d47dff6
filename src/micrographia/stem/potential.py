"""Transmission functions for dark fields: exact between the samples, sliced at atomic planes.

What an atom scatters to high angles must not depend on where it lies between the samples. With
abTEM's own potentials it does, as long as the samples are just fine enough for the ring: at 200
keV and 0.04 Å, from 1.00 down to 0.71 of nitrogen's strength for 80 to 200 mrad, since an atom is
spread over the nearest samples; and by a fifth for gold, since exp(iφ) has frequencies far beyond
those of φ, which fold back. Here atoms are placed by the phases of their Fourier coefficients, on
samples close enough for exp(iφ), of which the simulation gets the frequencies below its own limit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from scipy.fft import fft2, ifft2, irfft2, rfftfreq

from micrographia.arrays import ComplexArray, FloatArray
from micrographia.physics.scattering import POTENTIAL, interaction_constant, scattering_factor

_FINE = 0.021  # sampling at which exp(iφ) is evaluated [Å]
_PLANE = 0.4  # heights of atoms that share a slice [Å]
_LAST = 0.5  # thickness of the last slice, behind all atoms [Å]


def exact_transmission(
    layer: Atoms,
    samples: tuple[int, int],
    energy_keV: float,
    displacements: FloatArray | None = None,
) -> Any:
    """Transmission functions of a layer for abTEM, one slice to each plane of atoms.

    abTEM transmits at the entrance of a slice and propagates through its thickness, so slices
    that begin at the planes keep the planes' distances.

    Parameters
    ----------
    layer
        Atoms in an orthogonal cell.
    samples
        Of the simulation, along x and y.
    energy_keV
        Beam energy [keV].
    displacements
        In-plane displacements of the atoms (n, 2) [Å]; by default none.

    Returns
    -------
    `abtem.PotentialArray` that holds exp(iφ), its first slice at the lowest plane.

    Raises
    ------
    StructureError
        An element has no parametrization.
    """
    import abtem
    from abtem.potentials.iam import TransmissionFunction

    class Transmission(abtem.PotentialArray):  # type: ignore[misc]
        """A known transmission function; abTEM's own class for it cannot be divided for a scan."""

        def transmission_function(self, energy: float) -> Any:
            return TransmissionFunction(
                self.array, self.slice_thickness, extent=self.extent, energy=energy
            )

    extent = np.asarray(layer.cell.lengths()[:2], dtype=np.float64)
    moved = np.asarray(layer.positions[:, :2], dtype=np.float64)
    if displacements is not None:
        moved = moved + displacements
    starts = plane_heights(layer.positions[:, 2])
    plane = np.searchsorted(starts, layer.positions[:, 2], side="right") - 1
    finer = int(np.ceil((extent / samples).max() / _FINE))
    fine = (samples[0] * finer, samples[1] * finer)
    slices = []
    for i in range(len(starts)):
        here = plane == i
        phase = _phase(moved[here], layer.numbers[here], extent, fine)
        wave = np.exp(1j * interaction_constant(energy_keV) * phase)
        slices.append(_band_limited(wave.astype(np.complex64), samples))
    return Transmission(
        np.stack(slices),
        slice_thickness=tuple(float(step) for step in (*np.diff(starts), _LAST)),
        extent=tuple(float(side) for side in extent),
    )


def plane_heights(heights: FloatArray) -> FloatArray:
    """Lowest heights [Å] of the planes into which atoms fall, ascending."""
    starts: list[float] = []
    for height in np.sort(heights):
        if not starts or height - starts[-1] > _PLANE:
            starts.append(float(height))
    return np.array(starts)


def _phase(
    places: FloatArray, numbers: FloatArray, extent: FloatArray, samples: tuple[int, int]
) -> FloatArray:
    """Projected potential [V Å] of atoms on a periodic grid of samples."""
    kx = np.fft.fftfreq(samples[0], extent[0] / samples[0])
    ky = rfftfreq(samples[1], extent[1] / samples[1])
    magnitude = np.hypot(kx[:, None], ky[None, :])
    waves_x = np.exp(-2j * np.pi * np.outer(kx, places[:, 0])).astype(np.complex64)
    waves_y = np.exp(-2j * np.pi * np.outer(places[:, 1], ky)).astype(np.complex64)
    series = np.zeros(magnitude.shape, dtype=np.complex64)
    for number in np.unique(numbers):
        chosen = numbers == number
        form = POTENTIAL * scattering_factor(int(number), magnitude)
        series += form.astype(np.float32) * (waves_x[:, chosen] @ waves_y[chosen])
    return np.asarray(irfft2(series, s=samples) * (np.prod(samples) / np.prod(extent)))


def _band_limited(wave: ComplexArray, samples: tuple[int, int]) -> ComplexArray:
    """The frequencies of a finely sampled wave that fewer samples hold, on these."""
    indices = [np.rint(np.fft.fftfreq(n, 1 / n)).astype(int) for n in samples]
    kept = fft2(wave)[np.ix_(*indices)]
    return np.asarray(ifft2(kept) * (np.prod(samples) / wave.size), dtype=np.complex64)
