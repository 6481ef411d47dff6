"""Columns and species together: which atoms, where, explain the unit cell's Fourier data.

Data and model are coefficients divided by the noise's deviation, so a squared residual is a
log-likelihood. A column holds one or two atoms. Columns are added greedily where they raise the
likelihood most, then all are refined and every kind is tried in every place until nothing
improves (a matching pursuit with back-tracking); each column pays for its parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

import numpy as np
from ase import Atoms

from micrographia.arrays import ComplexArray, FloatArray, IntArray
from micrographia.errors import SolveError
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import projected_phase, transfer
from micrographia.physics.lattice import cell_parameters, minimum_image
from micrographia.physics.strong_object import strong_response
from micrographia.reconstruction.deadline import UNLIMITED, Deadline
from micrographia.reconstruction.lattice import Fit
from micrographia.reconstruction.reflections import overlap_map, usual_amplitude

_GRID = 0.12  # spacing of the search map [Å]
_SWEEPS = 6
_HALF = 0.45  # distance from the middle at which two columns for one are tried [Å]
_MERGE = 1.0  # columns closer than this are tried as one [Å]
#: Deviation of the logarithm of the contrast where the elements are given: a picture a third
#: brighter than its model loses half a unit of log-likelihood, so that the thickness of residue
#: and the calibration of the detector, which no model knows, do not decide about columns.
GAIN_SPREAD = 0.3

#: What to do where a lattice is there, but no atoms explain what is on it.
CHECK = (
    "Check the pixel size, name every element of the sample and no other, and see that it is an "
    "iDPC, centre-of-mass or dark-field picture with bright atoms, of a crystal a few atoms "
    "thick: coherent bright-field and thick-crystal contrast is not what the model explains"
)

#: Atomic numbers of the atoms in a column.
Kind = tuple[int, ...]


@dataclass(frozen=True)
class Problem:
    """Whitened data and the signal of every kind of column at the origin.

    Attributes
    ----------
    fit
        The lattice and the picture's coefficients.
    data
        Coefficients over noise (m,).
    kinds
        Atomic numbers in a column of each kind.
    forms
        Signal of one column of each kind at the origin, over noise (k, m).
    penalty
        Log-likelihood that a column must bring.
    gain_spread
        Deviation of the logarithm of the picture's contrast over the model's.
    doubt
        Relative error of the forward model, added to the noise.
    strong
        Whether the forms hold what strong atoms add to the first order.
    deadline
        Limit of time that every search in this problem keeps.
    """

    fit: Fit
    data: ComplexArray
    kinds: list[Kind]
    forms: ComplexArray
    penalty: float
    gain_spread: float
    doubt: float
    strong: bool
    deadline: Deadline = UNLIMITED

    @property
    def deviation(self) -> FloatArray:
        """By which data and forms were divided (m,): noise and error of the model."""
        return _deviation(self.fit, self.doubt)


@dataclass(frozen=True)
class Columns:
    """A state of the search: positions (n, 2) [Å], kinds (n,) as places in `Problem.kinds`."""

    positions: FloatArray
    kinds: IntArray
    scale: float = 1.0

    @property
    def count(self) -> int:
        """Number of columns."""
        return len(self.kinds)


def set_up(
    fit: Fit,
    numbers: list[int],
    conditions: ImagingConditions,
    gain_spread: float = GAIN_SPREAD,
    doubt: float = 0.0,
    pairs: bool = True,
    strong: bool = False,
    deadline: Deadline = UNLIMITED,
) -> Problem:
    """Prepare the search for columns of one or, with `pairs`, two atoms of the given elements.

    `strong` adds what heavy atoms do beyond the first order; it takes a tenth of a second a kind.
    """
    kinds: list[Kind] = [(number,) for number in numbers]
    if pairs:
        kinds += list(combinations_with_replacement(numbers, 2))
    area = abs(float(np.linalg.det(fit.cell)))
    magnitudes = np.linalg.norm(fit.g, axis=1)
    passed = transfer(fit.g, conditions)
    single = {
        number: projected_phase(number, magnitudes, area, conditions.energy_keV) * passed
        for number in numbers
    }
    forms = np.array(
        [np.sum([single[number] for number in kind], axis=0) for kind in kinds],
        dtype=np.complex128,
    )
    if strong:
        for place, kind in enumerate(kinds):
            deadline.check()
            forms[place] += strong_response(kind, fit.g, area, conditions)
    deviation = _deviation(fit, doubt)
    forms /= deviation
    data = fit.coefficients / deviation
    penalty = 1.5 * np.log(max(2, 2 * len(data))) + np.log(len(kinds)) + 6.0
    return Problem(fit, data, kinds, forms, float(penalty), gain_spread, doubt, strong, deadline)


def _deviation(fit: Fit, doubt: float) -> FloatArray:
    """Noise and error of the model (m,), a share of what reflections of this |g| usually are."""
    return np.asarray(np.hypot(fit.sigma, doubt * usual_amplitude(fit)))


def describe_cell(fit: Fit) -> str:
    """The lattice in words, as messages state it."""
    a, b, gamma = cell_parameters(fit.cell)
    return f"a lattice of a = {a:.2f} Å, b = {b:.2f} Å, γ = {gamma:.1f}°"


def find_columns(problem: Problem, most: int, start: Columns | None = None) -> Columns:
    """Search for the columns that explain the data.

    Parameters
    ----------
    problem
        From `set_up`.
    most
        Most atoms.
    start
        Columns to begin with; none by default.

    Raises
    ------
    SolveError
        Not one column improves on an empty cell, or the problem's deadline is reached.
    """
    state = start or Columns(np.zeros((0, 2)), np.zeros(0, dtype=np.int64))
    while (grown := _add(problem, state, most)) is not None:
        state = refine(problem, grown)
    if state.count == 0:
        raise SolveError(
            "No atom of these elements, wherever it is placed, explains the averaged unit cell",
            seen=describe_cell(problem.fit),
            remedy=CHECK,
        )
    for _ in range(_SWEEPS):
        before = score(problem, state)
        state = sweep(problem, _split(problem, state, most))
        state = refine(problem, _rescale(problem, state))
        grown = _add(problem, state, most)
        state = refine(problem, grown) if grown is not None else state
        if score(problem, state) < before + 0.5:
            break
    return state


def model(problem: Problem, state: Columns) -> ComplexArray:
    """Signal of all columns over noise (m,)."""
    waves = np.exp(-2j * np.pi * (problem.fit.g @ state.positions.T))
    return state.scale * np.einsum("nm,mn->m", problem.forms[state.kinds], waves)


def score(problem: Problem, state: Columns) -> float:
    """Log-likelihood less the penalties; higher is better."""
    residual = problem.data - model(problem, state)
    prior = 0.5 * (np.log(state.scale) / problem.gain_spread) ** 2
    return float(-np.square(np.abs(residual)).sum() - problem.penalty * state.count - prior)


def comparable_score(problem: Problem, state: Columns) -> float:
    """Score that can be compared between problems of one picture that doubt differently."""
    spread = np.log(problem.deviation / problem.fit.sigma).sum()
    return score(problem, state) - 2 * float(spread)


def formula(problem: Problem, state: Columns) -> str:
    """Formula of all atoms in a state's columns."""
    numbers = [number for kind in state.kinds for number in problem.kinds[kind]]
    return str(Atoms(numbers=numbers).get_chemical_formula("metal"))


