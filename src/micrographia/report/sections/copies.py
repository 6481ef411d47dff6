"""Contact sheets of copies: the picture that was kept, and those rejected in its favour."""

from __future__ import annotations

from typing import Any

import pandas as pd

from micrographia.errors import MicrographiaError
from micrographia.io.images import read_micrograph
from micrographia.report.collect import Results, locate, records
from micrographia.report.page import pictures
from micrographia.report.page.blocks import Block, Fold, Gallery, Part, Picture, Words
from micrographia.report.page.words import count, verb
from micrographia.report.sections.names import file_name

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
    (pictures), and `notes` on what is not shown.
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
    thumbs: list[Picture] = []
    for row in [*best, *rest][:_MOST]:
        what = _what(str(row["reason"])) if row["duplicate_of"] else "kept"
        thumb = _thumbnail(row, what, results, notes)
        if thumb is not None:
            thumbs.append(thumb)
    return {"size": 1 + len(rest), "thumbs": thumbs}


def _what(reason: str) -> str:
    """The kind of copy and the bits that differ, without whose copy it is."""
    return reason.split(")")[0] + ")" if reason.startswith("near copy") else "exact copy"


def _thumbnail(
    row: dict[str, Any], what: str, results: Results, notes: list[str]
) -> Picture | None:
    name, root = row["path"], results.root
    path = locate(name, root.parent, root, root / "curation")
    if path is None:
        notes.append(f"The file {name}, listed in the table, does not exist.")
        return None
    try:
        grey = pictures.to_grey(read_micrograph(path).pixels)
    except MicrographiaError as error:
        notes.append(str(error))
        return None
    small = pictures.shrink(grey, _SIDE)
    height, width = small.shape
    size = f"{int(row['width'])} × {int(row['height'])} px"
    name = file_name(name)
    return Picture(pictures.data_uri(small), width, height, name, f"{name}: {what}", (what, size))


def part(results: Results, most: int) -> Block:
    """Return the groups as galleries, folded; without copies an empty part."""
    found = groups(results, most)
    if found is None:
        return Part("Copies", ())
    shown = found["shown"]
    told = (
        f"{count(found['copies'], 'picture')} {verb(found['copies'], 'is a copy', 'are copies')} "
        f"of another, in {count(found['total'], 'group')}; of each group the largest is kept, of "
        "equally large ones the sharpest."
    )
    galleries: list[Block] = [
        Gallery(
            tuple(group["thumbs"]),
            f"Group {number}: {count(group['size'], 'picture')}"
            + (
                f", {len(group['thumbs'])} shown." if len(group["thumbs"]) < group["size"] else "."
            ),
            size="medium",
        )
        for number, group in enumerate(shown, 1)
    ]
    galleries += [Words(note, "note") for note in found["notes"]]
    summary = f"Show {count(len(shown), 'group')}, the kept picture first"
    return Part("Copies", (Words(told), Fold(summary, tuple(galleries))), "copies")
