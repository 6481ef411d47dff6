"""A table of real STEM pictures: scale, elements and, where it is known, the crystal of each."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from micrographia.errors import TableError

#: What `pixel_size` may say instead of a length.
FROM_TRUTH = "truth"
COLUMNS = ("name", "picture", "pixel_size", "field_of_view", "elements", "truth", "note")


@dataclass(frozen=True)
class RealPicture:
    """One row of the table.

    Attributes
    ----------
    name
        Of the picture; letters, digits, dot, dash and underscore.
    picture, truth
        Paths; the truth, a CIF or POSCAR of the crystal or of its projection, may be None.
    pixel_size, field_of_view
        [Å]; both None: the pixel size is that at which the cell found has the area of the
        true one. Lengths are then no result, ratios and angles are.
    elements
        Symbols of the sample's elements.
    note
        Where truth and scale come from.
    """

    name: str
    picture: Path
    truth: Path | None
    pixel_size: float | None
    field_of_view: float | None
    elements: tuple[str, ...]
    note: str

    @property
    def scale(self) -> str:
        """Where the pixel size is from: `stated`, `field of view` or `area of the truth`."""
        if self.pixel_size is not None:
            return "stated"
        return "field of view" if self.field_of_view is not None else "area of the truth"


def read_real_pictures(table: Path, folder: Path | None = None) -> list[RealPicture]:
    """Read the table.

    Parameters
    ----------
    table
        CSV with the columns `name`, `picture`, `elements` (such as `Mo S`), and optionally
        `pixel_size` or `field_of_view` [Å] (empty or `truth`: from the truth's area), `truth`
        and `note`.
    folder
        Where relative paths of pictures begin, and those of truths that are not beside the
        table; None: beside the table.

    Raises
    ------
    TableError
        The table is absent or lacks a column, or a row is wrong; the message names row and field.
    """
    try:
        text = table.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"Table {table} of real pictures cannot be read: {error}") from None
    reader = csv.DictReader(text.splitlines())
    missing = {"name", "picture", "elements"} - set(reader.fieldnames or ())
    if missing:
        raise TableError(
            f"Table {table} lacks the columns {sorted(missing)}", allowed=", ".join(COLUMNS)
        )
    rows = [
        _row(row, f"{table}, row {place}", table, folder) for place, row in enumerate(reader, 1)
    ]
    names = [row.name for row in rows]
    if not rows or len(set(names)) < len(names):
        what = "names two pictures alike" if rows else "has no rows"
        raise TableError(f"Table {table} {what}", remedy="Give every picture a row and a name")
    return rows


def _row(row: Mapping[str, str], where: str, table: Path, folder: Path | None) -> RealPicture:
    text = {key: (row.get(key) or "").strip() for key in COLUMNS}
    if not re.fullmatch(r"[A-Za-z0-9._-]+", text["name"]):
        raise TableError(
            f"{where}: the name is wrong", seen=text["name"],
            allowed="letters, digits, dot, dash and underscore",
        )  # fmt: skip
    elements = tuple(word for word in re.split(r"[\s,;]+", text["elements"]) if word)
    if not elements:
        raise TableError(f"{where} names no elements", allowed="symbols such as Mo S")
    size, field = (_length(text[key], key, where) for key in ("pixel_size", "field_of_view"))
    truth = _find(text["truth"], "truth", where, table.parent, folder) if text["truth"] else None
    if size is None and field is None and truth is None:
        raise TableError(
            f"{where} states no scale and no truth to take it from",
            remedy="Give pixel_size or field_of_view in Å, or a truth",
        )
    picture = _find(text["picture"], "picture", where, folder or table.parent, None)
    return RealPicture(text["name"], picture, truth, size, field, elements, text["note"])


def _length(text: str, name: str, where: str) -> float | None:
    if text in ("", FROM_TRUTH):
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise TableError(
            f"{where}: {name} is wrong", seen=text,
            allowed=f"a length above 0 in Å, or {FROM_TRUTH}",
        )  # fmt: skip
    return value


def _find(text: str, field: str, where: str, first: Path, second: Path | None) -> Path:
    places = [first / text] + ([] if second is None else [second / text])
    for place in places:
        if place.is_file():
            return place
    raise TableError(
        f"{where}: the {field} does not exist", seen=" or ".join(str(place) for place in places),
        remedy="Correct the path, or give the folder of the pictures",
    )  # fmt: skip
