"""Confidence intervals by resampling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Most values that are drawn at once, to bound memory [numbers].
_CHUNK = 4_000_000


def bootstrap_mean(
    values: Sequence[float] | NDArray[np.float64], resamples: int, confidence: float, seed: int
) -> tuple[float, float, float]:
    """Mean of `values` with its percentile bootstrap interval.

    Parameters
    ----------
    values
        One number per case, shape (n,); no NaN.
    resamples
        How many resamples of size n are drawn.
    confidence
        Coverage of the interval, 0..1.
    seed
        Seed of the draws; the same seed gives the same interval.

    Returns
    -------
    mean, low, high
        NaN three times when there are no values.

    Raises
    ------
    ValueError
        A value is NaN: a failure must be counted as such before it gets here.

    Notes
    -----
    Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.

    Examples
    --------
    >>> bootstrap_mean([0.5, 0.5, 0.5], 100, 0.95, seed=0)
    (0.5, 0.5, 0.5)
    """
    data = np.asarray(values, dtype=np.float64).ravel()
    if data.size == 0:
        return float("nan"), float("nan"), float("nan")
    if np.isnan(data).any():
        raise ValueError("bootstrap_mean: a value is NaN")
    generator = np.random.default_rng(seed)
    rows = max(1, _CHUNK // data.size)
    parts = []
    for start in range(0, resamples, rows):
        draws = generator.integers(0, data.size, (min(rows, resamples - start), data.size))
        parts.append(data[draws].mean(axis=1))
    means = np.concatenate(parts)
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(data.mean()), float(low), float(high)
