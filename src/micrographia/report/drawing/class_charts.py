"""Charts of predicted classes: confusion, risk against coverage, and a map of the pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from micrographia.arrays import FloatArray, IntArray
from micrographia.report.drawing.charts import FAINT, FIRST, INK
from micrographia.report.page.svg import STYLE, to_svg

#: Colours and marks of classes; both differ from one to the next, for who sees no colours.
_COLOURS = (
    "#0b6e8f", "#e07b39", "#4a9e5c", "#b8433f", "#7d5ba6",
    "#8c6d46", "#cf6fa8", "#6f7880", "#a9a137", "#3fa9b5",
)  # fmt: skip
_MARKS = "osD^vP*Xd<>"
#: Share of a row above which a number is written in white.
_DARK = 0.55


def confusion(counts: IntArray, classes: Sequence[str], columns: Sequence[str]) -> str:
    """Draw counts by true (row) and predicted (column) class, shaded by row; return SVG.

    Parameters
    ----------
    counts
        Shape (rows, columns).
    classes, columns
        Names of the rows and of the columns.
    """
    rows, wide = counts.shape
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(1.6 + 0.31 * wide, 1.5 + 0.27 * rows), layout="constrained")
        axes = figure.subplots()
        for row, column in np.ndindex(counts.shape):
            if not counts[row, column]:
                continue
            part = float(share[row, column])
            axes.add_patch(_cell(row, column, part))
            axes.text(
                column, row, str(counts[row, column]), ha="center", va="center",
                fontsize=7.5, color="#ffffff" if part > _DARK else INK,
            )  # fmt: skip
        axes.set_xlim(-0.5, wide - 0.5)
        axes.set_ylim(rows - 0.5, -0.5)
        axes.set_xticks(range(wide), columns, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(rows), classes)
        axes.tick_params(length=0, labelsize=8)
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")
        return to_svg(figure)


def _cell(row: int, column: int, share: float) -> Rectangle:
    corner = (column - 0.47, row - 0.47)
    return Rectangle(corner, 0.94, 0.94, facecolor=FIRST, alpha=0.08 + 0.92 * share, linewidth=0)


def risk_coverage(coverage: FloatArray, risk: FloatArray) -> str:
    """Draw the share of wrong answers by the share of pictures that are answered; return SVG."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 2.5), layout="constrained")
        axes = figure.subplots()
        axes.step(100 * coverage, 100 * risk, where="post", color=FIRST, linewidth=1.5)
        axes.set_xlim(0, 100)
        axes.set_ylim(0, max(5.0, 108 * float(risk.max(initial=0.0))))
        axes.set_xlabel("pictures answered [%]")
        axes.set_ylabel("wrong answers [%]")
        return to_svg(figure)


def picture_map(places: FloatArray, labels: Sequence[str]) -> str:
    """Draw pictures as dots at their places, shape (n, 2), coloured by class; return SVG."""
    names = sorted(set(labels))
    own = np.asarray(labels)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(5.2, 4.4), layout="constrained")
        axes = figure.subplots()
        for number, name in enumerate(names):
            dots = places[own == name]
            axes.scatter(
                dots[:, 0], dots[:, 1], s=11, linewidths=0, label=name, alpha=0.75,
                color=_COLOURS[number % len(_COLOURS)], marker=_MARKS[number % len(_MARKS)],
            )  # fmt: skip
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel("first principal component")
        axes.set_ylabel("second principal component")
        figure.legend(loc="outside lower center", ncols=3, markerscale=1.6, handletextpad=0.2)
        return to_svg(figure)


def splits(values: Mapping[str, tuple[float, float | None, float | None]]) -> str:
    """Draw a score with its interval for each way to hold pictures out; return SVG."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 0.7 + 0.36 * len(values)), layout="constrained")
        axes = figure.subplots()
        for place, (value, low, high) in enumerate(values.values()):
            if low is not None and high is not None:
                axes.plot([low, high], [place, place], color=FAINT, linewidth=4, alpha=0.5)
            axes.plot([value], [place], "o", color=FIRST, markersize=6)
        axes.set_yticks(range(len(values)), list(values))
        axes.set_ylim(len(values) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        axes.set_xlabel("top-1")
        return to_svg(figure)
