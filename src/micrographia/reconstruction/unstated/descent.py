"""Levenberg–Marquardt for states that know how to step (Marquardt, SIAM J. 11 (1963) 431)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from micrographia.arrays import ComplexArray, FloatArray

State = TypeVar("State")

_TRIALS = 6  # dampings that are tried in a round


def descend(
    state: State,
    cost: Callable[[State], float],
    linearise: Callable[[State], tuple[FloatArray, FloatArray]],
    step: Callable[[State, FloatArray], State],
    rounds: int,
    tolerance: float = 1e-2,
) -> State:
    """Lower a cost by damped Gauss–Newton steps.

    Parameters
    ----------
    state
        Where to begin.
    cost
        Sum of squares.
    linearise
        Normal matrix (k, k) and minus half the gradient (k,).
    step
        The state after a step (k,); it may shorten the step.
    rounds
        Most steps.
    tolerance
        The descent ends where a step lowers the cost by less.
    """
    damping, value = 1e-3, cost(state)
    for _ in range(rounds):
        normal, gradient = linearise(state)
        diagonal = np.diag_indices_from(normal)
        for _ in range(_TRIALS):
            damped = normal.copy()
            damped[diagonal] = damped[diagonal] * (1 + damping) + 1e-12
            trial = step(state, np.asarray(np.linalg.solve(damped, gradient), dtype=np.float64))
            better = cost(trial)
            if better < value:
                break
            damping *= 10
        else:
            return state
        gain, state, value = value - better, trial, better
        damping = max(damping / 5, 1e-6)
        if gain < tolerance:
            break
    return state


def normal_equations(
    slopes: ComplexArray, residual: ComplexArray
) -> tuple[FloatArray, FloatArray]:
    """Normal matrix (k, k) and minus half the gradient (k,) of a sum of squares.

    Parameters
    ----------
    slopes
        Of the model with each parameter (k, m), contiguous.
    residual
        Data less model (m,).
    """
    rows = slopes.view(np.float64)
    return np.asarray(rows @ rows.T), np.asarray(rows @ residual.view(np.float64))


def shortened(shift: FloatArray, longest: float) -> FloatArray:
    """Steps (n, 2) cut to a length."""
    length = np.linalg.norm(shift, axis=1, keepdims=True)
    return np.asarray(shift * np.minimum(1, longest / np.maximum(length, 1e-12)))
