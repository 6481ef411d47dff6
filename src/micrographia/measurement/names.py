"""Names of the outputs of each picture, and the group that a picture belongs to."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from micrographia.errors import MicrographiaError


def common_folder(paths: Sequence[str]) -> str:
    """Return the deepest folder that holds all pictures; "" where there is none."""
    try:
        return os.path.commonpath([os.path.dirname(path) for path in paths])
    except ValueError:  # absolute and relative paths, or none at all
        return ""


def files_below(paths: Sequence[str]) -> list[str]:
    """Return how tables and the page name each picture: its path below the common folder.

    Examples
    --------
    >>> files_below(["scans/a/1.tif", "scans/b/1.tif"])
    ['a/1.tif', 'b/1.tif']
    """
    folder = common_folder(paths)
    return [os.path.relpath(path, folder) if folder else path for path in paths]


def output_names(files: Sequence[str]) -> list[str]:
    """Return a name for the outputs of each picture, as near to its own as there is no other.

    Parameters
    ----------
    files
        What `files_below` returned.

    Examples
    --------
    >>> output_names(["a/1.tif", "b/1.tif", "b/2.png", "b/2.tif"])
    ['a-1', 'b-1', '2.png', '2.tif']
    """
    # A member of an archive is named `set.zip!folder/a.png`.
    flat = [file.replace("!", "/").replace(os.sep, "/").strip("/") for file in files]
    ways: tuple[Callable[[str], str], ...] = (
        lambda file: PurePath(file).stem,
        lambda file: os.path.splitext(file)[0].replace("/", "-"),
        lambda file: PurePath(file).name,
        lambda file: file.replace("/", "-"),
    )
    names: list[str | None] = [None] * len(flat)
    for way in ways:
        # Some file systems do not tell capitals from small letters.
        counts = Counter(way(file).casefold() for file in flat)
        taken = {name.casefold() for name in names if name is not None}
        for number, file in enumerate(flat):
            name = way(file)
            if (
                names[number] is None
                and counts[name.casefold()] == 1
                and name.casefold() not in taken
            ):
                names[number] = name
    return [
        f"{number + 1:04d}-{PurePath(file).stem}" if name is None else name
        for number, (name, file) in enumerate(zip(names, flat, strict=True))
    ]


def groups_of(
    rows: Sequence[Mapping[str, Any]], files: Sequence[str], by: str | None
) -> list[str | None]:
    """Return the group of each picture.

    Parameters
    ----------
    rows
        Rows of `schemas.MICROGRAPHS`.
    files
        What `files_below` returned.
    by
        "folder", or the column of a CSV file that lists the pictures; None for "folder" where
        pictures come from several folders, else for no groups.

    Raises
    ------
    MicrographiaError
        No picture has such a column.
    """
    folders = [os.path.dirname(file.replace("!", os.sep)) or "." for file in files]
    if by is None:
        return [*folders] if len(set(folders)) > 1 else [None] * len(rows)
    if by == "folder":
        return [*folders]
    told = [json.loads(row["metadata"]) if row["metadata"] else {} for row in rows]
    if not any(by in each for each in told):
        names = sorted({name for each in told for name in each})
        raise MicrographiaError(
            f"No picture has a column {by!r} to group by",
            allowed=", ".join(["folder", *names]),
            remedy="Give a CSV file with the columns 'path' and this one in place of the folder",
        )
    return [None if each.get(by) in (None, "") else str(each[by]) for each in told]
