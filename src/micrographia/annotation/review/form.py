"""Review form: write the cases for a person, and read the decisions back."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from micrographia.annotation.annotator import AnnotationError
from micrographia.annotation.schema import MAX_TEXT
from micrographia.io.vocabulary import ATTRIBUTE_NAMES, VOCABULARY

LOG = logging.getLogger(__name__)

#: Columns of the form; a person fills in the middle three.
FORM = (
    "image_id",
    "path",
    "attribute",
    "proposal",
    "value",
    "text",
    "reviewer",
    "answers",
    "objections",
    "allowed",
)
#: Columns that a file of decisions must have.
NEEDED = ("image_id", "attribute", "value")
#: What a spreadsheet takes for a formula when a cell begins with it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render_form(queue: Iterable[Mapping[str, Any]]) -> str:
    """Return the review queue as CSV with empty `value`, `text` and `reviewer`."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, FORM, lineterminator="\n")
    writer.writeheader()
    for row in queue:
        answers = [
            f"{name}: {value}" + (f" ({text})" if text else "")
            for name, value, text in zip(
                row["annotators"], row["values"], row["texts"], strict=True
            )
        ]
        cells = {name: row[name] for name in ("image_id", "path", "attribute", "proposal")}
        cells |= {"value": "", "text": "", "reviewer": "", "answers": " | ".join(answers)}
        cells |= {"objections": " | ".join(row["objections"])}
        cells |= {"allowed": ", ".join(VOCABULARY[row["attribute"]])}
        writer.writerow({name: _harmless(cell) for name, cell in cells.items()})
    return stream.getvalue()


def read_decisions(
    path: Path, pictures: Iterable[Mapping[str, Any]]
) -> dict[tuple[str, str], tuple[str, str]]:
    """Return word and text by picture and attribute; rows without a value stay open.

    The file is the form filled in, or any CSV with the columns `image_id`, `attribute`, `value`
    and, if wanted, `text`; separated by commas or, as some spreadsheets save it, semicolons.
    Where a spreadsheet made a number of an identifier, `path` tells the picture. Decisions on
    pictures that are not there are named in the log.

    Raises
    ------
    AnnotationError
        It cannot be read, lacks a column, or holds an attribute or word that there is not, or
        two decisions on one thing; every fault is listed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise AnnotationError(
            f"The file of decisions {path} cannot be read: {error}",
            remedy="Save it as CSV in UTF-8, or set annotation.resolved: null",
        ) from None
    head = text.partition("\n")[0]
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ","
    )
    _check_columns(path, reader)
    found, faults = _collect(reader, {row["path"]: row["image_id"] for row in pictures})
    if faults:
        raise AnnotationError(
            f"The file of decisions {path} has {len(faults)} faults:\n  " + "\n  ".join(faults)
        )
    return found


def _check_columns(path: Path, reader: csv.DictReader[str]) -> None:
    missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
    if missing:
        raise AnnotationError(
            f"The file of decisions {path} lacks the columns {', '.join(missing)}",
            seen=", ".join(reader.fieldnames or ()),
            allowed=", ".join(FORM),
        )


def _collect(
    reader: csv.DictReader[str], by_path: Mapping[str, str]
) -> tuple[dict[tuple[str, str], tuple[str, str]], list[str]]:
    """Return decisions and faults."""
    known = set(by_path.values())
    found: dict[tuple[str, str], tuple[str, str]] = {}
    faults: list[str] = []
    for row in reader:
        cells = {name: (row.get(name) or "").strip() for name in (*NEEDED, "text", "path")}
        if not cells["value"]:
            continue
        if cells["image_id"] not in known:
            cells["image_id"] = by_path.get(cells["path"], cells["image_id"])
        fault = _fault(cells, found)
        if fault:
            faults.append(f"line {reader.line_num}: {fault}")
        elif cells["image_id"] not in known:
            LOG.warning(
                "line %d is ignored: no kept picture has the image_id %s",
                reader.line_num,
                cells["image_id"],
            )
        else:
            place = cells["image_id"], cells["attribute"]
            found[place] = (cells["value"], cells["text"][:MAX_TEXT])
    return found, faults


def _fault(cells: Mapping[str, str], found: Mapping[tuple[str, str], tuple[str, str]]) -> str:
    name, value = cells["attribute"], cells["value"]
    if name not in VOCABULARY:
        return f"saw attribute {name!r}; allowed: {', '.join(ATTRIBUTE_NAMES)}"
    if value not in VOCABULARY[name]:
        return f"saw {name} {value!r}; allowed: {', '.join(VOCABULARY[name])}"
    earlier = found.get((cells["image_id"], name))
    if earlier is not None and earlier[0] != value:
        return f"{name} of {cells['image_id']} is {earlier[0]!r} above, and {value!r} here"
    return ""


def _harmless(cell: str | None) -> str:
    """A cell that no spreadsheet runs: the words in it may come from a model."""
    text = cell or ""
    return f"'{text}" if text.startswith(_FORMULA) else text
