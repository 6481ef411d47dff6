"""From readings to an answer: how sure it is, its cell without distortion, what else is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from scipy.special import expit

from micrographia.config import Reconstruction
from micrographia.errors import SolveError
from micrographia.reconstruction.answer.bonds import LONELY, bonded
from micrographia.reconstruction.answer.odds import TEMPERATURE, find_rivals, share
from micrographia.reconstruction.answer.solution import (
    Solution,
    average_cell,
    to_layer,
    to_solution,
)
from micrographia.reconstruction.columns import CHECK, Columns, Problem
from micrographia.reconstruction.deadline import UNLIMITED
from micrographia.reconstruction.lattice import Fit
from micrographia.reconstruction.periodicity.describe import Periodicity
from micrographia.reconstruction.periodicity.symmetric_cell import (
    SymmetricCell,
    column_symmetry,
    symmetric_cells,
)
from micrographia.reconstruction.unstated.assigned import Assigned, signals
from micrographia.reconstruction.unstated.chemistry import log_packing
from micrographia.reconstruction.unstated.data import Data, forms, price
from micrographia.reconstruction.unstated.labels import Asked
from micrographia.reconstruction.unstated.optics import Mode
from micrographia.reconstruction.unstated.read import Reading
from micrographia.reconstruction.unstated.search import Read

_CANDIDATES = 5
_WORST_FIT = 0.5  # share of the reflections' power that an answer must explain
_VISIBLE = (12.0, 3.0)  # log-likelihood at which an atom is seen with even odds, and how sharply
_UNFINISHED = 0.3  # share of its confidence that an answer keeps where the search fell short
_PACKED = (0.7, 0.08)  # log of discs' area over the cell's at which even odds are that it is thick
_THICK = (
    "The cell holds more atoms over its area than thin layers do: the crystal may be thick, or "
    "its columns overlap. Then cell and places hold, and species are not certain."
)
_LARGER = (
    "Weak reflections of a larger cell are left: the atoms may repeat only in that, as in an "
    "ordered or modulated crystal."
)
_FULL = (
    "The cell holds as many columns as reconstruction.max_atoms allows: it may be too large, as "
    "of a thick crystal or of one that is not periodic."
)
_CREDIBLE = 1.3  # misfit of a reflection that noise and doubt explain

_SIGNALS: dict[Mode, str] = {
    "phase": "phase contrast (iDPC, integrated centre of mass)",
    "dark": "a dark field (HAADF, ADF)",
    "bright": "a bright field (BF, ABF)",
}


def to_answer(
    readings: list[Reading],
    found: Periodicity,
    asked: Asked,
    settings: Reconstruction,
    unexplained: bool = False,
) -> Solution:
    """The best reading as a solution.

    Parameters
    ----------
    readings
        Of all modes, the best first; each with at least one answer.
    found
        The picture's lattice.
    asked
        What is known of the sample.
    settings
        Limits of the search.
    unexplained
        Whether a larger cell has reflections that the answer does not explain.

    Raises
    ------
    SolveError
        Too little of the picture is explained.
    """
    best = readings[0]
    state, data = best.answers[0].state, best.data
    explained = _explained(data, state)
    if explained < _WORST_FIT:
        raise SolveError(
            "No arrangement of the given elements explains the picture",
            seen=f"{explained:.0%} of the power of the lattice's reflections explained",
            allowed=f"at least {_WORST_FIT:.0%}",
            remedy=CHECK,
        )
    rivals = find_rivals(readings)
    doubts = [
        *_unseen(data, state, asked),
        (bonded(data.fit.cell, state.positions, list(state.kinds)), LONELY),
        (_thin(data, state), _THICK),
        # A search that ends where no more columns are allowed has not come to its end.
        (_UNFINISHED if state.count >= settings.max_atoms else 1.0, _FULL),
        (_UNFINISHED if unexplained else 1.0, _LARGER),
    ]
    trust = float(np.prod([factor for factor, _ in doubts]))
    confidence = share(rivals) * trust * _credible(data, state)
    named = [f"{_formula(one.kinds)} (log-likelihood {one.gap:+.1f})" for one in rivals[:3]]
    sites = np.array([_site(best.answers, column) for column in range(state.count)])
    problem, columns = _as_problem(data, state, best.doubt)
    symmetric = _symmetric(data.fit)
    cell = symmetric.cell
    solution = to_solution(problem, columns, confidence, named, sites, settings.vacuum, cell)
    into = np.linalg.inv(data.fit.cell) @ cell
    layers = [
        to_layer(cell, other.state.positions @ into, list(other.state.kinds), settings.vacuum)[0]
        for other in best.answers[1:_CANDIDATES]
    ]
    notes = [
        *found.sentences(),
        symmetric.sentence,
        _optics(best, state),
        *(sentence for factor, sentence in doubts if factor < 0.5),
    ]
    return replace(
        solution,
        candidates=(solution.atoms, *layers),
        notes=tuple(notes),
        loose=True,
        # By the data's own deviation, which holds more than a problem's does.
        coefficients=signals(data, state).sum(axis=1) * data.deviation,
    )


def _explained(data: Data, state: Assigned) -> float:
    """Share of the reflections' power over the noise that the columns explain."""
    model = signals(data, state).sum(axis=1) * data.deviation
    left = np.square(np.abs(data.fit.coefficients - model)).sum()
    noise = np.square(data.fit.sigma).sum()
    power = np.square(np.abs(data.fit.coefficients)).sum()
    return float(1 - max(0.0, left - noise) / max(power - noise, 1e-12))


