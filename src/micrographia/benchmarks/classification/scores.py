"""Scores of predicted classes: top-k, precision, recall, F1, confusion; intervals by group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from micrographia.arrays import BoolArray, FloatArray, IntArray
from micrographia.benchmarks.bootstrap import draws, multiplicities, number_clusters
from micrographia.benchmarks.classification.confidence import (
    calibration_error,
    error_by_chance,
    risk_at,
    turned_away,
)
from micrographia.config import Benchmarks
from micrographia.io.benchmark_results import MetricRow, metric_row

Row = Mapping[str, Any]

#: Most classes that a picture's answer may list and still be right.
TOP = (1, 2, 3, 5)
#: Place of a right class that is not among the answers.
NEVER = 2**31
#: Coverages at which the share of wrong answers is told.
COVERAGES = (1.0, 0.8)
#: Share of the pictures that belong to a class that are kept where the others are declined.
KEPT = 0.9


@dataclass(frozen=True)
class Cases:
    """Answers of one method.

    Attributes
    ----------
    classes
        Names of the c classes.
    truth
        Shape (n,); c for pictures of no class.
    answer
        The most probable class, shape (n,); the true one where that is the picture's second
        class, c for a failure.
    rank
        Place of the first right class among the answers, from 0, shape (n,); NEVER for none.
    probability, known
        Shape (n,).
    clusters
        Shape (n,), from 0.
    failed
        Shape (n,).
    """

    classes: tuple[str, ...]
    truth: IntArray
    answer: IntArray
    rank: IntArray
    probability: FloatArray
    known: FloatArray
    clusters: IntArray
    failed: BoolArray

    @property
    def belongs(self) -> BoolArray:
        """Whether each picture belongs to a class, shape (n,)."""
        return self.truth < len(self.classes)


def cases_of(rows: Sequence[Row], quality: Sequence[str], none_of_these: str | None) -> Cases:
    """Return the cases of one method's rows of `schemas.CLASSIFIED`.

    Parameters
    ----------
    rows
        Those without a true class are left out; a failure counts as a wrong answer.
    quality
        Words that a picture's quality must have to be counted.
    none_of_these
        Label of pictures of no class.
    """
    wanted = set(quality)
    used = [
        row
        for row in rows
        if row["label"] is not None and wanted <= set((row["quality"] or "").split())
    ]
    names = sorted({row["label"] for row in used} - {none_of_these})
    place = {name: number for number, name in enumerate(names)}
    none = len(names)
    truth, answers, ranks = [], [], []
    for row in used:
        true = place.get(row["label"], none)
        right = {row["label"], row["second"]} - {None}
        ranked = row["ranked"] or []
        hits = [number for number, name in enumerate(ranked) if name in right]
        ranks.append(hits[0] if hits else NEVER)
        given = place.get(row["predicted"], none)
        answers.append(true if row["predicted"] in right and true < none else given)
        truth.append(true)
    groups = [row["group"] or row["path"] for row in used]
    return Cases(
        tuple(names),
        np.array(truth, dtype=np.int64),
        np.array(answers, dtype=np.int64),
        np.array(ranks, dtype=np.int64),
        np.array([row["probability"] or 0.0 for row in used], dtype=np.float64),
        np.array([row["known"] or 0.0 for row in used], dtype=np.float64),
        number_clusters(groups),
        np.array([row["failure"] is not None for row in used], dtype=np.bool_),
    )


def confusion(cases: Cases, weights: FloatArray | None = None) -> FloatArray:
    """Return counts by true (row) and predicted (column) class; the last column is of neither.

    Shape (c, c + 1).
    """
    count = len(cases.classes)
    own = cases.belongs
    table = np.zeros((count, count + 1))
    counted = np.ones(int(own.sum())) if weights is None else weights[own]
    np.add.at(table, (cases.truth[own], cases.answer[own]), counted)
    return table


def f1_of(table: FloatArray) -> FloatArray:
    """Return the F1 score of each class from `confusion`, shape (c,); NaN for absent classes.

    Examples
    --------
    >>> f1_of(np.array([[1.0, 1.0, 0.0], [0.0, 2.0, 0.0]])).round(3).tolist()
    [0.667, 0.8]
    """
    hits, truth, said = np.diag(table), table.sum(axis=1), table[:, :-1].sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(truth > 0, 2 * hits / (truth + said), np.nan))


def macro_f1(cases: Cases, weights: FloatArray | None = None) -> float:
    """Return the mean F1 over the classes that have pictures."""
    scores = f1_of(confusion(cases, weights))
    return float(np.nanmean(scores)) if np.isfinite(scores).any() else float("nan")


def summarise(
    rows: Sequence[Row],
    settings: Benchmarks,
    seed: int,
    quality: Sequence[str] = (),
    none_of_these: str | None = "other",
) -> list[MetricRow]:
    """Return the metrics of every method, with intervals by bootstrap over groups.

    Random choices of demonstrations, `name#0`, `name#1` …, are averaged within each resample.
    """
    methods: dict[str, list[Cases]] = {}
    for method in dict.fromkeys(row["method"] for row in rows):
        own = [row for row in rows if row["method"] == method]
        found = cases_of(own, quality, none_of_these)
        if len(found.truth):
            methods.setdefault(method.partition("#")[0], []).append(found)
    metrics: list[MetricRow] = []
    for method, cases in methods.items():
        metrics += _of_method(method, cases, settings, seed)
    return metrics + _of_choices(methods, settings, seed)


def summarise_splits(
    splits: Mapping[str, Sequence[Row]],
    settings: Benchmarks,
    seed: int,
    quality: Sequence[str] = (),
    none_of_these: str | None = "other",
) -> list[MetricRow]:
    """Return the metrics of pictures held out in several ways; the group is the split's name."""
    metrics: list[MetricRow] = []
    for name, rows in splits.items():
        found = summarise(rows, settings, seed, quality, none_of_these)
        metrics += [{**entry, "group": name} for entry in found if entry["group"] == "all"]
    return metrics


