"""Statistics of the data set: attributes, instances, areas, resolutions, agreement.

What UniEM-3M shows of itself in its figures 2, 3, 11 and 12, for any results folder.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from micrographia.io.vocabulary import ATTRIBUTE_NAMES, UNKNOWN, VOCABULARY
from micrographia.report.collect import Results
from micrographia.report.drawing import attribute_charts as charts
from micrographia.report.page.beside import Beside
from micrographia.report.page.blocks import Chart, Column, Fold, Section, Table, Words
from micrographia.report.page.render import row
from micrographia.report.page.words import count, number, verb

#: Instances per picture, in the classes of figure 12 b: upper ends.
COUNT_CLASSES = (10, 50, 100, 500)
#: Pictures whose areas are shown side by side, as in figure 12 c.
SHOWN = 100
#: Pictures from which on there is a data set to describe, when nobody annotated them.
_FEW = 13


def statistics(results: Results) -> dict[str, Any]:
    """Return the figures behind the charts, as JSON can hold them.

    Parameters
    ----------
    results
        Tables of a run; what is absent is an empty part.
    """
    counts = instance_counts(results)
    areas = instance_areas(results)
    return {
        "pictures": 0 if results.micrographs is None else len(_kept(results.micrographs)),
        "instances": int(counts.sum()),
        "attributes": attribute_counts(results.attributes_final),
        "instances_per_picture": _quantiles(counts.to_numpy(float)),
        "pictures_by_instances": count_classes(counts),
        "instance_area_px": _quantiles(areas),
        "resolutions": [
            {"width": int(width), "height": int(height), "pictures": int(number)}
            for (width, height), number in resolutions(results).items()
        ],
    }


def attribute_counts(final: pd.DataFrame | None) -> dict[str, dict[str, int]]:
    """Return attribute to word to number of pictures; words that nobody used are left out."""
    if final is None:
        return {}
    found = {}
    for name in ATTRIBUTE_NAMES:
        counts = final[name].fillna(UNKNOWN).value_counts()
        found[name] = {word: int(counts[word]) for word in VOCABULARY[name] if counts.get(word, 0)}
    return found


def instance_counts(results: Results) -> pd.Series:
    """Return instances per segmented picture."""
    if results.predictions is None:
        return pd.Series(dtype=float)
    served = results.predictions[results.predictions["failure"].isna()]
    return served.set_index("image_id")["n_instances"].astype(float)


def instance_areas(results: Results) -> Any:
    """Return the areas of all instances [px], shape (n,)."""
    if results.instances is None:
        return np.zeros(0)
    return results.instances["area_px"].to_numpy(float)


def count_classes(counts: pd.Series) -> dict[str, int]:
    """Return how many pictures have how many instances, in the classes of `COUNT_CLASSES`.

    Examples
    --------
    >>> count_classes(pd.Series([0, 9, 10, 499, 500]))
    {'< 10': 2, '10–49': 1, '50–99': 0, '100–499': 1, '≥ 500': 1}
    """
    names = [f"< {COUNT_CLASSES[0]}"]
    names += [f"{low}–{high - 1}" for low, high in itertools.pairwise(COUNT_CLASSES)]
    names += [f"≥ {COUNT_CLASSES[-1]}"]
    place = np.searchsorted(np.array(COUNT_CLASSES), counts.to_numpy(float), side="right")
    numbers = np.bincount(place, minlength=len(names))
    return {name: int(number) for name, number in zip(names, numbers, strict=True)}


def resolutions(results: Results) -> dict[tuple[int, int], int]:
    """Return (width, height) to number of kept pictures."""
    if results.micrographs is None:
        return {}
    kept = _kept(results.micrographs).dropna(subset=["width", "height"])
    sizes = zip(kept["width"].astype(int), kept["height"].astype(int), strict=True)
    return dict(sorted(Counter(sizes).items()))


def area_ranges(results: Results, seed: int = 0) -> pd.DataFrame:
    """Return min, quartiles and max of the areas of `SHOWN` pictures, smallest median first.

    Pictures are drawn at random where there are more; columns 0, 25, 50, 75, 100 [px].
    """
    if results.instances is None or results.instances.empty:
        return pd.DataFrame(columns=[0, 25, 50, 75, 100])
    groups = results.instances.groupby("image_id")["area_px"]
    names = np.array(sorted(str(name) for name in groups.groups))
    if len(names) > SHOWN:
        names = np.random.default_rng(seed).choice(names, SHOWN, replace=False)
    rows = [np.percentile(groups.get_group(name), [0, 25, 50, 75, 100]) for name in names]
    table = pd.DataFrame(rows, columns=[0, 25, 50, 75, 100])
    return table.iloc[np.argsort(table[50].to_numpy())].reset_index(drop=True)


def section(results: Results, beside: Beside) -> Section:
    """Return what the page shows of the data set."""
    final = results.attributes_final
    if final is None and len(instance_counts(results)) < _FEW:
        return Section("dataset", "The data set", ())
    told = ""
    if final is not None and len(final):
        disputed = int((final["n_disputed"] > 0).sum())
        told = (
            f"{count(len(final), 'picture')} {verb(len(final), 'was', 'were')} described by nine "
            f"attributes; for {disputed} of them the annotators disagree on at least one, which a "
            "person must decide."
        )
    return Section(
        "dataset",
        "The data set",
        (
            Words(told),
            *drawn(results, beside),
            Fold("Agreement of the annotators, Cohen's κ", (agreement(results),)),
        ),
        "Data set",
    )


def agreement(results: Results) -> Table:
    """Return kappa by attribute and pair of annotators, from agreement.json where it is."""
    path = results.root / "annotation" / "agreement.json"
    try:
        pairs = json.loads(path.read_text(encoding="utf-8"))["pairs"]
    except (OSError, ValueError, KeyError):
        pairs = []
    columns = (
        Column("attribute"),
        Column("annotators"),
        Column("pictures", "number"),
        Column("same answer", "number"),
        Column("κ", "value"),
        Column("confidence interval"),
    )
    rows = tuple(
        row(
            one["attribute"].replace("_", " "),
            " and ".join(one["annotators"]),
            str(one["n"]),
            number(one["observed"]),
            number(one["kappa"]),
            "" if one["low"] is None else f"{number(one['low'])} to {number(one['high'])}",
        )
        for one in pairs
        if one["n"]
    )
    return Table(columns, rows, label="Agreement of the annotators")


def drawn(results: Results, beside: Beside) -> list[Chart]:
    """Return the charts with their captions, in the order of the paper's figures."""
    found = []
    words = attribute_counts(results.attributes_final)
    if words:
        total = sum(next(iter(words.values())).values())
        caption = (
            "Final attributes of the pictures, as fractions of all "
            f"(n = {count(total, 'picture')}); grey: no annotator could tell."
        )
        found.append(_chart("attributes", charts.bars(words), caption, beside))
    counts, areas = instance_counts(results), instance_areas(results)
    if len(counts) > 1 and areas.size:
        svg = charts.instances(counts.to_numpy(float), areas, count_classes(counts))
        caption = (
            "Instances per picture, the same in classes, and areas of the instances [px²] "
            f"(n = {count(len(counts), 'picture')}, {count(int(counts.sum()), 'instance')})."
        )
        found.append(_chart("instances-and-areas", svg, caption, beside))
        ranges = area_ranges(results)
        caption = (
            f"Areas of the instances [px²] in {count(len(ranges), 'picture')}, sorted by the "
            "median: smallest to largest (line), interquartile range (bar), median (dot)."
        )
        svg = charts.areas(ranges.to_numpy(float))
        found.append(_chart("areas-by-picture", svg, caption, beside))
    sizes = resolutions(results)
    if len(sizes) > 1:
        total = sum(sizes.values())
        caption = f"Widths and heights of the kept pictures [px], n = {count(total, 'picture')}."
        found.append(_chart("picture-sizes", charts.sizes(sizes), caption, beside))
    return found


