"""Final table of micrographs: the results of all steps of curation, joined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from micrographia.errors import TableError
from micrographia.io.schemas.rows import (
    LegibilityRow,
    MicrographRow,
    ScaleRow,
    TextRow,
)

Found = TypeVar("Found", TextRow, ScaleRow, LegibilityRow)


def add_text(
    micrographs: Iterable[MicrographRow], found: Iterable[TextRow]
) -> list[MicrographRow]:
    """Fill in `text_boxes`, the sure ones, `text_policy` and `crop_box` of micrographs.

    A picture that could not be searched is rejected: later steps could not read it either.

    Parameters
    ----------
    micrographs
        Rows of `schemas.MICROGRAPHS`.
    found
        Rows of `schemas.TEXT`.

    Raises
    ------
    TableError
        A kept micrograph was not searched: a shard is missing.
    """
    by_id = {row["image_id"]: row for row in found}
    joined = []
    for entry in micrographs:
        row = entry.copy()
        if row["status"] == "kept":
            _fill_in_text(row, _row_of(row, by_id, "text"))
        joined.append(row)
    return joined


def add_scale(
    micrographs: Iterable[MicrographRow], found: Iterable[ScaleRow] | None
) -> list[MicrographRow]:
    """Fill in `pixel_size_nm` and `pixel_size_source` of kept micrographs.

    Where the sources contradict each other, or there is no pixel size, `note` says why.

    Parameters
    ----------
    micrographs
        Rows of `schemas.MICROGRAPHS`, with the pixel sizes of the files' headers.
    found
        Rows of `schemas.SCALE`; None where scale bars were not read.

    Raises
    ------
    TableError
        A kept micrograph was not measured: a shard is missing.
    """
    by_id = None if found is None else {row["image_id"]: row for row in found}
    joined = []
    for entry in micrographs:
        row = entry.copy()
        if by_id is not None and row["status"] == "kept":
            seen = _row_of(row, by_id, "scale")
            row["pixel_size_nm"] = seen["pixel_size_nm"]
            row["pixel_size_source"] = seen["pixel_size_source"]
            if seen["pixel_size_source"] != "header":
                row["pixel_size_stated_by"] = None
            if seen["agreement"] == "disagree" or seen["pixel_size_nm"] is None:
                row["note"] = "; ".join(filter(None, (row["note"], seen["reason"])))
        joined.append(row)
    return joined


def reject_illegible(
    micrographs: Iterable[MicrographRow], told: Iterable[LegibilityRow]
) -> list[MicrographRow]:
    """Reject kept micrographs with burnt-in text that cannot be read.

    A picture about which there is no answer stays.

    Parameters
    ----------
    micrographs
        Rows of `schemas.MICROGRAPHS`.
    told
        Rows of `schemas.LEGIBILITY`.

    Raises
    ------
    TableError
        Nobody was asked about a micrograph that was kept: a shard is missing.
    """
    by_id = {row["image_id"]: row for row in told}
    joined = []
    for entry in micrographs:
        row = entry.copy()
        if row["status"] == "kept":
            seen = _row_of(row, by_id, "legibility")
            if seen["illegible"]:
                words = f": {seen['comment']}" if seen["comment"] else ""
                reason = f"embedded text illegible (said {seen['annotator']}{words})"
                reason = "; ".join(filter(None, (reason, row["reason"])))
                row["status"], row["reason"] = "rejected", reason
        joined.append(row)
    return joined


def _row_of(row: MicrographRow, by_id: Mapping[str, Found], table: str) -> Found:
    """The row of a table about a micrograph."""
    if row["image_id"] not in by_id:
        raise TableError(
            f"No {table} table has a row of {row['path']}",
            seen=row["image_id"],
            remedy=f"Give the {table} tables of all shards of the same run",
        )
    return by_id[row["image_id"]]


def _fill_in_text(row: MicrographRow, found: TextRow) -> None:
    if found["failure"] is not None:
        row["status"], row["reason"] = "rejected", found["failure"]
        return
    told = zip(found["boxes"], found["sure"], strict=True)
    row["text_boxes"] = [box for box, sure in told if sure]
    row["text_policy"] = found["policy"]
    row["crop_box"] = found["crop_box"]
