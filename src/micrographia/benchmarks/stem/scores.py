"""Benchmark of the phase-object engine against abTEM's multislice."""

from __future__ import annotations

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from micrographia.io.benchmark_results import MetricRow, metric_row

matplotlib.use("Agg")

_DETECTORS = {"icom": "ideal centre of mass", "segments": "four quadrants"}


def summarise_engines(table: pd.DataFrame) -> list[MetricRow]:
    """Worst and median correlation, and median ratio of times, for each detector.

    Parameters
    ----------
    table
        Rows of schema ENGINES; a failure has no correlation and is counted.

    Returns
    -------
    Entries of `metrics` as `benchmarks.results` defines them.
    """
    rows = []
    for detector, group in table.groupby("detector", sort=True):
        failed = int(group["failure"].notna().sum())
        for metric, value in (
            ("correlation with multislice, lowest", group["correlation"].min()),
            ("correlation with multislice, median", group["correlation"].median()),
            ("time ratio multislice / phase object, median", group["time_ratio"].median()),
        ):
            rows.append(
                metric_row(
                    metric,
                    group=str(detector),
                    method="phase-object",
                    value=None if pd.isna(value) else float(value),
                    n=len(group),
                    n_failed=failed,
                )
            )
    return rows


def draw_engines(table: pd.DataFrame) -> Figure:
    """Correlation and time ratio of each crystal, one row each."""
    if table["correlation"].notna().sum() == 0:
        figure = Figure(figsize=(8, 1.5))
        reason = "stem.multislice names no crystal that could be imaged by both engines"
        figure.text(0.5, 0.5, reason, ha="center", va="center")
        return figure
    figure = Figure(figsize=(8, 1.2 + 0.4 * max(3, table["structure_id"].nunique())))
    left, right = figure.subplots(1, 2, sharey=True)
    names = list(dict.fromkeys(table["structure_id"]))
    for number, (detector, label) in enumerate(_DETECTORS.items()):
        group = table[table["detector"] == detector].set_index("structure_id").reindex(names)
        places = [place + 0.18 * (2 * number - 1) for place in range(len(names))]
        left.plot(group["correlation"], places, "o", label=label)
        right.plot(group["time_ratio"], places, "o")
    left.axvline(0.99, color="0.7", linewidth=1)
    left.set_yticks(range(len(names)), names)
    left.set_ylim(len(names) - 0.5, -0.5)
    left.set_xlabel("correlation with multislice")
    left.legend(loc="lower left", frameon=False, fontsize="small")
    right.set_xscale("log")
    right.set_xlabel("time of multislice / time of phase object")
    figure.tight_layout()
    return figure
