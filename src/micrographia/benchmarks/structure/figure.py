"""Figure of the structure benchmark: one row for each run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from micrographia.benchmarks.structure.outcome import OUTCOMES
from micrographia.benchmarks.structure.summary import calibration, own_images, runs, successes

matplotlib.use("Agg")

Row = Mapping[str, Any]

_SHADES = ("#4477aa", "#66ccee", "#bbccee")
_TRUTHS = {"S.S.@0.47": "#4477aa", "C.C.": "#e07b39"}
#: A colour for each outcome: blue is right, warm is wrong, grey is no answer.
_COLOURS = {
    "right": "#4477aa",
    "sites displaced": "#ffd166",
    "species on wrong sites": "#f4a259",
    "neighbouring species": "#ee7733",
    "other species": "#cc3311",
    "atom count": "#ee3377",
    "supercell": "#aa3377",
    "subcell": "#882255",
    "other lattice": "#332288",
    "refused": "#bbbbbb",
    "no answer": "#777777",
}
_THEIRS = {"AutoMat": ("s", "#222222"), "MicroscopyGPT": ("^", "#888888")}
#: The published S.S. is held against ours at the distance it was meant to have.
_PUBLISHED_SHARE = "S.S.@0.47"


def draw_scores(scores: pd.DataFrame, published: Sequence[Row]) -> Figure:
    """Draw each run: errors of the lattice, shares by tier, confidence, what went wrong.

    Parameters
    ----------
    scores
        Columns of schema STRUCTURE_SCORES; images by multislice are left out.
    published
        What `published.published_rows` returns, drawn beside ours and marked as theirs.
    """
    found = runs(scores)
    figure = Figure(figsize=(16, 4.2 * max(1, len(found))))
    grid = figure.subplots(max(1, len(found)), 4, squeeze=False)
    diagrams = calibration(scores)
    for row, (run, rows) in zip(grid, found, strict=False):
        own = own_images(rows)
        _draw_errors(row[0], own["rmsd_xy"].dropna().to_numpy(dtype=float), published)
        _draw_shares(row[1], own, published)
        _draw_reliability(row[2], [item for item in diagrams if item["method"] == run])
        _draw_outcomes(row[3], own)
        row[0].set_title(run, loc="left")
    figure.tight_layout()
    return figure


def _draw_errors(axes: Axes, errors: np.ndarray, published: Sequence[Row]) -> None:
    bins = np.logspace(-5, 1, 31)
    axes.hist(np.clip(errors, bins[0], bins[-1]), bins=bins.tolist(), color=_SHADES[0])
    theirs = {
        row["value"]
        for row in published
        if (row["system"], row["metric"]) == ("AutoMat", "RMSD_xy mean [Å]")
    }
    for value in theirs:
        axes.axvline(value, color="0.4", linewidth=1, linestyle="--")
        height = axes.get_ylim()[1] * 0.97
        axes.text(value * 1.15, height, "AutoMat,\npublished", fontsize=8, va="top")
    axes.set_xscale("log")
    axes.set_xlabel("RMSD of a and b [Å]")
    axes.set_ylabel("images")


def _draw_shares(axes: Axes, scores: pd.DataFrame, published: Sequence[Row]) -> None:
    tiers = _tiers(scores)
    labels = {"ss_047": "0.47 Å", "ss_020": "0.2 Å", "ss_010": "0.1 Å"}
    for number, (column, label) in enumerate(labels.items()):
        values = [successes(scores.loc[scores["tier"] == tier, column]).mean() for tier in tiers]
        places = np.arange(len(tiers)) + 0.25 * (number - 1)
        axes.bar(places, values, 0.23, label=label, color=_SHADES[number])
    for system, (marker, colour) in _THEIRS.items():
        points = [
            (place - 0.25, row["value"])  # on the bar of the same distance
            for place, tier in enumerate(tiers)
            for row in published
            if (row["system"], row["group"]) == (system, f"tier {tier}")
            and row["metric"] == _PUBLISHED_SHARE
        ]
        if points:
            x, y = zip(*points, strict=True)
            label = f"{system}, published (laxer)"
            (drawn,) = axes.plot(x, y, marker, color=colour, markeredgecolor="white", label=label)
            drawn.set(clip_on=False, zorder=3)
    _name_tiers(axes, scores, tiers)
    axes.set_ylim(0, 1.05)
    axes.set_ylabel("share reproduced within")
    _legend_above(axes, 3)


def _draw_reliability(axes: Axes, diagrams: Sequence[Row]) -> None:
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1)
    for number, diagram in enumerate(diagrams):
        bins, colour = diagram["bins"], _TRUTHS[diagram["truth"]]
        gap = sum(b["n"] * abs(b["accuracy"] - b["confidence"]) for b in bins)
        label = f"{diagram['truth']}, error {gap / max(1, diagram['n']):.3f}"
        stated = [b["confidence"] for b in bins]
        right = [b["accuracy"] for b in bins]
        axes.plot(stated, right, "o-", color=colour, markersize=4, linewidth=1, label=label)
        if number == 0:
            # How many answers stand behind each point.
            sizes = [b["n"] / diagram["n"] for b in bins]
            axes.bar([(b["low"] + b["high"]) / 2 for b in bins], sizes, 0.095, color="0.88")
            for b, size in zip(bins, sizes, strict=True):
                middle = (b["low"] + b["high"]) / 2
                axes.text(middle, size + 0.01, str(b["n"]), ha="center", fontsize=7, color="0.4")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.05)
    axes.set_xlabel("stated confidence (grey: share of answers)")
    axes.set_ylabel("share that is right")
    if diagrams:
        _legend_above(axes, 2)


def _draw_outcomes(axes: Axes, scores: pd.DataFrame) -> None:
    tiers = _tiers(scores)
    base = np.zeros(len(tiers))
    for outcome in OUTCOMES:
        share = np.array(
            [(scores.loc[scores["tier"] == tier, "outcome"] == outcome).mean() for tier in tiers]
        )
        if share.any():
            axes.bar(
                range(len(tiers)), share, 0.6, bottom=base, label=outcome, color=_COLOURS[outcome]
            )
        base += share
    _name_tiers(axes, scores, tiers)
    # What is right fills most of the bar: what is not must still be seen.
    right = successes(scores["outcome"] == OUTCOMES[0])
    least = min((right[scores["tier"] == tier].mean() for tier in tiers), default=0.0)
    axes.set_ylim(max(0.0, np.floor(10 * least - 1) / 10), 1)
    axes.set_ylabel("share of images")
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles[::-1],
        labels[::-1],
        frameon=False,
        fontsize="small",
        loc="center left",
        bbox_to_anchor=(1, 0.5),
    )


def _tiers(scores: pd.DataFrame) -> list[int]:
    return sorted(int(tier) for tier in scores["tier"].dropna().unique())


def _name_tiers(axes: Axes, scores: pd.DataFrame, tiers: Sequence[int]) -> None:
    counts = [int((scores["tier"] == tier).sum()) for tier in tiers]
    labels = [f"tier {tier}\n(n = {n})" for tier, n in zip(tiers, counts, strict=True)]
    axes.set_xticks(range(len(tiers)), labels)


def _legend_above(axes: Axes, columns: int) -> None:
    # Above the drawing, wherever bars end.
    axes.legend(
        frameon=False,
        fontsize="small",
        loc="lower center",
        bbox_to_anchor=(0.5, 1),
        ncols=columns,
    )
