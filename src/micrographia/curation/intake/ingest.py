"""Read every file of a manifest once: identity, size, hash, quality; a bad file is a row."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict
from itertools import islice
from multiprocessing import get_context
from typing import Any

import pandas as pd

from micrographia.config import Curation
from micrographia.curation.intake.listing import UNLOCK, unreadable
from micrographia.curation.intake.quality import measure, verdict
from micrographia.errors import ImageError
from micrographia.io.copies.fingerprint import (
    INGESTED,
    perceptual_hash,
    thumbnail,
    thumbnail_inside,
)
from micrographia.io.images import Micrograph, image_id, read_labels, read_micrograph
from micrographia.io.label_masks import refuse_binary
from micrographia.io.tables import write_batches
from micrographia.provenance import stamp

LOG = logging.getLogger(__name__)

#: Rows written at once, and files handed to a process at once.
_BATCH, _PART = 2000, 32


def ingest(
    manifest: Iterable[Mapping[str, Any]], settings: Curation, jobs: int = 1
) -> Iterator[dict[str, Any]]:
    """Yield one row of `fingerprint.INGESTED` per manifest row, in their order.

    Parameters
    ----------
    manifest
        Rows of `schemas.MANIFEST`.
    settings
        Thresholds and the largest picture that is decoded.
    jobs
        Processes; each holds one picture at a time.
    """
    if jobs == 1:
        for entry in manifest:
            yield ingest_file(entry, settings)
        return
    # Processes of their own, not forked ones, which would share half-held locks of threads.
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        waiting: deque[Future[list[dict[str, Any]]]] = deque()
        for part in _parts(manifest, _PART):
            waiting.append(pool.submit(_ingest_part, part, settings))
            if len(waiting) > 3 * jobs:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _ingest_part(part: list[Mapping[str, Any]], settings: Curation) -> list[dict[str, Any]]:
    return [ingest_file(entry, settings) for entry in part]


def _parts(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(rows)
    while part := list(islice(iterator, size)):
        yield part


def ingest_table(
    manifest: Iterable[Mapping[str, Any]],
    settings: Curation,
    path: str | os.PathLike[str],
    jobs: int = 1,
) -> None:
    """As `ingest`, into a table that is written piece by piece, so that memory stays flat."""
    rows = ingest(manifest, settings, jobs)
    write_batches(_parts(rows, _BATCH), path, INGESTED, stamp(settings))


def ingest_file(entry: Mapping[str, Any], settings: Curation) -> dict[str, Any]:
    """Return the row of one file.

    A file that cannot be read is rejected with the reader's sentence. A mask that cannot be
    read or does not fit is dropped, and `reason` tells so; the picture may stay.
    """
    row: dict[str, Any] = dict.fromkeys(INGESTED.names)
    mask = _text(entry, "mask_path")
    row |= {name: entry[name] for name in ("path", "source", "licence")}
    row |= {name: _text(entry, name) for name in ("microscopy", "metadata")}
    try:
        if _text(entry, "fault"):
            raise ImageError(str(entry["fault"]))
        _refuse_folder(entry["path"])
        picture = read_micrograph(entry["path"], settings.max_pixels)
    except ImageError as error:
        LOG.warning("%s", error)
        return row | {"status": "rejected", "reason": str(error), "mask_path": mask}
    height, width = picture.pixels.shape
    quality = measure(picture.pixels)
    fault = verdict(width, height, quality, settings)
    mask, complaint = _fitting_mask(mask, (height, width), settings.max_pixels)
    small, part = thumbnail(picture.pixels), thumbnail_inside(picture.pixels)
    plain = settings.duplicate_hash == "phash"  # which is made of the thumbnail
    return (
        row
        | _facts(picture, entry)
        | asdict(quality)
        | {
            "image_id": image_id(picture.pixels),
            "mask_path": mask,
            "width": width,
            "height": height,
            "phash": perceptual_hash(small if plain else picture.pixels, settings.duplicate_hash),
            "thumbnail": small.tobytes(),
            "thumbnail_inside": None if part is None else part.tobytes(),
            "status": "rejected" if fault else "kept",
            "reason": "; ".join(filter(None, (fault, complaint))) or None,
        }
    )


def _text(entry: Mapping[str, Any], name: str) -> str | None:
    """Return a text of the manifest; pandas shows one that is absent as NaN."""
    value = entry.get(name)
    return value if isinstance(value, str) and value else None


def _facts(picture: Micrograph, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What the file says of itself; what the user's CSV says wins, and a difference is noted."""
    size, notes = picture.pixel_size_nm, [picture.note]
    told = entry.get("pixel_size_nm")
    source = None if size is None else "header"
    if isinstance(told, float) and told == told:
        if size is not None and abs(told - size) > 0.02 * size:
            notes.append(f"pixel size of the file, {size:.6g} nm, overruled by the CSV")
        size, source = told, "csv"
    return {
        "pixel_size_nm": size,
        "pixel_size_source": source,
        "pixel_size_stated_by": picture.pixel_size_source if source == "header" else None,
        "microscopy": _text(entry, "microscopy") or picture.microscopy,
        "instrument": picture.instrument,
        "voltage_kV": picture.voltage_kV,
        "format": picture.format,
        "note": "; ".join(filter(None, notes)) or None,
    }


def _refuse_folder(path: str) -> None:
    """Say why a listed folder could not be searched: its pictures are missing."""
    if not os.path.isdir(path):
        return
    try:
        os.scandir(path).close()
    except OSError as error:
        raise ImageError(unreadable(error), remedy=UNLOCK) from error
    raise ImageError(f"Folder {path} could not be read when it was listed", remedy="List again")


def summarise(table: pd.DataFrame) -> dict[str, Any]:
    """Count the files of a finished table of micrographs by their outcome."""
    rejected = table[table["status"] == "rejected"]
    kept = table[table["status"] == "kept"]
    unreadable = rejected["image_id"].isna()
    copies = rejected["duplicate_of"].notna()
    return {
        "n_files": len(table),
        "n_kept": len(kept),
        "n_unreadable": int(unreadable.sum()),
        "n_duplicates": int(copies.sum()),
        "n_poor_quality": int((~unreadable & ~copies).sum()),
        "n_kept_with_mask": int(kept["mask_path"].notna().sum()),
        "n_kept_with_pixel_size": int(kept["pixel_size_nm"].notna().sum()),
        "n_masks_dropped": int(table["reason"].astype(str).str.contains("mask dropped: ").sum()),
    }


def _fitting_mask(
    path: str | None, shape: tuple[int, int], max_pixels: int
) -> tuple[str | None, str | None]:
    """Return the mask's path if it can serve, else None and the complaint."""
    if path is None:
        return None, None
    try:
        labels = read_labels(path, max_pixels)
        refuse_binary(labels, os.path.basename(path))
        seen = labels.shape
    except ImageError as error:
        complaint = f"mask dropped: {error}"
    else:
        if seen == shape:
            return path, None
        complaint = (
            f"mask dropped: {path} is {seen[1]} x {seen[0]} px, its image {shape[1]} x {shape[0]}"
        )
    LOG.warning("%s", complaint)
    return None, complaint
