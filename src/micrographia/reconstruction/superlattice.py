"""Larger cells, found by the whole model where single reflections are too weak.

Neighbours in atomic number, such as Cr and Mn, look almost alike: a lattice on which they are
ordered shows in a few faint reflections that the tests for superlattices miss, and one of the
two takes the other's places. So the cells up to four times as large are tried with the species
exchanged and the columns shifted, and compared by their evidence. An element that the sample is
known to hold has a place: an answer without it is no answer.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from micrographia.arrays import FloatArray
from micrographia.config import Reconstruction
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.lattice import gauss_reduce
from micrographia.reconstruction.columns import (
    Columns,
    Problem,
    formula,
    position_precision,
    refine,
    score,
    set_up,
    sweep,
)
from micrographia.reconstruction.lattice import coefficients_on, sublattices
from micrographia.reconstruction.spectrum import Whitened

_MOST = 4  # cells of the answer in a larger one
_SHIFT = 0.02  # usual shift of a column from where the smaller cell has it [Å]
_ALIKE = 3  # elements no further apart in atomic number may be ordered unseen
_DOUBT = 1.5  # log-evidence that a larger cell must bring when nothing is missing


def enlarge(
    image: Whitened,
    problem: Problem,
    state: Columns,
    numbers: list[int],
    conditions: ImagingConditions,
    settings: Reconstruction,
) -> tuple[Problem, Columns, list[tuple[float, str]]]:
    """Seek a larger cell in which every element has its place.

    Parameters
    ----------
    image
        The whitened picture.
    problem, state
        The answer's cell and columns.
    numbers
        Atomic numbers of all elements of the sample.
    conditions
        The microscope.
    settings
        Largest cell and most atoms.

    Returns
    -------
    problem, columns
        Those of the most probable cell with every element; the given ones if no cell within the
        limits has them all, or if nothing is missing and no larger one is more probable.
    rivals
        Log-evidence less the answer's, and formula, of the other cells.
    """
    missing = sorted(set(numbers) - _elements(problem, state))
    alike = any(0 < b - a <= _ALIKE for a in numbers for b in numbers)
    if not missing and not alike:
        return problem, state, []
    tried = [] if missing else [(_DOUBT, problem, state)]
    for index in range(1 if missing else 2, _MOST + 1):
        for form in sublattices(index):
            cell = form @ problem.fit.cell
            atoms = index * sum(len(problem.kinds[kind]) for kind in state.kinds)
            if abs(np.linalg.det(cell)) > settings.max_cell_area or atoms > settings.max_atoms:
                continue
            larger, tiled = _tile(image, problem, state, cell, numbers, conditions)
            trial = _complete(larger, tiled, missing, state.count)
            if not _elements(larger, trial) >= set(numbers):
                continue
            value = score(larger, trial) - score(larger, tiled)
            value -= _occam(larger, trial) * (index - 1) / index + _naming(tiled, trial)
            tried.append((value, larger, trial))
    if not tried:
        return problem, state, []
    tried.sort(key=lambda item: -item[0])
    value, problem, state = tried[0]
    rivals = [(other - value, formula(cell, columns)) for other, cell, columns in tried[1:]]
    return problem, state, rivals


def _elements(problem: Problem, state: Columns) -> set[int]:
    return {n for kind in state.kinds for n in problem.kinds[kind]}


def _tile(
    image: Whitened,
    problem: Problem,
    state: Columns,
    cell: FloatArray,
    numbers: list[int],
    conditions: ImagingConditions,
) -> tuple[Problem, Columns]:
    """The same columns in a larger cell, which need not be reduced."""
    reduced = gauss_reduce(cell)[0]
    fit = replace(coefficients_on(image, reduced), explained=problem.fit.explained)
    steps = np.arange(-2 * _MOST, 2 * _MOST + 1)
    lattice = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    shifts = lattice @ problem.fit.cell
    places = shifts @ np.linalg.inv(reduced)
    inside = np.all((places > -1e-6) & (places < 1 - 1e-6), axis=1)
    positions = (state.positions[None] + shifts[inside][:, None]).reshape(-1, 2)
    kinds = np.tile(state.kinds, int(inside.sum()))
    larger = set_up(
        fit,
        numbers,
        conditions,
        problem.gain_spread,
        problem.doubt,
        strong=problem.strong,
        deadline=problem.deadline,
    )
    return larger, Columns(positions, kinds, state.scale)


def _complete(problem: Problem, tiled: Columns, missing: list[int], per_cell: int) -> Columns:
    """The best state in which each missing element takes places of the others.

    All translates of a column are alike at first, so only the first cell's are tried.
    """
    states = [tiled]
    for element in missing:
        states = [
            exchanged
            for state in states
            for exchanged in _exchanges(problem, state, per_cell, element, missing)
        ]
    if not states:
        return tiled
    best = max(
        (refine(problem, state) for state in states), key=lambda state: score(problem, state)
    )
    swept = refine(problem, sweep(problem, best))
    return swept if _elements(problem, swept) >= _elements(problem, best) else best


def _exchanges(
    problem: Problem, state: Columns, per_cell: int, element: int, missing: list[int]
) -> list[Columns]:
    """The states with one atom of the first cell's columns exchanged for `element`."""
    problem.deadline.check()
    return [
        replace(state, kinds=np.where(np.arange(state.count) == column, kind, state.kinds))
        for column in range(per_cell)
        for kind in _swapped(problem, state, column, element, missing)
    ]


def _swapped(
    problem: Problem, state: Columns, column: int, element: int, missing: list[int]
) -> list[int]:
    """Kinds of a column in which one atom is exchanged for `element`."""
    atoms = problem.kinds[state.kinds[column]]
    kinds = []
    for number in set(atoms) - set(missing):
        rest = list(atoms)
        rest.remove(number)
        kinds.append(problem.kinds.index(tuple(sorted([*rest, element]))))
    return kinds


def _occam(problem: Problem, state: Columns) -> float:
    """What the freedom of all columns to shift costs: log of prior over posterior widths."""
    precision = position_precision(problem, state)
    return float(0.5 * np.log1p(precision * _SHIFT**2).sum())


def _naming(tiled: Columns, state: Columns) -> float:
    """What it costs to say which columns got another species than their translates."""
    if state.count != tiled.count:
        return 0.0
    return float((state.kinds != tiled.kinds).sum() * np.log(2 * state.count))
