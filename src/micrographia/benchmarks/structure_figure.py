"""Picture of the structure benchmark."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

matplotlib.use("Agg")

_SHADES = ("#4477aa", "#66ccee", "#bbccee")


def draw_scores(scores: pd.DataFrame) -> Figure:
    """Errors of the lattice, shares reproduced by tier, confidence against success."""
    figure = Figure(figsize=(12, 3.6))
    left, middle, right = figure.subplots(1, 3)
    _draw_errors(left, scores["rmsd_xy"].dropna().to_numpy(dtype=float))
    _draw_shares(middle, scores)
    _draw_confidence(right, scores)
    figure.tight_layout()
    return figure


def _success(scores: pd.DataFrame, column: str) -> pd.Series:
    return scores[column].map(lambda value: value is True or value == 1).astype(float)


def _draw_errors(axes: Axes, errors: np.ndarray) -> None:
    bins = np.logspace(-5, 1, 31)
    axes.hist(np.clip(errors, bins[0], bins[-1]), bins=bins.tolist(), color="#4477aa")
    axes.axvline(0.11, color="0.4", linewidth=1, linestyle="--")
    axes.text(0.12, axes.get_ylim()[1] * 0.9, "AutoMat\n(published)", fontsize=8, va="top")
    axes.set_xscale("log")
    axes.set_xlabel("RMSD of a and b [Å]")
    axes.set_ylabel("images")


def _draw_shares(axes: Axes, scores: pd.DataFrame) -> None:
    tiers = sorted(scores["tier"].dropna().unique())
    labels = {"ss_047": "0.47 Å", "ss_020": "0.2 Å", "ss_010": "0.1 Å"}
    for number, (column, label) in enumerate(labels.items()):
        values = [_success(scores[scores["tier"] == tier], column).mean() for tier in tiers]
        places = np.arange(len(tiers)) + 0.25 * (number - 1)
        axes.bar(places, values, 0.23, label=label, color=_SHADES[number])
    counts = [int((scores["tier"] == tier).sum()) for tier in tiers]
    axes.set_xticks(
        range(len(tiers)), [f"tier {t:g}\n(n = {n})" for t, n in zip(tiers, counts, strict=True)]
    )
    axes.set_ylim(0, 1.05)
    axes.set_ylabel("share reproduced within")
    # Above the bars, wherever they end.
    axes.legend(
        frameon=False, fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3
    )


def _draw_confidence(axes: Axes, scores: pd.DataFrame) -> None:
    stated = scores[scores["confidence"].notna()]
    edges = np.linspace(0, 1, 6)
    place = np.clip(np.digitize(stated["confidence"].astype(float), edges) - 1, 0, 4)
    success = _success(stated, "ss_047").to_numpy()
    for number in range(5):
        chosen = success[place == number]
        if len(chosen):
            centre = (edges[number] + edges[number + 1]) / 2
            axes.bar(centre, chosen.mean(), 0.17, color="#4477aa")
            axes.text(centre, chosen.mean() + 0.02, f"n={len(chosen)}", ha="center", fontsize=8)
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.12)
    axes.set_xlabel("stated confidence")
    axes.set_ylabel("share within 0.47 Å")
