"""Figure of the energy benchmark, with published values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from micrographia.benchmarks.energy.scores import UPPER_BOUND
from micrographia.benchmarks.structure.summary import own_images, successes

matplotlib.use("Agg")

Row = Mapping[str, Any]

_ERROR = "error of reconstruction {} [meV/atom]"
_AGAINST_DFT = "error against DFT mean [meV/atom]"
#: Errors below this are numerical noise of the relaxation [meV/atom].
_FLOOR = 0.01
_OURS = ("#4477aa", "#bbccee")
_THEIRS = ("#222222", "#999999")


def draw_energies(
    scores: pd.DataFrame, metrics: Sequence[Row], published: Sequence[Row]
) -> Figure:
    """Draw the errors of solved pictures, and by tier the errors against DFT or the truth.

    Parameters
    ----------
    scores
        Columns of schema ENERGY_SCORES; images by multislice are left out.
    metrics
        What `structure_energy.summarise_energies` returns of them.
    published
        What `published.published_rows` returns, drawn where DFT energies were given.
    """
    figure = Figure(figsize=(9.5, 3.8))
    left, right = figure.subplots(1, 2)
    own = own_images(scores)
    solved = own.loc[successes(own["solved"]) == 1, "error"].dropna().to_numpy(dtype=float)
    _draw_errors(left, solved)
    if any(row["metric"] == _AGAINST_DFT for row in metrics):
        _draw_tiers(right, _against_dft(metrics, published), "mean error against DFT [meV/atom]")
    else:
        _draw_tiers(right, _against_truth(metrics), "error of reconstruction [meV/atom]")
    figure.tight_layout()
    return figure


def _draw_errors(axes: Axes, errors: np.ndarray) -> None:
    bins = np.logspace(np.log10(_FLOOR), 4, 37)
    axes.hist(np.clip(errors, bins[0], bins[-1]), bins=bins.tolist(), color=_OURS[0])
    if errors.size:
        for value, style, name in (
            (np.median(errors), "-", "median"),
            (errors.mean(), "--", "mean"),
        ):
            label = f"{name} {value:.3g} meV/atom"
            axes.axvline(max(float(value), _FLOOR), color="0.2", ls=style, lw=1, label=label)
        axes.legend(frameon=False, fontsize="small")
    axes.set_xscale("log")
    axes.set_xlabel("error of reconstruction, solved pictures [meV/atom]")
    axes.set_ylabel("pictures")


_Series = dict[str, tuple[str, dict[str, float]]]


def _against_truth(metrics: Sequence[Row]) -> _Series:
    """Colour and value by tier of each series, over all answers."""
    return {
        f"{run}, {name}": (colour, _by_tier(metrics, run, _ERROR.format(name)))
        for run in dict.fromkeys(str(row["method"]) for row in metrics)
        for name, colour in zip(("median", "mean"), _OURS, strict=True)
    }


def _against_dft(metrics: Sequence[Row], published: Sequence[Row]) -> _Series:
    ours = [str(row["method"]) for row in metrics if row["method"] != UPPER_BOUND]
    names = [*dict.fromkeys(ours), UPPER_BOUND]
    colours = [*[_OURS[0]] * (len(names) - 1), _OURS[1]]
    series: _Series = {
        name: (colour, _by_tier(metrics, name, _AGAINST_DFT))
        for name, colour in zip(names, colours, strict=True)
    }
    for system, colour in zip(("AutoMat", "AutoMat upper bound"), _THEIRS, strict=True):
        values = {
            row["group"]: row["value"]
            for row in published
            if (row["system"], row["metric"]) == (system, _AGAINST_DFT)
        }
        series[f"{system}, published"] = (colour, values)
    return series


def _by_tier(metrics: Sequence[Row], method: str, metric: str) -> dict[str, float]:
    return {
        str(row["group"]): float(row["value"])
        for row in metrics
        if (row["method"], row["metric"]) == (method, metric)
        and str(row["group"]).startswith("tier ")
        and row["value"] is not None
    }


def _draw_tiers(axes: Axes, series: _Series, label: str) -> None:
    ours = [values for name, (_, values) in series.items() if "published" not in name]
    tiers = sorted({tier for values in ours for tier in values})
    width = 0.8 / max(1, len(series))
    for place, (name, (colour, values)) in enumerate(series.items()):
        shift = (place - (len(series) - 1) / 2) * width
        heights = [values.get(tier, np.nan) for tier in tiers]
        places = np.arange(len(tiers)) + shift
        axes.bar(places, heights, 0.92 * width, color=colour, label=name)
    axes.set_xticks(range(len(tiers)), tiers)
    axes.set_ylabel(label)
    if tiers:
        axes.legend(
            frameon=False,
            fontsize="small",
            loc="lower center",
            bbox_to_anchor=(0.5, 1),
            ncols=2,
        )
