"""List every image of the given sources, with its mask, split into shards."""

from __future__ import annotations

import glob
import logging
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath, PurePosixPath
from typing import Any, cast

from micrographia.curation.intake.tabulated import tabulated
from micrographia.errors import ImageError
from micrographia.io import archives
from micrographia.io.pictures.kinds import SUFFIXES, is_read, pictures_among, refusal, tally
from micrographia.io.schemas.rows import (
    ManifestRow,
)

LOG = logging.getLogger(__name__)
UNLOCK = "Give yourself the right to list it (chmod u+rx)"


def list_micrographs(
    sources: Sequence[str | os.PathLike[str]],
    masks: str | os.PathLike[str] | None = None,
    *,
    shards: int = 1,
    licence: str = "unknown",
) -> list[ManifestRow]:
    """List image files by their suffix; of archives the table of contents is read, no picture.

    What cannot be listed (a locked folder, a broken archive, an unsafe member of one, a line of a
    CSV that is wrong) and a picture of a format that is not read is a row with its `fault`, which
    `ingest` rejects. Files of other kinds (tables, texts) are no rows; a line of the log counts
    them.

    Parameters
    ----------
    sources
        Folders, globs (`scans/**/*.tif`), archives (.zip, .tar, .tar.gz, .tgz), CSV files (see
        `tabulated`), or single images. A folder or an archive with a folder `images/` gives the
        files in there, and those of `masks/` beside it as masks; any other gives all its images.
    masks
        Folder of masks for all sources but CSV files, which name their own. A mask belongs to
        the image with the same path below its folder (of a glob: below its part without
        wildcards) but for the suffix, else to the only image whose path ends so, else to the
        only image with the same stem.
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
        A source is absent, there is no image at all, or no archive that can be read.
    """
    rows: dict[str, dict[str, Any]] = {}
    blank: dict[str, Any] = dict.fromkeys(("pixel_size_nm", "microscopy", "metadata", "fault"))
    known = None if masks is None else _Masks.of(os.fspath(masks))
    for source in [os.fspath(source) for source in sources]:
        found = _list(source, known)
        if not found:
            LOG.warning("%s holds no image", source)
        again = sum(row["path"] in rows for row in found)
        if again:
            LOG.warning(
                "%s: %d images are skipped, an earlier source already lists them", source, again
            )
        for row in found:
            rows.setdefault(row["path"], blank | {"source": source, "licence": licence} | row)
    if not rows:
        raise ImageError(
            f"No image in {', '.join(os.fspath(source) for source in sources)}",
            allowed=f"files that end in {', '.join(SUFFIXES)}",
            remedy="Give a folder that contains images",
        )
    barred = all(row["fault"] and archives.is_archive(path) for path, row in rows.items())
    if barred or (len(rows) == 1 and all(map(refusal, rows))):
        raise ImageError("; ".join(row["fault"].rstrip(".") for row in rows.values()))
    return [
        cast(ManifestRow, {**row, "shard": number % shards})
        for number, row in enumerate(rows.values())
    ]


@dataclass(frozen=True)
class _Masks:
    """The user's folder of masks: its files by their place, which is their path without suffix."""

    folder: str
    by_place: Mapping[str, str]

    @classmethod
    def of(cls, folder: str) -> _Masks:
        if not os.path.isdir(folder):
            what = "is no folder" if os.path.exists(folder) else "does not exist"
            raise ImageError(f"Folder of masks {folder} {what}", remedy="Check the path")
        # Of a.png and a.tif the first in order stands.
        files = [path for path in _files(folder) if is_read(path)]
        return cls(folder, {_stem(folder, path): path for path in reversed(files)})


def _list(source: str, masks: _Masks | None) -> list[dict[str, Any]]:
    """List one source of any kind; masks are paired for all of it at once."""
    rows = _found(source, None if masks is None else masks.folder)
    places = [row.pop("place", None) for row in rows]
    if masks is not None and None not in places:
        for row, mask in zip(rows, _paired(places, masks.by_place), strict=True):
            row["mask_path"] = mask
    return rows


def _found(source: str, masks: str | None) -> list[dict[str, Any]]:
    """Return rows with their `place`, by which masks are paired; those of a CSV have none."""
    if os.path.isdir(source):
        return _list_folder(source, masks)
    if not os.path.exists(source):
        return _list_glob(source, masks)
    if source.lower().endswith(".csv"):
        return tabulated(source)
    if archives.is_archive(source):
        return _list_archive(source)
    if is_read(source) or refusal(source):
        return _rows(os.path.dirname(source), [_plain(source)])
    raise ImageError(
        f"Source {source} has an unknown file type",
        allowed=f"a folder, a glob, a CSV, an archive ({', '.join(archives.SUFFIXES)}) or an "
        f"image ({', '.join(SUFFIXES)})",
        remedy="Give a folder of images",
    )


def _list_folder(source: str, masks: str | None) -> list[dict[str, Any]]:
    images, beside = _layout(source)
    locked: list[str] = []
    without = beside if masks is None else masks
    others: list[str] = []
    listed = _files(images, without=without, locked=locked, others=others)
    rows = _rows(images, sorted(listed + locked))
    _tell(source, others)
    if masks is None and beside is not None:
        by_place = _Masks.of(beside).by_place
        for row, mask in zip(rows, _paired([row["place"] for row in rows], by_place), strict=True):
            row["mask_path"] = mask
    return rows


