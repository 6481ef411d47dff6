"""What a confidence is worth: expected calibration error, risk against coverage."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import BoolArray, FloatArray

#: Bins of the expected calibration error.
BINS = 15


def calibration_error(probability: FloatArray, right: BoolArray, bins: int = BINS) -> float:
    """Return the expected calibration error, in bins of equal width.

    Naeini et al. (2015), in the form of Guo et al., On Calibration of Modern Neural Networks
    (2017): the mean over answers of the difference between stated and true accuracy of their bin.

    Parameters
    ----------
    probability
        Stated for each answer, shape (n,), 0 … 1.
    right
        Whether it was right, shape (n,).

    Examples
    --------
    >>> calibration_error(np.array([0.9, 0.9]), np.array([True, False])).__round__(3)
    0.4
    """
    if not len(right):
        return float("nan")
    place = np.minimum((probability * bins).astype(np.int64), bins - 1)
    stated = np.bincount(place, weights=probability, minlength=bins)
    true = np.bincount(place, weights=right, minlength=bins)
    return float(np.abs(stated - true).sum() / len(right))


def error_by_chance(probability: FloatArray, seed: int, draws: int = 200) -> float:
    """Return the expected calibration error of probabilities that are exactly true.

    Few answers fall into each bin, and their share of right ones differs from what it should be
    by chance: a calibration error is to be read beside this one (Kumar et al., Verified
    Uncertainty Calibration, 2019).

    Parameters
    ----------
    probability
        Stated for each answer, shape (n,), 0 … 1.
    seed
        Of the draws of which answers are right.
    draws
        Over which the mean is taken.

    Examples
    --------
    >>> error_by_chance(np.full(10, 0.5), 0) > error_by_chance(np.full(1000, 0.5), 0)
    True
    """
    generator = np.random.default_rng(seed)
    errors = [
        calibration_error(probability, generator.random(len(probability)) < probability)
        for _ in range(draws)
    ]
    return float(np.mean(errors))


def risk_coverage(score: FloatArray, right: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return the share of wrong answers among those that are given, at every coverage.

    El-Yaniv & Wiener, On the Foundations of Noise-free Selective Classification (2010).

    Parameters
    ----------
    score
        The higher, the earlier an answer is given, shape (n,). Equal scores are given together.
    right
        Shape (n,).

    Returns
    -------
    coverage, risk
        Of growing coverage, the last of which is 1.

    Examples
    --------
    >>> coverage, risk = risk_coverage(np.array([0.2, 0.9]), np.array([False, True]))
    >>> coverage.tolist(), risk.tolist()
    ([0.5, 1.0], [0.0, 0.5])
    """
    order = np.argsort(-score, kind="stable")
    given = np.arange(1, len(right) + 1)
    wrong = np.cumsum(~right[order])
    last = np.append(np.diff(score[order]) != 0, True) if len(right) else np.zeros(0, np.bool_)
    return given[last] / len(right), wrong[last] / given[last]


def risk_at(score: FloatArray, right: BoolArray, coverage: float) -> float:
    """Return the share of wrong answers where at least a share of all answers is given."""
    reached, risk = risk_coverage(score, right)
    enough = np.flatnonzero(reached >= coverage - 1e-12)
    return float(risk[enough[0]]) if len(enough) else float("nan")


def turned_away(known: FloatArray, belongs: BoolArray, kept: float) -> float:
    """Return the share of pictures of no class that are declined where others are kept.

    Parameters
    ----------
    known
        Score that a picture belongs to a class, shape (n,).
    belongs
        Whether it does, shape (n,).
    kept
        Share of those that belong that is answered, 0 … 1.

    Examples
    --------
    >>> turned_away(np.array([0.9, 0.8, 0.3, 0.5]), np.array([1, 1, 0, 0]) > 0, 1.0)
    1.0
    """
    own = np.sort(known[belongs])[::-1]
    if not len(own) or belongs.all():
        return float("nan")
    least = own[max(int(np.ceil(kept * len(own))), 1) - 1]
    return float((known[~belongs] < least).mean())
