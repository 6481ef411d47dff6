"""Confidence in an answer among its rivals, and in the species of each site."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.special import expit, logsumexp

from micrographia.arrays import FloatArray, IntArray
from micrographia.reconstruction.columns import Columns, Problem, formula, refine, score

_ALTERNATIVES = 3  # rivals that are named


def site_confidence(log_likelihood_deficits: FloatArray) -> FloatArray:
    """Posterior that each site's species is right against the best other kind in its place.

    With equal prior odds, two kinds whose log-likelihoods differ by d have posteriors
    1/(1 + exp(-d)) and its complement.

    Parameters
    ----------
    log_likelihood_deficits
        For each site and kind (n_sites, n_kinds), the log-likelihood of the answer less that of
        the answer with this kind in this place, all else refined. The site's own kind, and any
        kind that is ruled out, is inf. Negative where another kind is better.

    Returns
    -------
    Confidences (n_sites,), 0..1; 1 where no other kind is possible.

    Examples
    --------
    >>> site_confidence(np.array([[np.inf, 3.0, 8.0], [0.0, np.inf, np.inf]])).round(3).tolist()
    [0.953, 0.5]
    """
    deficits = np.asarray(log_likelihood_deficits, dtype=np.float64)
    rivals = deficits.min(axis=1, initial=np.inf)
    return np.asarray(expit(rivals), dtype=np.float64)


def weigh_alternatives(
    problem: Problem, state: Columns, others: list[tuple[float, str]], named: set[int]
) -> tuple[float, list[str], FloatArray]:
    """Compare an answer with relabelled ones and with those of other cells.

    Parameters
    ----------
    problem, state
        The answer's cell and columns.
    others
        Log-likelihood less the answer's, and formula, of rivals that are known already.
    named
        Atomic numbers of the elements that the sample is known to hold. Rivals that lack one
        which the answer has are none.

    Returns
    -------
    share
        Posterior of the answer among all, 0..1.
    names
        The best rivals with their log-likelihood, the best first.
    sites
        Posterior (n,) of each column's species against the best other kind in its place.

    Raises
    ------
    OutOfTimeError
        The problem's deadline is reached.
    """
    best = score(problem, state)
    held = {n for kind in state.kinds for n in problem.kinds[kind]} & named
    rivals = list(others)
    deficits = np.full((state.count, len(problem.kinds)), np.inf)
    for kinds in _relabelled(problem, state):
        if held <= {n for kind in kinds for n in problem.kinds[kind]}:
            value, name = _rival(problem, state, kinds)
            rivals.append((value - best, name))
            changed = np.flatnonzero(kinds != state.kinds)
            if len(changed) == 1:
                deficits[changed[0], kinds[changed[0]]] = best - value
    sites = site_confidence(deficits)
    if not rivals:
        return 1.0, [], sites
    rivals.sort(key=lambda item: -item[0])
    share = float(np.exp(-logsumexp([0.0, *(deficit for deficit, _ in rivals)])))
    foremost = {name: deficit for deficit, name in reversed(rivals)}
    names = sorted(foremost, key=lambda name: -foremost[name])[:_ALTERNATIVES]
    return share, [f"{name} (log-likelihood {foremost[name]:+.1f})" for name in names], sites


def _relabelled(problem: Problem, state: Columns) -> Iterator[IntArray]:
    """The columns' kinds with the species permuted, and with one column of another kind."""
    singles = [kind[0] for kind in problem.kinds if len(kind) == 1]
    places = {kind: place for place, kind in enumerate(problem.kinds)}
    for order in itertools.permutations(singles if len(singles) <= 4 else []):
        swap = dict(zip(singles, order, strict=False))
        kinds = [
            places[tuple(sorted(swap.get(n, n) for n in problem.kinds[kind]))]
            for kind in state.kinds
        ]
        if kinds != list(state.kinds):
            yield np.array(kinds)
    for column in range(state.count):
        for kind in range(len(problem.kinds)):
            if kind != state.kinds[column]:
                yield np.where(np.arange(state.count) == column, kind, state.kinds)


def _rival(problem: Problem, state: Columns, kinds: IntArray) -> tuple[float, str]:
    trial = refine(problem, replace(state, kinds=kinds), rounds=1)
    return score(problem, trial), formula(problem, trial)
