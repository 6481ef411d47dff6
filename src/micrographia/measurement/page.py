"""The page of `micrographia measure`: pictures with outlines, distributions, files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from micrographia import __version__
from micrographia.io.atomic import write_text
from micrographia.io.images import read_labels, read_micrograph
from micrographia.measurement.tables import counted, parts
from micrographia.report.drawing.charts import histogram
from micrographia.report.page import pictures as draw
from micrographia.report.page.blocks import (
    Block,
    Chart,
    Column,
    Files,
    Fold,
    Gallery,
    Headline,
    Link,
    Outline,
    Page,
    Picture,
    Section,
    Table,
)
from micrographia.report.page.outlines import outline_path
from micrographia.report.page.render import render_page, row
from micrographia.report.page.scale_bars import place_bar
from micrographia.report.page.words import count, length, number
from micrographia.segmentation.measuring.sizes import diameters, distribution

#: Longest side of a picture on the page [px], and how many are shown.
_SIDE, _MOST = 520, 60
#: What a reader is told of where a pixel size is from.
_SOURCES = {
    "given": "given by you",
    "csv": "your table",
    "header": "file header",
    "bar": "scale bar",
    "banner": "data bar",
}
_FILES = (
    ("pictures.csv", "pictures"),
    ("instances.csv", "instances"),
    ("sizes.csv", "distributions"),
    ("coco.json", "masks as COCO JSON"),
    ("figures/all.svg", "figure as SVG"),
    ("figures/all.pdf", "figure as PDF"),
    ("figures/all.png", "figure as PNG"),
)


def write_page(pictures: pd.DataFrame, instances: pd.DataFrame, out: Path) -> None:
    """Write `index.html` into the output folder; it links to the files beside it.

    Parameters
    ----------
    pictures
        Columns of `schemas.MEASURED_PICTURES`.
    instances
        Columns of `schemas.INSTANCES`.
    out
        The output folder, in which all else is already.
    """
    rows = pictures.to_dict("records")
    measured = [one for one in rows if one["failure"] is None]
    links = tuple(Link(name, label) for name, label in _FILES if (out / name).is_file())
    page = Page(
        title="Sizes of particles",
        lead=_lead(rows),
        headlines=_headlines(pictures, instances),
        opening=_gallery(measured, instances, out),
        sections=(
            Section("sizes", "Distributions", _distributions(pictures, instances)),
            Section("pictures", "Pictures", _table(rows, instances)),
            Section("files", "Files", (Files(links),)),
        ),
        footer=f"Micrographia {__version__}",
    )
    write_text(out / "index.html", render_page(page))


def _lead(rows: list[dict[Any, Any]]) -> str:
    failed = sum(one["failure"] is not None for one in rows)
    lead = f"{count(len(rows), 'picture')}, measured by micrographia measure."
    return lead + (f" {failed} could not be measured: see Pictures." if failed else "")


def _headlines(pictures: pd.DataFrame, instances: pd.DataFrame) -> tuple[Headline, ...]:
    n, sized = len(pictures), int(pictures["pixel_size_nm"].notna().sum())
    left_out = int(pictures["why_not_counted"].notna().sum())
    together = counted(pictures, instances)
    numbers = [
        Headline(
            f"{n - left_out:,} of {n:,}",
            "pictures counted",
            "the table says why the others are not" if left_out else "",
        ),
        Headline(
            f"{sized:,} of {n:,}",
            "pictures in nm",
            "the pixel size of the others is unknown" if sized < n else "",
        ),
    ]
    unit = "nm" if together["equivalent_diameter_nm"].notna().any() else "px"
    sizes, cut = diameters(together, unit)
    note = f"{cut:,} more cut by the border"
    numbers.append(Headline(f"{len(sizes):,}", "whole instances", note))
    if len(sizes):
        found = distribution(sizes)
        n_of = f"n = {len(sizes):,}"
        numbers.append(Headline(_told(found["median"], unit), "median diameter", n_of))
        ends = f"{number(found['d10'])} – {number(found['d90'])}"
        numbers.append(Headline(ends, f"d10 to d90 [{unit}]", n_of))
    if len(sizes) > 1:
        mean = f"{number(found['mean'])} ± {number(found['sd'])}"
        numbers.append(Headline(mean, f"mean ± SD [{unit}]", n_of))
    return tuple(numbers)


def _told(size: float, unit: str) -> str:
    return length(size) if unit == "nm" else f"{number(size)} px"


def _gallery(
    measured: list[dict[Any, Any]], instances: pd.DataFrame, out: Path
) -> tuple[Block, ...]:
    steps = np.linspace(0, len(measured) - 1, min(_MOST, len(measured))).round().astype(int)
    shown = [measured[step] for step in steps.tolist()]
    made = tuple(_picture(one, instances, out) for one in shown)
    part = "The" if len(shown) == len(measured) else f"{len(shown)} of the"
    caption = f"{part} {count(len(measured), 'picture')} with the instances found"
    if any(picture.bar for picture in made):
        caption += "; scale bars are drawn by this page"
    caption += ". Select a picture to enlarge it."
    return (Gallery(made, caption, (("found", "outline of an instance"),), "medium"),)


def _picture(one: Mapping[Any, Any], instances: pd.DataFrame, out: Path) -> Picture:
    grey = draw.shrink(draw.to_grey(read_micrograph(one["path"]).pixels), _SIDE)
    labels = draw.shrink_labels(read_labels(out / "masks" / f"{one['name']}.png"), _SIDE)
    scale = grey.shape[1] / one["width"]
    bar = None
    if one["pixel_size_nm"] is not None:
        taken = [tuple(scale * edge for edge in box) for box in one["text_boxes"] or ()]
        boxes = [(box[0], box[1], box[2], box[3]) for box in taken]
        bar = place_bar(grey, one["pixel_size_nm"] / scale, "nm", boxes, labels > 0)
    lines = _lines(one, instances)
    name = one["name"]
    places = (
        (f"masks/{name}.png", "mask"),
        (f"rois/{name}.zip", "ImageJ regions"),
        (f"figures/pictures/{name}.svg", "sizes"),
    )
    links = tuple(Link(quote(path), label) for path, label in places if (out / path).is_file())
    alt = f"{one['file']}: {lines[0]}"
    outlines = (Outline("found", outline_path(labels)),)
    height, width = grey.shape
    uri = draw.data_uri(grey)
    return Picture(
        uri, width, height, one["file"], alt, lines, outlines=outlines, bar=bar, links=links
    )


def _lines(one: Mapping[Any, Any], instances: pd.DataFrame) -> tuple[str, ...]:
    part = instances[instances["path"] == one["path"]]
    unit = "px" if one["pixel_size_nm"] is None else "nm"
    sizes, _ = diameters(part, unit)
    lines = [count(len(part), "instance") + " found"]
    if len(sizes):
        lines.append(f"median {_told(float(np.median(sizes)), unit)}, n = {len(sizes)}")
    if one["pixel_size_nm"] is None:
        lines.append(f"no nm: {one['why_no_pixel_size']}")
    if one["mask_source"] in ("given", "corrected"):
        lines.append(f"mask {one['mask_source']}")
    if one["why_not_counted"] is not None:
        lines.append(f"not counted: {one['why_not_counted']}")
    return tuple(lines)


def _distributions(pictures: pd.DataFrame, instances: pd.DataFrame) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for level, name, part in parts(pictures, instances):
        unit = "nm" if part["equivalent_diameter_nm"].notna().any() else "px"
        sizes, _ = diameters(part, unit)
        if level == "picture" or not len(sizes):
            continue
        fit = distribution(sizes)
        curve = None
        if fit["geometric_sd"] > 1:
            curve = (float(len(sizes)), fit["geometric_mean"], fit["geometric_sd"])
        label = f"equivalent diameter [{unit}]"
        chart = histogram({name: sizes}, label, counted="instances", logarithmic=True, curve=curve)
        title = "All pictures that count" if level == "all" else name
        caption = f"{title}: n = {len(sizes):,} whole instances"
        caption += f" of {count(part['path'].nunique(), 'picture')}. {_fits(fit)}"
        blocks.append(Chart(chart, title, caption))
    return tuple(blocks)


def _fits(fit: Mapping[str, float]) -> str:
    """How well a log-normal and a normal distribution describe the sizes."""
    if not fit["geometric_sd"] > 1:
        return ""
    text = "The curve is the log-normal fit"
    tests = {"log-normal": fit["p_value"], "normal": fit["normal_p_value"]}
    if not all(np.isfinite(list(tests.values()))):
        return f"{text}; below eight instances it is not tested."
    told = [f"{name} p {'< 0.001' if p < 0.001 else f'= {p:.2g}'}" for name, p in tests.items()]
    return f"{text}. Anderson-Darling: {', '.join(told)}."


def _table(rows: list[dict[Any, Any]], instances: pd.DataFrame) -> tuple[Block, ...]:
    columns = (
        Column("picture", "name"),
        Column("instances", "number"),
        Column("measured (n)", "number"),
        Column("mean", "number"),
        Column("SD", "number"),
        Column("median", "value"),
        Column("d10", "number"),
        Column("d90", "number"),
        Column("unit"),
        Column("pixel size [nm]", "number"),
        Column("pixel size from"),
        Column("counted"),
    )
    cells = tuple(_row(one, instances) for one in rows)
    table = Table(columns, cells, "Equivalent diameters, picture by picture.", label="Pictures")
    if len(cells) <= 30:
        return (table,)
    return (Fold(f"All {len(cells):,} pictures", (table,)),)


def _row(one: Mapping[Any, Any], instances: pd.DataFrame) -> Any:
    if one["failure"] is not None:
        return row(one["file"], *["–"] * 9, "–", f"no: {one['failure']}")
    part = instances[instances["path"] == one["path"]]
    unit = "px" if one["pixel_size_nm"] is None else "nm"
    sizes, _ = diameters(part, unit)
    found = distribution(sizes)
    source = _SOURCES.get(one["pixel_size_source"], f"none: {one['why_no_pixel_size']}")
    counts = "yes" if one["why_not_counted"] is None else f"no: {one['why_not_counted']}"
    values = [number(found[name]) for name in ("mean", "sd", "median", "d10", "d90")]
    size = number(one["pixel_size_nm"])
    return row(one["file"], str(len(part)), str(len(sizes)), *values, unit, size, source, counts)