def refine(problem: Problem, state: Columns, rounds: int = 4) -> Columns:
    """Gauss–Newton on all positions, with a step no longer than a tenth of an ångström."""
    for _ in range(rounds):
        problem.deadline.check()
        normal, gradient = _linearise(problem, state)
        normal[np.diag_indices_from(normal)] *= 1.001
        normal[np.diag_indices_from(normal)] += 1e-9
        step = np.linalg.solve(normal, gradient).reshape(-1, 2)
        length = np.linalg.norm(step, axis=1, keepdims=True)
        step *= np.minimum(1, 0.1 / np.maximum(length, 1e-12))
        moved = replace(state, positions=state.positions + step)
        if score(problem, moved) <= score(problem, state):
            break
        state = moved
    return state


def position_precision(problem: Problem, state: Columns) -> FloatArray:
    """Inverse variance (n, 2) [1/Å²] of each column's x and y, the others held."""
    normal, _ = _linearise(problem, state)
    return 2 * np.diag(normal).reshape(-1, 2)


def _linearise(problem: Problem, state: Columns) -> tuple[FloatArray, FloatArray]:
    """Normal matrix and gradient of the positions, flattened."""
    g = problem.fit.g
    waves = np.exp(-2j * np.pi * (g @ state.positions.T)) * state.scale
    signals = problem.forms[state.kinds].T * waves
    residual = problem.data - signals.sum(axis=1)
    slopes = (-2j * np.pi * signals[:, :, None] * g[:, None, :]).reshape(len(g), -1)
    return (slopes.conj().T @ slopes).real, (slopes.conj().T @ residual).real


def _add(problem: Problem, state: Columns, most: int) -> Columns | None:
    """The state with its best new column, or None if none pays or `most` atoms are reached."""
    if sum(len(problem.kinds[kind]) for kind in state.kinds) >= most:
        return None
    residual = problem.data - model(problem, state)
    gain, kind, position = _best_column(problem, residual, state.scale)
    if gain < problem.penalty:
        return None
    return Columns(
        np.vstack([state.positions, position]), np.append(state.kinds, kind), state.scale
    )


