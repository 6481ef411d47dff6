"""Unpack an archive into a folder: wanted members only, and none from a suspicious archive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from micrographia.errors import ImageError, RetrievalError
from micrographia.io.archives import members, read_member, size_of
from micrographia.io.public.catalogue import DataFile

#: Most bytes of all members together, as a multiple of the limit of the archive.
_MOST_GROWTH = 20


def unpack(archive: Path, file: DataFile, folder: Path) -> int:
    """Unpack the members of an archive that the catalogue names.

    Parameters
    ----------
    archive
        The archive, as downloaded.
    file
        Its entry: which leading folders to leave out, which members to keep.
    folder
        Where to unpack to; nothing is written outside it.

    Returns
    -------
    int
        Number of files written.

    Raises
    ------
    RetrievalError
        The archive is damaged, has a member that leads out of it or is no plain file, unpacks
        to far more than its limit, or has none of the members that are wanted.
    """
    try:
        wanted = list(_wanted(archive, file))
        total = sum(size_of(str(archive), member) for member, _ in wanted)
        most = int(file.limit_mb * 1e6 * _MOST_GROWTH)
        if total > most:
            raise RetrievalError(
                f"{archive.name} unpacks to more than the catalogue allows",
                seen=f"{total} bytes",
                allowed=f"at most {most} bytes",
            )
        for member, path in wanted:
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(read_member(str(archive), member, most))
    except ImageError as error:
        raise RetrievalError(f"{archive.name} cannot be unpacked: {error}") from None
    if not wanted:
        raise RetrievalError(
            f"{archive.name} holds none of the expected files", allowed=", ".join(file.keep)
        )
    return len(wanted)


def _wanted(archive: Path, file: DataFile) -> Iterator[tuple[str, str]]:
    """Members to unpack, each with its path below the folder; others are never read."""
    below = [] if file.below == "." else file.below.split("/")
    for member in members(str(archive)):
        parts = re.split(r"[/\\]", member.name)
        leading, path = parts[: len(below)], "/".join(parts[len(below) :])
        if not path or not all(map(fnmatchcase, leading, below)):
            continue
        if any(fnmatchcase(path, pattern) for pattern in file.keep):
            if member.fault is not None:
                raise RetrievalError(
                    f"{archive.name} is refused: its member {member.name} {member.fault}",
                    remedy="Get the file from another source, or tell the project",
                )
            yield member.name, path
