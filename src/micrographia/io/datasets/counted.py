"""Micrographs whose objects were counted by eye, micrographs without any, and their articles."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from micrographia.errors import TableError
from micrographia.io.datasets.drawn import PARTS


@dataclass(frozen=True)
class Counted:
    """A picture whose objects were counted.

    Attributes
    ----------
    file
        Name of the picture.
    objects
        What was counted: particles, fibres …
    part
        One of `drawn.PARTS`.
    count, low, high
        Objects, and the range that a careful person would accept.
    """

    file: str
    objects: str
    part: str
    count: int
    low: int
    high: int


def read_counts(path: Path) -> list[Counted]:
    """Read a CSV with the columns `file, class_of_objects, count, low, high, part`.

    Raises
    ------
    TableError
        The table is absent, lacks a column or names a picture twice, a number is no whole number
        from 0 or not in its range, or a part is another; the message names row and field.
    """
    rows = _read(path, ("file", "class_of_objects", "count", "low", "high", "part"))
    found = []
    for place, row in enumerate(rows, 1):
        where = f"{path}, row {place}"
        count, low, high = (_whole(row, field, where) for field in ("count", "low", "high"))
        if not low <= count <= high:
            raise _fault(where, "count", count, f"{low} (low) to {high} (high)")
        if row["part"] not in PARTS:
            raise _fault(where, "part", row["part"], ", ".join(PARTS))
        found.append(Counted(row["file"], row["class_of_objects"], row["part"], count, low, high))
    return found


def read_empty(path: Path) -> list[str]:
    """Read the names of pictures without an object: the column `file` of a CSV.

    Raises
    ------
    TableError
        The table is absent, lacks the column or names a picture twice.
    """
    return [row["file"] for row in _read(path, ("file",))]


def read_articles(path: Path) -> dict[str, str]:
    """Read which article each picture is from: the columns `image` and `doi` of a CSV.

    Returns
    -------
    dict
        The article of a picture by its file's name; pictures without one are left out.

    Raises
    ------
    TableError
        The table is absent, lacks a column or names a picture twice.
    """
    rows = _read(path, ("image", "doi"))
    return {Path(row["image"]).name: row["doi"] for row in rows if row["doi"]}


def _read(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Rows of a CSV with these columns; the first column names a picture, each another one."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"Table {path} cannot be read: {error}") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = set(columns) - set(reader.fieldnames or ())
    if missing:
        raise TableError(
            f"Table {path} lacks the columns {sorted(missing)}", allowed=", ".join(columns)
        )
    rows = [{name: (row[name] or "").strip() for name in columns} for row in reader]
    seen: set[str] = set()
    for place, row in enumerate(rows, 1):
        name = row[columns[0]]
        if not name or name in seen:
            raise _fault(f"{path}, row {place}", columns[0], name, "a picture not named before")
        seen.add(name)
    return rows


def _whole(row: dict[str, str], field: str, where: str) -> int:
    if not row[field].isdecimal():
        raise _fault(where, field, row[field], "whole numbers from 0")
    return int(row[field])


def _fault(where: str, field: str, seen: object, allowed: str) -> TableError:
    return TableError(
        f"{where}: the field {field!r} is wrong", seen=seen, allowed=allowed,
        remedy="Correct this row",
    )  # fmt: skip
