"""The numbers that the page opens with: only those that this run has."""

from __future__ import annotations

from typing import Any

from micrographia.report.collect import Results
from micrographia.report.page.blocks import Headline
from micrographia.report.page.words import count, length, number


def headlines(results: Results) -> tuple[Headline, ...]:
    """Return at most six numbers, in the order in which the work is done."""
    found = (
        _kept(results),
        _instances(results),
        _size(results),
        _solved(results),
        _segmentation_score(results),
        _structure_score(results),
    )
    return tuple(one for one in found if one is not None)


def _kept(results: Results) -> Headline | None:
    table = results.micrographs
    if table is None or table.empty:
        return None
    kept, total = int((table["status"] == "kept").sum()), len(table)
    left = "all of them" if kept == total else f"{total - kept:,} left out, with a reason"
    return Headline(
        f"{kept:,} of {total:,}", f"{'picture' if total == 1 else 'pictures'} kept", left
    )


def _instances(results: Results) -> Headline | None:
    table = results.predictions
    if table is None or table.empty:
        return None
    served = table[table["failure"].isna()]
    total = int(served["n_instances"].sum())
    word = "instance found" if total == 1 else "instances found"
    return Headline(f"{total:,}", word, f"in {count(len(served), 'picture')}")


def _size(results: Results) -> Headline | None:
    """The median over all instances that the border does not cut, in nm where it is known."""
    if results.instances is None or results.instances.empty:
        return None
    whole = results.instances[~results.instances["cut"].fillna(False).astype(bool)]
    sizes = whole["equivalent_diameter_nm"].dropna()
    told = length(float(sizes.median())) if len(sizes) else ""
    if not len(sizes):
        sizes = whole["equivalent_diameter_px"].dropna()
        told = f"{number(float(sizes.median()))} px" if len(sizes) else ""
    if not told:
        return None
    pictures = whole.loc[sizes.index, "image_id"].nunique()
    note = f"n = {len(sizes):,}, in {count(pictures, 'picture')}"
    return Headline(told, "median equivalent diameter", note)


def _solved(results: Results) -> Headline | None:
    table = results.reconstructions
    if table is None or table.empty:
        return None
    solved = int(table["failure"].isna().sum())
    word = "STEM picture solved" if len(table) == 1 else "STEM pictures solved"
    return Headline(f"{solved:,} of {len(table):,}", word, "a crystal was found")


def _segmentation_score(results: Results) -> Headline | None:
    return _score(results, "segmentation", "AP@0.5", "AP50 of the outlines", "picture")


def _structure_score(results: Results) -> Headline | None:
    name = "crystals right within 0.1 Å"
    return _score(results, "structure", "S.S.@0.1", name, "STEM picture")


def _score(
    results: Results, benchmark: str, metric: str, label: str, noun: str
) -> Headline | None:
    """The best method's value over all cases, where there is a truth to score against."""
    rows: list[dict[str, Any]] = results.benchmarks.get(benchmark, {}).get("metrics", [])
    known = [
        row
        for row in rows
        if row["metric"] == metric and row["value"] is not None and _all(row["group"])
    ]
    if not known:
        return None
    best = max(known, key=lambda row: float(row["value"]))
    several = len({row["method"] for row in known}) > 1
    note = f"n = {count(int(best['n']), noun)}"
    if several:
        note += f", {best['method']}"
    if benchmark == "structure":
        return Headline(f"{100 * float(best['value']):.0f} %", label, note)
    return Headline(f"{float(best['value']):.2f}", label, note)


def _all(group: object) -> bool:
    return str(group) in {"all", "all images", "all pictures"}
