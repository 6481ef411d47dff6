"""Engine `multislice`: abTEM's full simulation of one periodic cell, as a Fourier series.

Only one orthogonal periodic cell is scanned. Its image is band-limited by the probe, so its
Fourier series gives the picture at any rotation and field without another simulation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from ase.build import make_supercell

from micrographia.errors import StructureError
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import (
    ComplexArray,
    FloatArray,
    information_limit,
    pupil_radius,
)

_SAMPLING = 0.08  # of the potential [Å]; antialiased to 4 1/Å, twice the usual detector's reach
_SLICE = 1.0  # thickness of a slice [Å]
_PROBE_BOX = 15.0  # least extent of the simulated cell [Å], so that the probe's tails fit

_LARGEST_CELL = 30  # most repetitions in the search for an orthogonal cell


def multislice_series(
    atoms: Atoms, conditions: ImagingConditions
) -> tuple[FloatArray, ComplexArray]:
    """Fourier series of a layer's iDPC image by abTEM multislice.

    Parameters
    ----------
    atoms
        A layer with c along z and the in-plane vectors in xy.
    conditions
        The microscope; `detector` chooses the ideal centre of mass or four quadrants.

    Returns
    -------
    g, coefficients
        Half-plane frequencies (m, 2) [1/Å] and coefficients (m,) [rad].

    Raises
    ------
    StructureError
        No orthogonal supercell of moderate size exists.
    """
    cell, angle = orthogonal_cell(atoms)
    deflection = _centre_of_mass(cell, conditions, angle)
    g, coefficients = _integrate(deflection, cell, information_limit(conditions))
    cosine, sine = np.cos(angle), np.sin(angle)
    return g @ np.array([[cosine, sine], [-sine, cosine]]), coefficients


def orthogonal_cell(atoms: Atoms, tolerance_deg: float = 0.2) -> tuple[Atoms, float]:
    """Smallest supercell with perpendicular in-plane vectors, the first along x.

    Parameters
    ----------
    atoms
        A layer with c along z.
    tolerance_deg
        Most deviation from a right angle; the rest is removed by a shear.

    Returns
    -------
    cell, angle
        The supercell, and the angle [rad] by which it must be turned back.
    """
    plane = np.asarray(atoms.cell[:2, :2])
    best: tuple[float, Any] | None = None
    span = range(-6, 7)
    vectors = [(h, k) for h in span for k in span if (h, k) > (0, 0)]
    for first in vectors:
        for second in vectors:
            pair = np.array([first, second]) @ plane
            area = abs(np.linalg.det(pair))
            lengths = np.linalg.norm(pair, axis=1)
            if area < 1e-6:
                continue
            lean = abs(np.rad2deg(np.arcsin(np.clip(pair[0] @ pair[1] / lengths.prod(), -1, 1))))
            if lean <= tolerance_deg and (best is None or area < best[0] - 1e-6):
                best = (area, (first, second))
    if best is None or best[0] / abs(np.linalg.det(plane)) > _LARGEST_CELL:
        raise StructureError(
            f"{atoms.get_chemical_formula()} has no orthogonal supercell of up to "
            f"{_LARGEST_CELL} cells within {tolerance_deg}°",
            remedy="Use the phase-object engine for this crystal",
        )
    transform = np.eye(3, dtype=int)
    transform[:2, :2] = best[1]
    if np.linalg.det(transform) < 0:
        transform[1] *= -1
    layer = make_supercell(atoms, transform)
    angle = float(np.arctan2(layer.cell[0, 1], layer.cell[0, 0]))
    layer.rotate(-np.rad2deg(angle), "z", rotate_cell=True)
    lengths = layer.cell.lengths()
    layer.set_cell(np.diag(lengths), scale_atoms=True)
    layer.wrap()
    return layer, angle


def _centre_of_mass(cell: Atoms, conditions: ImagingConditions, angle: float) -> FloatArray:
    """Centre of mass at every scan point of the cell, (nx, ny, 2) [1/Å].

    The cell was turned by -angle [rad]; detector and aberrations, which belong to the
    microscope, are turned with it.
    """
    import abtem

    abtem.config.set({"diagnostics.progress_bar": False, "diagnostics.task_progress": False})
    lengths = cell.cell.lengths()[:2]
    repeats = np.ceil(_PROBE_BOX / lengths).astype(int)
    layer = cell.repeat((int(repeats[0]), int(repeats[1]), 1))
    layer.center(vacuum=2.0, axis=2)
    # abTEM focuses relative to the entrance surface; the picture is focused on the layer.
    depth = float(layer.positions[:, 2].min() + layer.positions[:, 2].max()) / 2
    potential = abtem.Potential(
        layer, sampling=_SAMPLING, slice_thickness=_SLICE, parametrization="kirkland"
    )
    probe = abtem.Probe(
        energy=conditions.energy_keV * 1e3,
        semiangle_cutoff=conditions.semiangle_mrad,
        defocus=conditions.defocus + depth,
        Cs=conditions.Cs,
        astigmatism=conditions.astigmatism,
        astigmatism_angle=np.deg2rad(conditions.astigmatism_angle) - angle,
    )
    probe.grid.match(potential)
    # A quarter beyond the Nyquist rate of the probe's information limit.
    points = np.ceil(lengths * 2.5 * information_limit(conditions)).astype(int)
    scan = abtem.GridScan(start=(0, 0), end=tuple(lengths), gpts=tuple(points), endpoint=False)
    if conditions.detector == "icom":
        pixelated = abtem.PixelatedDetector(max_angle="valid")
        measured = probe.scan(potential, scan=scan, detectors=pixelated).center_of_mass()
        complex_shift = measured.compute().array
        return np.stack([complex_shift.real, complex_shift.imag], axis=-1).astype(np.float64)
    quadrants = abtem.SegmentedDetector(
        nbins_radial=1,
        nbins_azimuthal=4,
        inner=conditions.detector_inner_mrad,
        outer=conditions.detector_outer_mrad,
        rotation=-angle,
    )
    counts = probe.scan(potential, scan=scan, detectors=quadrants).compute().array[:, :, 0, :]
    shift = quadrant_centre_of_mass(np.moveaxis(counts, -1, 0), conditions)
    cosine, sine = np.cos(angle), np.sin(angle)
    return shift @ np.array([[cosine, -sine], [sine, cosine]])


def quadrant_centre_of_mass(counts: FloatArray, conditions: ImagingConditions) -> FloatArray:
    """Estimate the beam's shift from four quadrants that meet on the axes.

    A disc of radius K = α/λ that moves by δ carries a share 4δ/(πK) of its intensity across
    the axis, to first order.

    Parameters
    ----------
    counts
        (4, ...): quadrants x>0 y>0, x<0 y>0, x<0 y<0, x>0 y<0.

    Returns
    -------
    (..., 2) shift of the disc [1/Å].
    """
    total = counts.sum(axis=0)
    x = (counts[0] + counts[3] - counts[1] - counts[2]) / total
    y = (counts[0] + counts[1] - counts[2] - counts[3]) / total
    return np.stack([x, y], axis=-1).astype(np.float64) * (np.pi * pupil_radius(conditions) / 4)


def _integrate(
    deflection: FloatArray, cell: Atoms, limit: float
) -> tuple[FloatArray, ComplexArray]:
    """Fourier coefficients of the phase whose gradient over 2π is the deflection."""
    nx, ny = deflection.shape[:2]
    lengths = cell.cell.lengths()[:2]
    fourier = np.fft.fft2(deflection, axes=(0, 1)) / (nx * ny)
    gx, gy = np.meshgrid(
        np.fft.fftfreq(nx, lengths[0] / nx), np.fft.fftfreq(ny, lengths[1] / ny), indexing="ij"
    )
    g = np.stack([gx, gy], axis=-1)
    squared = np.square(g).sum(axis=-1)
    half = ((gx > 0) | ((gx == 0) & (gy > 0))) & (squared <= limit**2)
    coefficients = (g * fourier).sum(axis=-1)[half] / (1j * squared[half])
    return g[half], coefficients