Score = Callable[[Cases, FloatArray], float]


def _weighted(values: FloatArray | BoolArray, weights: FloatArray) -> float:
    total = weights.sum()
    return float((values * weights).sum() / total) if total else float("nan")


def _top(count: int) -> Score:
    """Return the share of pictures whose class is among the first answers."""
    return lambda cases, weights: _weighted(cases.rank < count, weights * cases.belongs)


def _scores() -> dict[str, Score]:
    return {"macro-F1": macro_f1, **{f"top-{count}": _top(count) for count in TOP}}


def _of_method(
    method: str, draws_of: Sequence[Cases], settings: Benchmarks, seed: int
) -> list[MetricRow]:
    """Return the metrics of one method, means over its draws."""
    first = draws_of[0]
    counts = {"n": int(first.belongs.sum()), "n_failed": int((first.failed & first.belongs).sum())}
    metrics = []
    for name, score in _scores().items():
        value, low, high = _interval(_mean(draws_of, score), first.clusters, settings, seed)
        metrics.append(
            metric_row(name, group="all", method=method, value=value, low=low, high=high, **counts)
        )
    own = [(each, each.belongs) for each in draws_of]
    plain = {
        "expected calibration error": [
            calibration_error(each.probability[part], (each.rank < 1)[part]) for each, part in own
        ],
        "calibration error by chance": [
            error_by_chance(each.probability[part], seed) for each, part in own
        ],
        f"turned away at {KEPT:.0%} kept": [
            turned_away(each.known, each.belongs, KEPT) for each in draws_of
        ],
    }
    for coverage in COVERAGES:
        plain[f"error at {coverage:.0%} coverage"] = [
            # All of these belong to a class: what is asked is whether it is the right one.
            risk_at(each.probability[part], (each.rank < 1)[part], coverage)
            for each, part in own
        ]
    metrics += [
        metric_row(name, group="all", method=method, value=float(np.mean(values)), **counts)
        for name, values in plain.items()
    ]
    return metrics + _of_classes(method, draws_of)


def _of_classes(method: str, draws_of: Sequence[Cases]) -> list[MetricRow]:
    """Return precision, recall and F1 of each class, of the counts of all draws together."""
    names = draws_of[0].classes
    table = np.sum([confusion(each) for each in draws_of], axis=0)
    hits, truth, said = np.diag(table), table.sum(axis=1), table[:, :-1].sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = {"precision": hits / said, "recall": hits / truth, "F1": f1_of(table)}
    return [
        metric_row(
            metric,
            group=name,
            method=method,
            value=float(values[number]),
            n=int(truth[number] / len(draws_of)),
            n_failed=0,
        )
        for metric, values in parts.items()
        for number, name in enumerate(names)
    ]


def _of_choices(
    methods: Mapping[str, Sequence[Cases]], settings: Benchmarks, seed: int
) -> list[MetricRow]:
    """Return by how much likeness beats a random choice, on the same resamples."""
    metrics = []
    for name, cases in methods.items():
        parts = name.split("/")
        other = methods.get("/".join([parts[0], "random", *parts[2:]]), ())
        if len(parts) != 3 or parts[1] != "likeness" or not other or parts[2] == "0":
            continue
        for metric, score in _scores().items():
            if metric not in ("macro-F1", "top-1"):
                continue
            value, low, high = _interval(
                _gain(cases, other, score), cases[0].clusters, settings, seed
            )
            metrics.append(
                metric_row(
                    f"{metric}, likeness minus random",
                    group="all",
                    method=f"{parts[0]}/{parts[2]}",
                    value=value,
                    low=low,
                    high=high,
                    n=int(cases[0].belongs.sum()),
                    n_failed=0,
                )
            )
    return metrics


def _mean(cases: Sequence[Cases], score: Score) -> Callable[[FloatArray], float]:
    """Return the mean of a score over draws, as a function of the pictures' weights."""
    return lambda weights: float(np.mean([score(each, weights) for each in cases]))


def _gain(
    ours: Sequence[Cases], theirs: Sequence[Cases], score: Score
) -> Callable[[FloatArray], float]:
    """Return by how much one mean is above another, as a function of the pictures' weights."""
    one, other = _mean(ours, score), _mean(theirs, score)
    return lambda weights: one(weights) - other(weights)


def _interval(
    score: Callable[[FloatArray], float], clusters: IntArray, settings: Benchmarks, seed: int
) -> tuple[float, float, float]:
    """Return a score and its percentile interval over resamples of whole clusters."""
    count = int(clusters.max()) + 1
    value = float(score(np.ones(len(clusters))))
    if count == 1:
        return value, float("nan"), float("nan")
    resampled = [
        float(score(times[clusters].astype(np.float64)))
        for drawn in draws(count, len(clusters), settings.bootstrap, seed)
        for times in multiplicities(drawn, count)
    ]
    tail = (1 - settings.confidence) / 2
    low, high = np.nanquantile(resampled, [tail, 1 - tail])
    return value, float(low), float(high)
