"""Losses and scores during a training: table and figure."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib.figure import Figure

from micrographia.io.atomic import atomic_path

# Okabe and Ito's colours, which the colour-blind can tell apart.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


def draw_history(
    history: Sequence[Mapping[str, Any]], title: str, path: str | os.PathLike[str]
) -> None:
    """Draw losses (left) and validation scores (right) over the steps as PNG.

    Parameters
    ----------
    history
        Rows of `schemas.TRAINING_HISTORY`.
    title
        What was trained.
    path
        Where to write, atomically.
    """
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, split, name in zip(
        figure.subplots(1, 2), ("train", "validation"), ("loss", "score"), strict=True
    ):
        rows = [
            row for row in history if row["split"] == split and row["metric"] != "learning rate"
        ]
        metrics = list(dict.fromkeys(row["metric"] for row in rows))
        for colour, metric in zip(_COLOURS, metrics, strict=False):
            line = [(row["step"], row["value"]) for row in rows if row["metric"] == metric]
            axes.plot(*zip(*line, strict=True), "o-", ms=3, color=colour, label=metric)
        axes.set(xlabel="step", ylabel=name, title=split)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        if metrics:
            axes.legend(frameon=False)
    figure.suptitle(title)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=150, metadata={"Software": None})
