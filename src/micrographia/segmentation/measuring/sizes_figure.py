"""Picture of a size distribution: histogram, log-normal fit, cumulated shares."""

from __future__ import annotations

import os
from typing import Any

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from scipy.special import ndtr

from micrographia.arrays import FloatArray
from micrographia.io.atomic import atomic_path
from micrographia.segmentation.measuring.sizes import diameters, distribution

# Okabe and Ito's colours, which the colour-blind can tell apart.
_BARS, _FIT = "#56B4E9", "#D55E00"


def draw_sizes(instances: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Draw the distribution of equivalent diameters as PNG: in nm where they are known, else px.

    Parameters
    ----------
    instances
        Columns of `schemas.INSTANCES`, of one picture or many.
    path
        Where to write, atomically.
    """
    unit = "nm" if instances["equivalent_diameter_nm"].notna().any() else "px"
    sizes, n_cut = diameters(instances, unit)
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    if len(sizes):
        fit = distribution(sizes)
        edges = _edges(sizes)
        _histogram(left, sizes, fit, edges, unit)
        _cumulated(right, sizes, fit, edges, unit)
        known = instances[instances[f"equivalent_diameter_{unit}"].notna()]
        count = known["image_id"].nunique()
        figure.suptitle(
            f"{len(sizes)} instances of {count} picture{'s' if count > 1 else ''}"
            + (f"; {n_cut} cut by the border left out" if n_cut else "")
        )
    else:
        for axes in (left, right):
            axes.set_axis_off()
        left.text(0.5, 0.5, f"no whole instance ({n_cut} are cut by the border)", ha="center")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=150, metadata={"Software": None})


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
        spread = np.log(fit["geometric_sd"])
        score = np.log(grid / fit["geometric_mean"]) / spread
        density = np.exp(-(score**2) / 2) / np.sqrt(2 * np.pi) / spread
        step = np.log(edges[1] / edges[0])
        label = (
            f"log-normal: {fit['geometric_mean']:.3g} {unit} ×/÷ {fit['geometric_sd']:.3g}\n"
            f"[{fit['geometric_mean_low']:.3g}, {fit['geometric_mean_high']:.3g}] {unit}"
        )
        axes.plot(grid, density * step * len(sizes), color=_FIT, label=label)
    else:
        axes.axvline(fit["median"], color=_FIT, label=label)
    _dress(axes, edges, unit)
    axes.set_ylabel("instances")
    axes.set_ylim(0, 1.35 * axes.get_ylim()[1])
    axes.legend(frameon=False, loc="upper right", fontsize=9)


def _cumulated(
    axes: Axes, sizes: FloatArray, fit: dict[str, float], edges: FloatArray, unit: str
) -> None:
    axes.step(
        np.sort(sizes), np.arange(1, len(sizes) + 1) / len(sizes), where="post", color="#0072B2",
        label="instances",
    )  # fmt: skip
    if fit["geometric_sd"] > 1:
        grid = np.geomspace(edges[0], edges[-1], 300)
        score = np.log(grid / fit["geometric_mean"]) / np.log(fit["geometric_sd"])
        label = f"log-normal: KS distance {fit['ks']:.3f}"
        if np.isfinite(fit["p_value"]):
            label += f"\nAnderson-Darling p {_p(fit['p_value'])}"
        axes.plot(grid, ndtr(score), color=_FIT, label=label)
    _dress(axes, edges, unit)
    axes.set(ylabel="share below", ylim=(0, 1))
    axes.legend(frameon=False, loc="lower right", fontsize=9)


def _p(value: float) -> str:
    return f"= {value:.2g}" if value >= 0.001 else "< 0.001"


def _dress(axes: Axes, edges: FloatArray, unit: str) -> None:
    axes.set(xscale="log", xlabel=f"equivalent diameter [{unit}]", xlim=(edges[0], edges[-1]))
    plain: Any = lambda x, _: np.format_float_positional(x, 6, trim="-")  # noqa: E731
    axes.xaxis.set_major_formatter(plain)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=8))
    axes.grid(alpha=0.3)