def _best_column(
    problem: Problem, residual: ComplexArray, scale: float
) -> tuple[float, int, FloatArray]:
    """Kind and place whose signal lowers the squared residual most, and by how much."""
    best = (-np.inf, 0, np.zeros(2))
    for kind, form in enumerate(problem.forms):
        problem.deadline.check()
        overlap = overlap_map(problem.fit, form, residual, _GRID, 16)
        place = np.unravel_index(int(overlap.argmax()), overlap.shape)
        gain = 2 * scale * overlap[place] - scale**2 * np.square(np.abs(form)).sum()
        if gain > best[0]:
            best = (float(gain), kind, np.array(place) / overlap.shape @ problem.fit.cell)
    return best


def sweep(problem: Problem, state: Columns) -> Columns:
    """Try every kind in every column, removal included, and merging of close columns."""
    state = _merge(problem, state)
    order = np.argsort([np.square(np.abs(problem.forms[kind])).sum() for kind in state.kinds])
    for column in order:
        if column < state.count:
            state = _best_kind(problem, state, int(column))
    return state


def _best_kind(problem: Problem, state: Columns, column: int) -> Columns:
    others = np.arange(state.count) != column
    rest = Columns(state.positions[others], state.kinds[others], state.scale)
    residual = problem.data - model(problem, rest)
    wave = np.exp(2j * np.pi * (problem.fit.g @ state.positions[column])) * residual
    overlap = (np.conj(problem.forms) @ wave).real
    power = np.square(np.abs(problem.forms)).sum(axis=1)
    gains = 2 * state.scale * overlap - state.scale**2 * power
    best, best_score = state, score(problem, state)
    for kind in np.argsort(-gains)[:3]:
        kinds = state.kinds.copy()
        kinds[column] = kind
        trial = refine(problem, replace(state, kinds=kinds), rounds=2)
        if (value := score(problem, trial)) > best_score + 1e-6:
            best, best_score = trial, value
    if rest.count:
        without = refine(problem, rest, rounds=2)
        if score(problem, without) > best_score:
            return without
    return best


def _merge(problem: Problem, state: Columns) -> Columns:
    """Replace two columns that nearly coincide by one of two atoms, where that is better."""
    inverse = np.linalg.inv(problem.fit.cell)
    for first in range(state.count):
        for second in range(first + 1, state.count):
            gap = (state.positions[second] - state.positions[first]) @ inverse
            gap = minimum_image(gap) @ problem.fit.cell
            if np.linalg.norm(gap) > _MERGE:
                continue
            keep = np.arange(state.count) != second
            positions = state.positions[keep].copy()
            positions[first] += gap / 2
            merged = Columns(positions, state.kinds[keep], state.scale)
            trials = []
            for kind in range(len(problem.kinds)):
                kinds = merged.kinds.copy()
                kinds[first] = kind
                trials.append(refine(problem, replace(merged, kinds=kinds), rounds=2))
            best = max(trials, key=lambda trial: score(problem, trial))
            if score(problem, best) > score(problem, state):
                return _merge(problem, best)
    return state


def _split(problem: Problem, state: Columns, most: int) -> Columns:
    """Replace a column by two beside each other, where that is better.

    Two columns half an ångström to either side of a maximum look like one at first, and no
    small step leads from there to two. Sought only while the picture is not explained.
    """
    residual = float(np.square(np.abs(problem.data - model(problem, state))).sum())
    atoms = sum(len(problem.kinds[kind]) for kind in state.kinds)
    if residual < len(problem.data) + 3 * np.sqrt(len(problem.data)) or atoms >= most:
        return state
    best, value = state, score(problem, state)
    for column in range(state.count):
        kind = problem.kinds[state.kinds[column]]
        halves = [problem.kinds.index((number,)) for number in (kind[0], kind[-1])]
        for azimuth in np.arange(4) * np.pi / 4:
            step = _HALF * np.array([np.cos(azimuth), np.sin(azimuth)])
            positions = np.vstack([state.positions, state.positions[column] + step])
            positions[column] -= step
            kinds = np.append(state.kinds, halves[1])
            kinds[column] = halves[0]
            trial = refine(problem, Columns(positions, kinds, state.scale), rounds=6)
            if (found := score(problem, trial)) > value:
                best, value = trial, found
    return best if best is state else _split(problem, best, most)


def least_squares_scale(problem: Problem, state: Columns) -> float:
    """Contrast of the picture over the model's that leaves the least residual."""
    unit = model(problem, replace(state, scale=1.0))
    return float((np.conj(unit) @ problem.data).real / np.square(np.abs(unit)).sum())


def _rescale(problem: Problem, state: Columns) -> Columns:
    """The least-squares contrast, where it is plausible and raises the score."""
    scale = least_squares_scale(problem, state)
    if not 0.1 < scale / state.scale < 10:
        return state
    moved = replace(state, scale=scale)
    return moved if score(problem, moved) > score(problem, state) else state
