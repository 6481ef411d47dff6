"""Picture sets with classes: a folder for each class, or a table of files and labels."""

from __future__ import annotations

import csv
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from micrographia.errors import TableError
from micrographia.io.pictures.kinds import pictures_among
from micrographia.io.schemas import LABELLED
from micrographia.io.tables import read_rows

#: Names that tables give to each column; the first is the one that messages use.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "file": ("file", "path", "image", "filename"),
    "label": ("label", "class"),
    "group": ("group", "doi", "article"),
    "second": ("second",),
    "quality": ("quality",),
}
#: Columns of 0 and 1 that become words of `quality`.
FLAGS = ("clean", "sure")
#: What a folder may hold beside, or instead of, a folder for each class.
TABLE_NAMES = ("labels.csv", "labels.parquet")
_REMEDY = "Give a folder with one folder for each class, or a CSV or parquet table"


@dataclass(frozen=True)
class LabelledSet:
    """Pictures with their classes.

    Attributes
    ----------
    rows
        One of `schemas.LABELLED` for each picture; those that cannot serve have a `failure`.
    classes
        Names of the classes of the pictures without a failure, sorted.
    notes
        Sentences about what is odd and does not stop the work.
    """

    rows: list[dict[str, Any]]
    classes: tuple[str, ...]
    notes: list[str] = field(default_factory=list)


def read_labelled(
    source: str | os.PathLike[str], classes: Sequence[str] | None = None
) -> LabelledSet:
    """List the pictures of a set and their classes; no picture is opened.

    Parameters
    ----------
    source
        A folder that holds one folder for each class; a folder with `labels.csv` or
        `labels.parquet`; or such a table, with the columns `file` and `label` and optionally
        `group` (pictures that belong together, such as those of one article), `second` (a class
        that is right too) and `quality` (words). Relative files begin beside the table, or in
        `images` beside it. For other names of columns see `COLUMNS`; the columns `clean` and
        `sure`, of 0 and 1, become words of `quality`.
    classes
        The classes that there may be; None: those that the set names.

    Returns
    -------
    LabelledSet
        Classes whose names differ in case, blanks or form of Unicode only are taken for one.

    Raises
    ------
    TableError
        There is no such set, or no picture in it, or the table lacks a column.
    """
    path = Path(source)
    if path.is_dir():
        table = next((path / name for name in TABLE_NAMES if (path / name).is_file()), None)
        rows = list(_of_folders(path) if table is None else _of_table(table))
    else:
        rows = list(_of_table(path))
    if not rows:
        raise TableError(f"{path} holds no pictures", remedy=_REMEDY)
    notes: list[str] = []
    names = _settle_names(rows, notes)
    if classes is not None:
        _refuse_unknown(rows, classes)
    else:
        classes = names
    used = Counter(row["label"] for row in rows if row["failure"] is None)
    present = tuple(name for name in classes if used[name])
    notes += [
        f"Class '{name}' has one picture: it can be trained on or tested, not both. "
        "Add pictures to it, or remove it."
        for name in present
        if used[name] == 1
    ]
    return LabelledSet(rows, present, notes)


def same_name(name: str) -> str:
    """Return what names of one class have in common.

    Examples
    --------
    >>> same_name("Porous  Sponge") == same_name("porous sponge ")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _row(path: str, label: str | None, failure: str | None = None) -> dict[str, Any]:
    known = {"path": path, "label": label, "failure": failure}
    return {**dict.fromkeys(LABELLED.names), **known}


def _of_folders(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the pictures of all folders below, each of the class that its folder names."""
    classes = sorted(each for each in folder.iterdir() if each.is_dir() and each.name[0] != ".")
    if not classes:
        raise TableError(
            f"{folder} holds neither folders of classes nor {' or '.join(TABLE_NAMES)}",
            remedy=_REMEDY,
        )
    for each in classes:
        for root, folders, names in os.walk(each):
            folders[:] = sorted(name for name in folders if name[0] != ".")
            visible = sorted(name for name in names if name[0] != ".")
            for name in pictures_among(visible):
                yield _row(os.path.join(root, name), each.name)


def _of_table(table: Path) -> Iterator[dict[str, Any]]:
    """Yield the pictures that a table names."""
    lines, places = _lines(table), {}
    first: dict[str, int] = {}
    for number, line in lines:
        if number == 0:
            places = _places(table, line)
            continue
        told = {
            name: str(line[place]).strip() for name, place in places.items() if line.get(place)
        }
        where = f"{table.name}, row {number}"
        if "file" not in told:
            yield _row(where, told.get("label"), f"{where}: no file")
            continue
        path = _located(table.parent, told["file"])
        row = _row(path, told.get("label"))
        before = first.setdefault(path, number)
        if "label" not in told:
            row["failure"] = f"{where}: {told['file']} has no label"
        elif before != number:
            row["failure"] = f"{where}: {told['file']} is named again; row {before} counts"
        words = [told.get("quality", ""), *(name for name in FLAGS if told.get(name) == "1")]
        row["quality"] = " ".join(filter(None, words)) or None
        row |= {name: told.get(name) for name in ("second", "group")}
        yield row


