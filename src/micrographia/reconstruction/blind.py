"""Inference of the elements of a crystal from a calibrated image.

A calibrated picture states how strongly each column deflects the beam, and that is nearly a
scale of atomic numbers. Columns are first found with a ladder of stand-ins; then each is
compared with every element and every pair of elements; then sets of up to three elements are
ranked by how well they explain all columns at once, and by a mild prior of chemistry. The best
sets go through the same search as named elements do.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import combinations

import numpy as np
from ase.data import atomic_numbers, chemical_symbols

from micrographia.arrays import ComplexArray, FloatArray
from micrographia.config import Reconstruction
from micrographia.physics.conditions import ImagingConditions
from micrographia.reconstruction.columns import (
    Columns,
    Kind,
    Problem,
    find_columns,
    formula,
    refine,
    score,
    set_up,
)
from micrographia.reconstruction.deadline import UNLIMITED, Deadline
from micrographia.reconstruction.lattice import Fit

#: Stand-ins of the first search, each about a fifth stronger than the one before.
_LADDER = (1, 3, 5, 6, 7, 8, 9, 12, 14, 16, 20, 24, 28, 33, 39, 46, 53, 60, 72, 82)

# fmt: off
_UNUSUAL = [
    "He", "Ne", "Ar", "Kr", "Xe", "Rn", "Tc", "Pm", "Po", "At", "Fr", "Ra", "Ac", "Pa", "Np",
    "Pu", "Am", "Cm", "Bk", "Cf",
]
_RARE = [
    "Be", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Th", "U",
    "Os", "Re", "Ir", "Ru", "Rh", "Cs", "Rb",
]
_ANIONS = [
    "B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "As", "Se", "Br", "Sb", "Te", "I",
]
# fmt: on
#: Log-probability of an element, against a common metal's. The lightest make up for any misfit.
_PRIOR = {"rare": -2.0, "anion": 1.0, "lightest": -1.0}

_COARSE, _FINE = 0.1, 0.02  # relative errors of a column's signal, as columns are sought
_GAIN = 0.01  # how well the contrast's absolute scale is known
_PLAUSIBLE = 25.0  # log-likelihood by which an element may lose a column and still be considered
_ELEMENTS = 3  # most in a crystal
_POOL = 24  # most elements from which sets are formed
_REFINED = 8  # sets that go through the whole search
_BALANCED = 2.0  # log-odds for a composition whose usual oxidation states add up to zero


@dataclass(frozen=True)
class Guess:
    """A set of elements with the columns that it explains the picture by.

    Attributes
    ----------
    numbers
        Atomic numbers.
    problem, state
        The search and its result.
    value
        Log-posterior, up to a constant.
    """

    numbers: list[int]
    problem: Problem
    state: Columns
    value: float


def candidates() -> list[int]:
    """Atomic numbers up to 92 that a crystal may hold."""
    excluded = {atomic_numbers[symbol] for symbol in _UNUSUAL}
    return [number for number in range(1, 93) if number not in excluded]


def infer_elements(
    fit: Fit,
    conditions: ImagingConditions,
    settings: Reconstruction,
    doubt: float = 0.0,
    deadline: Deadline = UNLIMITED,
) -> list[Guess]:
    """Rank sets of elements by how well they explain a calibrated picture.

    Parameters
    ----------
    fit
        The lattice and its Fourier coefficients [rad].
    conditions
        The microscope.
    settings
        Most atoms in the cell.
    doubt
        Relative error of the forward model.
    deadline
        Limit of time.

    Returns
    -------
    Guesses, most probable first; at least one.

    Raises
    ------
    SolveError
        No column stands out, or the limit of time is reached.
    """
    gain = float(np.hypot(_GAIN, doubt))
    numbers = candidates()
    singles = set_up(fit, numbers, conditions, gain, doubt, pairs=False, deadline=deadline)
    guesses: list[Guess] = []
    for outline in _outlines(singles, conditions, settings.max_atoms, numbers):
        table, state = _compare(singles, outline)
        for chosen in _ranked_sets(table, numbers):
            problem = set_up(fit, chosen, conditions, gain, doubt, deadline=deadline)
            start = refine(problem, _best_kinds(problem, state, table, numbers))
            guesses.append(_judge(problem, find_columns(problem, settings.max_atoms, start)))
    guesses.sort(key=lambda guess: -guess.value)
    # Several sets lead to one crystal when one of their elements finds no place.
    distinct = {formula(guess.problem, guess.state): guess for guess in reversed(guesses)}
    return sorted(distinct.values(), key=lambda guess: -guess.value)


def log_prior(atoms: list[int]) -> float:
    """Log-probability of a composition, up to a constant: elements, and balance of charges."""
    symbols = [chemical_symbols[number] for number in atoms]
    value = sum(_element_prior(number) for number in set(atoms))
    # Each further element could have been any of some dozens.
    value -= np.log(30) * len(set(symbols))
    if len(set(symbols)) > 1 and charges_balance(symbols):
        value += _BALANCED
    return float(value)


def charges_balance(symbols: list[str], usual: bool = False) -> bool:
    """Whether oxidation states that are found in crystals can add up to zero.

    `usual`: only those that are common.

    The states and the answer are those of pymatgen's `Composition.oxi_state_guesses`; it goes
    through every combination, which takes a minute for two dozen atoms of sulphur, and the sums
    are few.
    """
    return _balances(tuple(sorted(Counter(symbols).items())), usual)


@cache
def _balances(counts: tuple[tuple[str, int], ...], usual: bool) -> bool:
    """The same for each element's number of atoms; a search asks for few compositions often."""
    # Seconds to load, and only the blind track needs it.
    from pymatgen.core import Composition, Element

    sums = {0}
    amounts = Composition(dict(counts)).reduced_composition.get_el_amt_dict()
    for symbol, amount in amounts.items():
        element = Element(symbol)
        states = element.common_oxidation_states if usual else ()
        states = states or element.icsd_oxidation_states or element.common_oxidation_states
        for _ in range(int(amount)):
            sums = {total + state for total in sums for state in states}
    return 0 in sums


