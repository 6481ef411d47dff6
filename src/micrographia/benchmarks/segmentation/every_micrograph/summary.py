"""Scores by kind of picture, with intervals over articles: result files and a printed table."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from micrographia.benchmarks.bootstrap import bootstrap_mean
from micrographia.benchmarks.segmentation.every_micrograph.cases import COUNTED, EMPTY
from micrographia.config import Benchmarks
from micrographia.io.benchmark_results import MetricRow, metric_row, write_result
from micrographia.io.datasets.drawn import KINDS
from micrographia.io.schemas import EVERY_MICROGRAPH_SCORES
from micrographia.io.schemas.rows import EveryMicrographScoreRow as Row
from micrographia.io.tables import write_table
from micrographia.provenance import stamp

#: Metrics of drawn pictures and what they take of a row.
DRAWN_METRICS: dict[str, Callable[[Row], float]] = {
    "AP@0.5": lambda row: row["ap50"] or 0.0,
    "AP@0.5:0.95": lambda row: row["ap50_95"] or 0.0,
    "recall@0.5": lambda row: row["recall50"] or 0.0,
}
#: Group of all drawn pictures.
DRAWN = "drawn"
#: The metrics of counted and of empty pictures: shares of pictures.
COUNT_METRIC, EMPTY_METRIC = "count right", "nothing found"


def summarise(rows: Sequence[Row], settings: Benchmarks, seed: int) -> list[MetricRow]:
    """Mean over pictures of each metric, by kind; failures count as 0.

    Parameters
    ----------
    rows
        Of one method.
    settings
        Resamples and coverage of the intervals, which resample whole articles.
    seed
        Seed of the resampling.

    Returns
    -------
    list of dict
        The metrics of `DRAWN_METRICS` for each kind and for all drawn pictures, `COUNT_METRIC`
        for all counted pictures and for each sort of objects, and `EMPTY_METRIC`. Groups without
        a picture are left out.
    """

    def entry(metric: str, group: str, inside: list[Row], value: Callable[[Row], float]) -> None:
        if not inside:
            return
        articles = [row["article"] for row in inside]
        values = [value(row) for row in inside]
        mean, low, high = bootstrap_mean(
            values, settings.bootstrap, settings.confidence, seed, clusters=articles
        )
        failed = sum(row["failure"] is not None for row in inside)
        metrics.append(
            metric_row(
                metric,
                group=group,
                method=inside[0]["method"],
                value=mean,
                low=low,
                high=high,
                n=len(inside),
                n_failed=failed,
            )
        )

    metrics: list[MetricRow] = []
    for metric, value in DRAWN_METRICS.items():
        for kind in KINDS:
            entry(metric, kind, [row for row in rows if row["kind"] == kind], value)
        entry(metric, DRAWN, [row for row in rows if row["kind"] in KINDS], value)
    counted = [row for row in rows if row["kind"] == COUNTED]
    entry(COUNT_METRIC, COUNTED, counted, _right)
    for sort in sorted({str(row["objects"]) for row in counted}):
        entry(COUNT_METRIC, sort, [row for row in counted if row["objects"] == sort], _right)
    entry(EMPTY_METRIC, EMPTY, [row for row in rows if row["kind"] == EMPTY], _right)
    return metrics


def _right(row: Row) -> float:
    return float(bool(row["right"]))


def write_summary(
    rows: Sequence[Row], out: Path, settings: Benchmarks, seed: int, **extra: Any
) -> list[MetricRow]:
    """Write the scores as JSON to `out` and a row a picture as parquet beside it.

    Parameters
    ----------
    rows
        Of one method; at least one.
    out
        The JSON file.
    settings, seed
        As in `summarise`.
    extra
        Further entries of the JSON.
    """
    metrics = summarise(rows, settings, seed)
    provenance = stamp(settings, seed)
    n_failed = sum(row["failure"] is not None for row in rows)
    write_table(rows, out.with_suffix(".parquet"), EVERY_MICROGRAPH_SCORES, provenance)
    write_result(
        out, "every_micrograph", metrics, provenance, n=len(rows), n_failed=n_failed, **extra
    )
    if n_failed:
        log = logging.getLogger(__name__)
        log.warning("%d of %d pictures failed and count as 0", n_failed, len(rows))
    return metrics


def table_of(rows: Sequence[Row], metrics: Sequence[MetricRow]) -> str:
    """Return the scores as two Markdown tables: a row a kind, and shares of pictures.

    Parameters
    ----------
    rows, metrics
        Of one method; `metrics` as `summarise` returns them.
    """
    lines = [
        f"| kind | pictures | articles | objects | found | merged | {' | '.join(DRAWN_METRICS)} |",
        "|---" * (6 + len(DRAWN_METRICS)) + "|",
    ]
    for group in (*KINDS, DRAWN):
        inside = [row for row in rows if row["kind"] == group or group == DRAWN]
        inside = [row for row in inside if row["kind"] in KINDS]
        values = [one for one in metrics if one["group"] == group]
        if values:
            numbers = (
                len(inside),
                len({row["article"] for row in inside}),
                sum(row["n_true"] or 0 for row in inside),
                sum(row["n_found"] or 0 for row in inside),
                sum(row["n_merged"] or 0 for row in inside),
            )
            cells = [group, *map(str, numbers), *map(_text, values)]
            lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| share of pictures | of | pictures | value |", "|---|---|---|---|"]
    lines += [
        f"| {one['metric']} | {one['group']} | {one['n']} | {_text(one)} |"
        for one in metrics
        if one["metric"] in (COUNT_METRIC, EMPTY_METRIC)
    ]
    return "\n".join(lines)


def _text(one: MetricRow) -> str:
    if one["value"] is None:
        return ""
    interval = "" if one["low"] is None else f" ({one['low']:.3f} to {one['high']:.3f})"
    return f"{one['value']:.3f}{interval}"
