"""From one STEM image to a crystal: lattice, unit cell, columns, species, confidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from ase.data import atomic_numbers
from threadpoolctl import threadpool_limits

from micrographia.arrays import BoolArray
from micrographia.config import Reconstruction
from micrographia.errors import SolveError
from micrographia.io.stem_images import StemImage
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import information_limit
from micrographia.reconstruction.answer.solution import Solution, to_solution
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
from micrographia.reconstruction.deadline import Deadline, OutOfTimeError
from micrographia.reconstruction.lattice import Fit, find_lattice
from micrographia.reconstruction.spectrum import whiten
from micrographia.reconstruction.superlattice import enlarge
from micrographia.reconstruction.unstated.labels import Asked
from micrographia.reconstruction.unstated.solve import solve_unstated
from micrographia.reconstruction.unstated.stated import Stated

WORST_FIT = 0.5  # share of the reflections' power that a stated crystal must explain
_DOUBTS = (0.02, 0.05)  # relative errors of the forward model that are allowed for
_MODEL_ERROR = 0.002  # share of the power that the phase object leaves out of a thin crystal
_ABSENT = 0.1  # chance that an element which was named is not in the crystal

#: A search, its columns, and its rivals with their log-odds.
Reading = tuple[Problem, Columns, list[tuple[float, str]]]


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
    composition: Mapping[str, int] | None = None,
    mask: BoolArray | None = None,
) -> Solution:
    """Read a crystal from a STEM image.

    A picture in radians whose metadata state the microscope is read with that microscope. For
    any other picture, and any that is read with a mask or a composition, the optics are fitted
    together with the atoms, what is stated among the readings that are tried.

    Parameters
    ----------
    image
        The picture with its pixel size; imaging conditions are taken from its metadata.
    elements
        Symbols of the elements that the sample is known to hold; None if nobody knows. They are
        then inferred, which takes a picture calibrated in radians of phase.
    settings
        Limits of the search, that of time among them, and what is known of the microscope.
    conditions
        The microscope where the metadata state none; None if nobody knows.
    deadline
        Limit of time that began earlier; None for that of the settings from now on.
    composition
        Atoms of each element per formula, such as {"Mo": 1, "S": 2}, where it is known; it
        says the elements, too.
    mask
        True where pixels are no part of the picture (rows, columns), such as burnt-in text.

    Raises
    ------
    SolveError
        The picture holds no crystal that can be stated with honesty, or the search was stopped
        at its limit of time; the message says why.
    """
    deadline = deadline or Deadline(settings.time_limit)
    elements = elements_of(elements, composition)
    numbers = None if elements is None else parse_elements(elements)
    stated = Stated.of(image.metadata, settings, conditions)
    calibrated = image.metadata.get("unit") == "rad"
    whole = calibrated and stated.conditions is not None and mask is None and composition is None
    _check_mask(image, numbers, mask)
    # The products are small, and threads that wait for each other only slow them down.
    with threadpool_limits(limits=1, user_api="blas"):
        if whole or numbers is None:
            return _solve_stated(image, numbers, settings, stated.assumed(), deadline)
        asked = Asked.of(numbers, composition)
        return solve_unstated(image, asked, stated, settings, deadline, mask)


def elements_of(
    elements: Sequence[str] | None, composition: Mapping[str, int] | None
) -> Sequence[str] | None:
    """Elements of a sample of which elements, composition, both or none may be stated.

    Raises
    ------
    SolveError
        The two are of different elements.
    """
    if composition is None:
        return elements
    if elements is not None and set(elements) != set(composition):
        raise SolveError(
            "The elements are not those of the composition",
            seen=", ".join(elements),
            allowed=", ".join(composition),
            remedy="Leave the elements out: the composition says them",
        )
    return list(composition)


def _check_mask(image: StemImage, numbers: list[int] | None, mask: BoolArray | None) -> None:
    """Refuse masks that do not fit.

    Raises
    ------
    SolveError
        The mask has another size than the picture, or nobody says the elements.
    """
    if mask is None:
        return
    if mask.shape != image.pixels.shape:
        raise SolveError(
            "The mask does not fit the picture",
            seen=f"{mask.shape[1]}×{mask.shape[0]} px",
            allowed=f"{image.pixels.shape[1]}×{image.pixels.shape[0]} px",
            remedy="Draw the mask on the picture itself, at its full size",
        )
    if numbers is None:
        raise SolveError(
            "Without elements a picture cannot be read under a mask",
            remedy="Give the sample's elements, for example --elements Mo,S",
        )


def _solve_stated(
    image: StemImage,
    numbers: list[int] | None,
    settings: Reconstruction,
    microscope: ImagingConditions,
    deadline: Deadline,
) -> Solution:
    """Read a picture under conditions that are taken to be right.

    Raises
    ------
    SolveError
        As `solve` does.
    """
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
    confidence = share * fidelity * fit.explained
    return to_solution(problem, state, confidence, alternatives, sites, settings.vacuum)


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
