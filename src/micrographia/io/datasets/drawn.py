"""Micrographs whose objects were drawn by eye: polygons with a depth, and regions to ignore.

A set is a folder of `.jsonl` files, one JSON object a line:

    {"file": "a.jpg", "kind": "rod", "part": "choose", "instance": 1, "depth": 0,
     "polygon": [[x, y], …]}
    {"file": "a.jpg", "kind": "rod", "part": "choose", "instance": null, "ignore": true,
     "polygon": [[x, y], …]}

x to the right and y down, in pixels of the picture, from its upper left corner. An object of depth
0 lies on top; what lies under it is drawn on below, so polygons of one picture may overlap.
Several lines of one instance are its parts. In an ignored region nobody can tell the objects.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from micrographia.arrays import FloatArray
from micrographia.errors import TableError

#: What is drawn, in the order of tables.
KINDS = ("fibre", "rod", "agglomerate", "sparse", "giant")
#: Halves of a set: methods may be chosen on one, and are scored at last on the other.
PARTS = ("choose", "score")
_FORM = (
    '{"file": "a.jpg", "kind": "rod", "part": "choose", "instance": 1, "depth": 0, "polygon": …}'
)


@dataclass(frozen=True, eq=False)
class DrawnObject:
    """One object of a picture.

    Attributes
    ----------
    instance
        Its number in the picture, from 1.
    depth
        0 on top, 1 under that, and so on.
    polygons
        Its parts: corners x, y, shape (n, 2) each [px].
    """

    instance: int
    depth: int
    polygons: tuple[FloatArray, ...]


@dataclass(frozen=True, eq=False)
class Drawing:
    """All that was drawn in one picture.

    Attributes
    ----------
    file
        Name of the picture.
    kind
        One of `KINDS`.
    part
        One of `PARTS`.
    objects
        In the order of their numbers.
    ignored
        Corners x, y of ignored regions, shape (n, 2) each [px].
    """

    file: str
    kind: str
    part: str
    objects: tuple[DrawnObject, ...]
    ignored: tuple[FloatArray, ...]


@dataclass(frozen=True, eq=False)
class _Line:
    """One line of a file; `instance` is None for an ignored region."""

    where: str
    file: str
    kind: str
    part: str
    instance: int | None
    depth: int
    polygon: FloatArray


def read_drawings(folder: Path) -> list[Drawing]:
    """Read all drawings of a set, file by file, in the order of the pictures' names.

    Parameters
    ----------
    folder
        Holds the `.jsonl` files. A picture that is drawn in two of them, as one kind and another,
        is two drawings.

    Raises
    ------
    TableError
        There is no drawing, a line is wrong, or lines of one picture contradict each other; the
        message names file, line and field.
    """
    drawings = [one for path in sorted(folder.glob("*.jsonl")) for one in _read_file(path)]
    if not drawings:
        raise TableError(
            f"Folder {folder} contains no drawing",
            allowed=f"files *.jsonl with lines such as {_FORM}",
            remedy="Give the folder of the set, such as tests/data/every_micrograph",
        )
    return drawings


def _read_file(path: Path) -> list[Drawing]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"File {path} of drawings cannot be read: {error}") from None
    pictures: dict[str, list[_Line]] = {}
    for number, words in enumerate(text.split("\n"), 1):
        if words.strip():
            line = _line(words, f"{path}, line {number}")
            pictures.setdefault(line.file, []).append(line)
    return [_drawing(pictures[name]) for name in sorted(pictures)]


def _line(words: str, where: str) -> _Line:
    try:
        item = json.loads(words)
    except json.JSONDecodeError as error:
        raise TableError(f"{where} is no JSON ({error})", allowed=_FORM) from None
    if not isinstance(item, dict):
        raise TableError(f"{where} is no JSON object", seen=item, allowed=_FORM)
    ignored = item.get("ignore", False)
    if not isinstance(ignored, bool):
        raise _fault(where, "ignore", ignored, "true, or nothing")
    file = item.get("file")
    if not isinstance(file, str) or not file:
        raise _fault(where, "file", file, "the name of a picture")
    for field, choices in (("kind", KINDS), ("part", PARTS)):
        if item.get(field) not in choices:
            raise _fault(where, field, item.get(field), ", ".join(choices))
    return _Line(
        where,
        file,
        item["kind"],
        item["part"],
        None if ignored else _whole(item, "instance", 1, where),
        0 if ignored else _whole(item, "depth", 0, where),
        _polygon(item.get("polygon"), where),
    )


def _whole(item: Mapping[str, Any], field: str, least: int, where: str) -> int:
    value = item.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise _fault(where, field, value, f'whole numbers from {least}, or "ignore": true')
    return value


def _polygon(corners: Any, where: str) -> FloatArray:
    allowed = "at least three corners [x, y], finite numbers in px"
    if not isinstance(corners, list) or len(corners) < 3:
        raise _fault(where, "polygon", corners, allowed)
    for corner in corners:
        pair = isinstance(corner, list) and len(corner) == 2
        if not pair or not all(_finite(number) for number in corner):
            raise _fault(where, "polygon", corner, allowed)
    return np.array(corners, dtype=np.float64)


def _finite(number: Any) -> bool:
    plain = isinstance(number, int | float) and not isinstance(number, bool)
    return plain and math.isfinite(number)


def _fault(where: str, field: str, seen: Any, allowed: str) -> TableError:
    return TableError(
        f"{where}: the field {field!r} is wrong",
        seen=seen,
        allowed=allowed,
        remedy="Correct this line",
    )


def _drawing(lines: list[_Line]) -> Drawing:
    """Gather the lines of one picture."""
    first = lines[0]
    objects: dict[int, DrawnObject] = {}
    for line in lines:
        for field in ("kind", "part"):
            given, before = getattr(line, field), getattr(first, field)
            if given != before:
                raise TableError(
                    f"{line.where}: the field {field!r} differs from that in {first.where}, "
                    f"which is of the same picture {first.file}",
                    seen=given,
                    allowed=before,
                    remedy="Give all lines of a picture the same kind and part",
                )
        if line.instance is None:
            continue
        known = objects.get(line.instance)
        if known is not None and known.depth != line.depth:
            raise TableError(
                f"{line.where}: the field 'depth' differs from that of another part of instance "
                f"{line.instance} of {line.file}",
                seen=line.depth,
                allowed=str(known.depth),
                remedy="Give the parts of an instance one depth, or another instance number",
            )
        parts = () if known is None else known.polygons
        objects[line.instance] = DrawnObject(line.instance, line.depth, (*parts, line.polygon))
    return Drawing(
        first.file,
        first.kind,
        first.part,
        tuple(objects[number] for number in sorted(objects)),
        tuple(line.polygon for line in lines if line.instance is None),
    )
