"""Engine `multislice`: abTEM's full simulation of one periodic cell, as a Fourier series.

Only one orthogonal periodic cell is scanned. Its image is band-limited by the probe, so its
Fourier series gives the picture at any rotation and field without another simulation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import make_supercell

from micrographia.arrays import ComplexArray, FloatArray
from micrographia.errors import StructureError
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import blur, information_limit, pupil_radius
from micrographia.physics.scattering import wavelength
from micrographia.physics.series import phase_coefficients, scalar_coefficients
from micrographia.stem.potential import exact_transmission, plane_heights

_SAMPLING = 0.08  # of the potential [Å]; antialiased to 4 1/Å, twice the usual detector's reach

#: Measures a potential on a grid of scan points: (potential, grid, detector, conditions,
#: aberrations) to abTEM's measurement.
Scan = Callable[[Any, Any, Any, ImagingConditions, dict[str, float]], Any]

_SLICE = 1.0  # thickness of a slice [Å], but on dark fields, whose slices are the planes
_VACUUM = 2.0  # above and below the layer [Å]
_LARGEST_CELL = 30  # most repetitions in the search for an orthogonal cell


@dataclass(frozen=True)
class Phonons:
    """Thermal motion as frozen phonons, each atom on its own (Einstein); for annular detectors.

    Atoms move in the plane; along the beam they would move by far less than the focus is deep.

    Attributes
    ----------
    configurations
        Number of frozen configurations, whose images are averaged.
    displacement
        Root mean square displacement along each direction [Å], of every atom.
    seed
        Of the displacements.
    """

    configurations: int = 30
    displacement: float = 0.08
    seed: int = 0


@dataclass(frozen=True)
class Effort:
    """How finely a crystal is simulated.

    Attributes
    ----------
    spacing
        Largest distance of scan points [Å]; by default as the probe's information limit asks.
    box
        Least extent of the simulated cell [Å], so that the probe's tails fit.
    phonons
        None lets the atoms stand still.
    """

    spacing: float | None = None
    box: float = 15.0
    phonons: Phonons | None = None


_USUAL = Effort()


def multislice_series(
    atoms: Atoms, conditions: ImagingConditions, effort: Effort = _USUAL
) -> tuple[FloatArray, ComplexArray]:
    """Fourier series of a layer's image by abTEM multislice.

    Parameters
    ----------
    atoms
        A layer with c along z and the in-plane vectors in xy.
    conditions
        The microscope, with any detector.
    effort
        Distance of scan points, box and phonons.

    Returns
    -------
    g, coefficients
        Half-plane frequencies (m, 2) [1/Å] and coefficients (m,) [rad]; for an annular detector
        also g = 0, and in shares of the beam.

    Raises
    ------
    StructureError
        No orthogonal supercell of moderate size exists.
    """
    return periodic_series(atoms, conditions, _probe_scan, effort)


def periodic_series(
    atoms: Atoms, conditions: ImagingConditions, scan: Scan, effort: Effort = _USUAL
) -> tuple[FloatArray, ComplexArray]:
    """Fourier series of a layer's image, one orthogonal cell of which is measured by `scan`."""
    cell, angle = orthogonal_cell(atoms)
    lengths = np.asarray(cell.cell.lengths()[:2])
    signal = _measure(cell, conditions, angle, scan, effort)
    coefficients_of = scalar_coefficients if conditions.is_annular else phase_coefficients
    g, coefficients = coefficients_of(signal, lengths)
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = g @ np.array([[cosine, sine], [-sine, cosine]])
    return turned, coefficients * blur(turned, conditions)


def settle_abtem() -> None:
    """Let abTEM draw no progress bars, and give the same bytes for the same settings.

    By default FFTW times several algorithms and takes the fastest, which on a busy machine is
    another one each time, with other last digits.
    """
    import abtem

    abtem.config.set(
        {
            "diagnostics.progress_bar": False,
            "diagnostics.task_progress": False,
            "fftw.planning_effort": "FFTW_ESTIMATE",
        }
    )


