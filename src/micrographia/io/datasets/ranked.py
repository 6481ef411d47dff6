"""Pictures with true crystals, answered by ranked crystals: STEM2Crystal-Bench, or one's own."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.formula import Formula

from micrographia.errors import ImageError, MicrographiaError, TableError
from micrographia.io.stem_images import StemImage, check_resolves_atoms, read_stem_image
from micrographia.io.structures import from_cif, read_structure
from micrographia.io.tables import read_rows

#: Names of the table, tried in this order where a folder is given.
TABLES = ("truth", "table", "metadata", "index")
_SUFFIXES = (".jsonl", ".csv", ".parquet")


@dataclass(frozen=True, eq=False)
class Item:
    """A picture and its truth.

    Attributes
    ----------
    picture
        As the table names it; the key of answers.
    path
        Of the picture.
    pixel_size
        [Å]; None: a `field_of_view` [Å] is given, over the picture's width.
    field_of_view
        Width of the picture [Å]; None: a pixel size is given.
    composition
        Atoms of each element in the primitive cell.
    truth
        The true crystal.
    group
        A name by which scores are also given, such as the noise level.
    crystal
        Name of the crystal: pictures of one are resampled together.
    """

    picture: str
    path: Path
    pixel_size: float | None
    field_of_view: float | None
    composition: dict[str, int]
    truth: Atoms
    group: str
    crystal: str

    def read(self) -> StemImage:
        """Read the picture.

        Raises
        ------
        ImageError
            It cannot be read, or its pixel size cannot be.
        """
        if self.path.suffix.lower() == ".npy":
            pixels = _read_array(self.path)
            size = self.pixel_size or (self.field_of_view or math.nan) / pixels.shape[1]
            check_resolves_atoms(size, str(self.path), "Correct the table")
            return StemImage(pixels, size)
        size = self.pixel_size or 0.1
        image = read_stem_image(self.path, size)
        if self.pixel_size is not None:
            return image
        size = (self.field_of_view or math.nan) / image.pixels.shape[1]
        check_resolves_atoms(size, str(self.path), "Correct the table")
        return StemImage(image.pixels, size, image.metadata)


def read_dataset(source: Path) -> list[Item]:
    """Read a table of pictures and true crystals.

    Parameters
    ----------
    source
        A table `.jsonl`, `.csv` or `.parquet`, or the folder that holds one named `truth`,
        `table`, `metadata` or `index`. Paths in it are relative to its folder. Columns:

        - `picture`: path of a picture (PNG, TIFF, … or `.npy`).
        - `cif`: the true crystal as CIF text; or `structure`: path of a CIF or POSCAR file.
        - `pixel_size` or `field_of_view` [Å], the latter the width of the picture.
        - `composition` of the primitive cell, as `{"Mo": 1, "S": 2}` or `MoS2`; absent: that of
          the true crystal, which the benchmark gives away, too.
        - `group` or `level`, and `structure_id`: optional.

    Raises
    ------
    TableError
        The table is absent, empty or lacks a column, or a row is wrong; the message names file,
        row and field.
    """
    table = find_table(source)
    rows = _read_rows(table)
    if not rows:
        raise TableError(f"{table} has no rows", remedy="Give a table with a row for each picture")
    items = [_item(row, table, place) for place, row in enumerate(rows, 1)]
    twice = [name for name, count in Counter(item.picture for item in items).items() if count > 1]
    if twice:
        raise TableError(f"{table} names a picture twice", seen=twice[0], remedy="Drop one row")
    return items


def find_table(source: Path) -> Path:
    """Return a table's path, looked for in a folder where one is given; see `read_dataset`."""
    if source.is_dir():
        names = [source / f"{name}{suffix}" for name in TABLES for suffix in _SUFFIXES]
        found = [path for path in names if path.is_file()]
        if not found:
            raise TableError(
                f"Folder {source} holds no table of pictures and crystals",
                allowed=", ".join(path.name for path in names),
                remedy="Name its table one of these, or give the table itself",
            )
        return found[0]
    if not source.is_file() or source.suffix.lower() not in _SUFFIXES:
        raise TableError(
            f"{source} is no table of pictures and crystals",
            allowed="a folder, or a file that ends in .jsonl, .csv or .parquet",
            remedy="Check the path",
        )
    return source


