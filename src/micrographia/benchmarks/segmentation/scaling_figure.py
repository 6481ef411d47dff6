"""Figure of the learning curve, with published values."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from micrographia.io.atomic import atomic_path

_METRICS = ("AP@0.5", "PQ@0.5")
#: Okabe and Ito's colours, without and with procedural pictures, and a step aside for the second.
_KINDS = {False: ("#0072B2", 1.0), True: ("#D55E00", 1.04)}

#: Grey ground of what was published, with 1000 to 4000 pictures.
_THEIRS = (800, 5000)


def draw_scaling(
    rows: Sequence[Mapping[str, Any]],
    published: Sequence[Mapping[str, Any]],
    path: str | os.PathLike[str],
) -> None:
    """Draw AP@0.5 and PQ@0.5 over the number of real pictures; published ones on grey, hollow.

    Parameters
    ----------
    rows
        What `segmentation_scaling.curve` returned.
    published
        What `published.published_rows` returned.
    path
        Where to write, atomically.
    """
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, metric in zip(panels, _METRICS, strict=True):
        mine = [row for row in rows if (row["metric"], row["group"]) == (metric, "all")]
        for mixed in _KINDS:
            _draw_kind(axes, [row for row in mine if (row["n_procedural"] > 0) == mixed], mixed)
        _draw_published(axes, [row for row in published if row["metric"] == metric])
        ticks = sorted({row["n_real"] for row in mine if row["n_real"]})
        axes.set(xscale="log", xlim=(0.8 * min([*ticks, 100]), _THEIRS[1]))
        axes.set_xticks([*ticks, 1000, 4000], [*map(str, ticks), "1000", "4000"])
        axes.set_xticks([], minor=True)
        axes.tick_params(axis="x", labelrotation=60)  # 240 and 293 are near each other
        axes.tick_params(axis="x", labelsize=8)
        axes.set(title=metric, xlabel="real pictures learned from", ylim=(0, 1))
        axes.grid(alpha=0.3)
    panels[0].set_ylabel(f"mean of {max(row['n'] for row in rows)} pictures")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.suptitle("Ours on the pictures held out; published (grey) on others, UniEM-3M's")
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=150, metadata={"Software": None})


def _draw_kind(axes: Axes, rows: Sequence[Mapping[str, Any]], mixed: bool) -> None:
    colour, aside = _KINDS[mixed]
    made = f"{max((row['n_procedural'] for row in rows), default=0)} procedural"
    method = rows[0]["method"] if rows else ""
    none = [row for row in rows if not row["n_real"]]
    for row in none:  # a logarithm has no place for it
        axes.axhline(row["value"], color=colour, ls=":", label=f"{method}, {made} alone")
    some = [row for row in rows if row["n_real"]]
    if some:
        axes.errorbar(
            [row["n_real"] * aside for row in some],
            [row["value"] for row in some],
            yerr=[
                [row["value"] - row["low"] for row in some],
                [row["high"] - row["value"] for row in some],
            ],
            fmt="o-", ms=5, capsize=3, color=colour,
            label=f"{method}, real and {made}" if mixed else f"{method}, real",
        )  # fmt: skip


def _draw_published(axes: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    axes.axvspan(*_THEIRS, color="#eeeeee", zorder=0)
    for generated, marker in ((False, "o"), (True, "^")):
        some = [row for row in rows if row["n_real"] and (row["n_generated"] > 0) == generated]
        names = {f"{row['system']}, published{', + generated' * generated}" for row in some}
        axes.plot(
            [row["n_real"] for row in some],
            [row["value"] for row in some],
            marker, ms=6, mfc="none", mec="#555555", label=", ".join(sorted(names)),
        )  # fmt: skip
