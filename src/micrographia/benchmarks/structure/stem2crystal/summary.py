"""Figures of the whole data set and of its groups, with bootstrap intervals over crystals."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import wasserstein_distance

from micrographia.benchmarks.bootstrap import bootstrap_mean
from micrographia.benchmarks.structure.stem2crystal.matching import SITES
from micrographia.config import Benchmarks
from micrographia.io.benchmark_results import MetricRow, metric_row

#: Shares of all pictures; a failure counts as none.
SHARES = {
    "Hit@1": "hit_1",
    "Hit@5": "hit_5",
    "Match_abs": "match_abs_1",
    "Match_abs@5": "match_abs_5",
    "space group": "space_group_right",
    "composition": "composition_correct",
}
#: Distances of the pictures that match, and what one that does not counts in the mean of all: the
#: largest that a match may have, which for Å depends on the crystal and is left out.
DISTANCES = {"MinRMS": ("rms", SITES), "RMSD [Å]": ("rmsd", None)}
#: The best published on the original (KDD 2026), which the scores of a double do not compare with.
PUBLISHED = {"Hit@1": 0.587, "Match_abs": 0.786, "space group": 0.275}


def summarise(
    rows: pd.DataFrame, settings: Benchmarks, seed: int, method: str = "analysis"
) -> list[MetricRow]:
    """Figures of all pictures and of each group.

    Parameters
    ----------
    rows
        Columns of schema RANKED_SCORES.
    settings
        Resamples and coverage of the intervals.
    seed
        Of the resamples.
    method
        Name of the solver.

    Returns
    -------
    Entries of a benchmark's `metrics`:

    - Hit@1, Hit@5, Match_abs (of the first answer), Match_abs@5, space group and composition (of
      the first): shares of all pictures.
    - MinRMS: least `rms` of the five, mean over the pictures that match; `MinRMS, all`: a picture
      without a match counts 0.5, the largest that a match may have.
    - RMSD [Å]: mean over the pictures that match without rescaling.
    - W1 of b [Å] and of γ [°]: Wasserstein-1 distance between the values of the answers and those
      of the true crystals (`scipy.stats.wasserstein_distance`). A failure has b = 0 and γ = 0.
      `W1 …, answered`: both sides of the answered pictures alone.
    """
    figures: list[MetricRow] = []
    for group, members in _groups(rows):
        figures += _summarise_group(group, members, settings, seed, method)
    return figures


def _groups(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    yield "all", rows
    names = sorted(set(rows["group"]) - {""})
    if len(names) > 1:
        for name in names:
            yield name, rows[rows["group"] == name]


def _summarise_group(
    group: str, rows: pd.DataFrame, settings: Benchmarks, seed: int, method: str
) -> Iterator[MetricRow]:
    failed = int(rows["failure"].notna().sum())

    def entry(metric: str, value: float, low: float | None = None, high: float | None = None,
              n: int = len(rows)) -> MetricRow:  # fmt: skip
        return metric_row(
            metric, group=group, method=method, value=value, low=low, high=high, n=n,
            n_failed=failed,
        )  # fmt: skip

    def mean(values: pd.Series) -> tuple[float, float, float]:
        names = rows.loc[values.index, "structure_id"].tolist()
        return bootstrap_mean(
            values.to_numpy(dtype=float), settings.bootstrap, settings.confidence, seed, names
        )

    for metric, column in SHARES.items():
        yield entry(metric, *mean(rows[column].astype(float)))
    for metric, (column, worst) in DISTANCES.items():
        matched = rows[column].dropna()
        yield entry(metric, *mean(matched), n=len(matched))
        if worst is not None:
            yield entry(f"{metric}, all", *mean(rows[column].astype(float).fillna(worst)))
    for metric, column in {"W1 of b [Å]": "b", "W1 of γ [°]": "gamma"}.items():
        found, true = rows[column].astype(float), rows[f"{column}_true"].astype(float)
        yield entry(metric, _distance(found.fillna(0.0), true))
        there = found.notna()
        yield entry(
            f"{metric}, answered", _distance(found[there], true[there]), n=int(there.sum())
        )


def _distance(found: pd.Series, true: pd.Series) -> float:
    return float(wasserstein_distance(found, true)) if len(found) else float(np.nan)
