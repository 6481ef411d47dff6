"""A crystal read from a picture: the answer of every search."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms

from micrographia.arrays import ComplexArray, FloatArray, FloatImage, IntArray
from micrographia.errors import SolveError
from micrographia.physics.lattice import minimum_image, primitive_projection
from micrographia.reconstruction.columns import Columns, Problem, model
from micrographia.reconstruction.deadline import UNLIMITED
from micrographia.reconstruction.heights import build_layer, shortest_bond
from micrographia.reconstruction.lattice import Fit

_CROWDED = 0.45  # of the sum of covalent radii: below any bond, nominal heights allowed for


@dataclass(frozen=True)
class Solution:
    """A crystal read from a picture.

    Attributes
    ----------
    atoms
        The layer, c along z. Heights are nominal: one projection does not hold them.
    confidence
        0..1: posterior share of this choice of species among those tried, times the credibility
        of the residual as noise, times the share of the reflections on the lattice.
    alternatives
        Formulas of the next best choices with their log-likelihood deficit.
    cell, xy, numbers, counts
        The projected cell (2, 2) [Å], its columns (n, 2) [Å], their heaviest species (n,), and
        how many atoms each holds (n,).
    average
        The averaged unit cell on a fractional grid.
    problem
        What the columns were fitted to, with which known crystals are compared, too.
    coefficients
        Fourier coefficients of the picture that these columns give (m,), in the picture's units,
        at the frequencies of `problem.fit.g`.
    site_confidence
        For each of `atoms` (n,) how sure its species is; None where a known crystal lent them.
    candidates
        The answer and the next best ones as layers, the best first; empty where the search
        ranks none.
    notes
        What else was found, a sentence each: optics, distortions of the scan, grains.
    loose
        Whether places are less certain than the settings' tolerance of symmetry.
    """

    atoms: Atoms
    confidence: float
    alternatives: list[str]
    cell: FloatArray
    xy: FloatArray
    numbers: IntArray
    counts: IntArray
    average: FloatImage
    problem: Problem
    coefficients: ComplexArray
    site_confidence: FloatArray | None = None
    candidates: tuple[Atoms, ...] = ()
    notes: tuple[str, ...] = ()
    loose: bool = False


def to_solution(
    problem: Problem,
    state: Columns,
    confidence: float,
    alternatives: list[str],
    sites: FloatArray,
    vacuum: float,
    undistorted: FloatArray | None = None,
) -> Solution:
    """Make a layer of a search's columns.

    Parameters
    ----------
    problem, state
        The search and its columns.
    confidence, alternatives
        As the solution states them.
    sites
        How sure the species of each column is (n,).
    vacuum
        Along c [Å].
    undistorted
        The cell (2, 2) [Å] without the scan's distortion, in which the layer is laid; None where
        the measured one is.

    Raises
    ------
    SolveError
        Atoms would be inside each other.
    """
    kinds = [problem.kinds[kind] for kind in state.kinds]
    frame = problem.fit.cell if undistorted is None else undistorted
    places = state.positions @ np.linalg.inv(problem.fit.cell) @ frame
    atoms, cell, xy = to_layer(frame, places, kinds, vacuum)
    if (closeness := shortest_bond(atoms)) < _CROWDED:
        raise SolveError(
            "The given elements explain the picture only with atoms inside each other",
            seen=f"{closeness:.2f} of a bond's length in {atoms.get_chemical_formula('metal')}",
            allowed=f"at least {_CROWDED}",
            remedy="Check the elements: one that is missing or too heavy crowds the cell",
        )
    return Solution(
        atoms=atoms,
        confidence=float(np.clip(confidence, 0, 1)),
        alternatives=alternatives,
        cell=problem.fit.cell,
        xy=state.positions,
        numbers=np.array([max(kind) for kind in kinds], dtype=np.int64),
        counts=np.array([len(kind) for kind in kinds], dtype=np.int64),
        average=average_cell(problem.fit),
        coefficients=model(problem, state) * problem.deviation,
        # Whoever compares it with known crystals later has time of their own.
        problem=replace(problem, deadline=UNLIMITED),
        site_confidence=sites[_nearest(xy, places, cell)],
    )


def to_layer(
    cell: FloatArray, positions: FloatArray, kinds: list[tuple[int, ...]], vacuum: float
) -> tuple[Atoms, FloatArray, FloatArray]:
    """Primitive layer of columns (n, 2) [Å], its projected cell, and each atom's place there."""
    xy = np.repeat(positions, [len(kind) for kind in kinds], axis=0)
    numbers = np.array([number for kind in kinds for number in kind], dtype=np.int64)
    primitive, xy, numbers = primitive_projection(xy, numbers, cell)
    return build_layer(primitive, xy, numbers, vacuum), primitive, xy


def _nearest(points: FloatArray, columns: FloatArray, cell: FloatArray) -> IntArray:
    """For each point (n, 2) the nearest column (m, 2) of a periodic cell."""
    gaps = (points[:, None] - columns[None]) @ np.linalg.inv(cell)
    distance = np.linalg.norm(minimum_image(gaps) @ cell, axis=-1)
    return np.asarray(distance.argmin(axis=1))


def average_cell(fit: Fit, spacing: float = 0.05) -> FloatImage:
    """The picture averaged over its unit cells, on a fractional grid of about `spacing` [Å]."""
    rows, columns = np.maximum(
        np.ceil(np.linalg.norm(fit.cell, axis=1) / spacing).astype(int),
        2 * np.abs(fit.indices).max(axis=0) + 2,
    )
    grid = np.zeros((rows, columns), dtype=np.complex128)
    grid[fit.indices[:, 0] % rows, fit.indices[:, 1] % columns] = fit.coefficients
    return (2 * np.fft.ifft2(grid).real * grid.size).astype(np.float32)
