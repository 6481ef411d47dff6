"""Calibration of stated confidences: reliability diagram, expected calibration error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from micrographia.arrays import FloatArray, IntArray
from micrographia.benchmarks.bootstrap import Interval, draws, multiplicities, number_clusters

#: Bins of equal width over 0..1, open below and closed above, the first closed on both sides.
BINS = 10


def reliability(confidence: Sequence[float], truth: Sequence[bool]) -> list[dict[str, Any]]:
    """Return the reliability diagram: what is true of answers that state a confidence alike.

    Parameters
    ----------
    confidence
        Stated, 0..1, shape (n,).
    truth
        Whether each answer is right, shape (n,).

    Returns
    -------
    For each bin that holds answers: `low` and `high` (its ends), `n`, `confidence` (their mean)
    and `accuracy` (the share that is right).

    Raises
    ------
    ValueError
        A confidence is not in 0..1, or the lengths differ.

    Examples
    --------
    >>> reliability([0.95, 1.0], [True, False])
    [{'low': 0.9, 'high': 1.0, 'n': 2, 'confidence': 0.975, 'accuracy': 0.5}]
    """
    stated, right = _check(confidence, truth)
    table = _sums(stated, right, np.zeros(len(stated), dtype=np.int64), 1)[0]
    return [
        {
            "low": place / BINS,
            "high": (place + 1) / BINS,
            "n": int(n),
            "confidence": float(sum_stated / n),
            "accuracy": float(sum_right / n),
        }
        for place, (n, sum_stated, sum_right) in enumerate(table.T)
        if n
    ]


def calibration_error(
    confidence: Sequence[float],
    truth: Sequence[bool],
    resamples: int,
    coverage: float,
    seed: int,
    clusters: Sequence[str],
) -> Interval:
    """Return the expected calibration error with its bootstrap interval over clusters.

    Parameters
    ----------
    confidence, truth
        As in `reliability`.
    resamples, coverage, seed, clusters
        As in `bootstrap.bootstrap_mean`.

    Returns
    -------
    error, low, high
        NaN three times without answers; the ends are NaN for a single cluster.

    Notes
    -----
    ECE = Σ_b (n_b / n) |accuracy_b - confidence_b| over ten bins of equal width (Naeini, Cooper &
    Hauskrecht, AAAI 2015; Guo et al., ICML 2017, eq. 3). It is positive for perfect
    confidences too, since a bin's share scatters, and the more so in a resample: the interval
    lies high.

    Examples
    --------
    >>> calibration_error([0.9, 0.9], [True, False], 100, 0.95, 0, ["a", "a"])[0]
    0.4
    """
    stated, right = _check(confidence, truth)
    if stated.size == 0:
        return math.nan, math.nan, math.nan
    members = number_clusters(clusters)
    count = int(members.max()) + 1
    table = _sums(stated, right, members, count)
    value = float(_error(table.sum(axis=0)[None])[0])
    if count == 1:
        return value, math.nan, math.nan
    flat = table.reshape(count, -1)
    errors = np.concatenate(
        [
            _error((multiplicities(drawn, count) @ flat).reshape(-1, 3, BINS))
            for drawn in draws(count, flat.shape[1], resamples, seed)
        ]
    )
    tail = (1 - coverage) / 2
    low, high = np.quantile(errors, [tail, 1 - tail])
    return value, float(low), float(high)


def _check(confidence: Sequence[float], truth: Sequence[bool]) -> tuple[FloatArray, FloatArray]:
    stated = np.asarray(confidence, dtype=np.float64)
    right = np.asarray(truth, dtype=np.float64)
    if stated.shape != right.shape:
        raise ValueError(f"{stated.size} confidences and {right.size} truths")
    if not ((stated >= 0) & (stated <= 1)).all():
        raise ValueError("a confidence is not in 0..1")
    return stated, right


def _sums(stated: FloatArray, right: FloatArray, members: IntArray, count: int) -> FloatArray:
    """Number, sum of confidences and number right, of each cluster and bin: (count, 3, BINS)."""
    # A hair is taken off, so that what is computed as 0.30000000000000004 is still 0.3.
    place = np.clip(np.ceil(stated * BINS - 1e-9).astype(int) - 1, 0, BINS - 1)
    table = np.zeros((count, 3, BINS))
    for row, weights in enumerate((np.ones_like(stated), stated, right)):
        np.add.at(table[:, row], (members, place), weights)
    return table


def _error(table: FloatArray) -> FloatArray:
    """Expected calibration error of tables (k, 3, BINS)."""
    gaps: FloatArray = np.abs(table[:, 2] - table[:, 1]).sum(axis=1) / table[:, 0].sum(axis=1)
    return gaps
