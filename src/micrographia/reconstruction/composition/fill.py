"""Columns that hold exactly the atoms of a known formula.

From the best columns without that condition: what is too much is taken away or exchanged, what
lacks is added where it hurts least, and then atoms exchange places, always as many of each
element, as long as the evidence rises.
"""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from micrographia.arrays import IntArray
from micrographia.reconstruction.composition.edits import applied, edits_of, losses
from micrographia.reconstruction.deadline import Deadline
from micrographia.reconstruction.unstated.assigned import Assigned, evidence, settle
from micrographia.reconstruction.unstated.data import Data
from micrographia.reconstruction.unstated.labels import Asked
from micrographia.reconstruction.unstated.orbits import with_ties

_STEPS = 40  # edits that make a composition right
_ROUNDS = 6  # of exchanges that keep it
_FITTED = 4  # exchanges of a round that are fitted
_HOPE = 40.0  # loss of evidence that a fit may win back
_TRIED = 2  # numbers of formulas in the cell
_MOST_ATOMS = 48  # of a cell


def fill(data: Data, state: Assigned, asked: Asked, deadline: Deadline) -> list[Assigned]:
    """The states with a whole number of formulas nearest to a state, none if no number suits.

    Parameters
    ----------
    data
        Fourier data of the cell.
    state
        Columns whose composition is not right.
    asked
        What is known of the sample, its formula with it.
    deadline
        Limit of time.
    """
    formula = _formula(asked)
    found = []
    for count in _numbers(state, asked, formula):
        filled = _made_right(data, state, asked, count * formula, deadline)
        if filled is not None:
            found.append(_exchanged(data, filled, asked, deadline))
    return found


def is_right(state: Assigned, asked: Asked) -> bool:
    """Whether a state holds a whole number of formulas; True where no formula is known."""
    if asked.composition is None:
        return True
    counts, formula = _counts(state, asked), _formula(asked)
    number = int(counts[0]) // int(formula[0])
    return _suits(number, asked) and bool((counts == number * formula).all())


def _suits(number: int, asked: Asked) -> bool:
    """Whether a cell may hold so many reduced formulas.

    Where the known formula is a multiple, such as Cu4S4, the projected cell holds it, or a part
    of it that repeats, or several.
    """
    whole = math.gcd(*(asked.composition or {}).values())
    return number > 0 and (number % whole == 0 or whole % number == 0)


def _formula(asked: Asked) -> IntArray:
    """Atoms of each element in the reduced formula (e,)."""
    known = asked.composition or {}
    counts = np.array([known.get(number, 0) for number in asked.numbers], dtype=np.int64)
    return np.asarray(counts // max(1, math.gcd(*(int(n) for n in counts))))


def _counts(state: Assigned, asked: Asked) -> IntArray:
    held = Counter(state.atoms)
    return np.array([held[number] for number in asked.numbers], dtype=np.int64)


def _numbers(state: Assigned, asked: Asked, formula: IntArray) -> list[int]:
    """Numbers of formulas that come into question, by the atoms that are seen best."""
    weight = np.array(asked.numbers) ** 1.5
    seen = float((weight * _counts(state, asked)).sum() / (weight * formula).sum())
    known = [n for n in range(1, _MOST_ATOMS // int(formula.sum()) + 1) if _suits(n, asked)]
    return sorted(known, key=lambda n: abs(n - seen))[:_TRIED]


def _made_right(
    data: Data, state: Assigned, asked: Asked, wanted: IntArray, deadline: Deadline
) -> Assigned | None:
    """The state edited until it holds what is wanted (e,)."""
    for step in range(_STEPS):
        lack = wanted - _counts(state, asked)
        if not lack.any():
            return state
        edits = edits_of(data, state, asked.numbers)
        own, _ = losses(data, state, edits)
        better = np.abs(lack).sum() - np.abs(lack - edits.change).sum(axis=1)
        allowed = better > 0
        if not allowed.any():
            return None
        # An exchange that mends two elements may cost as much as two edits.
        worth = np.where(allowed, own / np.maximum(better, 1), np.inf)
        state = applied(state, edits, [int(worth.argmin())])
        if not state.count:
            return None
        state = settle(data, state, 2 if step % 3 == 0 else 1, deadline, probe=False)
    return None


def _exchanged(data: Data, state: Assigned, asked: Asked, deadline: Deadline) -> Assigned:
    """The best state that exchanges of the same composition lead to."""
    state = with_ties(data.fit.cell, settle(data, state, 6, deadline))
    value = evidence(data, state, asked)
    for _ in range(_ROUNDS):
        best, best_value = state, value
        for trial in _exchanges(data, state, asked):
            trial = with_ties(data.fit.cell, settle(data, trial, 2, deadline, probe=False))
            other = evidence(data, trial, asked)
            if other > best_value:
                best, best_value = trial, other
        if best_value < value + 1e-2:
            break
        state, value = best, best_value
    return with_ties(data.fit.cell, settle(data, state, 10, deadline))


def _exchanges(data: Data, state: Assigned, asked: Asked) -> list[Assigned]:
    """The most promising states of the same composition that two edits lead to."""
    edits = edits_of(data, state, asked.numbers)
    own, together = losses(data, state, edits)
    total = own[:, None] + own[None] + together
    kept = (edits.change[:, None] + edits.change[None] == 0).all(axis=2)
    total[~kept | np.tri(len(edits), dtype=bool)] = np.inf
    order = np.argsort(total, axis=None)[:_FITTED]
    pairs = [divmod(int(place), len(edits)) for place in order if total.flat[place] < _HOPE]
    return [applied(state, edits, list(pair)) for pair in pairs]
