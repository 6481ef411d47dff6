"""Two tables of answers on the same pictures: how much better one is, with its interval."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from micrographia.benchmarks.bootstrap import Interval, bootstrap_mean
from micrographia.benchmarks.language.summary import ERRORS, SHARES, groups
from micrographia.config import Benchmarks
from micrographia.errors import TableError
from micrographia.io.benchmark_results import MetricRow, metric_row

#: Shares of which it is also said how often only one of the two was right.
_COUNTED = ("hit_1", "match_abs_1")


def compare_written(
    first: pd.DataFrame, second: pd.DataFrame, settings: Benchmarks, seed: int
) -> list[MetricRow]:
    """Difference of two runs, the first less the second, picture by picture.

    Parameters
    ----------
    first, second
        Columns of schema WRITTEN_SCORES, of the same pictures.
    settings
        Resamples and coverage of the intervals.
    seed
        Of the resamples.

    Returns
    -------
    Entries of a benchmark's `metrics` for all pictures and each group of `summary.groups`. A share
    is compared over all pictures, and a failure counts as none. An error is compared over
    the pictures that both answered: below 0 the first is better. A median is that of the
    differences. `only …` are shares of the pictures at which one was right and the other not.
    Intervals resample the formulas, each with both answers to its pictures.

    Raises
    ------
    TableError
        The pictures, or the crystals they show, are not the same.
    """
    pairs = _pairs(first, second)
    names = [str(table["method"].iloc[0]) for table in (first, second)]
    return [
        entry
        for group, members in groups(pairs)
        for entry in _group(group, members, names, settings, seed)
    ]


def _pairs(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """One row for each picture; columns of the second run end in `_2`."""
    missing = set(first["image_id"]) ^ set(second["image_id"])
    if missing or first.empty:
        raise TableError(
            "The two tables do not answer the same pictures",
            seen=f"{len(first)} and {len(second)} pictures; in one table alone: "
            f"{', '.join(sorted(missing)[:3]) or 'none'}",
            remedy="Answer both with the same --seed, --split and --limit",
        )
    pairs = first.merge(second, on="image_id", suffixes=("", "_2"), validate="one_to_one")
    other = pairs[pairs["structure_id"] != pairs["structure_id_2"]]
    if len(other):
        raise TableError(
            "A picture shows another crystal in the other table",
            seen=str(other["image_id"].iloc[0]),
            remedy="Answer both with the same table of texts",
        )
    return pairs


def _group(
    group: str, pairs: pd.DataFrame, names: list[str], settings: Benchmarks, seed: int
) -> Iterator[MetricRow]:
    failed = int((pairs["failure"].notna() | pairs["failure_2"].notna()).sum())

    def entry(
        metric: str,
        values: pd.Series,
        statistic: Callable[..., Interval] = bootstrap_mean,
        method: str = f"{names[0]} less {names[1]}",
    ) -> MetricRow:
        formulas = pairs.loc[values.index, "formula"].tolist()
        value, low, high = statistic(
            values.to_numpy(dtype=float), settings.bootstrap, settings.confidence, seed, formulas
        )
        return metric_row(
            metric, group=group, method=method, value=value, low=low, high=high, n=len(values),
            n_failed=failed,
        )  # fmt: skip

    for metric, column in SHARES.items():
        right = [pairs[name].astype(float) for name in (column, f"{column}_2")]
        yield entry(metric, right[0] - right[1])
        if column in _COUNTED:
            for name, only in zip(names, (right[0] > right[1], right[1] > right[0]), strict=True):
                yield entry(f"only {metric}", only.astype(float), method=name)
    for metric, (column, statistic) in ERRORS.items():
        both = pairs[[column, f"{column}_2"]].dropna().astype(float)
        yield entry(metric, both[column] - both[f"{column}_2"], statistic)