def _judge(problem: Problem, state: Columns) -> Guess:
    atoms = [number for kind in state.kinds for number in problem.kinds[kind]]
    # Columns pay for themselves in the search; here only the elements do.
    value = score(problem, state) + problem.penalty * state.count
    return Guess(sorted(set(atoms)), problem, state, value + log_prior(atoms))


def _outlines(
    singles: Problem, conditions: ImagingConditions, most: int, numbers: list[int]
) -> list[Columns]:
    """Where columns are, twice; their kinds, places in `numbers`, are only about right.

    The rungs of the ladder are a tenth from the truth, which must not be made up for by
    columns that are not there. Single elements and equal pairs come closer and see fainter
    columns, but may still make up some.
    """
    set_up_singles = partial(
        set_up, singles.fit, conditions=conditions, pairs=False, deadline=singles.deadline
    )
    ladder = set_up_singles(list(_LADDER), doubt=_COARSE)
    state = find_columns(ladder, most)
    chosen = [ladder.kinds[kind] for kind in state.kinds]
    problem = set_up_singles(numbers, doubt=_FINE)
    kinds = [*problem.kinds, *((number, number) for number in numbers)]
    problem = replace(problem, kinds=kinds, forms=np.vstack([problem.forms, 2 * problem.forms]))
    coarse = replace(state, kinds=np.array([kinds.index(kind) for kind in chosen]), scale=1.0)
    fine = find_columns(problem, most, refine(problem, coarse))
    return [coarse, replace(fine, kinds=fine.kinds % len(numbers), scale=1.0)]


