"""What there is: every image of the given sources, with its mask, split into shards."""

from __future__ import annotations

import glob
import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from micrographia.curation.tabulated import tabulated
from micrographia.errors import ImageError
from micrographia.io import archives
from micrographia.io.images import SUFFIXES

LOG = logging.getLogger(__name__)
UNLOCK = "Give yourself the right to list it (chmod u+rx)"


def list_micrographs(
    sources: Sequence[str | os.PathLike[str]],
    masks: str | os.PathLike[str] | None = None,
    *,
    shards: int = 1,
    licence: str = "unknown",
) -> list[dict[str, Any]]:
    """List image files by their suffix; of archives the table of contents is read, no picture.

    What cannot be listed (a locked folder, an unsafe member of an archive, a line of a CSV that
    is wrong) is a row with its `fault`, which `ingest` rejects.

    Parameters
    ----------
    sources
        Folders, globs (`scans/**/*.tif`), archives (.zip, .tar, .tar.gz, .tgz), CSV files (see
        `tabulated`), or single images. A folder or an archive with a folder `images/` gives the
        files in there, and those of `masks/` beside it as masks; any other gives all its images.
    masks
        Folder of masks for all sources; a mask belongs to the image with the same path below
        its folder but for the suffix, else to the only image with the same stem.
    shards
        How many shards the rows are dealt out to, in turn.
    licence
        Licence of these images, where a CSV does not state another.

    Returns
    -------
    list of dict
        Rows of `schemas.MANIFEST`; paths begin with the source as it was given.

    Raises
    ------
    ImageError
        A source is absent or unreadable, or there is no image at all.
    """
    rows: dict[str, dict[str, Any]] = {}
    blank: dict[str, Any] = dict.fromkeys(("pixel_size_nm", "microscopy", "metadata", "fault"))
    for source in [os.fspath(source) for source in sources]:
        found = _list(source, None if masks is None else os.fspath(masks))
        if not found:
            LOG.warning("%s holds no image", source)
        for row in found:
            rows.setdefault(row["path"], blank | {"source": source, "licence": licence} | row)
    if not rows:
        raise ImageError(
            f"No image in {', '.join(os.fspath(source) for source in sources)}",
            allowed=f"files that end in {', '.join(SUFFIXES)}",
            remedy="Name a folder that holds images",
        )
    return [{**row, "shard": number % shards} for number, row in enumerate(rows.values())]


def _list(source: str, masks: str | None) -> list[dict[str, Any]]:
    """List one source of any kind."""
    if os.path.isdir(source):
        return _list_folder(source, masks)
    if not os.path.exists(source):
        return _list_glob(source, masks)
    if source.lower().endswith(".csv"):
        return tabulated(source)
    if archives.is_archive(source):
        return _list_archive(source, masks)
    if source.lower().endswith(SUFFIXES):
        return _rows(os.path.dirname(source), [_plain(source)], masks)
    raise ImageError(
        f"Source {source} is a file of no known kind",
        allowed=f"a folder, a glob, a CSV, an archive ({', '.join(archives.SUFFIXES)}) or an "
        f"image ({', '.join(SUFFIXES)})",
        remedy="Name a folder of images",
    )


def _list_folder(source: str, masks: str | None) -> list[dict[str, Any]]:
    images, beside = _layout(source)
    folder = beside if masks is None else masks
    locked: list[str] = []
    files = sorted(_files(images, without=folder, locked=locked) + locked)
    return _rows(images, files, folder)


def _list_glob(pattern: str, masks: str | None) -> list[dict[str, Any]]:
    """List what a pattern matches; folders and archives that it matches are opened."""
    if not glob.has_magic(pattern):
        raise ImageError(f"Source {pattern} does not exist", remedy="Check the path")
    found: list[dict[str, Any]] = []
    known = (*SUFFIXES, *archives.SUFFIXES)
    for path in sorted(glob.glob(pattern, recursive=True)):
        # With `**` every folder matches; its files match by themselves.
        if os.path.isfile(path) and path.lower().endswith(known):
            found.extend(_list(path, masks))
        elif os.path.isdir(path) and "**" not in pattern:
            found.extend(_list_folder(path, masks))
    return found


