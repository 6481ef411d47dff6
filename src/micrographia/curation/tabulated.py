"""Images listed in a CSV, with what is known of them."""

from __future__ import annotations

import csv
import json
import math
import os
from typing import Any

from micrographia.errors import ImageError

#: Columns of a CSV that go into columns of their own; all others into `metadata`.
KNOWN = ("path", "mask_path", "source", "licence", "microscopy", "pixel_size_nm")


def tabulated(source: str) -> list[dict[str, Any]]:
    """Return one row of `schemas.MANIFEST` per line, without what the CSV does not state.

    The column `path` must be there; relative paths (also of masks, and of archives' members) are
    relative to the CSV's folder. A line whose path is missing or whose pixel size is no length
    is a row with its fault.

    Raises
    ------
    ImageError
        The file is no CSV, or its header lacks `path` or names a column twice.
    """
    try:
        with open(source, encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            header = [str(name).strip() for name in reader.fieldnames or []]
            _check(source, header)
            reader.fieldnames = header
            folder = os.path.dirname(source)
            return [_row(line, source, folder, reader.line_num) for line in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ImageError(
            f"{source} cannot be read as CSV ({error})", remedy="Save it as UTF-8 with commas"
        ) from error


def _check(source: str, header: list[str]) -> None:
    if "path" not in header:
        raise ImageError(
            f"{source} has no column path",
            seen=header,
            allowed=f"path, and any of {', '.join(KNOWN[1:])}; others are kept as metadata",
            remedy="Add a header line, with commas between the columns",
        )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise ImageError(f"{source} has columns of the same name: {', '.join(twice)}")


def _row(line: dict[str, Any], source: str, folder: str, number: int) -> dict[str, Any]:
    extra = line.pop(None, None)  # type: ignore[call-overload]
    told = {name: str(value).strip() for name, value in line.items() if value is not None}
    told = {name: value for name, value in told.items() if value}
    row: dict[str, Any] = {name: told[name] for name in KNOWN[2:5] if name in told}
    where = f"{source}, line {number}"
    row["path"] = os.path.join(folder, told["path"]) if "path" in told else where
    row["mask_path"] = os.path.join(folder, told["mask_path"]) if "mask_path" in told else None
    rest = {name: value for name, value in told.items() if name not in KNOWN}
    row["metadata"] = json.dumps(rest, sort_keys=True, ensure_ascii=False) if rest else None
    row["pixel_size_nm"] = _length(told.get("pixel_size_nm"))
    if "path" not in told:
        row["fault"] = f"{where}: no path"
    elif extra:
        row["fault"] = f"{where}: more values than columns"
    elif "pixel_size_nm" in told and row["pixel_size_nm"] is None:
        row["fault"] = f"{where}: pixel_size_nm {told['pixel_size_nm']!r} is no length in nm"
    return row


def _length(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 < value < math.inf else None
