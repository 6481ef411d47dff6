"""Figures of structures written as text: the papers' and our own, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from scipy.stats import wasserstein_distance

from micrographia.arrays import FloatArray
from micrographia.benchmarks.bootstrap import Interval, bootstrap_mean, bootstrap_median
from micrographia.benchmarks.language.scores import KINDS
from micrographia.config import Benchmarks
from micrographia.io.benchmark_results import MetricRow, metric_row

#: Shares of all pictures; a failure counts as none.
SHARES = {
    "formula right": "formula_right",
    "C.C.": "composition_correct",
    "S.S.@0.47": "ss_047",
    "S.S.@0.2": "ss_020",
    "S.S.@0.1": "ss_010",
    "Hit@1": "hit_1",
    "Hit@5": "hit_5",
    "Match_abs": "match_abs_1",
    "Match_abs@5": "match_abs_5",
    "valid": "valid",
}
#: Shares of all pictures where something was learned: answers that copy nothing of it.
NOVELTY = {
    "novel": "novel",
    "novel type": "novel_type",
    "novel type of the truth": "novel_type_true",
}
#: Errors of the pictures that were answered.
ERRORS: dict[str, tuple[str, Callable[..., Interval]]] = {
    "RMSD of a, b, mean [Å]": ("rmsd_xy", bootstrap_mean),
    "RMSD of a, b, median [Å]": ("rmsd_xy", bootstrap_median),
    "error of γ, mean [°]": ("gamma_error", bootstrap_mean),
    "rms of sites, median [Å]": ("rms_sites", bootstrap_median),
    "RMSD of matched atoms, mean [Å]": ("rmsd", bootstrap_mean),
    "seconds per picture": ("seconds", bootstrap_mean),
}
#: Properties whose distributions are compared, and the width of a bin of their histograms.
DISTRIBUTIONS = {
    "a [Å]": ("a", 0.5),
    "b [Å]": ("b", 0.5),
    "γ [°]": ("gamma", 2.5),
    "space group": ("space_group", 5.0),
    "weight [u]": ("weight", 50.0),
}
_EVEN = 1e-3  # share of even background in a histogram: no bin of the truth is impossible


def summarise(rows: pd.DataFrame, settings: Benchmarks, seed: int, method: str) -> list[MetricRow]:
    """Figures of all pictures and of groups: by elements, by siblings, and of new types.

    Parameters
    ----------
    rows
        Columns of schema WRITTEN_SCORES.
    settings
        Resamples and coverage of the intervals.
    seed
        Of the resamples.
    method
        What wrote the structures.

    Returns
    -------
    Entries of a benchmark's `metrics`. KLD and EMD compare the distribution of the first answers
    with that of the true crystals, over the pictures that were answered: EMD is the Wasserstein-1
    distance, KLD is from truth to answers on histograms with the bins of `DISTRIBUTIONS` and an
    even background of a thousandth. `kind: …` are shares of all pictures. Intervals resample
    whole formulas, as they are held out.
    """
    found: list[MetricRow] = []
    for group, members in groups(rows):
        found += _group(group, members, settings, seed, method)
    return found


def groups(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield all pictures, then each group that is neither empty nor all of them.

    Groups are by number of elements; with and without a training crystal much like it; and of
    crystals that no training crystal matches, whatever its elements (`of a new type`).
    """
    yield "all", rows
    for number in sorted(set(rows["elements"])):
        name = {1: "unary", 2: "binary", 3: "ternary"}.get(int(number), f"{number} elements")
        yield name, rows[rows["elements"] == number]
    for column, value, name in (
        ("sibling", True, "with a sibling"),
        ("sibling", False, "without a sibling"),
        ("novel_type_true", True, "of a new type"),
    ):
        members = rows[rows[column] == value]
        if 0 < len(members) < len(rows):
            yield name, members


def _group(
    group: str, rows: pd.DataFrame, settings: Benchmarks, seed: int, method: str
) -> Iterator[MetricRow]:
    failed = int(rows["failure"].notna().sum())

    def entry(metric: str, interval: Interval, n: int = len(rows)) -> MetricRow:
        value, low, high = interval
        return metric_row(
            metric, group=group, method=method, value=value, low=low, high=high, n=n,
            n_failed=failed,
        )  # fmt: skip

    def resampled(statistic: Callable[..., Interval], values: pd.Series) -> Interval:
        names = rows.loc[values.index, "formula"].tolist()
        return statistic(
            values.to_numpy(dtype=float), settings.bootstrap, settings.confidence, seed, names
        )

    known = NOVELTY if rows["novel"].notna().all() else {}
    for metric, column in (SHARES | known).items():
        yield entry(metric, resampled(bootstrap_mean, rows[column].astype(float)))
    for metric, (column, statistic) in ERRORS.items():
        values = rows[column].dropna().astype(float)
        yield entry(metric, resampled(statistic, values), len(values))
    for kind in KINDS:
        yield entry(f"kind: {kind}", resampled(bootstrap_mean, (rows["kind"] == kind) * 1.0))
    answered = rows[rows["a"].notna()]
    for metric, (column, width) in DISTRIBUTIONS.items():
        both = answered[[column, f"{column}_true"]].dropna().to_numpy(dtype=float)
        said, true = both[:, 0], both[:, 1]
        for name, distance in (
            ("KLD", divergence(said, true, width)),
            ("EMD", _moved(said, true)),
        ):
            yield entry(f"{name} of {metric}", (distance, np.nan, np.nan), len(both))


def _moved(found: FloatArray, true: FloatArray) -> float:
    return float(wasserstein_distance(found, true)) if len(true) else float(np.nan)


def divergence(found: FloatArray, true: FloatArray, width: float) -> float:
    """Kullback-Leibler divergence from the true distribution to that of answers [nat].

    Parameters
    ----------
    found, true
        Values (n,) of answers and true crystals.
    width
        Of a bin; bins begin at whole multiples of it.

    Examples
    --------
    >>> round(divergence(np.array([1.0, 2.0]), np.array([1.0, 2.0]), 0.5), 6)
    0.0
    """
    if not len(true):
        return float(np.nan)
    low = np.floor(min(found.min(), true.min()) / width)
    bins = int(np.floor(max(found.max(), true.max()) / width) - low) + 1
    shares = []
    for values in (true, found):
        counts = np.bincount((np.floor(values / width) - low).astype(int), minlength=bins)
        shares.append((1 - _EVEN) * counts / counts.sum() + _EVEN / bins)
    return float(np.sum(shares[0] * np.log(shares[0] / shares[1])))