def _list_glob(pattern: str, masks: str | None) -> list[dict[str, Any]]:
    """List what a pattern matches; folders and archives that it matches are opened."""
    if not glob.has_magic(pattern):
        raise ImageError(f"Source {pattern} does not exist", remedy="Check the path")
    fixed = pattern
    while glob.has_magic(fixed):
        fixed = os.path.dirname(fixed)
    barred = None if masks is None else os.path.join(os.path.realpath(masks), "")
    found: list[dict[str, Any]] = []
    matches = sorted(glob.glob(pattern, recursive=True))
    pictures = set(pictures_among(matches))
    for path in matches:
        if barred is not None and os.path.join(os.path.realpath(path), "").startswith(barred):
            continue
        rows: list[dict[str, Any]] = []
        # With `**` every folder matches; its files match by themselves.
        if os.path.isdir(path):
            rows = [] if "**" in pattern else _list_folder(path, masks)
        elif archives.is_archive(path):
            rows = _list_archive(path)
        elif path in pictures:
            found.extend(_rows(fixed, [_plain(path)]))
        for row in rows:
            row["place"] = f"{_without_ending(_below(fixed, _plain(path)))}/{row['place']}"
        found.extend(rows)
    return found


def _list_archive(source: str) -> list[dict[str, Any]]:
    """List the images of an archive in its own order, in which it is read fastest."""
    try:
        entries = {entry.name: entry for entry in archives.members(source)}
    except ImageError as error:
        LOG.warning("%s", error)
        path = _plain(source)
        return [{"path": path, "mask_path": None, "fault": str(error), "place": _stem("", path)}]
    names = _images(entries, base=PurePosixPath)
    _tell(source, entries.keys() - set(names))
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
    places = [_stem(images, name) for name in pictures]
    own = {
        _stem(inside, name): name for name in names if name.startswith(inside) and is_read(name)
    }
    return [
        {
            "path": f"{source}!{name}",
            "mask_path": mask and f"{source}!{mask}",
            "fault": _fault(source, entries[name]),
            "place": place,
        }
        for name, place, mask in zip(pictures, places, _paired(places, own), strict=True)
    ]


def _without_ending(path: str) -> str:
    """Return the path of an archive without its ending; that of a folder stays."""
    ending = next((end for end in archives.SUFFIXES if path.lower().endswith(end)), "")
    return path[: len(path) - len(ending)]


def _fault(source: str, entry: archives.Member) -> str | None:
    if entry.fault:
        return f"Member {entry.name} of {source} {entry.fault}"
    return _refused(entry.name)


def _refused(path: str) -> str | None:
    error = refusal(path)
    return None if error is None else str(error)


def _rows(folder: str, files: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"path": path, "mask_path": None, "place": _stem(folder, path), "fault": _refused(path)}
        for path in files
    ]


def _tell(source: str, others: Collection[str]) -> None:
    """Count in one line of the log the files that are no pictures."""
    if others:
        kinds = tally(others)
        LOG.info("%s: %d files are no pictures and no rows (%s)", source, len(others), kinds)


def _layout(source: str) -> tuple[str, str | None]:
    """Folder of the images of a source, and that of its own masks, if it has one."""
    images, masks = os.path.join(source, "images"), os.path.join(source, "masks")
    return (
        images if os.path.isdir(images) else source,
        masks if os.path.isdir(masks) else None,
    )


def _files(
    folder: str,
    without: str | None = None,
    locked: list[str] | None = None,
    others: list[str] | None = None,
) -> list[str]:
    """Sorted paths of the pictures below `folder`, without hidden ones and one folder.

    Folders below it that cannot be listed are added to `locked`, names of files that are no
    pictures to `others`.
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
    for root, folders, names in archives.walk_once(folder, skip):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".")
            and (barred is None or os.path.realpath(os.path.join(root, name)) != barred)
        ]
        pictures = _images(names)
        found.extend(_plain(os.path.join(root, name)) for name in pictures)
        if others is not None:
            others.extend(set(names) - set(pictures))
    return sorted(found)


def _images(names: Collection[str], base: type[PurePath] = PurePath) -> list[str]:
    """Return the names of pictures, read or not, without hidden ones."""
    return [name for name in pictures_among(names) if not base(name).name.startswith(".")]


def _plain(path: str) -> str:
    """Return the path as text that a table can hold; a name in no known encoding loses bytes."""
    return os.fsencode(path).decode("utf-8", "replace")


def unreadable(error: OSError) -> str:
    """Return a message that names the folder that cannot be listed, and the reason."""
    return f"Folder {error.filename} cannot be read ({error.strerror})"


def _paired(places: Sequence[str], by_place: Mapping[str, str]) -> list[str | None]:
    """Pair places with files: by place, else by its end, else by a stem that is there once.

    Examples
    --------
    >>> masks = {"2/a": "2/a.png", "b": "b.png"}
    >>> _paired(["run/1/a", "run/2/a", "run/1/b"], masks)
    [None, '2/a.png', 'b.png']
    """
    stems = Counter(place.rpartition("/")[2] for place in by_place)
    by_stem = {
        stem: path
        for place, path in by_place.items()
        if stems[stem := place.rpartition("/")[2]] == 1
    }
    seen = Counter(end for place in set(places) for end in _ends(place))
    matched: list[str | None] = []
    for place in places:
        # A mask that several images could claim by the end of their paths belongs to none.
        found = by_place.get(place)
        for end in _ends(place) if found is None else ():
            if seen[end] == 1:
                found = by_place.get(end) if "/" in end else by_stem.get(end)
            if found is not None:
                break
        matched.append(found)
    return matched


def _ends(place: str) -> Iterator[str]:
    """Yield a path and what is left of it when folders are taken off its front."""
    yield place
    while "/" in place:
        place = place.split("/", 1)[1]
        yield place


def _stem(folder: str, path: str) -> str:
    """Path below `folder`, without suffix."""
    return os.path.splitext(_below(folder, path))[0]


def _below(folder: str, path: str) -> str:
    return path[len(_plain(folder)) :].lstrip("/\\")
