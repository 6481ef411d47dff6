"""Learning curve: score of one method against the number of training pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
import pandas as pd

from micrographia.arrays import FloatArray
from micrographia.benchmarks.bootstrap import bootstrap_mean
from micrographia.benchmarks.published import SCALING_NOTE, published_rows
from micrographia.benchmarks.segmentation.groups import GROUPS, METRICS
from micrographia.benchmarks.segmentation.methods import read_alike
from micrographia.config import Benchmarks
from micrographia.errors import MicrographiaError
from micrographia.io.benchmark_results import FIELDS, MetricRow, metric_row, write_result
from micrographia.io.schemas import SCALING, SEGMENTATION_SCORES, TRAINING_PICTURES
from micrographia.io.schemas.rows import (
    ScalingRow,
)
from micrographia.io.tables import read_table, write_table
from micrographia.provenance import stamp


class Size(TypedDict):
    """How much a network learned from: real and procedural pictures, articles, instances."""

    n_real: int
    n_procedural: int
    n_articles: int
    n_instances: int


#: Metrics that the curve is drawn of and whose gain is given.
CURVES = ("AP@0.5", "PQ@0.5")


@dataclass(frozen=True)
class Run:
    """One training with its scores.

    Attributes
    ----------
    method
        Name of what learned.
    learned
        Rows of `schemas.TRAINING_PICTURES` that it was trained on.
    metrics
        Entries made by `results.metric_row`.
    scores
        Columns of `schemas.SEGMENTATION_SCORES`, a row per picture.
    """

    method: str
    learned: pd.DataFrame
    metrics: list[MetricRow]
    scores: pd.DataFrame

    @property
    def size(self) -> Size:
        """Number of training pictures, as in `schemas.SCALING`."""
        real = self.learned[self.learned["source"] == "real"]
        return {
            "n_real": len(real),
            "n_procedural": int((self.learned["source"] == "procedural").sum()),
            "n_articles": int(real["group"].nunique()),
            "n_instances": int(self.learned["n_instances"].sum()),
        }

    def values(self, metric: str) -> FloatArray:
        """Return a metric of every picture; 0 of those that failed."""
        values = pd.to_numeric(self.scores[METRICS[metric]]).to_numpy(dtype=float)
        return np.where(self.scores["failure"].notna(), 0.0, values)


def read_runs(results: Sequence[Path], subsets: Sequence[Path]) -> list[Run]:
    """Read the scores of every training and the table of its training pictures.

    Parameters
    ----------
    results
        JSON files of `benchmarks score-segmenter`, their parquet beside them.
    subsets
        Tables of `segmentation subset`, in the same order.

    Raises
    ------
    MicrographiaError
        There are not as many tables as results, the results are of different pictures or
        methods, or a training picture was scored.
    """
    if len(results) != len(subsets):
        raise MicrographiaError(
            "Every result needs the table of its training pictures",
            seen=f"{len(results)} results, {len(subsets)} tables",
            remedy="Give --scores and --pictures in the same order",
        )
    runs = []
    for path, subset, result in zip(results, subsets, read_alike(results), strict=True):
        pictures = read_table(subset, TRAINING_PICTURES)
        learned = pictures[pictures["split"] == "train"]
        scores = read_table(path.with_suffix(".parquet"), SEGMENTATION_SCORES)
        both = set(learned["path"]) & set(scores["path"])
        if both:
            raise MicrographiaError(
                f"{path} contains scores of pictures that {subset} lists as training pictures",
                seen=min(both),
                remedy="Score the held-out pictures of the split from which the subset was taken",
            )
        metrics = [row for row in result["metrics"] if row["group"] in GROUPS]
        runs.append(Run(metrics[0]["method"], learned, metrics, scores))
    methods = sorted({run.method for run in runs})
    if len(methods) > 1:
        raise MicrographiaError("A learning curve needs results of only one method", seen=methods)
    return sorted(runs, key=lambda run: (run.size["n_procedural"], run.size["n_real"]))


def curve(runs: Sequence[Run], settings: Benchmarks, seed: int) -> list[ScalingRow]:
    """Return rows of `schemas.SCALING`.

    The metrics of all runs; and of `CURVES` the gain: by how much a picture scores higher than
    after learning from the fewest real pictures (with or without procedural ones alike), with
    the interval of that difference, in which it does not matter how hard the pictures are.
    """
    rows: list[ScalingRow] = []
    for run in runs:
        mixed = run.size["n_procedural"] > 0
        fewest = next(one for one in runs if (one.size["n_procedural"] > 0) == mixed)
        told = [*run.metrics, *([] if run is fewest else _gains(run, fewest, settings, seed))]
        rows += [{**row, **run.size, "method": run.method} for row in told]
    return rows


def _gains(run: Run, fewest: Run, settings: Benchmarks, seed: int) -> list[MetricRow]:
    rows = []
    for metric in CURVES:
        higher = run.values(metric) - fewest.values(metric)
        mean, low, high = bootstrap_mean(higher, settings.bootstrap, settings.confidence, seed)
        rows.append(
            metric_row(
                f"{metric} gain", group="all", method=run.method, value=mean, low=low, high=high,
                n=len(higher), n_failed=int(run.scores["failure"].notna().sum()),
            )
        )  # fmt: skip
    return rows


def write_curve(runs: Sequence[Run], out: Path, settings: Benchmarks, seed: int) -> None:
    """Write the benchmark's JSON to `out` and its parquet and PNG beside it.

    Parameters
    ----------
    runs
        What `read_runs` returned.
    out
        The JSON file; its suffix is replaced for the other two.
    settings
        Resamples and coverage.
    seed
        Seed of the resampling.
    """
    from micrographia.benchmarks.segmentation.scaling_figure import draw_scaling

    rows, published = curve(runs, settings, seed), published_rows("segmentation_scaling")
    provenance = stamp(settings, seed)
    write_table(rows, out.with_suffix(".parquet"), SCALING, provenance)
    draw_scaling(rows, published, out.with_suffix(".png"))
    metrics = [
        {key: value for key, value in row.items() if key in FIELDS}
        | {"method": _told(row["method"], row)}
        for row in rows
    ]
    write_result(
        out,
        "segmentation_scaling",
        metrics,
        provenance,
        n=len(runs[0].scores),
        n_failed=sum(int(run.scores["failure"].notna().sum()) for run in runs),
        runs=[{"method": _told(run.method, run.size), **run.size} for run in runs],
        published={"note": SCALING_NOTE, "rows": published},
    )


def _told(method: str, size: Size) -> str:
    mixed = f" and {size['n_procedural']} procedural" if size["n_procedural"] else ""
    return f"{method}, {size['n_real']} real{mixed}"
