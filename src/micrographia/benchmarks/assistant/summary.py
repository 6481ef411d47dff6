"""Figures of an assistant's answers, with bootstrap intervals over pictures."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from micrographia.benchmarks.bootstrap import bootstrap_mean
from micrographia.config import Benchmarks
from micrographia.io.benchmark_results import MetricRow, metric_row

#: Scores of texts by the names that papers give them.
TEXTS = {
    "BLEU-2": "bleu2",
    "BLEU-4": "bleu4",
    "ROUGE-1": "rouge1",
    "ROUGE-2": "rouge2",
    "ROUGE-L": "rougeL",
    "METEOR": "meteor",
}
#: Shares of facts: how many are right, and of how many.
_SHARES = {
    "facts right": ("n_right", "n_facts"),
    "sizes within 10 %": ("n_sizes_right", "n_sizes"),
    "invented claims": ("n_invented", "n_claims"),
}


def summarise(rows: pd.DataFrame, settings: Benchmarks, seed: int) -> list[MetricRow]:
    """Return the figures of each method: of all questions, by task, kind, form and theme.

    Parameters
    ----------
    rows
        Columns of `schemas.ASSISTANT_SCORES`.
    settings
        Resamples and coverage of the intervals.
    seed
        Of the resamples.

    Returns
    -------
    Entries of a benchmark's `metrics`. Whole pictures are resampled, with all their questions.
    Scores of texts are means over answers. Of facts and claims all count alike, whichever answer
    they stand in. `refused rightly` is of questions without an answer, `answered rightly` of
    the others: that they were not refused.
    """
    found: list[MetricRow] = []
    for method, own in rows.groupby("method", sort=False):
        for group, members in _groups(own):
            found += _group(str(method), group, members, settings, seed)
    return found


def _groups(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    yield "all", rows
    for column in ("task", "kind", "form", "theme"):
        for name, members in rows.groupby(column, sort=True):
            if len(members) < len(rows) or column == "task":
                yield str(name) if column == "task" else f"{column}: {name}", members


def _group(
    method: str, group: str, rows: pd.DataFrame, settings: Benchmarks, seed: int
) -> Iterator[MetricRow]:
    def entry(metric: str, values: pd.Series, clusters: pd.Series, failed: int) -> MetricRow:
        value, low, high = bootstrap_mean(
            values.to_numpy(dtype=float), settings.bootstrap, settings.confidence, seed,
            clusters.astype(str).tolist(),
        )  # fmt: skip
        return metric_row(
            metric, group=group, method=method, value=value, low=low, high=high,
            n=len(values), n_failed=failed,
        )  # fmt: skip

    def of(metric: str, column: str, part: pd.DataFrame) -> MetricRow:
        kept = part[part[column].notna()]
        failed = int(kept["failure"].notna().sum())
        return entry(metric, kept[column].astype(float), kept["image_id"], failed)

    for metric, column in TEXTS.items():
        yield of(metric, column, rows)
    for metric, (right, whole) in _SHARES.items():
        values, clusters = _single(rows, right, whole)
        yield entry(metric, values, clusters, 0)
    yield of("counts within 10 %", "count_right", rows)
    yield of("count error", "count_error", rows)
    yield of("invented facts per answer", "n_invented", rows)
    refused = rows.assign(kept=~rows["refused"].astype(bool))
    yield of("refused rightly", "refused", rows[rows["kind"] == "unanswerable"])
    yield of("answered rightly", "kept", refused[refused["kind"] == "answerable"])
    yield of("seconds per answer", "seconds", rows)


def _single(rows: pd.DataFrame, right: str, whole: str) -> tuple[pd.Series, pd.Series]:
    """Return a 1 or 0 for each single fact or claim, and the picture that each is of."""
    values: list[float] = []
    clusters: list[str] = []
    for hits, count, picture in zip(rows[right], rows[whole], rows["image_id"], strict=True):
        values += [1.0] * int(hits) + [0.0] * int(count - hits)
        clusters += [str(picture)] * int(count)
    return pd.Series(values, dtype=float), pd.Series(clusters, dtype=str)
