"""Read every file of a manifest once: identity, size, hash, quality; a bad file is a row."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import imagehash
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from micrographia.config import Curation
from micrographia.curation.listing import UNLOCK, unreadable
from micrographia.curation.quality import measure, verdict
from micrographia.errors import ImageError
from micrographia.io.images import image_id, read_labels, read_micrograph, to_unit
from micrographia.io.schemas import MICROGRAPHS

LOG = logging.getLogger(__name__)


def ingest(manifest: Iterable[Mapping[str, Any]], settings: Curation) -> Iterator[dict[str, Any]]:
    """Yield one row of `schemas.MICROGRAPHS` per manifest row; one picture is held at a time.

    Parameters
    ----------
    manifest
        Rows of `schemas.MANIFEST`.
    settings
        Thresholds and the largest picture that is decoded.
    """
    for entry in manifest:
        yield ingest_file(entry, settings)


def ingest_file(entry: Mapping[str, Any], settings: Curation) -> dict[str, Any]:
    """Return the row of one file.

    A file that cannot be read is rejected with the reader's sentence. A mask that cannot be
    read or does not fit is dropped, and `reason` tells so; the picture may stay.
    """
    row: dict[str, Any] = dict.fromkeys(MICROGRAPHS.names)
    mask = entry["mask_path"] if isinstance(entry["mask_path"], str) else None
    row |= {name: entry[name] for name in ("path", "source", "licence")}
    try:
        _refuse_folder(entry["path"])
        picture = read_micrograph(entry["path"], settings.max_pixels)
    except ImageError as error:
        LOG.warning("%s", error)
        return row | {"status": "rejected", "reason": str(error), "mask_path": mask}
    if picture.note:
        LOG.debug("%s: %s", entry["path"], picture.note)
    height, width = picture.pixels.shape
    quality = measure(picture.pixels)
    fault = verdict(width, height, quality, settings)
    mask, complaint = _fitting_mask(mask, (height, width), settings.max_pixels)
    return row | {
        "image_id": image_id(picture.pixels),
        "mask_path": mask,
        "width": width,
        "height": height,
        "pixel_size_nm": picture.pixel_size_nm,
        "phash": perceptual_hash(picture.pixels),
        "sharpness": quality.sharpness,
        "contrast": quality.contrast,
        "status": "rejected" if fault else "kept",
        "reason": "; ".join(filter(None, (fault, complaint))) or None,
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


def perceptual_hash(pixels: NDArray[Any]) -> str:
    """Return the 64-bit perceptual hash (signs of the 8 x 8 lowest cosine terms) in hexadecimal.

    Brightness, contrast and moderate scaling hardly change it.
    """
    if pixels.dtype != np.uint8:
        # The hash sees 32 x 32 averages: every n-th pixel of a huge picture will do.
        step = max(1, min(pixels.shape) // 2048)
        pixels = pixels[::step, ::step]
        pixels = np.rint(to_unit(pixels.astype(np.float32)) * 255).astype(np.uint8)
    return str(imagehash.phash(Image.fromarray(pixels)))


def summarise(table: pd.DataFrame) -> dict[str, Any]:
    """Count what became of the files of a finished table of micrographs."""
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
        seen = read_labels(path, max_pixels).shape
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