def orthogonal_cell(atoms: Atoms, tolerance_deg: float = 0.2) -> tuple[Atoms, float]:
    """Smallest supercell with perpendicular in-plane vectors, the first along x.

    Of equally small ones, that which has to be turned least: an orthogonal cell stays as it is.

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
    steps = np.arange(-6, 7)
    indices = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    indices = indices[np.any(indices != 0, axis=1)]
    vectors = indices @ plane
    lengths = np.linalg.norm(vectors, axis=1)
    lean = (vectors @ vectors.T) / np.outer(lengths, lengths)
    upright = np.abs(lean) <= np.sin(np.deg2rad(tolerance_deg))
    area = np.where(upright, np.outer(lengths, lengths), np.inf)
    if area.min() > (_LARGEST_CELL + 0.5) * abs(np.linalg.det(plane)):
        raise StructureError(
            f"{atoms.get_chemical_formula()} has no orthogonal supercell of up to "
            f"{_LARGEST_CELL} cells within {tolerance_deg}°",
            remedy="Use the phase-object engine for this crystal",
        )
    turn = np.abs(np.arctan2(vectors[:, 1], vectors[:, 0]))
    first, second = min(
        np.argwhere(area < area.min() * (1 + 1e-6)), key=lambda pair: (turn[pair[0]], *pair)
    )
    transform = np.eye(3, dtype=int)
    transform[:2, :2] = indices[[first, second]]
    if np.linalg.det(transform) < 0:
        transform[1] *= -1
    layer = make_supercell(atoms, transform)
    angle = float(np.arctan2(layer.cell[0, 1], layer.cell[0, 0]))
    layer.rotate(-np.rad2deg(angle), "z", rotate_cell=True)
    layer.set_cell(np.diag(layer.cell.lengths()), scale_atoms=True)
    layer.wrap()
    return layer, angle


def _measure(
    cell: Atoms, conditions: ImagingConditions, angle: float, scan: Scan, effort: Effort
) -> FloatArray:
    """Signal at every scan point of the cell.

    The cell was turned by -angle [rad]; detector and aberrations, which belong to the
    microscope, are turned with it.

    Returns
    -------
    Deflection in the cell's frame (nx, ny, 2) [1/Å], or, for a ring, its share of the beam
    (nx, ny).
    """
    import abtem

    settle_abtem()
    lengths = cell.cell.lengths()[:2]
    repeats = np.ceil(effort.box / lengths).astype(int)
    layer = cell.repeat((int(repeats[0]), int(repeats[1]), 1))
    layer.center(vacuum=_VACUUM, axis=2)
    # A whole number of samples to the cell, so that every repeat of it is the same.
    counts = repeats * np.ceil(lengths / _sampling(conditions)).astype(int)
    # By default a quarter beyond the Nyquist rate of the probe's information limit.
    spacing = effort.spacing or 1 / (2.5 * information_limit(conditions))
    points = tuple(int(n) for n in np.ceil(lengths / spacing))
    grid = abtem.GridScan(start=(0, 0), end=tuple(lengths), gpts=points, endpoint=False)
    detector = _detector(conditions, angle)
    samples = (int(counts[0]), int(counts[1]))
    potentials, depth = _potentials(layer, samples, conditions, effort)
    aberrations = _aberrations(conditions, depth, angle)
    signals = (
        _signal(scan(potential, grid, detector, conditions, aberrations), conditions, angle)
        for potential in potentials
    )
    total, count = next(signals), 1
    for signal in signals:
        total, count = total + signal, count + 1
    return total / count


def _potentials(
    layer: Atoms, samples: tuple[int, int], conditions: ImagingConditions, effort: Effort
) -> tuple[Iterator[Any], float]:
    """Potentials of the frozen configurations, and the depth [Å] of the layer's middle in them.

    abTEM focuses on the entrance surface; the picture is focused on the layer.
    """
    import abtem

    if conditions.is_annular:
        energy = conditions.energy_keV
        frames = (
            exact_transmission(layer, samples, energy, moves) for moves in _moves(layer, effort)
        )
        starts = plane_heights(layer.positions[:, 2])
        return frames, float(starts[-1] - starts[0]) / 2
    potential = abtem.Potential(
        layer, gpts=samples, slice_thickness=_SLICE, parametrization="kirkland"
    )
    return iter([potential]), float(layer.positions[:, 2].min() + layer.positions[:, 2].max()) / 2


def _moves(layer: Atoms, effort: Effort) -> Iterator[FloatArray]:
    phonons = effort.phonons
    if phonons is None:
        yield np.zeros((len(layer), 2))
        return
    generator = np.random.default_rng(phonons.seed)
    for _ in range(phonons.configurations):
        yield generator.normal(0.0, phonons.displacement, (len(layer), 2))


def _sampling(conditions: ImagingConditions) -> float:
    """Sampling of the potential [Å], fine enough for the detector to lie within abTEM's limit.

    abTEM cuts scattering off at two thirds of the Nyquist frequency.
    """
    if not conditions.is_annular:
        return _SAMPLING
    reach = 1e-3 * conditions.annulus[1] / wavelength(conditions.energy_keV)
    return float(min(_SAMPLING, 1 / (3.05 * reach)))


def _aberrations(conditions: ImagingConditions, depth: float, angle: float) -> dict[str, float]:
    def azimuth(degrees: float) -> float:
        return float(np.deg2rad(degrees) - angle)

    return {
        "C10": -(conditions.defocus + depth),
        "C12": conditions.astigmatism,
        "phi12": azimuth(conditions.astigmatism_angle),
        "C21": conditions.coma,
        "phi21": azimuth(conditions.coma_angle),
        "C23": conditions.threefold,
        "phi23": azimuth(conditions.threefold_angle),
        "C30": conditions.Cs,
    }


def _detector(conditions: ImagingConditions, angle: float) -> Any:
    import abtem

    if conditions.detector == "icom":
        return abtem.PixelatedDetector(max_angle="valid")
    if conditions.is_annular:
        inner, outer = conditions.annulus
        return abtem.AnnularDetector(inner=inner, outer=outer)
    return abtem.SegmentedDetector(
        nbins_radial=1,
        nbins_azimuthal=4,
        inner=conditions.detector_inner_mrad,
        outer=conditions.detector_outer_mrad,
        rotation=-angle,
    )


def _signal(measured: Any, conditions: ImagingConditions, angle: float) -> FloatArray:
    if conditions.detector == "icom":
        shift = measured.center_of_mass().compute().array
        return np.stack([shift.real, shift.imag], axis=-1).astype(np.float64)
    array = np.asarray(measured.compute().array, dtype=np.float64)
    if conditions.is_annular:
        return array
    shift = quadrant_centre_of_mass(np.moveaxis(array[:, :, 0, :], -1, 0), conditions)
    cosine, sine = np.cos(angle), np.sin(angle)
    return shift @ np.array([[cosine, -sine], [sine, cosine]])


def _probe_scan(
    potential: Any,
    grid: Any,
    detector: Any,
    conditions: ImagingConditions,
    aberrations: dict[str, float],
) -> Any:
    """Propagate the probe of each scan point."""
    import abtem

    probe = abtem.Probe(
        energy=conditions.energy_keV * 1e3,
        aperture=_aperture(conditions),
        aberrations=aberrations,
    )
    probe.grid.match(potential)
    return probe.scan(potential, scan=grid, detectors=detector)


def _aperture(conditions: ImagingConditions) -> Any:
    import abtem

    if conditions.roll_off_mrad == 0:
        return abtem.transfer.Aperture(semiangle_cutoff=conditions.semiangle_mrad)
    return abtem.transfer.Bullseye(
        num_spokes=0,
        spoke_width=0.0,
        num_rings=1,
        ring_width=1.0,
        semiangle_cutoff=conditions.semiangle_mrad,
        edge_softness=conditions.roll_off_mrad,
    )


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
