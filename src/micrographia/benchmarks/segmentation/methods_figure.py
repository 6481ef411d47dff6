"""Figure of the comparison of segmentation methods, with published values."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from micrographia.io.atomic import atomic_path

#: Groups of pictures with their colours (Okabe and Ito's) and offsets within a method's row.
_GROUPS = {"all": ("#000000", -0.25), "sparse": ("#0072B2", 0.0), "dense": ("#D55E00", 0.25)}
_METRICS = ("AP@0.5", "PQ@0.5")


def draw_methods(
    metrics: Sequence[Mapping[str, Any]],
    published: Sequence[Mapping[str, Any]],
    path: str | os.PathLike[str],
) -> None:
    """Draw AP@0.5 and PQ@0.5 of every method with its interval; published ones below, hollow.

    Parameters
    ----------
    metrics
        Entries made by `results.metric_row`.
    published
        What `published.published_rows` returned.
    path
        Where to write, atomically.
    """
    ours = list(dict.fromkeys(row["method"] for row in metrics))
    theirs = list(dict.fromkeys(row["system"] for row in published))
    names = [*ours, *(f"{name}, published" for name in theirs)]
    figure = Figure(figsize=(9, 1.2 + 0.34 * len(names)), layout="constrained")
    for axes, metric in zip(figure.subplots(1, 2, sharey=True), _METRICS, strict=True):
        for row in metrics:
            if row["metric"] == metric and row["group"] in _GROUPS and row["value"] is not None:
                _mark(axes, row, ours.index(row["method"]), hollow=False)
        for row in published:
            if row["metric"] == metric and row["group"] in _GROUPS:
                _mark(axes, row, len(ours) + theirs.index(row["system"]), hollow=True)
        axes.axhspan(len(ours) - 0.5, len(names) - 0.5, color="#eeeeee", zorder=0)
        axes.set(title=metric, xlim=(0, 1), ylim=(len(names) - 0.5, -0.5))
        axes.grid(axis="x", alpha=0.3)
        axes.set_yticks(range(len(names)), names)
    for group, (colour, _) in _GROUPS.items():
        axes.plot([], [], "o", color=colour, label=group)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    figure.suptitle("Ours on the pictures held out; published (grey) on others, UniEM-3M's")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=150, metadata={"Software": None})


def _mark(axes: Axes, row: Mapping[str, Any], place: int, *, hollow: bool) -> None:
    colour, offset = _GROUPS[row["group"]]
    if row["low"] is not None:
        axes.plot([row["low"], row["high"]], [place + offset] * 2, color=colour, lw=1.2)
    face = "none" if hollow else colour
    axes.plot(row["value"], place + offset, "o", ms=5, mec=colour, mfc=face)
