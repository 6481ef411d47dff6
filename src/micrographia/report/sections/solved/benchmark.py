"""STEM2Mat-Bench on the page: tiers beside published figures, calibration, what went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from micrographia.report.collect import Results
from micrographia.report.drawing.charts import FAINT, FIRST, SECOND
from micrographia.report.page.beside import Beside, safe_name
from micrographia.report.page.blocks import Cell, Chart, Column, Part, Table, Words
from micrographia.report.page.render import row
from micrographia.report.page.svg import STYLE, to_svg
from micrographia.report.page.words import count, number

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


def part(results: Results, beside: Beside) -> Part:
    """Return the benchmark's table, charts and reasons of refusal; empty where it did not run."""
    title = "STEM2Mat-Bench"
    content = results.benchmarks.get("structure")
    if content is None or not any(row["value"] is not None for row in content["metrics"]):
        return Part(title, ())
    energy = results.benchmarks.get("energy", {}).get("metrics", [])
    published = content.get("published", {})
    table = _table([*content["metrics"], *energy], published.get("rows", []))
    note = str(published.get("note", "")) if table.faint else ""
    refusals = content.get("refusals", [])
    refused = Table(
        (Column("method"), Column("no result because"), Column("pictures", "number")),
        tuple(row(str(one["method"]), str(one["reason"]), str(one["n"])) for one in refusals),
        label="Reasons of refusal",
    )
    return Part(title, (table, Words(note), *_charts(content, beside), refused), "stem2mat")


def _table(metrics: Sequence[Row], published: Sequence[Row]) -> Table:
    """Rows by tier, ours before theirs; columns in which nobody has a figure are left out."""
    ours = [one for one in metrics if str(one["group"]).startswith("tier ")]
    figures = {(one["group"], one["method"], one["metric"]): one for one in ours}
    theirs = {(one["group"], one["system"], one["metric"]): one for one in published}
    tiers = sorted({str(one["group"]) for one in ours})
    columns = [
        column
        for column in _COLUMNS
        if any(key[2] == column[0] and one["value"] is not None for key, one in figures.items())
    ]
    rows: list[tuple[Cell, ...]] = []
    faint: set[int] = set()
    for tier in tiers:
        for table, is_theirs in ((figures, False), (theirs, True)):
            for name in dict.fromkeys(key[1] for key in table if key[0] == tier):
                found = [(table.get((tier, name, column[0])), column[2]) for column in columns]
                counts = [one["n"] for one, _ in found if one is not None and "n" in one]
                if any(one is not None for one, _ in found):
                    faint |= {len(rows)} if is_theirs else set()
                    rows.append(
                        row(
                            tier,
                            f"{name} (published)" if is_theirs else name,
                            *(_text(one, factor) for one, factor in found),
                            str(max(counts)) if counts else "–",
                        )
                    )
    heads = (
        Column("tier"),
        Column("method"),
        *(Column(column[1], "value") for column in columns),
        Column("pictures", "number"),
    )
    return Table(heads, tuple(rows), faint=frozenset(faint), label="Tiers beside published values")


def _text(entry: Row | None, factor: float) -> str:
    value = None if entry is None else entry["value"]
    return "–" if value is None else number(factor * float(value))


def _charts(content: Row, beside: Beside) -> list[Chart]:
    found = []
    diagrams = content.get("calibration", [])
    for method in dict.fromkeys(item["method"] for item in diagrams):
        mine = [item for item in diagrams if item["method"] == method and item["bins"]]
        if mine:
            caption = (
                f"{method}: fraction of right answers against the stated confidence, in ten bins "
                f"of equal width, n = {mine[0]['n']}. Bars: fraction of the answers in each bin, "
                "with their number."
            )
            svg = draw_reliability(mine)
            found.append(_chart(f"confidence-{method}", "Confidence held", svg, caption, beside))
    outcomes = content.get("outcomes", {"names": [], "rows": []})
    for method in dict.fromkeys(item["method"] for item in outcomes["rows"]):
        tiers = [
            item
            for item in outcomes["rows"]
            if item["method"] == method and item["group"].startswith("tier ")
        ]
        if tiers:
            total = sum(int(item["n"]) for item in tiers)
            caption = (
                f"{method}: what became of the pictures of each tier, as fractions "
                f"(n = {count(total, 'picture')})."
            )
            svg = draw_outcomes(tiers, outcomes["names"])
            found.append(_chart(f"outcomes-{method}", "Outcomes by tier", svg, caption, beside))
    return found


def _chart(name: str, title: str, svg: str, caption: str, beside: Beside) -> Chart:
    file = f"{safe_name(name)}.svg"
    return Chart(svg, title, caption, beside.add(f"figures/{file}", svg, file))


def draw_reliability(diagrams: Sequence[Row]) -> str:
    """Draw the reliability diagrams of one run; return it as SVG.

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
        return to_svg(figure)


def _set_unit_axes(axes: Axes) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.03)
    axes.set_xlabel("stated confidence")
    axes.set_ylabel("fraction correct")


def draw_outcomes(tiers: Sequence[Row], names: Sequence[str]) -> str:
    """Draw what became of the pictures as one bar for each tier; return it as SVG.

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
        return to_svg(figure)
