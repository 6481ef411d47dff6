"""Columns refined under the symmetry that the picture allows.

A symmetric crystal has fewer free coordinates. Whether it explains the picture as well is decided
as between any two models: by the likelihood it loses against the coordinates it saves.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from micrographia.reconstruction.averaging import symmetric_displacements
from micrographia.reconstruction.columns import Columns, Problem, model
from micrographia.reconstruction.wallpaper import Wallpaper, find_wallpaper

FloatArray = NDArray[np.float64]

_WIDTH = 5.0  # deviations of a position within which two columns may be images of each other
_LEAST, _MOST = 0.01, 0.25  # bounds of that distance [Å]
_ROUNDS = 6
_HALVINGS = 5
_LONGEST = 0.1  # step of the refinement [Å]


def column_deviations(problem: Problem, state: Columns) -> FloatArray:
    """Standard deviation of each column's position along its least certain direction (n,) [Å].

    From the curvature of the log-likelihood (Cramér–Rao), all positions together.
    """
    slopes = _slopes(problem, state, np.eye(2 * state.count))
    # The log-likelihood is the negative squared residual, so its curvature is twice the normal
    # matrix.
    normal = 2 * (slopes.conj().T @ slopes).real
    covariance = np.linalg.pinv(normal, hermitian=True)
    blocks = [covariance[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] for k in range(state.count)]
    return np.array([np.sqrt(np.linalg.eigvalsh(block)[-1]) for block in blocks])


def symmetrise_columns(
    problem: Problem, state: Columns, cell_tolerance: float = 0.01
) -> tuple[Problem, Columns, Wallpaper]:
    """Make columns symmetric as far as the picture allows.

    Parameters
    ----------
    problem, state
        The picture's coefficients and refined columns.
    cell_tolerance
        How much two lattice vectors may differ that symmetry makes equal [Å].

    Returns
    -------
    problem
        The same with the lattice that the group asks for.
    state, group
        Columns refined under the group, with the group. Of the groups that are found with
        tolerances from five deviations of the positions downwards, the one with the best
        information criterion.
    """
    deviation = float(np.median(column_deviations(problem, state)))
    widest = float(np.clip(_WIDTH * deviation, _LEAST, _MOST))
    best: tuple[float, Problem, Columns, Wallpaper] | None = None
    seen = set()
    for halving in range(_HALVINGS):
        group = find_wallpaper(
            problem.fit.cell,
            state.positions,
            state.kinds,
            widest / 2**halving,
            cell_tolerance if halving == 0 else cell_tolerance / 2**halving,
        )
        key = group.operations.rotations.tobytes()
        if key in seen:
            continue
        seen.add(key)
        ideal = _on_lattice(problem, group.cell)
        free = _free_coordinates(group)
        refined = _refine(ideal, replace(state, positions=group.xy), free)
        value = _misfit(ideal, refined) + 0.5 * free.shape[1] * np.log(2 * len(problem.data))
        if best is None or value < best[0]:
            xy = refined.positions
            best = (value, ideal, refined, replace(group, xy=xy))
    assert best is not None
    return best[1], best[2], best[3]


def _on_lattice(problem: Problem, cell: FloatArray) -> Problem:
    """The problem with its reflections on another cell, which differs by less than noise."""
    g = problem.fit.indices @ np.linalg.inv(cell).T
    return replace(problem, fit=replace(problem.fit, cell=cell, g=g))


def _free_coordinates(group: Wallpaper) -> FloatArray:
    """Orthonormal displacements (2 n, f) that keep the symmetry, or move the whole crystal."""
    count = len(group.xy)
    inner = symmetric_displacements(group.cell, group.operations)
    rigid = np.tile(np.eye(2), (count, 1)) / np.sqrt(count)
    left, values, _ = np.linalg.svd(np.concatenate([inner, rigid], axis=1), full_matrices=False)
    return np.asarray(left[:, values > 1e-6], dtype=np.float64)


def _slopes(problem: Problem, state: Columns, free: FloatArray) -> NDArray[np.complex128]:
    """Change of the signal with each free coordinate (m, f)."""
    g = problem.fit.g
    waves = np.exp(-2j * np.pi * (g @ state.positions.T)) * state.scale
    signals = problem.forms[state.kinds].T * waves
    slopes = -2j * np.pi * signals[:, :, None] * g[:, None, :]
    return np.asarray(slopes.reshape(len(g), -1) @ free, dtype=np.complex128)


def _misfit(problem: Problem, state: Columns) -> float:
    return float(np.square(np.abs(problem.data - model(problem, state))).sum())


def _refine(problem: Problem, state: Columns, free: FloatArray) -> Columns:
    """Gauss–Newton on the free coordinates."""
    misfit = _misfit(problem, state)
    for _ in range(_ROUNDS):
        slopes = _slopes(problem, state, free)
        normal = (slopes.conj().T @ slopes).real
        normal[np.diag_indices_from(normal)] *= 1.001
        normal[np.diag_indices_from(normal)] += 1e-9
        residual = problem.data - model(problem, state)
        step = free @ np.linalg.solve(normal, (slopes.conj().T @ residual).real)
        moves = step.reshape(-1, 2)
        longest = float(np.linalg.norm(moves, axis=1).max())
        moves = moves * min(1.0, _LONGEST / max(longest, 1e-12))
        moved = replace(state, positions=state.positions + moves)
        better = _misfit(problem, moved)
        if better >= misfit:
            break
        state, misfit = moved, better
    return state
