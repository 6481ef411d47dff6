"""From one STEM image to a crystal: lattice, unit cell, columns, species, confidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from micrographia.arrays import ComplexArray, FloatArray, FloatImage, IntArray
from micrographia.config import Reconstruction
from micrographia.errors import SolveError
from micrographia.io.stem_images import StemImage
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import information_limit
from micrographia.physics.lattice import minimum_image, primitive_projection
from micrographia.reconstruction.blind import infer_elements
from micrographia.reconstruction.columns import (
    CHECK,
    Columns,
    Problem,
    comparable_score,
    describe_cell,
    find_columns,
    formula,
    model,
    score,
    set_up,
)
from micrographia.reconstruction.confidence import weigh_alternatives
from micrographia.reconstruction.deadline import UNLIMITED, Deadline, OutOfTimeError
from micrographia.reconstruction.heights import build_layer, shortest_bond
from micrographia.reconstruction.lattice import Fit, find_lattice
from micrographia.reconstruction.spectrum import whiten
from micrographia.reconstruction.superlattice import enlarge

WORST_FIT = 0.5  # share of the reflections' power that a stated crystal must explain
_DOUBTS = (0.02, 0.05)  # relative errors of the forward model that are allowed for
_MODEL_ERROR = 0.002  # share of the power that the phase object leaves out of a thin crystal
_CROWDED = 0.45  # of the sum of covalent radii: below any bond, nominal heights allowed for
_ABSENT = 0.1  # chance that an element which was named is not in the crystal

#: A search, its columns, and its rivals with their log-odds.
Reading = tuple[Problem, Columns, list[tuple[float, str]]]


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


def parse_elements(symbols: Sequence[str]) -> list[int]:
    """Atomic numbers of element symbols, sorted.

    Raises
    ------
    SolveError
        A symbol is no element.
    """
    unknown = [symbol for symbol in symbols if atomic_numbers.get(symbol, 0) == 0]
    if unknown or not symbols:
        raise SolveError(
            "Unknown element" if symbols else "No elements are given",
            seen=", ".join(unknown) or None,
            allowed="chemical symbols such as Mo or S",
            remedy="Give the sample's elements, for example --elements Mo,S",
        )
    return sorted({atomic_numbers[symbol] for symbol in symbols})


def solve(
    image: StemImage,
    elements: Sequence[str] | None,
    settings: Reconstruction,
    conditions: ImagingConditions | None = None,
    deadline: Deadline | None = None,
) -> Solution:
    """Read a crystal from a STEM image.

    Parameters
    ----------
    image
        The picture with its pixel size; imaging conditions are taken from its metadata.
    elements
        Symbols of the elements that the sample is known to hold; None if nobody knows. They are
        then inferred, which takes a picture calibrated in radians of phase.
    settings
        Limits of the search, that of time among them.
    conditions
        Used when the metadata states none; default is the default microscope.
    deadline
        Limit of time that began earlier; None for that of the settings from now on.

    Raises
    ------
    SolveError
        The picture holds no crystal that can be stated with honesty, or the search was stopped
        at its limit of time; the message says why.
    """
    deadline = deadline or Deadline(settings.time_limit)
    numbers = None if elements is None else parse_elements(elements)
    stated = image.metadata.get("conditions")
    microscope = ImagingConditions(**stated) if stated else (conditions or ImagingConditions())
    calibrated = _check_kind(image, microscope, blind=numbers is None)
    whitened = whiten(image.pixels, image.pixel_size, information_limit(microscope), deadline)
    deadline.begin("looking for the lattice")
    fit = find_lattice(whitened, settings)
    deadline.reach(describe_cell(fit))
    deadline.begin("placing atoms in the cell" if numbers else "inferring elements and columns")
    read = partial(
        _read,
        fit,
        numbers,
        microscope=microscope,
        settings=settings,
        calibrated=calibrated,
        deadline=deadline,
    )
    problem, state, rivals = _best_reading(
        read, bool(numbers) and microscope.detector == "segments"
    )
    deadline.reach(f"a first reading as {formula(problem, state)}")
    if numbers:
        deadline.begin("comparing larger cells")
        problem, state, rivals = enlarge(whitened, problem, state, numbers, microscope, settings)
    quality, fidelity = agreement(problem, state)
    if quality < WORST_FIT:
        raise SolveError(
            "No arrangement of the given elements explains the picture",
            seen=f"{quality:.0%} of the power of the lattice's reflections explained",
            allowed=f"at least {WORST_FIT:.0%}",
            remedy=CHECK,
        )
    deadline.begin("comparing other species in the same places")
    share, alternatives, sites = weigh_alternatives(problem, state, rivals, set(numbers or ()))
    absent = set(numbers or ()) - {n for kind in state.kinds for n in problem.kinds[kind]}
    share *= _ABSENT ** len(absent)
    return _solution(
        problem, state, share * fidelity * fit.explained, alternatives, sites, settings
    )


def _check_kind(image: StemImage, microscope: ImagingConditions, blind: bool) -> bool:
    """Whether the picture's values are phases in radians.

    Raises
    ------
    SolveError
        Pictures of this detector cannot be read, or not without elements.
    """
    if microscope.is_annular:
        raise SolveError(
            "The picture of an annular detector cannot be read: its signal is not proportional to "
            "the phase, which is what atoms are sought in",
            seen=f"detector '{microscope.detector}'",
            allowed="iDPC and centre-of-mass pictures (detector icom or segments)",
            remedy="Use the iDPC picture of the same scan",
        )
    calibrated = image.metadata.get("unit") == "rad"
    if blind and not calibrated:
        raise SolveError(
            "Without elements only a picture in radians of phase can be read",
            seen=f"unit {image.metadata.get('unit') or 'unknown'}",
            remedy="Give the sample's elements, for example --elements Mo,S",
        )
    return calibrated


def _best_reading(read: Callable[..., Reading], quadrants: bool) -> Reading:
    """The best by score of the readings that trust the forward model more or less."""
    # First order is what the phase-object engine does; atoms do more, on quadrants.
    orders = (False, True) if quadrants else (False,)
    readings = _succeeding(partial(read, 0.0, strong=strong) for strong in orders)
    if all(_doubt(problem, state) > 0 for problem, state, _ in readings):
        # What the forward model leaves out would be explained by atoms that are not there.
        readings += _succeeding(
            partial(read, doubt, strong=strong) for doubt in _DOUBTS for strong in orders
        )
    return max(readings, key=lambda reading: comparable_score(reading[0], reading[1]))


def _succeeding(attempts: Iterable[Callable[[], Reading]]) -> list[Reading]:
    """The readings that found columns.

    Raises
    ------
    SolveError
        Of the last attempt, if none did; at once where there is no time left, since what the
        others have found must not depend on how fast the machine is.
    """
    readings, failure = [], None
    for attempt in attempts:
        try:
            readings.append(attempt())
        except OutOfTimeError:
            raise
        except SolveError as error:
            failure = error
    if not readings and failure is not None:
        raise failure
    return readings


def _read(
    fit: Fit,
    numbers: list[int] | None,
    doubt: float,
    *,
    strong: bool = False,
    microscope: ImagingConditions,
    settings: Reconstruction,
    calibrated: bool,
    deadline: Deadline,
) -> Reading:
    """Columns and species, and, blind, other sets of elements with their log-odds."""
    if numbers is None:
        guesses = infer_elements(fit, microscope, settings, doubt, deadline)
        best = guesses[0]
        rivals = [
            (guess.value - best.value, formula(guess.problem, guess.state))
            for guess in guesses[1:]
        ]
        return best.problem, best.state, rivals
    problem = set_up(fit, numbers, microscope, doubt=doubt, strong=strong, deadline=deadline)
    return problem, _search(problem, settings.max_atoms, calibrated), []


def _residual(problem: Problem, state: Columns) -> float:
    """Sum of the squared residuals over the noise, whatever the problem doubts."""
    residual = (problem.data - model(problem, state)) * problem.deviation / problem.fit.sigma
    return float(np.square(np.abs(residual)).sum())


def _doubt(problem: Problem, state: Columns) -> float:
    """Relative error of the forward model that the residual calls for; 0 if noise is enough."""
    count = len(problem.data)
    excess = _residual(problem, state) - count
    if excess < 3 * np.sqrt(count):
        return 0.0
    power = float(np.square(np.abs(problem.fit.coefficients / problem.fit.sigma)).sum())
    return float(np.sqrt(excess / power))


def agreement(problem: Problem, state: Columns) -> tuple[float, float]:
    """Share of the power explained, and how credible the rest is as noise, 0..1.

    Residuals are in units of the noise, so their squares sum to the number of reflections when
    the answer is right. Beyond that, and beyond what the forward model itself leaves out, an
    answer is wrong however much of the power it explains.
    """
    count = len(problem.data)
    power = float(np.square(np.abs(problem.fit.coefficients / problem.fit.sigma)).sum()) - count
    residual = _residual(problem, state)
    quality = 1 - max(0.0, residual - count) / max(power, 1e-9)
    slack = 3 * np.sqrt(count)
    excess = max(0.0, residual - count - slack) / (_MODEL_ERROR * max(power, 0.0) + slack)
    return quality, float(1 / (1 + excess**2))


def _search(problem: Problem, most: int, calibrated: bool) -> Columns:
    """Search from one contrast, or from several when the picture's gain is unknown."""
    if calibrated:
        return find_columns(problem, most)
    # The strongest column is one of the kinds: each gives a gain to start from.
    peak = np.sqrt(np.square(np.abs(problem.data)).sum())
    gains = {float(peak / np.linalg.norm(form)) for form in problem.forms}
    states = []
    for gain in sorted(gains):
        scaled = replace(problem, forms=problem.forms * gain)
        states.append((find_columns(scaled, most), scaled))
    return _absolute(max(states, key=lambda item: score(item[1], item[0])), problem)


def _absolute(best: tuple[Columns, Problem], problem: Problem) -> Columns:
    state, scaled = best
    ratio = float(np.linalg.norm(scaled.forms[0]) / np.linalg.norm(problem.forms[0]))
    return replace(state, scale=state.scale * ratio)


def _solution(
    problem: Problem,
    state: Columns,
    confidence: float,
    alternatives: list[str],
    sites: FloatArray,
    settings: Reconstruction,
) -> Solution:
    kinds = [problem.kinds[kind] for kind in state.kinds]
    xy = np.repeat(state.positions, [len(kind) for kind in kinds], axis=0)
    numbers = np.array([number for kind in kinds for number in kind], dtype=np.int64)
    cell, xy, numbers = primitive_projection(xy, numbers, problem.fit.cell)
    atoms = build_layer(cell, xy, numbers, settings.vacuum)
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
        site_confidence=sites[_nearest(xy, state.positions, cell)],
    )


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
