"""Figure of the baselines of classification, with published values."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib.figure import Figure

from micrographia.io.atomic import atomic_path

# Okabe and Ito's colours, one for each family in the order of the table.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")


def draw_baselines(
    rows: Sequence[Mapping[str, Any]], path: str | os.PathLike[str], budget: Mapping[str, Any]
) -> None:
    """Draw top-1 of every baseline with its interval, and the published one as a hollow square.

    Parameters
    ----------
    rows
        Of `schemas.BASELINE_SCORES`.
    path
        PNG to write, atomically.
    budget
        `minutes` or `steps` that each was trained for.
    """
    families = list(dict.fromkeys(row["family"] for row in rows))
    figure = Figure(figsize=(8, 1.4 + 0.2 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for place, row in enumerate(rows):
        colour = _COLOURS[families.index(row["family"]) % len(_COLOURS)]
        if row["top1_low"] is not None:
            axes.plot([row["top1_low"], row["top1_high"]], [place] * 2, color=colour, lw=1.2)
        axes.plot(row["top1"], place, "o", ms=5, color=colour)
        if row["published_top1"] is not None:
            axes.plot(row["published_top1"], place, "s", ms=5, mec="#777777", mfc="none")
    for number, family in enumerate(families):
        axes.plot([], [], "o", color=_COLOURS[number % len(_COLOURS)], label=family)
    axes.plot([], [], "s", mec="#777777", mfc="none", label="published, of other pictures")
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows], fontsize=8)
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5), xlabel="top-1")
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    length = (
        f"{budget['minutes']:g} processor minutes"
        if budget["minutes"] is not None
        else f"{budget['steps']} steps"
    )
    figure.suptitle(f"Each trained from random weights for {length}", fontsize=10)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=150, metadata={"Software": None})