def _read_rows(table: Path) -> list[dict[str, Any]]:
    if table.suffix.lower() == ".parquet":
        return read_rows(table)
    try:
        text = table.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{table} cannot be read as text: {error}") from None
    if table.suffix.lower() == ".csv":
        return [dict(row) for row in csv.DictReader(text.splitlines())]
    rows = []
    for place, line in enumerate(text.splitlines(), 1):
        try:
            row = json.loads(line) if line.strip() else None
        except ValueError as error:
            raise TableError(f"{table}, line {place} is no JSON: {error}") from None
        if row is not None and not isinstance(row, dict):
            raise TableError(f"{table}, line {place} is no JSON object", seen=line[:40])
        rows += [] if row is None else [row]
    return rows


def _item(row: Mapping[str, Any], table: Path, place: int) -> Item:
    where = f"{table}, row {place}"
    picture = _text(row, "picture")
    if picture is None:
        raise TableError(f"{where} has no picture", allowed="a path in the column picture")
    path = table.parent / picture
    if not path.is_file():
        raise TableError(
            f"{where}: the picture does not exist", seen=str(path),
            remedy=f"Give its path from {table.parent}",
        )  # fmt: skip
    size, field = (_length(row, name, where) for name in ("pixel_size", "field_of_view"))
    if size is None and field is None:
        raise TableError(
            f"{where} states neither pixel_size nor field_of_view",
            remedy="Give one of the two columns, in Å",
        )
    truth = _truth(row, table, where)
    return Item(
        picture=picture,
        path=path,
        pixel_size=size,
        field_of_view=field,
        composition=_composition(row, truth, where),
        truth=truth,
        group=_text(row, "group") or _text(row, "level") or "",
        crystal=_text(row, "structure_id") or picture,
    )


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    missing = value is None or (isinstance(value, float) and math.isnan(value)) or value == ""
    return None if missing else str(value)


def _length(row: Mapping[str, Any], name: str, where: str) -> float | None:
    text = _text(row, name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise TableError(f"{where}: {name} is wrong", seen=text, allowed="a length above 0, in Å")
    return value


def _truth(row: Mapping[str, Any], table: Path, where: str) -> Atoms:
    cif, file = _text(row, "cif"), _text(row, "structure")
    try:
        if cif is not None:
            return from_cif(cif)
        if file is not None:
            return read_structure(table.parent / file)
    except MicrographiaError as error:
        raise TableError(f"{where}: the true crystal cannot be read: {error}") from None
    raise TableError(
        f"{where} has no true crystal",
        allowed="CIF text in the column cif, or a path in the column structure",
    )


def _composition(row: Mapping[str, Any], truth: Atoms, where: str) -> dict[str, int]:
    value = row.get("composition")
    if _text(row, "composition") is None:
        return dict(Counter(truth.get_chemical_symbols()))
    try:
        if isinstance(value, str):
            stripped = value.strip()
            value = json.loads(stripped) if stripped.startswith("{") else Formula(stripped).count()
        # A parquet table holds the elements of other rows as nulls.
        found = {str(key): int(count) for key, count in dict(value or {}).items() if count}
        Formula("".join(f"{key}{count}" for key, count in found.items()))
    except (ValueError, TypeError):
        found = {}
    if not found or min(found.values()) < 1:
        raise TableError(
            f"{where}: the composition is wrong", seen=row.get("composition"),
            allowed='such as {"Mo": 1, "S": 2} or MoS2',
        )  # fmt: skip
    return found


def _read_array(path: Path) -> Any:
    try:
        pixels = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ImageError(f"{path} is no array of numbers: {error}") from None
    if pixels.ndim != 2 or not np.isfinite(pixels).all():
        raise ImageError(
            f"{path} is no picture",
            seen=f"shape {pixels.shape}",
            allowed="rows and columns, finite",
        )
    return pixels.astype(np.float32)
