"""Confidence intervals by resampling."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from micrographia.arrays import FloatArray, IntArray

Interval = tuple[float, float, float]

#: Most values that are drawn at once, to bound memory [numbers].
_CHUNK = 4_000_000


def bootstrap_mean(
    values: Sequence[float] | FloatArray,
    resamples: int,
    confidence: float,
    seed: int,
    clusters: Sequence[str] | None = None,
) -> Interval:
    """Mean of `values` with its percentile bootstrap interval.

    Parameters
    ----------
    values
        One number per case, shape (n,); no NaN.
    resamples
        How many resamples are drawn.
    confidence
        Coverage of the interval, 0..1.
    seed
        Seed of the draws; the same seed gives the same interval.
    clusters
        Which cluster each case belongs to, n names. Cases of one cluster (pictures of one
        crystal) are not independent: whole clusters are then drawn, with all their cases. None:
        every case is a cluster of its own.

    Returns
    -------
    mean, low, high
        NaN three times when there are no values; the ends are NaN when several cases are all of
        one cluster, which says nothing of how clusters vary.

    Raises
    ------
    ValueError
        A value is NaN, or there is not one cluster for each: a failure must be counted as such
        before it gets here.

    Notes
    -----
    Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13; of whole clusters:
    Davison & Hinkley, Bootstrap Methods and their Application (1997), section 3.8.

    Examples
    --------
    >>> bootstrap_mean([0.5, 0.5, 0.5], 100, 0.95, seed=0)
    (0.5, 0.5, 0.5)
    """
    data, members = _check(values, clusters, "bootstrap_mean")
    if data.size == 0:
        return math.nan, math.nan, math.nan
    counts = np.bincount(members)
    sums = np.bincount(members, weights=data)
    means = np.concatenate(
        [
            sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
            for drawn in draws(len(counts), len(counts), resamples, seed)
        ]
    )
    return _interval(float(data.mean()), means, confidence, _tells_nothing(data, counts, clusters))


def bootstrap_median(
    values: Sequence[float] | FloatArray,
    resamples: int,
    confidence: float,
    seed: int,
    clusters: Sequence[str] | None = None,
) -> Interval:
    """Median of `values` with its percentile bootstrap interval; all as in `bootstrap_mean`.

    Examples
    --------
    >>> bootstrap_median([1.0, 1.0, 7.0], 100, 0.5, seed=0, clusters=["a", "b", "c"])[0]
    1.0
    """
    data, members = _check(values, clusters, "bootstrap_median")
    if data.size == 0:
        return math.nan, math.nan, math.nan
    order = np.argsort(data, kind="stable")
    ranked, owners = data[order], members[order]
    counts = np.bincount(members)
    medians = []
    for drawn in draws(len(counts), len(data), resamples, seed):
        # A value stands in a resample as often as its cluster was drawn.
        below = multiplicities(drawn, len(counts))[:, owners].cumsum(axis=1)
        total = below[:, -1:]
        lower = (below <= (total - 1) // 2).sum(axis=1)
        upper = (below <= total // 2).sum(axis=1)
        medians.append((ranked[lower] + ranked[upper]) / 2)
    return _interval(
        float(np.median(data)),
        np.concatenate(medians),
        confidence,
        _tells_nothing(data, counts, clusters),
    )


def draws(n_clusters: int, width: int, resamples: int, seed: int) -> Iterator[IntArray]:
    """Numbers of the clusters drawn, (rows, n_clusters) at a time, `resamples` rows in all.

    `width` is how many numbers the caller makes of each row: it bounds the rows of one piece.
    """
    generator = np.random.default_rng(seed)
    rows = max(1, _CHUNK // max(width, n_clusters))
    for start in range(0, resamples, rows):
        yield generator.integers(0, n_clusters, (min(rows, resamples - start), n_clusters))


def multiplicities(drawn: IntArray, n_clusters: int) -> IntArray:
    """How often each cluster was drawn, (rows, n_clusters)."""
    flat = drawn + n_clusters * np.arange(len(drawn))[:, None]
    counted = np.bincount(flat.ravel(), minlength=drawn.shape[0] * n_clusters)
    return counted.reshape(len(drawn), n_clusters)


def _check(
    values: Sequence[float] | FloatArray, clusters: Sequence[str] | None, name: str
) -> tuple[FloatArray, IntArray]:
    """Values (n,) and the number of each one's cluster (n,), counted in order of appearance."""
    data = np.asarray(values, dtype=np.float64).ravel()
    if np.isnan(data).any():
        raise ValueError(f"{name}: a value is NaN")
    if clusters is None:
        return data, np.arange(data.size)
    if len(clusters) != data.size:
        raise ValueError(f"{name}: {data.size} values and {len(clusters)} clusters")
    return data, number_clusters(clusters)


def number_clusters(clusters: Sequence[str]) -> IntArray:
    """Number clusters from 0 in order of appearance: their names do not change the draws.

    Examples
    --------
    >>> number_clusters(["b", "a", "b"]).tolist()
    [0, 1, 0]
    """
    numbers = {name: place for place, name in enumerate(dict.fromkeys(clusters))}
    return np.array([numbers[name] for name in clusters], dtype=np.int64)


def _tells_nothing(data: FloatArray, counts: IntArray, clusters: Sequence[str] | None) -> bool:
    return clusters is not None and len(counts) == 1 and data.size > 1


def _interval(value: float, resampled: FloatArray, confidence: float, unknown: bool) -> Interval:
    if unknown:
        return value, math.nan, math.nan
    tail = (1 - confidence) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return value, float(low), float(high)
