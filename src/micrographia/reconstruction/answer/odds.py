"""How probable an answer is among its rivals.

Evidence counts what noise and the model's usual errors explain. It knows nothing of what makes one
column stronger than its like: heat of its own, a neighbour above or below it, a vacancy. Such
differences of a few per cent outweigh any number of electrons where elements are neighbours in
the table; they limit what strengths can say of species.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from micrographia.arrays import FloatArray
from micrographia.physics.lattice import minimum_image
from micrographia.reconstruction.columns import Kind
from micrographia.reconstruction.unstated.assigned import Assigned, misfit
from micrographia.reconstruction.unstated.data import Data
from micrographia.reconstruction.unstated.read import Reading

#: By which differences of evidence are divided: errors of a model go together, so that they say
#: less than their number.
TEMPERATURE = 2.5
_UNLIKE = 0.02  # relative difference of the strengths of columns of one kind
_SAME = 0.3  # distance within which columns of two answers are one [Å]


@dataclass(frozen=True)
class Rival:
    """Another answer: its kinds in order, its evidence less the best's, and its log-odds."""

    kinds: tuple[Kind, ...]
    gap: float
    odds: float


def find_rivals(readings: Sequence[Reading]) -> list[Rival]:
    """Answers with other kinds than the best one, each set of kinds once, the likeliest first.

    Parameters
    ----------
    readings
        Of all modes, the best first.
    """
    best = readings[0]
    state = best.answers[0].state
    found: dict[tuple[Kind, ...], Rival] = {}
    for reading in readings:
        for answer in reading.answers:
            kinds = tuple(sorted(answer.state.kinds))
            if kinds == tuple(sorted(state.kinds)):
                continue
            gap = answer.value - reading.answers[0].value + reading.value - best.value
            odds = gap / TEMPERATURE
            if reading is best:
                # What strengths say for the best is limited; what chemistry and optics say is not.
                shown = misfit(best.data, state) - misfit(best.data, answer.state)
                limit = max(shown / TEMPERATURE, -most_odds(best.data, state, answer.state))
                odds = limit + (gap - shown) / TEMPERATURE
            if kinds not in found or found[kinds].odds < odds:
                found[kinds] = Rival(kinds, gap, odds)
    return sorted(found.values(), key=lambda rival: -rival.odds)


def share(rivals: Sequence[Rival]) -> float:
    """Probability of the best answer among its rivals, 0..1."""
    return float(np.exp(-logsumexp([0.0, *(rival.odds for rival in rivals)])))


def most_odds(data: Data, state: Assigned, other: Assigned) -> float:
    """Log-odds that strengths can at most bring between two answers; inf if places differ.

    The gain is free: what counts is how the ratios of strengths differ.
    """
    if state.count != other.count or state.optics.mode != other.optics.mode:
        return float("inf")
    gaps = (state.positions[:, None] - other.positions[None]) @ np.linalg.inv(data.fit.cell)
    distance = np.linalg.norm(minimum_image(gaps) @ data.fit.cell, axis=-1)
    nearest = distance.argmin(axis=1)
    if distance.min(axis=1).max() > _SAME or len(set(nearest.tolist())) < state.count:
        return float("inf")
    own, theirs = _strengths(data, state), _strengths(data, other)[nearest]
    ratio = np.log(theirs / own)
    ratio = ratio - np.average(ratio, weights=own**2)
    return float(np.square(ratio).sum() / (2 * _UNLIKE**2))


def _strengths(data: Data, state: Assigned) -> FloatArray:
    """Usual strength of each column (n,), over the frequencies that the optics pass."""
    passed = np.square(np.abs(data.profile(state.optics)))
    single = {
        number: float(
            np.sqrt(np.average(data.strength(state.optics, number) ** 2, weights=passed))
        )
        for number in set(state.atoms)
    }
    return np.array([sum(single[number] for number in kind) for kind in state.kinds])
