"""What there is: every image file below the given folders, with its mask, split into shards."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from micrographia.errors import ImageError
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
    """List image files by their suffix; no file is opened.

    A folder below a source that cannot be listed is a row itself, which `ingest` rejects.

    Parameters
    ----------
    sources
        Folders. One with a folder `images/` gives the files in there, and those of `masks/`
        beside it as masks; any other gives the image files below it.
    masks
        Folder of masks for all sources; a mask belongs to the image with the same path below
        its folder but for the suffix, else to the only image with the same stem.
    shards
        How many shards the rows are dealt out to, in turn.
    licence
        Licence of these images.

    Returns
    -------
    list of dict
        Rows of `schemas.MANIFEST`; paths begin with the folder as it was given.

    Raises
    ------
    ImageError
        A source is absent or unreadable, or there is no image at all.
    """
    rows: dict[str, dict[str, Any]] = {}
    for source in [os.fspath(source) for source in sources]:
        images, beside = _layout(source)
        mask_folder = beside if masks is None else os.fspath(masks)
        locked: list[str] = []
        files = sorted(_files(images, without=mask_folder, locked=locked) + locked)
        if not files:
            LOG.warning("Folder %s holds no image", source)
        for path, mask in zip(files, _match(images, files, mask_folder), strict=True):
            rows.setdefault(
                path, {"path": path, "mask_path": mask, "source": source, "licence": licence}
            )
    if not rows:
        raise ImageError(
            f"No image in {', '.join(os.fspath(source) for source in sources)}",
            allowed=f"files that end in {', '.join(SUFFIXES)}",
            remedy="Name a folder that holds images",
        )
    blank: dict[str, Any] = dict.fromkeys(("pixel_size_nm", "microscopy", "metadata", "fault"))
    return [{**blank, **row, "shard": number % shards} for number, row in enumerate(rows.values())]


def _layout(source: str) -> tuple[str, str | None]:
    """Folder of the images of a source, and that of its own masks, if it has one."""
    if not os.path.isdir(source):
        what = "is a file, not a folder" if os.path.exists(source) else "does not exist"
        raise ImageError(f"Source {source} {what}", remedy="Name a folder of images")
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


def _images(names: Sequence[str]) -> Iterator[str]:
    return (name for name in names if name.lower().endswith(SUFFIXES) and name[0] != ".")


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
    stems = Counter(Path(place).name for place in by_place)
    by_stem = {
        Path(place).name: path for place, path in by_place.items() if stems[Path(place).name] == 1
    }
    places = [_stem(images, path) for path in files]
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
