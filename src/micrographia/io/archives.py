"""Files inside archives (`set.zip!folder/a.png` names a member) and below folders."""

from __future__ import annotations

import os
import re
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

from micrographia.errors import ImageError

#: Endings of the archives that are read.
SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
_MEMBER = re.compile(r"^(.*?\.(?:zip|tar|tar\.gz|tgz))!(.+)$", re.IGNORECASE | re.DOTALL)
_REMEDY = "Unpack the archive and look at what is in it, or pack it again"


@dataclass(frozen=True)
class Member:
    """One entry of an archive; `fault` says why it must not be read."""

    name: str
    fault: str | None


def split(path: str | os.PathLike[str]) -> tuple[str, str] | None:
    """Return archive and member that a path names; None for a plain path.

    Examples
    --------
    >>> split("data/set.tar.gz!inner/a.png")
    ('data/set.tar.gz', 'inner/a.png')
    >>> split("data/a!.png") is None
    True
    """
    found = _MEMBER.match(os.fspath(path))
    return (found[1], found[2]) if found else None


def is_archive(path: str | os.PathLike[str]) -> bool:
    """Return whether a path has the file ending of an archive."""
    return os.fspath(path).lower().endswith(SUFFIXES)


def members(path: str) -> list[Member]:
    """List the files in an archive, in the order of the archive.

    A leading `./`, which `tar` writes before the members of a folder, is left out of the names.

    Raises
    ------
    ImageError
        The archive is absent, damaged or of another kind.
    """
    return [Member(name, entry.fault) for name, entry in _opened(path).entries.items()]


def holds(path: str, member: str) -> bool:
    """Return whether an archive exists, can be read, and has this member."""
    try:
        return _plain(member) in _opened(path).entries
    except ImageError:
        return False


def read_member(path: str, member: str, most: int) -> bytes:
    """Return the content of a member.

    Parameters
    ----------
    path, member
        The archive, and the name inside it.
    most
        Most bytes; a member that unpacks to more is refused before it is unpacked.

    Raises
    ------
    ImageError
        There is no such member, its name or kind is not safe, it is too large or damaged.
    """
    name = os.path.basename(path)
    archive, entry = _entry(path, member)
    if entry.size > most:
        raise ImageError(
            f"Member {member} of {name} is too large to unpack",
            seen=f"{entry.size} bytes",
            allowed=f"at most {most} bytes",
            remedy="Unpack it yourself, or raise curation.max_pixels",
        )
    content = _unpacked(archive, entry, f"Member {member} of {name}", entry.size + 1)
    if len(content) != entry.size:
        raise ImageError(
            f"Member {member} of {name} is not as long as the archive says",
            seen=f"{len(content)} bytes",
            allowed=f"{entry.size} bytes",
            remedy=_REMEDY,
        )
    return content


def size_of(path: str, member: str) -> int:
    """Return the stated unpacked size of a member [byte]; errors as in `read_member`."""
    return _entry(path, member)[1].size


def read_head(path: str, member: str, most: int) -> bytes:
    """Return the first bytes of a member, at most `most`; errors as of `read_member`."""
    archive, entry = _entry(path, member)
    return _unpacked(archive, entry, f"Member {member} of {os.path.basename(path)}", most)


def _entry(path: str, member: str) -> tuple[_Archive, _Entry]:
    """Return an open archive and its entry of a member that may be read."""
    name = os.path.basename(path)
    archive = _opened(path)
    entry = archive.entries.get(_plain(member))
    if entry is None:
        raise ImageError(f"Archive {name} has no member {member}", remedy="Check the path")
    if entry.fault is not None:
        raise ImageError(f"Member {member} of {name} {entry.fault}", remedy=_REMEDY)
    return archive, entry


def _unpacked(archive: _Archive, entry: _Entry, what: str, most: int) -> bytes:
    try:
        return archive.read(entry.name, most)
    except Exception as error:  # decoders raise nearly anything on damaged bytes
        raise ImageError(f"{what} cannot be unpacked ({error})", remedy=_REMEDY) from error


@dataclass(frozen=True)
class _Entry:
    name: str
    size: int
    fault: str | None


class _Archive:
    """An open archive; tar members are best read in their order, as a stream can only go on."""

    def __init__(self, path: str) -> None:
        self.entries: dict[str, _Entry] = {}
        if path.lower().endswith(".zip"):
            self._zip = zipfile.ZipFile(path)
            for info in self._zip.infolist():
                if not info.is_dir():
                    self._add(info.filename, info.file_size, _zip_fault(info))
            return
        self._tar = tarfile.open(path, "r:*")  # noqa: SIM115
        self._infos = {info.name: info for info in self._tar.getmembers()}
        for item in self._tar.getmembers():
            if not item.isdir():
                fault = None if item.isreg() else "is a link or a device, not a file"
                self._add(item.name, item.size, fault)

    def _add(self, name: str, size: int, fault: str | None) -> None:
        plain = _plain(name)
        twice = "is there twice under one name" if plain in self.entries else None
        self.entries[plain] = _Entry(name, size, _unsafe(name) or fault or twice)

    def read(self, name: str, most: int) -> bytes:
        if hasattr(self, "_zip"):
            with self._zip.open(name) as unpacked:
                return unpacked.read(most)
        stream = self._tar.extractfile(self._infos[name])
        return stream.read(most) if stream is not None else b""


def _plain(name: str) -> str:
    return re.sub(r"^(?:\./+)+", "", name)


def _zip_fault(info: zipfile.ZipInfo) -> str | None:
    if info.flag_bits & 1:
        return "is encrypted"
    kind = stat.S_IFMT(info.external_attr >> 16)
    return "is a link or a device, not a file" if kind not in (0, stat.S_IFREG) else None


def _unsafe(name: str) -> str | None:
    """Say what is wrong with a name that leads out of the archive."""
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or re.match(r"^[A-Za-z]:", name):
        return "has a path that leads out of the archive"
    return None


def _opened(path: str) -> _Archive:
    try:
        status = os.stat(path)
        return _open(path, status.st_mtime_ns, status.st_size)
    except FileNotFoundError:
        raise ImageError(f"Archive {path} does not exist", remedy="Check the path") from None
    except Exception as error:  # on damaged bytes zlib, lzma and struct raise their own
        raise ImageError(
            f"Archive {path} cannot be read ({' '.join(str(error).split())})",
            allowed=", ".join(SUFFIXES),
            remedy="Pack it again",
        ) from error


@lru_cache(maxsize=4)
def _open(path: str, _time: int, _size: int) -> _Archive:
    """Open once: listing an archive anew for each of its members would take hours."""
    return _Archive(path)


def walk_once(
    folder: str | os.PathLike[str], onerror: Callable[[OSError], None]
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Walk a folder as `os.walk` does, through links to folders too, but into no folder twice.

    Links may run in circles. Folders come before links, so that what is in both keeps its own
    path; the caller may take names out of the list of folders, as with `os.walk`.

    Parameters
    ----------
    folder
        Where to begin.
    onerror
        Called for each folder that cannot be listed.
    """
    seen: set[str] = set()
    for root, folders, names in os.walk(folder, onerror=onerror, followlinks=True):
        place = os.path.realpath(root)
        if place in seen:
            folders.clear()
            continue
        seen.add(place)
        folders.sort(key=lambda name: (os.path.islink(os.path.join(root, name)), name))
        yield root, folders, names
