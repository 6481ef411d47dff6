"""Figure of the segmentation benchmark: AP against IoU, and its distribution over images."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from micrographia.benchmarks.segmentation.groups import DENSITIES, SIZES
from micrographia.benchmarks.segmentation.matching import COCO_THRESHOLDS
from micrographia.io.atomic import atomic_path

# Okabe and Ito's colours, which the colour-blind can tell apart.
_COLOURS = {"all": "#000000", "sparse": "#0072B2", "dense": "#D55E00"}


def draw(
    rows: Sequence[Mapping[str, Any]],
    summary: Mapping[str, Mapping[str, Mapping[str, Any]]],
    method: str,
    path: str | os.PathLike[str],
) -> None:
    """Draw as PNG: AP over IoU, the images' AP@0.5, and AP@0.5 by density and size.

    Parameters
    ----------
    rows
        Per-image scores with their `curve`; failures, which have none, count as 0.
    summary
        What `summarise` returned.
    method
        Name of the method, for the title.
    path
        Where to write, atomically.
    """
    figure = Figure(figsize=(13, 3.6), layout="constrained")
    panels = figure.subplots(1, 3)
    if rows:
        _curves(panels[0], rows, summary["AP@0.5"])
        _histogram(panels[1], rows, summary["AP@0.5"]["all"])
        _groups(panels[2], summary["AP@0.5"])
    else:
        for axes in panels:
            axes.text(0.5, 0.5, "no truth to compare with", ha="center", va="center")
            axes.set_axis_off()
    figure.suptitle(f"Instance segmentation: {method}")
    with atomic_path(path) as temporary:
        # Without the version of matplotlib in it, the same scores give the same bytes.
        figure.savefig(temporary, dpi=150, metadata={"Software": None})


def _curves(
    axes: Axes, rows: Sequence[Mapping[str, Any]], groups: Mapping[str, Mapping[str, Any]]
) -> None:
    for group, colour in _COLOURS.items():
        inside = [row for row in rows if group in ("all", row["density"])]
        if not inside or (group != "all" and len(inside) == len(rows)):
            continue  # a group that is the whole would only cover its line
        zeros = [0.0] * len(COCO_THRESHOLDS)
        mean = np.mean([row["curve"] or zeros for row in inside], axis=0)
        axes.plot(
            COCO_THRESHOLDS, mean, "o-", ms=3.5, color=colour, label=f"{group} (n = {len(inside)})"
        )
        entry = groups[group]
        error = [[entry["value"] - entry["low"]], [entry["high"] - entry["value"]]]
        axes.errorbar([0.5], [entry["value"]], yerr=error, color=colour, capsize=3)
    axes.set(xlabel="IoU threshold", ylabel="mean AP", ylim=(0, 1), xlim=(0.48, 0.97))
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)


def _histogram(axes: Axes, rows: Sequence[Mapping[str, Any]], entry: Mapping[str, Any]) -> None:
    values = [row["ap50"] if row["failure"] is None else 0.0 for row in rows]
    axes.hist(values, bins=np.linspace(0, 1, 21).tolist(), color="#0072B2", edgecolor="white")
    axes.axvline(
        entry["value"],
        color="#000000",
        ls="--",
        label=f"mean {entry['value']:.3f} [{entry['low']:.3f}, {entry['high']:.3f}]",
    )
    axes.set(xlabel="AP@0.5 of an image", ylabel="images", xlim=(0, 1))
    # Above the bars, wherever they are.
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1))


def _groups(axes: Axes, groups: Mapping[str, Mapping[str, Any]]) -> None:
    """AP@0.5 with its interval by true instances of an image, and by size of the instance."""
    names = [*DENSITIES, *SIZES]
    for place, name in enumerate(names):
        entry = groups[name]
        if entry["n"]:
            error = [[entry["value"] - entry["low"]], [entry["high"] - entry["value"]]]
            colour = "#0072B2" if name in DENSITIES else "#D55E00"
            axes.errorbar(
                entry["value"], place, xerr=error, fmt="o", ms=5, capsize=3, color=colour
            )
    labels = [
        f"{name} {'instances' if name in DENSITIES else 'ones'} (n = {groups[name]['n']})"
        for name in names
    ]
    axes.set_yticks(range(len(names)), labels)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.axhline(len(DENSITIES) - 0.5, color="#8a9299", lw=0.7)
    axes.set(xlabel="AP@0.5", xlim=(0, 1))
    axes.grid(alpha=0.3, axis="x")
