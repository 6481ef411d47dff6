"""Images listed in a CSV file, with their metadata."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from typing import Any

from micrographia.errors import ImageError
from micrographia.io import archives
from micrographia.io.microscopes.lengths import LARGEST_NM, LEAST_NM, fault_of
from micrographia.io.microscopes.lengths import number as positive

#: Columns of a CSV that go into columns of their own; all others into `metadata`.
KNOWN = ("path", "mask_path", "source", "licence", "microscopy", "pixel_size_nm")


def tabulated(source: str) -> list[dict[str, Any]]:
    """Return one row of `schemas.MANIFEST` per line, without what the CSV does not state.

    The column `path` must be there; relative paths (also of masks, and of archives' members) are
    relative to the CSV's folder. A line whose path is missing or stood in a line before, or whose
    pixel size is no length, is a row with its fault. Lines without any value and columns without
    name or value, which spreadsheets leave behind, are passed over; a value in a column without
    name is kept as metadata under the column's number.

    Raises
    ------
    ImageError
        The file is no CSV, or its header lacks `path` or names a column twice.
    """
    folder = os.path.dirname(source)
    first: dict[str, int] = {}
    rows = []
    for number, told, extra in _lines(source):
        row = _row(told, source, folder, number, extra)
        before = first.setdefault(os.path.normpath(row["path"]), number)
        if before != number:
            where = f"{source}, line {number}"
            again = f"{where}: {row['path']} is named again; line {before} counts"
            row |= {"path": where, "mask_path": None, "fault": again}
        rows.append(row)
    return rows


def named_files(source: str) -> list[str]:
    """Return the files that a CSV names: pictures, masks, and the archives that they are in."""
    rows = tabulated(source)
    named = {path for row in rows for path in (row["path"], row["mask_path"]) if path}
    return sorted({inside[0] if (inside := archives.split(path)) else path for path in named})


def _lines(source: str) -> Iterator[tuple[int, dict[str, str], bool]]:
    """Yield number, values by column, and whether there are values beyond the last column."""
    try:
        with open(source, encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            header = [name.strip() for name in next(reader, [])]
            while header and not header[-1]:
                header.pop()
            header = [name or f"column {number}" for number, name in enumerate(header, 1)]
            _check(source, header)
            for line in reader:
                cells = [cell.strip() for cell in line]
                if any(cells):
                    told = {name: cell for name, cell in zip(header, cells, strict=False) if cell}
                    yield reader.line_num, told, any(cells[len(header) :])
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


def _row(
    told: dict[str, str], source: str, folder: str, number: int, extra: bool
) -> dict[str, Any]:
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
        stated = f"{where}: pixel_size_nm {told['pixel_size_nm']!r}"
        row["fault"] = f"{stated} is no length in nm from {LEAST_NM:g} to {LARGEST_NM:g}"
    return row


def _length(text: str | None) -> float | None:
    value = positive(text)
    return value if value is not None and fault_of(value) is None else None
