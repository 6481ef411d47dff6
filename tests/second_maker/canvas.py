"""Pictures of atoms that need not be periodic: the sum of what each atom does alone.

For the ring of an annular detector this is the model itself: probe intensity, thermal Gaussian and
cross-section, incoherently. For the quadrants it is an approximation: each atom's own response is
exact (`phase_object.patterns` of a lone atom in a box of 12 Å), but atoms do not know of each
other. For layers of one atom per column the sum is within 2 % of the exact field's contrast (a
test holds it to that); atoms that stand over one another add their deflections as if each were
alone. The centre of mass of a detector that sees everything is such a sum exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.ndimage import map_coordinates, spline_filter

from .conditions import Conditions
from .optics import gaussian_envelope, probe_intensity
from .phase_object import patterns
from .scattering import ring_cross_section

_BOX = 12.0  # Å, around a lone atom
_PATCH = 5  # pixels that an atom's deposit reaches to either side
_WIDTH = 1.0  # pixels, sigma of the deposit, which the kernels take out again


@dataclass(frozen=True)
class Canvas:
    """A square grid in the frame of the scan: origin (x, y) [Å], step [Å], rows and columns."""

    origin: np.ndarray
    step: float
    shape: tuple[int, int]

    @classmethod
    def around(cls, points: np.ndarray, c: Conditions) -> Canvas:
        """A canvas that holds points (..., 2) with a margin of half a box."""
        flat = points.reshape(-1, 2)
        step = min(0.1, 1 / (8 * c.radius))
        low, high = flat.min(axis=0) - _BOX / 2, flat.max(axis=0) + _BOX / 2
        columns, rows = (fft.next_fast_len(int(n)) for n in np.ceil((high - low) / step) + 1)
        return cls(low, step, (rows, columns))

    def deposit(self, xy: np.ndarray) -> np.ndarray:
        """Fourier transform of deltas at atoms (n, 2) [Å], those outside dropped."""
        at = (xy - self.origin) / self.step
        limit = np.array(self.shape)[::-1] - _PATCH - 1
        at = at[((at > _PATCH) & (at < limit)).all(axis=1)]
        nearest = np.rint(at).astype(int)
        offsets = np.arange(-_PATCH, _PATCH + 1)
        columns, rows = (nearest[:, n, None] + offsets for n in (0, 1))
        values = [
            np.exp(-((place - at[:, n, None]) ** 2) / (2 * _WIDTH**2))
            for n, place in ((0, columns), (1, rows))
        ]
        grid = np.zeros(self.shape)
        patch = values[1][:, :, None] * values[0][:, None, :] / (2 * np.pi * _WIDTH**2)
        np.add.at(grid, (rows[:, :, None], columns[:, None, :]), patch)
        y, x = (np.fft.fftfreq(n) for n in self.shape)
        sharpen = np.exp(
            2 * np.pi**2 * _WIDTH**2 * (y[:, None] ** 2 + x[: self.shape[1] // 2 + 1] ** 2)
        )
        return fft.rfft2(grid) * sharpen

    def read(self, spectrum: np.ndarray, points: np.ndarray) -> np.ndarray:
        """The field of a half spectrum at points (..., 2) [Å]."""
        field = spline_filter(fft.irfft2(spectrum, s=self.shape), order=3, mode="grid-wrap")
        at = (points - self.origin) / self.step
        return map_coordinates(
            field, [at[..., 1], at[..., 0]], order=3, mode="grid-wrap", prefilter=False
        )

    def kernel(self, response: np.ndarray) -> np.ndarray:
        """Half spectrum of a lone atom's response (m, m), the atom at its origin."""
        m = len(response)
        grid = np.zeros(self.shape)
        place = np.fft.fftfreq(m, 1 / m).astype(int)
        grid[place[:, None], place[None]] = response
        return fft.rfft2(grid)


def ring_responses(
    numbers: np.ndarray, c: Conditions, source: float, step: float
) -> dict[int, np.ndarray]:
    """For each element the share of the beam that a lone atom sends into the ring, (1, m, m)."""
    m = round(_BOX / step)
    k = np.fft.fftfreq(m, step)
    squared = k[:, None] ** 2 + k**2
    # The atom sees the probe that stands at p from the other side: |ψ(-p)|².
    spectrum = np.conj(fft.fft2(probe_intensity(c, m, step))) * gaussian_envelope(squared, source)
    found = {}
    for number in map(int, np.unique(numbers)):
        u = c.displacements[number]
        section = ring_cross_section(
            number, c.energy_keV, c.semiangle_mrad, c.ring_mrad, u, c.coherent
        )
        thermal = np.exp(-2 * np.pi**2 * u**2 * squared)
        found[number] = section / step**2 * fft.ifft2(spectrum * thermal).real[None]
    return found


def lone_responses(
    numbers: np.ndarray, c: Conditions, source: float, step: float
) -> dict[int, np.ndarray]:
    """For each element what a lone atom adds to the detector's channels, (channels, m, m)."""
    m = round(_BOX / step)
    box = np.eye(2) * m * step
    found = {}
    for number in map(int, np.unique(numbers)):
        fields = patterns(box, np.zeros((1, 2)), np.array([number]), c, source)
        # From the fractional grid (first axis x) to rows and columns of the canvas' step.
        spectrum = fft.fftshift(fft.fft2(fields, norm="forward"), axes=(1, 2))
        kept = np.zeros((len(fields), m, m), dtype=complex)
        n = min(m, spectrum.shape[1]) // 2 - 1
        there, here = spectrum.shape[1] // 2, m // 2
        kept[:, here - n : here + n + 1, here - n : here + n + 1] = spectrum[
            :, there - n : there + n + 1, there - n : there + n + 1
        ]
        field = fft.ifft2(fft.ifftshift(kept, axes=(1, 2)), norm="forward").real
        field -= field[:, m // 2, m // 2][:, None, None]
        found[number] = field.transpose(0, 2, 1)
    return found


def render(
    canvas: Canvas,
    xy: np.ndarray,
    numbers: np.ndarray,
    responses: dict[int, np.ndarray],
    points: np.ndarray,
) -> np.ndarray:
    """Sum of the atoms' responses at points (..., 2), as (channels, ...)."""
    channels = len(next(iter(responses.values())))
    spectra = np.zeros((channels, canvas.shape[0], canvas.shape[1] // 2 + 1), dtype=complex)
    for number, response in responses.items():
        atoms = canvas.deposit(xy[numbers == number])
        for channel in range(channels):
            spectra[channel] += atoms * canvas.kernel(response[channel])
    return np.stack([canvas.read(spectrum, points) for spectrum in spectra])
