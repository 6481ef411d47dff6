"""STEM images as float32 TIFF with imaging conditions; ImageJ reads their pixel size."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from micrographia.arrays import FloatImage
from micrographia.errors import ImageError
from micrographia.io.atomic import atomic_path
from micrographia.io.images import read_micrograph
from micrographia.io.microscopes.lengths import LEAST_NM

logger = logging.getLogger(__name__)

_KEY = "micrographia"
#: Smallest pixel of a picture, also one of atoms [Å].
_LEAST_ANGSTROM = 10 * LEAST_NM


@dataclass(frozen=True)
class StemImage:
    """A STEM image.

    Attributes
    ----------
    pixels
        Image (rows, columns), float32; x runs along columns, y along rows.
    pixel_size
        [Å].
    metadata
        What the file says of how it was taken: `conditions`, `unit`, `dose`, …; empty when the
        file says nothing.
    """

    pixels: FloatImage
    pixel_size: float
    metadata: Mapping[str, Any] = field(default_factory=dict)


def write_stem_image(path: str | os.PathLike[str], image: StemImage) -> None:
    """Write a STEM image as ImageJ TIFF, atomically.

    Raises
    ------
    ImageError
        The name does not end in .tif or .tiff.
    """
    if Path(path).suffix.lower() not in {".tif", ".tiff"}:
        raise ImageError(
            f"STEM images are written as TIFF, not as {Path(path).name}",
            allowed=".tif, .tiff",
            remedy="Choose another name for the output",
        )
    info = json.dumps({_KEY: dict(image.metadata)}, sort_keys=True)
    per_angstrom = 1 / image.pixel_size
    with atomic_path(path) as temporary:
        tifffile.imwrite(
            temporary,
            np.ascontiguousarray(image.pixels, dtype=np.float32),
            imagej=True,
            resolution=(per_angstrom, per_angstrom),
            metadata={"unit": "angstrom", "Info": info},
        )


def read_stem_image(
    path: str | os.PathLike[str],
    pixel_size: float | None = None,
    max_pixels: int = 400_000_000,
) -> StemImage:
    """Read a STEM image.

    Parameters
    ----------
    path
        TIFF written by Micrographia, or any picture that `read_micrograph` reads.
    pixel_size
        [Å]; wins over what the file says.
    max_pixels
        Larger images are refused.

    Raises
    ------
    ImageError
        The file is no readable image, neither the file nor the caller states a pixel size, or
        the pixel size cannot resolve atoms.
    """
    micrograph = read_micrograph(path, max_pixels=max_pixels)
    pixels = np.asarray(micrograph.pixels, dtype=np.float32)
    if micrograph.note:
        logger.warning("%s: %s", path, micrograph.note)
    stated = None if micrograph.pixel_size_nm is None else 10 * micrograph.pixel_size_nm
    size = pixel_size if pixel_size is not None else stated
    if size and stated and abs(size / stated - 1) > 0.01:
        logger.warning(
            "%s states a pixel size of %.4g Å; the given pixel size of %.4g Å is used",
            path,
            stated,
            size,
        )
    if size is None:
        raise ImageError(
            f"{path} does not state its pixel size",
            remedy="Give it with --pixel-size, in Å per pixel",
        )
    check_resolves_atoms(size, str(path), "Give the right one with --pixel-size")
    return StemImage(pixels, size, stem_metadata(path))


def check_resolves_atoms(size: float, name: str, remedy: str) -> None:
    """Refuse a pixel size [Å] at which no atoms can be seen, or that no microscope has.

    Raises
    ------
    ImageError
        It is not within 0.01 to 1 Å; the message names the picture and what to do.
    """
    if not _LEAST_ANGSTROM <= size <= 1:
        raise ImageError(
            f"The pixel size of {name} cannot resolve atoms",
            seen=f"{size:g} Å",
            allowed=f"{_LEAST_ANGSTROM:g} to 1 Å per pixel",
            remedy=remedy,
        )


def stem_metadata(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the metadata of a picture that Micrographia wrote; empty for any other picture."""
    try:
        with tifffile.TiffFile(path) as file:
            info = (file.imagej_metadata or {}).get("Info", "")
    except (tifffile.TiffFileError, OSError):  # some other format, or a member of an archive
        return {}
    try:
        return dict(json.loads(info)[_KEY])
    except (ValueError, KeyError, TypeError):
        return {}
