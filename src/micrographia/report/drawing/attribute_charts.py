"""Charts of the data set's statistics, in the style of `charts`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from micrographia.arrays import FloatArray
from micrographia.io.atomic import atomic_path
from micrographia.io.vocabulary import UNKNOWN
from micrographia.report.drawing.charts import FAINT, FIRST, SECOND
from micrographia.report.page.svg import STYLE, to_svg

Words = Mapping[str, Mapping[str, int]]

_COLUMNS = 3


def bars(words: Words) -> str:
    """Draw the share of pictures by word, one panel per attribute; return SVG."""
    with matplotlib.rc_context(STYLE):
        rows = -(-len(words) // _COLUMNS)
        figure = Figure(figsize=(9.4, 1.9 * rows), layout="constrained")
        axes = np.ravel(figure.subplots(rows, _COLUMNS, squeeze=False))
        _draw_words(axes, words)
        return to_svg(figure)


def instances(counts: FloatArray, areas: FloatArray, classes: Mapping[str, int]) -> str:
    """Draw instances per picture (with classes) and areas; return SVG."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9.4, 2.6), layout="constrained")
        left, middle, right = figure.subplots(1, 3)
        _draw_counts(left, counts)
        _draw_classes(middle, classes)
        _draw_areas(right, areas)
        return to_svg(figure)


def areas(ranges: FloatArray) -> str:
    """Draw min, quartiles and max of areas per picture, shape (n, 5); return SVG."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(6.2, 2.6), layout="constrained")
        _draw_ranges(figure.subplots(), ranges)
        return to_svg(figure)


def sizes(resolutions: Mapping[tuple[int, int], int]) -> str:
    """Draw widths and heights of pictures, larger dots for more; return SVG."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(3.2, 2.6), layout="constrained")
        _draw_sizes(figure.subplots(), resolutions)
        return to_svg(figure)


def write_sheet(panels: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write all charts of a data set on one sheet, as PNG."""
    words: Words = panels["words"]
    rows = -(-len(words) // _COLUMNS)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9.4, 1.9 * rows + 5.4), layout="constrained")
        grid = figure.add_gridspec(rows + 2, _COLUMNS, height_ratios=[1.9] * rows + [2.7, 2.7])
        _draw_words(
            [figure.add_subplot(grid[k // 3, k % 3]) for k in range(rows * _COLUMNS)], words
        )
        if panels["counts"].size and panels["areas"].size:
            _draw_counts(figure.add_subplot(grid[rows, 0]), panels["counts"])
            _draw_classes(figure.add_subplot(grid[rows, 1]), panels["classes"])
            _draw_areas(figure.add_subplot(grid[rows, 2]), panels["areas"])
            _draw_ranges(figure.add_subplot(grid[rows + 1, :2]), panels["ranges"])
        if panels["sizes"]:
            _draw_sizes(figure.add_subplot(grid[rows + 1, 2]), panels["sizes"])
        with atomic_path(path) as temporary:
            figure.savefig(
                temporary, dpi=150, format="png", facecolor="white", metadata={"Software": None}
            )


def _draw_words(axes: Any, words: Words) -> None:
    for panel in axes:
        panel.set_axis_off()
    for panel, (attribute, counts) in zip(axes, words.items(), strict=False):
        panel.set_axis_on()
        total = max(sum(counts.values()), 1)
        names = sorted((word for word in counts if word != UNKNOWN), key=lambda w: -counts[w])
        names += [UNKNOWN] if UNKNOWN in counts else []
        shares = [100 * counts[name] / total for name in names]
        colours = [FAINT if name == UNKNOWN else FIRST for name in names]
        panel.barh(range(len(names)), shares, color=colours, alpha=0.85, height=0.72)
        panel.set_yticks(
            range(len(names)), [name.replace("_", " ") for name in names], fontsize=7.5
        )
        panel.set_ylim(max(len(names), 4) - 0.4, -0.6)
        panel.set_xlim(0, 108)
        panel.tick_params(axis="y", length=0)
        for place, share in enumerate(shares):
            right = share < 80
            panel.annotate(
                f"{share:.0f} %" if share >= 1 else "< 1 %",
                (share, place),
                (3 if right else -3, 0),
                textcoords="offset points",
                va="center",
                ha="left" if right else "right",
                fontsize=7,
                color="#23282d" if right else "white",
            )
        panel.set_title(attribute.replace("_", " "), fontsize=9, loc="left")
        panel.xaxis.set_major_locator(MaxNLocator(nbins=3))
        panel.xaxis.set_visible(False)
        panel.spines["bottom"].set_visible(False)


def _draw_counts(axes: Axes, counts: FloatArray) -> None:
    positive = counts[counts > 0]
    if positive.size:
        edges = np.unique(np.round(np.geomspace(1, positive.max() + 1, 18)) - 0.5)
        axes.hist(positive, bins=[float(edge) for edge in edges], color=FIRST, alpha=0.8)
    axes.set_xscale("log")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.set(xlabel="instances in a picture", ylabel="pictures")


def _draw_classes(axes: Axes, classes: Mapping[str, int]) -> None:
    total = max(sum(classes.values()), 1)
    shares = [100 * number / total for number in classes.values()]
    axes.bar(range(len(classes)), shares, color=FIRST, alpha=0.8, width=0.7)
    axes.set_xticks(range(len(classes)), list(classes), fontsize=7.5)
    axes.set(xlabel="instances in a picture", ylabel="pictures [%]")


def _draw_areas(axes: Axes, areas_px: FloatArray) -> None:
    positive = areas_px[areas_px > 0]
    if positive.size:
        edges = np.geomspace(positive.min() / 1.05, positive.max() * 1.05, 26)
        axes.hist(positive, bins=[float(edge) for edge in edges], color=FIRST, alpha=0.8)
    axes.set_xscale("log")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.set(xlabel="area of an instance [px²]", ylabel="instances")


def _draw_ranges(axes: Axes, ranges: FloatArray) -> None:
    place = np.arange(len(ranges))
    if len(ranges):
        low, first, middle, third, high = ranges.T
        axes.vlines(place, low, high, color=FAINT, linewidth=0.8)
        axes.vlines(place, first, third, color=FIRST, linewidth=2.2, alpha=0.85)
        axes.plot(place, middle, ".", color=SECOND, markersize=3.5)
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.set(xlabel="picture, by median area", ylabel="area of an instance [px²]")


def _draw_sizes(axes: Axes, resolutions: Mapping[tuple[int, int], int]) -> None:
    points = np.array(list(resolutions), dtype=float).reshape(-1, 2)
    numbers = np.array(list(resolutions.values()), dtype=float)
    axes.scatter(
        points[:, 0], points[:, 1], s=12 + 90 * np.sqrt(numbers / numbers.max()), color=FIRST,
        alpha=0.55, linewidths=0,
    )  # fmt: skip
    span = float(points.max()) * 1.15
    axes.plot([0, span], [0, span], color=FAINT, linewidth=0.7, linestyle=":")
    axes.set(xlabel="width [px]", ylabel="height [px]", xlim=(0, span), ylim=(0, span))
