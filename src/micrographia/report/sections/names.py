"""What pictures are called, how large their pixels are, and why some have no size."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from micrographia.report.collect import Results, records

#: What a reader is told of where a pixel size is from.
SOURCES = {
    "csv": "your table",
    "header": "file header",
    "bar": "scale bar",
    "banner": "data bar",
}


def file_name(path: object) -> str:
    """Return the last part of a path, also of a member of an archive.

    Examples
    --------
    >>> file_name("/data/a.zip!sem/gold 3.tif")
    'gold 3.tif'
    """
    return Path(str(path).rsplit("!", 1)[-1]).name


def by_id(results: Results) -> dict[str, dict[str, Any]]:
    """Return the row of each kept micrograph by its `image_id`, with what SCALE says of it.

    Added to the columns of MICROGRAPHS: `bar_box`, `scale_reason`.
    """
    if results.micrographs is None:
        return {}
    kept = results.micrographs[results.micrographs["status"] == "kept"]
    scales = {}
    if results.scale is not None:
        scales = {row["image_id"]: row for row in records(results.scale)}
    found = {}
    for row in records(kept):
        scale = scales.get(row["image_id"], {})
        row["bar_box"], row["scale_reason"] = scale.get("bar_box"), scale.get("reason")
        row["scale_looked"] = row["image_id"] in scales
        found[str(row["image_id"])] = row
    return found


def why_no_size(row: Mapping[str, Any]) -> str:
    """Say why a micrograph has no pixel size; empty where it has one.

    Parameters
    ----------
    row
        As `by_id` returns it.
    """
    if row.get("pixel_size_nm"):
        return ""
    if row.get("scale_reason"):
        return str(row["scale_reason"]).rstrip(".")
    if not row.get("scale_looked"):
        return "the file states none, and scale bars were not read"
    return "the file states none, and no scale bar was found"
