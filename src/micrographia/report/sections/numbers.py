"""Values as text: scores with their intervals, counts, failures with their reasons."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from micrographia.report.collect import Results

#: Metrics that are shares of one get a bar; other figures have units of their own.
_SHARES = ("AP", "mAP", "PQ", "SQ", "RQ", "C.C.", "S.S.", "correlation", "solved", "recall")


def number(value: object, digits: int = 3) -> str:
    """Write a figure to `digits` significant ones; a dash where there is none.

    Examples
    --------
    >>> number(0.91234), number(1234.5), number(0.000123), number(None), number(7)
    ('0.912', '1234', '0.00012', '–', '7')
    """
    if value is None or isinstance(value, bool):
        return "–" if value is None else ("yes" if value else "no")
    if isinstance(value, int):
        return str(value)
    figure = float(str(value))
    if not math.isfinite(figure):
        return "–"
    if figure and not 1e-6 <= abs(figure) < 1e6:
        return f"{figure:.1e}"
    whole = 1 if figure == 0 else math.floor(math.log10(abs(figure))) + 1
    # Two digits of what is small: the third of an error in fractions of a picometre says nothing.
    return f"{figure:.{max(0, digits - max(whole, 0)) if whole > -1 else 2 - whole}f}"


def benchmark_tables(results: Results) -> list[dict[str, Any]]:
    """Return each benchmark with its rows ready for the page."""
    return [
        {
            "name": name,
            "n": content["n"],
            "n_failed": content["n_failed"],
            "seed": content["seed"],
            "digest": content["config_digest"],
            "rows": [_metric_row(entry) for entry in content["metrics"]],
        }
        for name, content in sorted(results.benchmarks.items())
    ]


def _metric_row(entry: dict[str, Any]) -> dict[str, Any]:
    low, high, value = entry["low"], entry["high"], entry["value"]
    row = {key: entry[key] for key in ("metric", "group", "method", "n", "n_failed")}
    row["value"] = number(value)
    row["interval"] = "" if low is None or high is None else f"{number(low)} to {number(high)}"
    row["bar"] = None
    if value is not None and 0 <= value <= 1 and str(entry["metric"]).startswith(_SHARES):
        ends = (value, value) if low is None or high is None else (low, high)
        left = 100 * max(0.0, min(ends))
        row["bar"] = {
            "left": f"{left:.1f}",
            "width": f"{max(100 * min(1.0, max(ends)) - left, 0.5):.1f}",
            "value": f"{100 * value:.1f}",
        }
    return row


def versions(results: Results, installed: dict[str, str]) -> list[tuple[str, str]]:
    """Versions that made the figures; where the benchmarks say nothing, those installed now."""
    found = dict(installed)
    for content in results.benchmarks.values():
        found.update(content["versions"])
    return sorted(found.items(), key=lambda item: (item[0] != "micrographia", item[0].lower()))


#: Where failures can be: attribute of `Results`, what it is called, its name and reason columns.
_PLACES = (
    ("micrographs", "Curation", "path", "reason"),
    ("predictions", "Segmentation", "path", "failure"),
    ("structures", "Choice of crystals", "structure_id", "reason"),
    ("images", "STEM simulation", "structure_id", "failure"),
    ("exposures", "STEM noise", "structure_id", "failure"),
    ("engines", "Multislice", "structure_id", "failure"),
    ("reconstructions", "Reconstruction", "image_id", "failure"),
    ("segmentation_scores", "Segmentation score", "path", "failure"),
    ("structure_scores", "Structure score", "structure_id", "failure"),
)


def failures(results: Results) -> list[dict[str, Any]]:
    """Return every failure of the run, by step: its name, count, total and cases."""
    steps = []
    for attribute, step, name, reason in _PLACES:
        table = getattr(results, attribute)
        if table is None or table.empty:
            continue
        cases = list(_cases(table, name, reason))
        steps.append({"step": step, "total": len(table), "cases": cases})
    return steps


def _cases(table: pd.DataFrame, name: str, reason: str) -> Iterator[tuple[str, str]]:
    bad = table[reason].notna() & (table[reason] != "")
    if "status" in table:
        # A row may carry a remark although it was kept.
        bad = table["status"] != "kept"
    for record in table.loc[bad, [name, reason]].to_dict("records"):
        label = str(record[name]).rsplit("/", 1)[-1]
        yield label, str(record[reason] or "no reason given")
