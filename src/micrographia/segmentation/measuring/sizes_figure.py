"""Picture of a size distribution: histogram, log-normal fit, cumulated shares."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from scipy.special import ndtr

from micrographia.arrays import FloatArray
from micrographia.io.atomic import atomic_path
from micrographia.segmentation.measuring.sizes import diameters, distribution

# Okabe and Ito's colours, which the colour-blind can tell apart.
_BARS, _FIT, _NORMAL = "#56B4E9", "#D55E00", "#009E73"
#: Formats of a figure, and what each must not say lest every run had its own bytes.
_FORMATS: dict[str, dict[str, str | None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def draw_sizes(
    instances: pd.DataFrame, path: str | os.PathLike[str], title: str | None = None
) -> None:
    """Draw the distribution of equivalent diameters: in nm where they are known, else px.

    Parameters
    ----------
    instances
        Columns of `schemas.INSTANCES`, of one picture or many.
    path
        Where to write, without suffix: `.png`, `.svg` and `.pdf` are added. Each is atomic, and
        the same instances give the same bytes.
    title
        What these instances are of, above the figure.
    """
    unit = "nm" if instances["equivalent_diameter_nm"].notna().any() else "px"
    sizes, n_cut = diameters(instances, unit)
    with matplotlib.rc_context({"svg.hashsalt": "micrographia", "svg.fonttype": "none"}):
        figure = Figure(figsize=(9, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        if len(sizes):
            fit = distribution(sizes)
            edges = _edges(sizes)
            _histogram(left, sizes, fit, edges, unit)
            _cumulated(right, sizes, fit, edges, unit)
        else:
            for axes in (left, right):
                axes.set_axis_off()
            left.text(0.5, 0.5, f"no whole instance ({n_cut} are cut by the border)", ha="center")
        known = instances[instances[f"equivalent_diameter_{unit}"].notna()]
        figure.suptitle(_headline(title, len(sizes), _pictures(known), n_cut))
        for suffix, metadata in _FORMATS.items():
            with atomic_path(f"{os.fspath(path)}{suffix}") as temporary:
                figure.savefig(temporary, dpi=200, format=suffix[1:], metadata=metadata)


def _pictures(instances: pd.DataFrame) -> int:
    file = instances["path"].where(instances["path"].notna(), instances["image_id"])
    return int(file.nunique())


def _headline(title: str | None, n: int, pictures: int, n_cut: int) -> str:
    plural = ("" if n == 1 else "s", "" if pictures == 1 else "s")
    words = f"n = {n} instance{plural[0]} of {pictures} picture{plural[1]}"
    if n_cut:
        words += f"; {n_cut} cut by the border left out"
    return words if title is None else f"{title}: {words}"


def _edges(sizes: FloatArray) -> FloatArray:
    """Bins of equal ratio; as many as Rice's rule has for this number."""
    count = int(np.clip(np.ceil(2 * len(sizes) ** (1 / 3)), 5, 60))
    low, high = sizes.min() / 1.05, sizes.max() * 1.05
    return np.asarray(np.geomspace(low, high, count + 1))


def _histogram(
    axes: Axes, sizes: FloatArray, fit: dict[str, float], edges: FloatArray, unit: str
) -> None:
    axes.hist(sizes, bins=edges.tolist(), color=_BARS, edgecolor="white")
    label = f"median {fit['median']:.3g} {unit}"
    if fit["geometric_sd"] > 1:
        grid = np.geomspace(edges[0], edges[-1], 300)
        ratio = edges[1] / edges[0]
        below, above = grid / np.sqrt(ratio), grid * np.sqrt(ratio)
        lognormal, normal = _cumulated_fits(fit)
        label = (
            f"log-normal: {fit['geometric_mean']:.3g} {unit} ×/÷ {fit['geometric_sd']:.3g}\n"
            f"[{fit['geometric_mean_low']:.3g}, {fit['geometric_mean_high']:.3g}] {unit}"
        )
        # What a bin of the histogram's width would hold: both curves on the scale of the bars.
        axes.plot(
            grid, (lognormal(above) - lognormal(below)) * len(sizes), color=_FIT, label=label
        )
        axes.plot(
            grid, (normal(above) - normal(below)) * len(sizes), color=_NORMAL, linestyle="--",
            label=f"normal: {fit['mean']:.3g} ± {fit['sd']:.3g} {unit}",
        )  # fmt: skip
    else:
        axes.axvline(fit["median"], color=_FIT, label=label)
    _dress(axes, edges, unit)
    axes.set_ylabel("instances")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(0, 1.45 * axes.get_ylim()[1])
    axes.legend(frameon=False, loc="upper right", fontsize=9)


def _cumulated_fits(
    fit: dict[str, float],
) -> tuple[Callable[[FloatArray], FloatArray], Callable[[FloatArray], FloatArray]]:
    """Return the distribution functions of the log-normal and of the normal fit."""
    spread = np.log(fit["geometric_sd"])

    def lognormal(size: FloatArray) -> FloatArray:
        return np.asarray(ndtr(np.log(size / fit["geometric_mean"]) / spread))

    def normal(size: FloatArray) -> FloatArray:
        return np.asarray(ndtr((size - fit["mean"]) / fit["sd"]))

    return lognormal, normal


def _cumulated(
    axes: Axes, sizes: FloatArray, fit: dict[str, float], edges: FloatArray, unit: str
) -> None:
    axes.step(
        np.sort(sizes), np.arange(1, len(sizes) + 1) / len(sizes), where="post", color="#0072B2",
        label="instances",
    )  # fmt: skip
    if fit["geometric_sd"] > 1:
        grid = np.geomspace(edges[0], edges[-1], 300)
        styles = (("log-normal", "", _FIT, "-"), ("normal", "normal_", _NORMAL, "--"))
        curves = _cumulated_fits(fit)
        for curve, (name, column, colour, line) in zip(curves, styles, strict=True):
            label = f"{name}: KS distance {fit[column + 'ks']:.3f}"
            if np.isfinite(fit[column + "p_value"]):
                label += f"\nAnderson-Darling p {_p(fit[column + 'p_value'])}"
            axes.plot(grid, curve(grid), color=colour, linestyle=line, label=label)
    for share, name in ((0.1, "d10"), (0.5, "median"), (0.9, "d90")):
        axes.plot(fit[name], share, "o", color="#0072B2", markersize=4)
    _dress(axes, edges, unit)
    axes.set(ylabel="share below", ylim=(0, 1))
    axes.legend(frameon=False, loc="lower right", fontsize=8)


def _p(value: float) -> str:
    return f"= {value:.2g}" if value >= 0.001 else "< 0.001"


def _dress(axes: Axes, edges: FloatArray, unit: str) -> None:
    axes.set(xscale="log", xlabel=f"equivalent diameter [{unit}]", xlim=(edges[0], edges[-1]))
    plain: Any = lambda x, _: np.format_float_positional(x, 6, trim="-")  # noqa: E731
    axes.xaxis.set_major_formatter(plain)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=8))
    axes.grid(alpha=0.3)