def _compare(singles: Problem, state: Columns) -> tuple[FloatArray, Columns]:
    """Log-likelihood of every pair of elements (n, z+1, z) in every column; row 0: one alone.

    The columns overlap, so each is compared with the others at their best, until none changes.
    """
    count = len(singles.kinds)
    gram = (np.conj(singles.forms) @ singles.forms.T).real
    own = np.diag(gram)
    pair_power = own[:, None] + own[None, :] + 2 * gram
    signals = singles.forms[state.kinds]
    table = np.zeros((state.count, count + 1, count))
    chosen: list[tuple[int, int]] = [(-1, -1)] * state.count
    for _ in range(8):
        waves = np.exp(-2j * np.pi * (singles.fit.g @ state.positions.T)).T
        changed = False
        for column in range(state.count):
            singles.deadline.check()
            rest = singles.data - (signals * waves).sum(axis=0) + signals[column] * waves[column]
            overlap = (np.conj(singles.forms) @ (np.conj(waves[column]) * rest)).real
            table[column, 0] = 2 * overlap - own
            table[column, 1:] = 2 * (overlap[:, None] + overlap[None, :]) - pair_power
            row, second = np.unravel_index(int(table[column].argmax()), table[column].shape)
            best = (int(row) - 1, int(second))
            changed |= best != chosen[column]
            chosen[column] = best
            first = singles.forms[best[0]] if best[0] >= 0 else 0.0
            signals[column] = first + singles.forms[best[1]]
        if not changed:
            break
        state = _settle(singles, state, signals)
    return table - table.max(axis=(1, 2), keepdims=True), state


def _settle(singles: Problem, state: Columns, signals: ComplexArray) -> Columns:
    """Refine the positions under the present signals."""
    own = replace(singles, forms=signals, kinds=[(0,)] * len(signals))
    moved = refine(own, replace(state, kinds=np.arange(state.count), scale=1.0))
    return replace(state, positions=moved.positions, scale=1.0)


def _ranked_sets(table: FloatArray, numbers: list[int]) -> list[list[int]]:
    """The most promising sets of elements."""
    alone = np.maximum(table[:, 0], table[:, 1:].max(axis=1))
    worth = np.where(alone > -_PLAUSIBLE, alone, -_PLAUSIBLE)
    priors = np.array([_element_prior(number) for number in numbers])
    order = np.argsort(-(worth.max(axis=0) + priors))
    pool = [int(z) for z in order if worth[:, z].max() > -_PLAUSIBLE][:_POOL]
    ranked = []
    for size in range(1, _ELEMENTS + 1):
        for chosen in combinations(pool, size):
            index = list(chosen)
            single = table[:, 0][:, index].max(axis=1)
            double = table[:, 1:][:, index][:, :, index].max(axis=(1, 2))
            value = np.maximum(single, double - 1).sum() + priors[index].sum()
            ranked.append((float(value - np.log(30) * size), sorted(numbers[z] for z in index)))
    ranked.sort(key=lambda item: -item[0])
    return [chosen for _, chosen in ranked[:_REFINED]]


def _element_prior(number: int) -> float:
    symbol = chemical_symbols[number]
    if number <= 4:
        return _PRIOR["lightest"]
    return _PRIOR["anion"] if symbol in _ANIONS else _PRIOR["rare"] if symbol in _RARE else 0.0


def _best_kinds(
    problem: Problem, state: Columns, table: FloatArray, numbers: list[int]
) -> Columns:
    """Each column's best kind among those of a set of elements."""
    values = np.array([_value_of(kind, table, numbers) for kind in problem.kinds])
    return Columns(state.positions, values.argmax(axis=0))


def _value_of(kind: Kind, table: FloatArray, numbers: list[int]) -> FloatArray:
    places = [numbers.index(number) for number in kind]
    if len(places) == 1:
        return np.asarray(table[:, 0, places[0]])
    return np.asarray(table[:, places[0] + 1, places[1]] - 1)
