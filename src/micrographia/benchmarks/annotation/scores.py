"""Scores of annotators against the true attributes of procedural micrographs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from micrographia.arrays import FloatArray
from micrographia.benchmarks.bootstrap import bootstrap_mean
from micrographia.config import Benchmarks
from micrographia.io.benchmark_results import MetricRow, metric_row
from micrographia.io.schemas import ANNOTATION_SCORES
from micrographia.io.schemas.rows import (
    AnnotationScoreRow,
    blank,
)
from micrographia.io.vocabulary import ATTRIBUTE_NAMES, UNKNOWN, VOCABULARY

Row = Mapping[str, Any]


def score(
    micrographs: Iterable[Row], truths: Iterable[Row], answers: Iterable[Row]
) -> list[AnnotationScoreRow]:
    """Return a row of `schemas.ANNOTATION_SCORES` per picture, annotator and known attribute.

    Parameters
    ----------
    micrographs
        Rows of `schemas.MICROGRAPHS`; a file's name tells which procedural picture it is.
    truths
        Rows of `schemas.SYNTHETIC`.
    answers
        Rows of `schemas.ATTRIBUTES` of any number of annotators.
    """
    known = {row["name"]: row for row in truths}
    names = {
        row["image_id"]: os.path.splitext(os.path.basename(row["path"]))[0]
        for row in micrographs
        if row["status"] == "kept"
    }
    rows = []
    for answer in answers:
        truth = known.get(names.get(answer["image_id"], ""))
        for attribute in ATTRIBUTE_NAMES if truth else ():
            word = truth[attribute] if truth else None
            if word is None or word == UNKNOWN:
                continue
            given = answer[attribute]
            row: AnnotationScoreRow = blank(ANNOTATION_SCORES)
            row.update({"image_id": answer["image_id"], "name": names[answer["image_id"]]})
            row.update({"annotator": answer["annotator"], "attribute": attribute, "truth": word})
            row.update({"answer": given, "confidence": answer[f"{attribute}_confidence"]})
            row.update({"correct": given == word, "failure": answer["failure"]})
            rows.append(row)
    return rows


def kappa(truth: Sequence[str], answer: Sequence[str], words: Sequence[str]) -> float:
    """Return Cohen's kappa; NaN where one word is all there is.

    Examples
    --------
    >>> kappa(["a", "a", "b", "b"], ["a", "a", "b", "a"], ["a", "b"])
    0.5
    """
    place = {word: index for index, word in enumerate(words)}
    counts = np.zeros((len(words), len(words)))
    for one, other in zip(truth, answer, strict=True):
        counts[place[one], place[other]] += 1
    total = counts.sum()
    if not total:
        return float("nan")
    chance = float(counts.sum(axis=0) @ counts.sum(axis=1)) / total**2
    return (
        float("nan") if chance >= 1 else float((np.trace(counts) / total - chance) / (1 - chance))
    )


def summarise(
    rows: Sequence[AnnotationScoreRow], settings: Benchmarks, seed: int
) -> list[MetricRow]:
    """Return the metrics of every annotator and attribute that it reads.

    An attribute that an annotator leaves unknown, or a picture that it fails on, is a wrong
    answer in `accuracy`; `accuracy of answers` and `kappa` are of what it did answer. Attributes
    on which it never answers are left out: it does not read them.
    """
    metrics = []
    for annotator in dict.fromkeys(row["annotator"] for row in rows):
        for attribute in ATTRIBUTE_NAMES:
            mine = [
                row
                for row in rows
                if (row["annotator"], row["attribute"]) == (annotator, attribute)
            ]
            told = [row for row in mine if row["answer"] not in (None, UNKNOWN)]
            if not told:
                continue
            silent = len(mine) - len(told)
            for name, part in (("accuracy", mine), ("accuracy of answers", told)):
                value, low, high = bootstrap_mean(
                    [float(row["correct"]) for row in part],
                    settings.bootstrap,
                    settings.confidence,
                    seed,
                )
                metrics.append(
                    metric_row(
                        name,
                        group=attribute,
                        method=annotator,
                        value=value,
                        low=low,
                        high=high,
                        n=len(part),
                        n_failed=silent if part is mine else 0,
                    )
                )
            words = list(VOCABULARY[attribute])
            pairs = [row["truth"] for row in told], [row["answer"] for row in told]
            metrics.append(
                metric_row(
                    "kappa",
                    group=attribute,
                    method=annotator,
                    value=kappa(*pairs, words),
                    n=len(told),
                    n_failed=0,
                )
            )
    return metrics


def draw(
    rows: Sequence[AnnotationScoreRow], metrics: Sequence[MetricRow], path: str | os.PathLike[str]
) -> None:
    """Draw accuracy by attribute, and how often answers of a confidence are right, as PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    from micrographia.io.atomic import atomic_path

    figure = Figure(figsize=(10, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    annotators = list(dict.fromkeys(row["method"] for row in metrics))
    used = [name for name in ATTRIBUTE_NAMES if any(row["group"] == name for row in metrics)]
    colours = dict(zip(annotators, ("#0072B2", "#D55E00", "#009E73", "#CC79A7") * 9, strict=False))
    step = 0.8 / max(len(annotators), 1)
    for place, annotator in enumerate(annotators):
        for row in metrics:
            if row["metric"] == "accuracy" and row["method"] == annotator:
                y = used.index(row["group"]) + (place - (len(annotators) - 1) / 2) * step
                value, low, high = row["value"], row["low"], row["high"]
                if value is None or low is None or high is None:
                    continue
                left.barh(y, value, 0.9 * step, color=colours[annotator])
                error = [[value - low], [high - value]]
                left.errorbar([value], [y], xerr=error, color="black", lw=0.8)
        curve = reliability([row for row in rows if row["annotator"] == annotator])
        right.plot(curve[:, 0], curve[:, 1], "o-", ms=4, color=colours[annotator], label=annotator)
    left.set_yticks(range(len(used)), [name.replace("_", " ") for name in used])
    left.invert_yaxis()
    left.axvline(0.85, color="black", ls=":", lw=1)
    left.set(xlim=(0, 1), xlabel="share of pictures read as drawn (no answer is a wrong one)")
    right.plot([0, 1], [0, 1], color="black", ls=":", lw=1)
    right.set(xlim=(0.2, 1.02), ylim=(0.2, 1.02), xlabel="stated confidence", ylabel="share right")
    if annotators:
        right.legend(frameon=False, loc="upper left")
    with atomic_path(Path(path)) as temporary:
        figure.savefig(temporary, dpi=150, metadata={"Software": None}, format="png")


def reliability(rows: Sequence[AnnotationScoreRow]) -> FloatArray:
    """Return mean confidence and share right of a tenth of the answers each, shape (k, 2)."""
    told = [row for row in rows if row["answer"] not in (None, UNKNOWN)]
    told.sort(key=lambda row: row["confidence"])
    parts = [part for part in np.array_split(np.arange(len(told)), 10) if part.size]
    return np.array(
        [
            [
                np.mean([told[k]["confidence"] for k in part]),
                np.mean([float(told[k]["correct"]) for k in part]),
            ]
            for part in parts
        ]
    ).reshape(-1, 2)