def _list_archive(source: str, masks: str | None) -> list[dict[str, Any]]:
    """List the images of an archive in its own order, in which it is read fastest."""
    entries = {entry.name: entry for entry in archives.members(source)}
    names = list(_images(entries, base=PurePosixPath))
    top = {name.split("/")[0] for name in names if "/" in name}
    prefix = ""
    if len(top) == 1 and all("/" in name for name in names) and not top & {"images", "masks"}:
        prefix = f"{top.pop()}/"
    images, inside = f"{prefix}images/", f"{prefix}masks/"
    pictures = [name for name in names if not name.startswith(inside)]
    if any(name.startswith(images) for name in names):
        pictures = [name for name in names if name.startswith(images)]
    else:
        images = prefix
    if masks is not None:
        found = _match(images, pictures, masks)
    else:
        found = _paired(
            [_stem(images, name) for name in pictures],
            {_stem(inside, name): name for name in names if name.startswith(inside)},
        )
        found = [mask and f"{source}!{mask}" for mask in found]
    return [
        {"path": f"{source}!{name}", "mask_path": mask, "fault": _fault(source, entries[name])}
        for name, mask in zip(pictures, found, strict=True)
    ]


def _fault(source: str, entry: archives.Member) -> str | None:
    return f"Member {entry.name} of {source} {entry.fault}" if entry.fault else None


def _rows(images: str, files: list[str], masks: str | None) -> list[dict[str, Any]]:
    matched = _match(images, files, masks)
    return [{"path": path, "mask_path": mask} for path, mask in zip(files, matched, strict=True)]


def _layout(source: str) -> tuple[str, str | None]:
    """Folder of the images of a source, and that of its own masks, if it has one."""
    images, masks = os.path.join(source, "images"), os.path.join(source, "masks")
    return (
        images if os.path.isdir(images) else source,
        masks if os.path.isdir(masks) else None,
    )


def _files(folder: str, without: str | None = None, locked: list[str] | None = None) -> list[str]:
    """Sorted paths of the image files below `folder`, without hidden ones and one folder.

    Folders below it that cannot be listed are added to `locked`.
    """

    def skip(error: OSError) -> None:
        if error.filename == folder:
            raise ImageError(unreadable(error), remedy=UNLOCK) from error
        LOG.warning("%s", unreadable(error))
        if locked is not None:
            locked.append(_plain(error.filename))

    barred = os.path.realpath(without) if without is not None else None
    if barred == os.path.realpath(folder):
        raise ImageError(
            f"Images and masks are both in {folder}",
            remedy="Put the masks into a folder of their own",
        )
    found: list[str] = []
    for root, folders, names in os.walk(folder, onerror=skip):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".")
            and (barred is None or os.path.realpath(os.path.join(root, name)) != barred)
        ]
        found.extend(_plain(os.path.join(root, name)) for name in _images(names))
    return sorted(found)


def _images(names: Iterable[str], base: type[PurePath] = PurePath) -> Iterator[str]:
    return (
        name
        for name in names
        if name.lower().endswith(SUFFIXES) and not base(name).name.startswith(".")
    )


def _plain(path: str) -> str:
    """Return the path as text that a table can hold; a name in no known encoding loses bytes."""
    return os.fsencode(path).decode("utf-8", "replace")


def unreadable(error: OSError) -> str:
    """Say which folder cannot be listed, and why."""
    return f"Folder {error.filename} cannot be read ({error.strerror})"


def _match(images: str, files: Sequence[str], masks: str | None) -> list[str | None]:
    """Return the mask of every file, or None."""
    if masks is None:
        return [None] * len(files)
    if not os.path.isdir(masks):
        raise ImageError(f"Folder of masks {masks} does not exist", remedy="Check the path")
    found = _files(masks)
    # Of a.png and a.tif the first in order stands.
    by_place = {_stem(masks, path): path for path in reversed(found)}
    return _paired([_stem(images, path) for path in files], by_place)


def _paired(places: Sequence[str], by_place: Mapping[str, str]) -> list[str | None]:
    """Pair places below one folder with files by place, else by a stem that is there once."""
    stems = Counter(Path(place).name for place in by_place)
    by_stem = {
        Path(place).name: path for place, path in by_place.items() if stems[Path(place).name] == 1
    }
    seen = Counter(Path(place).name for place in set(places))
    matched: list[str | None] = []
    for place in places:
        stem = Path(place).name
        fallback = by_stem.get(stem) if seen[stem] == 1 else None
        matched.append(by_place.get(place, fallback))
    return matched


def _stem(folder: str, path: str) -> str:
    """Path below `folder`, without suffix."""
    return os.path.splitext(path[len(_plain(folder)) :].lstrip("/\\"))[0]