def _chart(name: str, svg: str, caption: str, beside: Beside) -> Chart:
    links = beside.add(f"figures/{name}.svg", svg, f"{name}.svg")
    return Chart(svg, name.replace("-", " ").capitalize(), caption, links)


def write(results: Results, out: Path) -> None:
    """Write the figures as JSON and their charts as one PNG beside it.

    Parameters
    ----------
    results
        Tables of a run.
    out
        The JSON file; the PNG has its name.
    """
    from micrographia.io.atomic import write_text

    write_text(out, json.dumps(statistics(results), indent=2, ensure_ascii=False) + "\n")
    charts.write_sheet(_panels(results), out.with_suffix(".png"))


def _panels(results: Results) -> Mapping[str, Any]:
    counts = instance_counts(results)
    return {
        "words": attribute_counts(results.attributes_final),
        "counts": counts.to_numpy(float),
        "classes": count_classes(counts),
        "areas": instance_areas(results),
        "ranges": area_ranges(results).to_numpy(float),
        "sizes": resolutions(results),
    }


def _kept(micrographs: pd.DataFrame) -> pd.DataFrame:
    return micrographs[micrographs["status"] == "kept"]


def _quantiles(values: Any) -> dict[str, float]:
    if not len(values):
        return {}
    names = ("min", "q25", "median", "q75", "max")
    found = np.percentile(values, [0, 25, 50, 75, 100])
    return {name: round(float(value), 3) for name, value in zip(names, found, strict=True)}