def _lines(table: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the names of the columns as line 0, and the rows from 1 on."""
    if table.suffix.lower() == ".parquet":
        rows = read_rows(table)
        yield 0, {name: name for row in rows[:1] for name in row}
        yield from enumerate(rows, 1)
        return
    if table.suffix.lower() != ".csv":
        raise TableError(
            f"{table} is no set of labelled pictures",
            seen=table.suffix or "no folder",
            allowed="a folder, .csv or .parquet",
            remedy=_REMEDY if table.exists() else "Check the path",
        )
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            yield 0, {name: name for name in reader.fieldnames or ()}
            yield from enumerate(reader, 1)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableError(
            f"{table} cannot be read as CSV ({error})", remedy="Save it as UTF-8 with commas"
        ) from error


def _places(table: Path, header: Mapping[str, Any]) -> dict[str, str]:
    """Return which column of the table holds what."""
    names = {str(name).strip().lower(): str(name) for name in header}
    places = {
        what: next(names[each] for each in spellings if each in names)
        for what, spellings in COLUMNS.items()
        if any(each in names for each in spellings)
    }
    missing = [what for what in ("file", "label") if what not in places]
    if missing:
        raise TableError(
            f"{table} lacks the columns {', '.join(missing)}",
            seen=", ".join(header) or "no columns",
            allowed="; ".join(f"{what}: {' or '.join(COLUMNS[what])}" for what in missing),
            remedy="Save it with commas, not semicolons"
            if any(";" in str(name) for name in header)
            else "Add a header line with these names",
        )
    return places | {name: names[name] for name in FLAGS if name in names}


def _located(folder: Path, file: str) -> str:
    """Return where a file lies: beside its table, or in `images` beside it."""
    beside, inside = folder / file, folder / "images" / file
    return str(inside if inside.exists() and not beside.exists() else beside)


def _settle_names(rows: Iterable[dict[str, Any]], notes: list[str]) -> tuple[str, ...]:
    """Give the classes of one name one spelling, the first in order; return all names."""
    spellings: dict[str, Counter[str]] = {}
    for row in rows:
        for column in ("label", "second"):
            if row[column] is not None:
                spelt = spellings.setdefault(same_name(row[column]), Counter())
                spelt[row[column]] += column == "label"
    chosen = {key: min(found, key=lambda name: (-found[name], name)) for key, found in
              spellings.items()}  # fmt: skip
    for key, found in sorted(spellings.items()):
        if len(found) > 1:
            others = ", ".join(repr(name) for name in sorted(found) if name != chosen[key])
            notes.append(
                f"Classes of one name are taken for one: {others} and {chosen[key]!r}. "
                "Rename one if they differ."
            )
    for row in rows:
        for column in ("label", "second"):
            if row[column] is not None:
                row[column] = chosen[same_name(row[column])]
    return tuple(sorted(chosen[key] for key, found in spellings.items() if found.total()))


def _refuse_unknown(rows: Iterable[dict[str, Any]], classes: Sequence[str]) -> None:
    """Mark the rows whose label is none of the classes, and spell the others as those do."""
    known = {same_name(name): name for name in classes}
    for row in rows:
        for column in ("label", "second"):
            if row[column] is not None:
                row[column] = known.get(same_name(row[column]), row[column])
        if row["failure"] is None and row["label"] not in classes:
            row["failure"] = (
                f"{os.path.basename(row['path'])} has the unknown label {row['label']!r}; "
                f"allowed: {', '.join(classes)}."
            )


def pictures_of(sources: Iterable[str | os.PathLike[str]]) -> Iterator[dict[str, Any]]:
    """Yield rows of `schemas.LABELLED` of pictures, of folders, and of tables with labels.

    Labels are those of tables, also of `labels.csv` in a folder; other pictures have none. A
    folder without pictures is a row with a failure: a wrong path must not look like an answer.

    Raises
    ------
    TableError
        A table cannot be read.
    """
    for source in sources:
        path = Path(source)
        if path.suffix.lower() in (".csv", ".parquet") or any(
            (path / name).is_file() for name in TABLE_NAMES
        ):
            yield from read_labelled(path).rows
            continue
        if not path.is_dir():
            yield _row(str(path), None)
            continue
        empty = True
        for root, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if name[0] != ".")
            visible = sorted(name for name in names if name[0] != ".")
            for name in pictures_among(visible):
                empty = False
                yield _row(os.path.join(root, name), None)
        if empty:
            yield _row(str(path), None, f"{path} holds no pictures. Check the path.")
