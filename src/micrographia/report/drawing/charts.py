"""Small charts, drawn alike: one colour, thin axes, no frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from numpy.typing import ArrayLike

from micrographia.report.page.svg import STYLE, to_svg

INK = "#23282d"
FAINT = "#8a9299"
FIRST = "#0b6e8f"
SECOND = "#e07b39"
#: Beyond so many powers of ten only these are labelled, or the labels touch.
_DECADES = 2.0


def histogram(
    series: dict[str, ArrayLike],
    label: str,
    *,
    counted: str,
    logarithmic: bool = False,
    curve: tuple[float, float, float] | None = None,
) -> str:
    """Draw one or two distributions over the same bins; return it as SVG.

    Parameters
    ----------
    series
        Name and values of each distribution; values that are not finite are left out.
    label
        Of the horizontal axis, with unit.
    counted
        What the vertical axis counts.
    logarithmic
        Bins of equal ratio on a logarithmic axis; values must then be positive.
    curve
        Number, geometric mean and geometric standard deviation of a log-normal distribution that
        is drawn over them, on a logarithmic axis.
    """
    finite = {name: _finite(values, logarithmic) for name, values in series.items()}
    bins = _bins(np.concatenate(list(finite.values())), logarithmic)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 2.5), layout="constrained")
        axes = figure.subplots()
        for (name, values), colour in zip(finite.items(), (FIRST, SECOND), strict=False):
            first = colour == FIRST
            axes.hist(
                values,
                bins=bins,
                label=name,
                histtype="stepfilled" if first else "step",
                color=colour,
                alpha=0.75 if first else 1,
                linewidth=1.5,
            )
        if curve is not None:
            axes.plot(*_lognormal(curve, bins), color=SECOND, linewidth=1.2)
        if logarithmic:
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(lambda x, _: np.format_float_positional(x, 6, trim="-"))
            axes.xaxis.set_minor_formatter(NullFormatter())
            wide = math.log10(bins[-1] / bins[0]) > _DECADES
            axes.xaxis.set_major_locator(LogLocator(subs=(1,) if wide else (1, 2, 5), numticks=8))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        axes.set_xlabel(label)
        axes.set_ylabel(counted)
        if len(finite) > 1:
            axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(finite))
        return to_svg(figure)


def _lognormal(curve: tuple[float, float, float], bins: Sequence[float]) -> tuple[Any, Any]:
    """Points of a log-normal distribution, in counts of bins of equal ratio."""
    number, centre, spread = curve
    x = np.geomspace(bins[0], bins[-1], 200)
    width = math.log(bins[1] / bins[0]) / math.log(spread)
    score = np.log(x / centre) / math.log(spread)
    return x, number * width * np.exp(-(score**2) / 2) / math.sqrt(2 * math.pi)


def _finite(values: ArrayLike, positive: bool) -> np.ndarray[Any, np.dtype[np.float64]]:
    array = np.asarray(values, dtype=np.float64).ravel()
    return array[np.isfinite(array) & ((array > 0) | (not positive))]


def _bins(values: np.ndarray[Any, np.dtype[np.float64]], logarithmic: bool) -> Sequence[float]:
    if values.size == 0:
        return [0.0, 1.0]
    low, high = float(values.min()), float(values.max())
    if logarithmic:
        # Half a step of room, so that a single value has bins too.
        edges = np.geomspace(low / 1.05, high * 1.05, 25)
        return [float(edge) for edge in edges]
    whole = bool(np.all(values == np.round(values)))
    if whole:
        # Bins of whole width, or neighbouring counts fall into bins of unequal chance.
        width = max(1, math.ceil((high - low + 1) / 15))
        return [float(edge) for edge in np.arange(low, high + width + 1, width) - 0.5]
    found = np.histogram_bin_edges(values, bins=25)
    return [float(edge) for edge in found]