def _credible(data: Data, state: Assigned) -> float:
    """How credible the residual is as noise and doubt, 0..1."""
    residual = np.square(np.abs(data.values - signals(data, state).sum(axis=1)))
    excess = max(0.0, float(np.median(residual)) / np.log(2) - _CREDIBLE)
    return float(1 / (1 + excess**2))


def _unseen(data: Data, state: Assigned, asked: Asked) -> list[tuple[float, str]]:
    """For the least visible element the chance that one atom of it is seen, and a sentence."""
    found = []
    for number in asked.numbers:
        power = float(np.square(np.abs(forms(data, state.optics, [(number,)])[0])).sum())
        symbol = chemical_symbols[number]
        sentence = (
            f"An atom of {symbol} hardly stands out of the noise and of what the model leaves "
            f"open: how many the cell holds, and where, is not certain."
        )
        found.append((float(expit((power - _VISIBLE[0]) / _VISIBLE[1])), sentence))
    return sorted(found)[:1]


def _symmetric(fit: Fit) -> SymmetricCell:
    """The measured cell [Å] with the most credible symmetric one beside it."""
    columns = column_symmetry(np.asarray(average_cell(fit), dtype=np.float64))
    return symmetric_cells(fit.cell, columns=columns)[0]


def _thin(data: Data, state: Assigned) -> float:
    """How credible it is that a thin layer has so many atoms over its cell, 0..1."""
    packing = log_packing(state.atoms, abs(float(np.linalg.det(data.fit.cell))))
    return float(expit((_PACKED[0] - packing) / _PACKED[1]))


def _optics(reading: Reading, state: Assigned) -> str:
    optics = state.optics
    blur = np.sqrt(max(0.0, (optics.blur[0] + optics.blur[2]) / 2))
    fitted = (
        f"information limit {optics.limit:.2f}/Å, defocus {abs(optics.aberrations[0]):.1f} rad at "
        "the rim of the aperture, "
        if optics.stated is None
        else "the stated microscope, "
    )
    return (
        f"The picture was read as {_SIGNALS[reading.mode]}; fitted: {fitted}"
        f"blur of {blur:.2f} Å (standard deviation)."
    )


def _as_problem(data: Data, state: Assigned, doubt: float) -> tuple[Problem, Columns]:
    """The same columns under the fitted optics, as every later comparison takes them."""
    kinds = sorted(set(state.kinds))
    problem = Problem(
        fit=data.fit,
        data=data.values,
        kinds=kinds,
        forms=forms(data, state.optics, kinds),
        penalty=price(data),
        gain_spread=0.3,
        doubt=doubt,
        strong=False,
        deadline=UNLIMITED,
    )
    places = np.array([kinds.index(kind) for kind in state.kinds])
    return problem, Columns(state.positions, places)


def _site(answers: list[Read], column: int) -> float:
    """Posterior of a column's kind against the best answer that differs in this column alone."""
    best = answers[0]
    own = best.state
    gaps = [
        best.value - other.value
        for other in answers[1:]
        if other.state.count == own.count
        and all(
            (a == b) == (place != column)
            for place, (a, b) in enumerate(zip(own.kinds, other.state.kinds, strict=True))
        )
    ]
    return float(expit(min(gaps) / TEMPERATURE)) if gaps else 1.0


def _formula(kinds: tuple[tuple[int, ...], ...]) -> str:
    numbers = [number for kind in kinds for number in kind]
    return str(Atoms(numbers=numbers).get_chemical_formula("metal"))
