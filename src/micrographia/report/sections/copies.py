"""Contact sheets of copies: the picture that was kept, and those rejected in its favour."""

from __future__ import annotations

from typing import Any

import pandas as pd

from micrographia.errors import MicrographiaError
from micrographia.io.images import read_micrograph
from micrographia.report.collect import Results, locate, records
from micrographia.report.drawing import pictures

_SIDE = 132  # of a thumbnail [px]
_MOST = 8  # pictures of one group that are shown


def groups(results: Results, count: int) -> dict[str, Any] | None:
    """Return groups of copies, those with copies that are not exact first, then by size.

    Parameters
    ----------
    results
        Tables of the run; None is returned where nothing is a copy.
    count
        Most groups that are shown.

    Returns
    -------
    `total` (groups), `copies` (pictures rejected), `shown`: per group `size` and `thumbs`
    (`image`, `name`, `what`: kept, exact copy or near copy), and `notes` on what is not shown.
    """
    table = results.micrographs
    if table is None or not table["duplicate_of"].notna().any():
        return None
    copies = table[table["duplicate_of"].notna()]
    near = copies["reason"].astype(str).str.startswith("near copy")
    ranked = (
        pd.DataFrame({"kept": copies["duplicate_of"], "near": near})
        .groupby("kept", sort=True)["near"]
        .agg(["any", "size"])
        .sort_values(["any", "size"], ascending=False, kind="stable")
    )
    notes: list[str] = []
    shown = [
        _group(str(kept), table, copies, results, notes) for kept in ranked.index[:count].tolist()
    ]
    return {"total": len(ranked), "copies": len(copies), "shown": shown, "notes": notes}


def _group(
    kept: str, table: pd.DataFrame, copies: pd.DataFrame, results: Results, notes: list[str]
) -> dict[str, Any]:
    best = records(table[(table["image_id"] == kept) & (table["status"] == "kept")].head(1))
    rest = records(copies[copies["duplicate_of"] == kept].sort_values("path", kind="stable"))
    thumbs = []
    for row in [*best, *rest][:_MOST]:
        image = _thumbnail(row["path"], results, notes)
        if image is not None:
            what = _what(str(row["reason"])) if row["duplicate_of"] else "kept"
            name = str(row["path"]).rsplit("/", 1)[-1]
            size = f"{int(row['width'])} x {int(row['height'])}"
            thumbs.append({"image": image, "name": name, "what": what, "size": size})
    return {"size": 1 + len(rest), "thumbs": thumbs}


def _what(reason: str) -> str:
    """The kind of copy and the bits that differ, without whose copy it is."""
    return reason.split(")")[0] + ")" if reason.startswith("near copy") else "exact copy"


def _thumbnail(name: str, results: Results, notes: list[str]) -> str | None:
    root = results.root
    path = locate(name, root.parent, root, root / "curation")
    if path is None:
        notes.append(f"The file {name}, listed in the table, does not exist.")
        return None
    try:
        grey = pictures.to_grey(read_micrograph(path).pixels)
    except MicrographiaError as error:
        notes.append(str(error))
        return None
    return pictures.data_uri(pictures.shrink(grey, _SIDE))
