"""STEM2Mat-Bench on the page: tiers beside published figures, calibration, what went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from micrographia.report.collect import Results
from micrographia.report.drawing.charts import FAINT, FIRST, SECOND, STYLE, to_uri
from micrographia.report.sections.numbers import number

Row = Mapping[str, Any]

#: Columns of the table: metric, what stands above it, and its factor.
_COLUMNS = (
    ("RMSD_xy mean [Å]", "lattice error RMSD_xy, mean [Å]", 1),
    ("RMSD_xy median [Å]", "lattice error RMSD_xy, median [Å]", 1),
    ("C.C.", "composition correct (C.C.) [%]", 100),
    ("S.S.@0.47", "structure solved within 0.47 Å (S.S.@0.47) [%]", 100),
    ("S.S.@0.1", "structure solved within 0.1 Å (S.S.@0.1) [%]", 100),
    (
        "of solved: error of reconstruction median [meV/atom]",
        "energy error of solved images, median [meV/atom]",
        1,
    ),
    ("error against DFT mean [meV/atom]", "energy error against DFT, mean [meV/atom]", 1),
)
#: From the best outcome to the worst: blue is right, warm is wrong, grey is no answer.
_COLOURS = (
    *("#4477aa", "#ffd166", "#f4a259", "#ee7733", "#cc3311", "#ee3377"),
    *("#aa3377", "#882255", "#332288", "#bbbbbb", "#777777"),
)


def benchmark(results: Results) -> dict[str, Any] | None:
    """Return the benchmark's table, charts and reasons of refusal; None where it did not run."""
    content = results.benchmarks.get("structure")
    if content is None:
        return None
    energy = results.benchmarks.get("energy", {}).get("metrics", [])
    published = content.get("published", {})
    return _table([*content["metrics"], *energy], published.get("rows", [])) | {
        "note": published.get("note", ""),
        "charts": _charts(content),
        "refusals": content.get("refusals", []),
    }


def _table(metrics: Sequence[Row], published: Sequence[Row]) -> dict[str, Any]:
    """Rows by tier, ours before theirs; columns in which nobody has a figure are left out."""
    ours = [row for row in metrics if str(row["group"]).startswith("tier ")]
    figures = {(row["group"], row["method"], row["metric"]): row for row in ours}
    theirs = {(row["group"], row["system"], row["metric"]): row for row in published}
    tiers = sorted({str(row["group"]) for row in ours})
    columns = [
        column
        for column in _COLUMNS
        if any(key[2] == column[0] and row["value"] is not None for key, row in figures.items())
    ]
    rows = []
    for tier in tiers:
        for table, is_theirs in ((figures, False), (theirs, True)):
            for name in dict.fromkeys(key[1] for key in table if key[0] == tier):
                found = [(table.get((tier, name, column[0])), column[2]) for column in columns]
                counts = [row["n"] for row, _ in found if row is not None and "n" in row]
                if any(row is not None for row, _ in found):
                    rows.append(
                        {
                            "group": tier,
                            "method": name,
                            "theirs": is_theirs,
                            "values": [_text(row, factor) for row, factor in found],
                            "n": max(counts) if counts else "–",
                        }
                    )
    return {"columns": [column[1] for column in columns], "rows": rows}


def _text(row: Row | None, factor: float) -> str:
    value = None if row is None else row["value"]
    return "–" if value is None else number(factor * float(value))


def _charts(content: Row) -> list[dict[str, str]]:
    charts = []
    diagrams = content.get("calibration", [])
    for method in dict.fromkeys(item["method"] for item in diagrams):
        mine = [item for item in diagrams if item["method"] == method and item["bins"]]
        if mine:
            caption = (
                f"{method}: fraction of correct results against the stated confidence, in "
                f"ten bins of equal width, for {mine[0]['n']} results. Grey: fraction of the "
                "results in each bin."
            )
            charts.append({"image": draw_reliability(mine), "caption": caption})
    outcomes = content.get("outcomes", {"names": [], "rows": []})
    for method in dict.fromkeys(item["method"] for item in outcomes["rows"]):
        tiers = [
            item
            for item in outcomes["rows"]
            if item["method"] == method and item["group"].startswith("tier ")
        ]
        if tiers:
            caption = f"{method}: outcome of the reconstruction for the images of each tier."
            image = draw_outcomes(tiers, outcomes["names"])
            charts.append({"image": image, "caption": caption})
    return charts


def draw_reliability(diagrams: Sequence[Row]) -> str:
    """Draw the reliability diagrams of one run; return a data URI.

    Parameters
    ----------
    diagrams
        Entries of the benchmark's `calibration`, one for each truth, each with a bin at least.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 3.2), layout="constrained")
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.7)
        for item in diagrams[0]["bins"]:
            middle, share = (item["low"] + item["high"]) / 2, item["n"] / diagrams[0]["n"]
            axes.bar(middle, share, 0.095, color="#e4e8ea")
            axes.text(middle, share + 0.01, str(item["n"]), ha="center", fontsize=7, color=FAINT)
        for diagram, colour in zip(diagrams, (FIRST, SECOND), strict=False):
            stated = [item["confidence"] for item in diagram["bins"]]
            right = [item["accuracy"] for item in diagram["bins"]]
            axes.plot(
                stated,
                right,
                "o-",
                color=colour,
                markersize=4,
                linewidth=1,
                label=diagram["truth"],
                clip_on=False,
            )
        _set_unit_axes(axes)
        axes.legend(loc="upper left")
        return to_uri(figure)


def _set_unit_axes(axes: Axes) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.03)
    axes.set_xlabel("stated confidence")
    axes.set_ylabel("fraction correct")


def draw_outcomes(tiers: Sequence[Row], names: Sequence[str]) -> str:
    """Draw what became of the pictures as one bar for each tier; return a data URI.

    Parameters
    ----------
    tiers
        Entries of the benchmark's `outcomes`: `group`, `n` and `counts`.
    names
        Every outcome, from the best to the worst.
    """
    colours = dict(zip(names, _COLOURS, strict=False))
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 3.2), layout="constrained")
        axes = figure.subplots()
        left = [0.0] * len(tiers)
        for name in names:
            shares = [item["counts"].get(name, 0) / max(1, item["n"]) for item in tiers]
            if any(shares):
                axes.barh(
                    range(len(tiers)), shares, 0.6, left=left, color=colours[name], label=name
                )
                left = [one + other for one, other in zip(left, shares, strict=True)]
        axes.set_yticks(
            range(len(tiers)), [f"{item['group']}\n(n = {item['n']})" for item in tiers]
        )
        axes.invert_yaxis()
        axes.set_xlim(0, 1)
        axes.set_xlabel("fraction of images")
        figure.legend(loc="outside lower center", ncols=3, fontsize=8)
        return to_uri(figure)
