"""Sizes of the instances: their distribution, each picture's, and why some have no nm."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from micrographia.report.collect import Results, records
from micrographia.report.drawing.charts import histogram
from micrographia.report.page.beside import Beside
from micrographia.report.page.blocks import (
    Block,
    Chart,
    Column,
    Fold,
    Part,
    Section,
    Table,
    Words,
)
from micrographia.report.page.render import row
from micrographia.report.page.words import count, number, verb
from micrographia.report.sections.names import SOURCES, by_id, file_name, why_no_size

#: Rows of a table that stand open; more are folded.
_OPEN = 12
#: Rows on the page; all are in the file beside it.
_MOST = 200


def section(results: Results, beside: Beside) -> Section:
    """Return charts and tables of sizes; without instances the section is empty."""
    rows = picture_rows(results)
    return Section(
        "sizes",
        "Counts and sizes",
        (*charts(results, beside), _pixel_sizes(results), *_table(rows, beside)),
    )


def picture_rows(results: Results) -> list[dict[str, Any]]:
    """Return what is known of each segmented picture, in the order of their paths.

    Keys: `name`, `instances`, `n` (not cut by the border), `median`, `d10`, `d90`, `unit`,
    `pixel_size_nm`, `source`, `why` (no pixel size).
    """
    if results.predictions is None:
        return []
    known = by_id(results)
    sizes = _sizes_by_picture(results)
    found = []
    for made in records(results.predictions[results.predictions["failure"].isna()]):
        picture = known.get(str(made["image_id"]), {})
        unit = "nm" if picture.get("pixel_size_nm") else "px"
        values = sizes.get((made["image_id"], unit), np.zeros(0))
        d10, median, d90 = np.percentile(values, (10, 50, 90)) if values.size else (None,) * 3
        found.append(
            {
                "path": str(picture.get("path") or made["path"]),
                "name": file_name(picture.get("path") or made["path"]),
                "instances": int(made["n_instances"]),
                "n": int(values.size),
                "median": median,
                "d10": d10,
                "d90": d90,
                "unit": unit,
                "pixel_size_nm": picture.get("pixel_size_nm"),
                "source": picture.get("pixel_size_source"),
                "why": why_no_size(picture) if picture else "",
            }
        )
    return sorted(found, key=lambda one: (one["path"], one["name"]))


def _sizes_by_picture(results: Results) -> dict[tuple[Any, str], Any]:
    if results.instances is None:
        return {}
    whole = results.instances[~results.instances["cut"].fillna(False).astype(bool)]
    return {
        (name, unit): part[f"equivalent_diameter_{unit}"].dropna().to_numpy(float)
        for name, part in whole.groupby("image_id")
        for unit in ("nm", "px")
    }


def _table(rows: list[dict[str, Any]], beside: Beside) -> tuple[Block, ...]:
    """The pictures one by one; folded where they are many."""
    if not rows:
        return ()
    columns = (
        Column("picture"),
        Column("instances", "number"),
        Column("measured (n)", "number"),
        Column("median", "value"),
        Column("d10", "number"),
        Column("d90", "number"),
        Column("unit"),
        Column("pixel size [nm]", "number"),
        Column("pixel size from"),
    )
    told = tuple(
        row(
            one["name"],
            str(one["instances"]),
            str(one["n"]),
            *(number(one[name]) for name in ("median", "d10", "d90")),
            one["unit"],
            number(one["pixel_size_nm"]),
            f"none: {one['why']}" if one["why"] else SOURCES.get(one["source"], "given"),
        )
        for one in rows[:_MOST]
    )
    links = beside.add("tables/pictures.csv", _csv(rows), "pictures.csv")
    caption = (
        "Equivalent diameters of the instances in each picture, without those that its border cuts"
    )
    table = Table(columns, told, caption + ".", links=links)
    if len(rows) <= _OPEN:
        return (Part("By picture", (table,)),)
    more = f"; the first {_MOST} here, all in the file" if len(rows) > _MOST else ""
    return (Part("By picture", (Fold(f"{count(len(rows), 'picture')}{more}", (table,)),)),)


def _csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = ["name", "path", "instances", "n", "median", "d10", "d90", "unit"]
    names += ["pixel_size_nm", "source", "why"]
    heads = {"n": "measured", "source": "pixel_size_source", "why": "why_no_pixel_size"}
    writer.writerow([heads.get(name, name) for name in names])
    writer.writerows([["" if one[name] is None else one[name] for name in names] for one in rows])
    return text.getvalue()


def _pixel_sizes(results: Results) -> Block:
    """Say how many pictures have a pixel size, from where, and why the others have none."""
    known = by_id(results)
    if not known:
        return Words("")
    sources = Counter(
        str(one["pixel_size_source"] or "") for one in known.values() if one["pixel_size_nm"]
    )
    told = ", ".join(
        f"{number_of} from the {SOURCES[name]}" if name in SOURCES else f"{number_of} given"
        for name, number_of in sources.most_common()
    )
    have = sum(sources.values())
    text = (
        f"The pixel size is known for {have} of {count(len(known), 'kept picture')}"
        f"{f': {told}' if told else ''}."
    )
    lacking = [(file_name(one["path"]), why_no_size(one)) for one in known.values()]
    lacking = sorted((name, why) for name, why in lacking if why)
    if not lacking:
        return Words(text)
    table = Table(
        (Column("picture"), Column("why there is no pixel size")),
        tuple(row(name, why) for name, why in lacking[:_MOST]),
    )
    form = verb(len(lacking), "picture has none", "pictures have none")
    if len(lacking) > _MOST:
        form += f"; the first {_MOST} here, all in the file"
    text += (
        " State it yourself in a CSV file with the columns path and pixel_size_nm, and give that"
        " file as the source of the pictures; sizes are then in nm."
    )
    return Part(
        "Pixel sizes",
        (Words(text), Fold(f"{len(lacking):,} {form}", (table,), len(lacking) <= _OPEN)),
    )


def charts(results: Results, beside: Beside) -> tuple[Chart, ...]:
    """Return histograms of instances per picture and of their sizes."""
    drawn = []
    scores = results.segmentation_scores
    if scores is not None and scores["n_true"].notna().any():
        series = {"truth": scores["n_true"], "found": scores["n_predicted"]}
        drawn.append(_chart("instances-per-picture", series, "instances per picture", beside))
    elif results.predictions is not None and len(results.predictions) > 1:
        series = {"found": results.predictions["n_instances"]}
        drawn.append(_chart("instances-per-picture", series, "instances per picture", beside))
    if results.instances is not None and len(results.instances):
        # What the border cuts has no known size.
        whole = results.instances[~results.instances["cut"].fillna(False).astype(bool)]
        for unit in ("nm", "px"):
            sizes = whole[f"equivalent_diameter_{unit}"]
            if sizes.notna().any():
                label = f"equivalent diameter [{unit}]"
                fit = _fit(results, unit)
                name = f"diameters-{unit}"
                drawn.append(_chart(name, {"found": sizes}, label, beside, fit))
                break
    return tuple(drawn)


def _fit(results: Results, unit: str) -> Mapping[str, Any] | None:
    """The log-normal fit of all sizes in a unit, if the measurements hold one."""
    if results.sizes is None:
        return None
    for one in records(results.sizes):
        if one["image_id"] is None and one["unit"] == unit and (one["geometric_sd"] or 0) > 1:
            return one
    return None


def _chart(
    name: str,
    series: Mapping[str, pd.Series],
    label: str,
    beside: Beside,
    fit: Mapping[str, Any] | None = None,
) -> Chart:
    sized = name.startswith("diameters")
    counted = "instance" if sized else "picture"
    values = {key: column.to_numpy(dtype=float) for key, column in series.items()}
    total = {key: int(np.isfinite(column).sum()) for key, column in values.items()}
    caption = f"{label[0].upper()}{label[1:]}: "
    if len(set(total.values())) == 1:
        caption += f"{' and '.join(total)}, n = {count(next(iter(total.values())), counted)}"
    else:
        caption += ", ".join(f"{key} (n = {count(one, counted)})" for key, one in total.items())
    curve = None
    if fit is not None:
        curve = (fit["n"], fit["geometric_mean"], fit["geometric_sd"])
        caption += (
            f"; line: log-normal, geometric mean {number(fit['geometric_mean'])} {fit['unit']} "
            f"({number(fit['geometric_mean_low'])} to {number(fit['geometric_mean_high'])}), "
            f"geometric standard deviation {number(fit['geometric_sd'])}, "
            f"KS distance {fit['ks']:.2f}"
        )
    svg = histogram(dict(values), label, counted=f"{counted}s", logarithmic=sized, curve=curve)
    links = beside.add(f"figures/{name}.svg", svg, f"{name}.svg")
    return Chart(svg, f"Histogram: {label}", caption + ".", links)
