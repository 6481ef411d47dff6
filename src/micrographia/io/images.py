"""Micrographs and label masks on disk: headers are checked before any pixel is decoded."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from micrographia.arrays import FloatImage, LabelMask
from micrographia.errors import ImageError
from micrographia.io.atomic import atomic_path
from micrographia.io.decoding import (
    REMEDY,
    TIFF_MAGIC,
    Source,
    first_page,
    grey_of_pillow,
    open_with_pillow,
    reading,
)
from micrographia.io.headers import Facts, facts_of_text, facts_of_tiff
from micrographia.io.label_masks import one_channel
from micrographia.io.microscope_files import ENDINGS, read_microscope_file
from micrographia.io.tiff.pixels import grey_of_page, needs_pillow
from micrographia.io.tiff.sizes import pixel_size_of

#: Suffixes that are taken for images when a folder is listed.
SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", *ENDINGS)
MAX_PIXELS = 400_000_000


@dataclass(frozen=True)
class Micrograph:
    """One grey picture.

    Attributes
    ----------
    pixels
        Two-dimensional array; uint8, uint16 or float32, as in the file.
    pixel_size_nm
        Side of a pixel at the sample [nm]; None when the file does not tell.
    note
        What was done on reading ("first of 5 pages", "alpha dropped"); None if nothing.
    format
        Of the file.
    microscopy, instrument, voltage_kV
        Kind of microscope, its maker and model, and its voltage [kV]; None when the file does
        not tell.
    """

    pixels: NDArray[Any]
    pixel_size_nm: float | None
    note: str | None
    format: str | None = None
    microscopy: str | None = None
    instrument: str | None = None
    voltage_kV: float | None = None


def read_micrograph(path: str | os.PathLike[str], max_pixels: int = MAX_PIXELS) -> Micrograph:
    """Read a picture as one grey channel.

    PNG, JPEG, TIFF and BMP; with `rosettasciio`, DM3, DM4, EMD, MRC, SER and HSPY.

    Parameters
    ----------
    path
        The file, or a member of an archive as `set.zip!folder/a.png`. Colour becomes luminance
        (ITU-R BT.601); of several pages or frames the first is taken.
    max_pixels
        Most pixels; a larger header is refused before its pixels are decoded [px].

    Raises
    ------
    ImageError
        The file is absent, unreadable, empty, damaged, too large or no image.
    """
    file = Path(path)
    notes: list[str] = []
    with reading(file):
        source = Source(path, max_pixels)
        magic = source.magic()
        if file.suffix.lower() in ENDINGS:
            pixels, facts = read_microscope_file(source, max_pixels, notes)
        elif magic in TIFF_MAGIC:
            pixels, facts = _read_tiff(source, max_pixels, notes)
        else:
            with open_with_pillow(source, max_pixels) as picture:
                kind = picture.format
                pixels, facts = grey_of_pillow(picture, notes), Facts(format=kind)
        text = source.text_beside()
    pixels = plain_type(file.name, pixels, notes)
    if text is not None:
        told = facts_of_text(text, pixels.shape, notes)
        blank = {name: value for name, value in vars(told).items() if vars(facts)[name] is None}
        facts = replace(facts, **blank)
    return Micrograph(
        np.ascontiguousarray(pixels),
        facts.pixel_size_nm,
        "; ".join(notes) or None,
        facts.format,
        facts.microscopy,
        facts.instrument,
        facts.voltage_kV,
    )


def read_labels(path: str | os.PathLike[str], max_pixels: int = MAX_PIXELS) -> LabelMask:
    """Read a label mask: one channel of whole numbers, 0 for background, 1…n for instances.

    Three equal channels are read as one. Whether the mask is binary is not looked at; see
    `label_masks.separated` and `label_masks.refuse_binary`.

    Raises
    ------
    ImageError
        As `read_micrograph`; also when the mask has colour channels, several pages, or values
        that are no labels.
    """
    file = Path(path)
    with reading(file):
        source = Source(path, max_pixels)
        if source.magic() in TIFF_MAGIC:
            labels, channels = _labels_of_tiff(source, max_pixels)
        else:
            with open_with_pillow(source, max_pixels) as picture:
                channels = len(picture.getbands())
                labels = one_channel(np.asarray(picture))
    if labels is None:
        raise _not_one_channel(file, channels)
    if labels.dtype.kind not in "bui":
        raise ImageError(
            f"Label mask {file.name} holds no whole numbers",
            seen=str(labels.dtype),
            allowed="8-, 16- or 32-bit integers",
            remedy="Save the labels as a 16-bit PNG or a 32-bit TIFF",
        )
    least, most = int(labels.min()), int(labels.max())
    if least < 0 or most > np.iinfo(np.int32).max:
        raise ImageError(
            f"Label mask {file.name} holds values that are no labels",
            seen=(least, most),
            allowed=f"0 (background) to {np.iinfo(np.int32).max}",
            remedy="Number the instances 1…n",
        )
    return np.ascontiguousarray(labels, dtype=np.int32)


def write_labels(path: str | os.PathLike[str], labels: ArrayLike) -> None:
    """Write a label mask: `.png` as 16-bit, `.tif`/`.tiff` as 32-bit, atomically.

    Raises
    ------
    ImageError
        The labels are not two-dimensional whole numbers from 0, the suffix is another, or
        there are more labels than a PNG can number (65535).
    """
    file = Path(path)
    array = np.asarray(labels)
    if array.ndim != 2 or array.size == 0 or array.dtype.kind not in "bui" or array.min() < 0:
        raise ImageError(
            f"Labels for {file.name} cannot be a mask",
            seen=f"shape {array.shape}, type {array.dtype}",
            allowed="two-dimensional whole numbers, not negative",
        )
    most = int(array.max())
    suffix = file.suffix.lower()
    if suffix not in (".png", ".tif", ".tiff"):
        raise ImageError(
            f"A label mask cannot be written as {file.name}",
            seen=file.suffix,
            allowed=".png (16-bit), .tif or .tiff (32-bit)",
        )
    if suffix == ".png" and most > np.iinfo(np.uint16).max:
        raise ImageError(
            f"Label mask {file.name} has more labels than a 16-bit PNG can number",
            seen=most,
            allowed="at most 65535",
            remedy="Write it with the suffix .tif",
        )
    with atomic_path(file) as temporary:
        if suffix == ".png":
            Image.fromarray(array.astype(np.uint16)).save(temporary, format="PNG")
        else:
            tifffile.imwrite(temporary, array.astype(np.uint32), metadata=None, software=False)


def refuse_no_picture(image: NDArray[Any]) -> None:
    """Refuse an array that is no grey picture.

    Raises
    ------
    ImageError
        It has another number of dimensions than two, or no pixel.
    """
    if image.ndim != 2 or image.size == 0:
        raise ImageError(
            "The array is no grey picture",
            seen=f"shape {image.shape}",
            allowed="two dimensions, height and width, of at least one pixel each",
            remedy="Take one channel or one page of it",
        )


def to_unit(pixels: NDArray[Any]) -> FloatImage:
    """Scale a picture to 0…1 as float32.

    Integers are divided by the full range of their type, so that pictures of one instrument
    stay comparable; floats, whose range means nothing, are stretched from their 0.5th to their
    99.5th percentile and clipped. A constant float picture becomes 0.
    """
    if pixels.dtype.kind == "b":
        return pixels.astype(np.float32)
    if pixels.dtype.kind in "ui":
        limits = np.iinfo(pixels.dtype)
        scaled = (pixels.astype(np.float32) - limits.min) / np.float32(limits.max - limits.min)
        return scaled.astype(np.float32)
    low, high = np.percentile(pixels, (0.5, 99.5))
    if not high > low:
        return np.zeros(pixels.shape, dtype=np.float32)
    stretched = np.clip((pixels.astype(np.float64) - low) / (high - low), 0, 1)
    return np.asarray(stretched, dtype=np.float32)


def to_own_range(pixels: NDArray[Any]) -> FloatImage:
    """Scale a picture to 0…1 like `to_unit`, but 16 bits by the fewest bits that hold it.

    Cameras of 12 or 14 bits write 16-bit files: their full range is less than the file's.

    Examples
    --------
    >>> to_own_range(np.array([[0, 4095]], np.uint16)).round(3).tolist()
    [[0.0, 1.0]]
    """
    unit = to_unit(pixels)
    return unit * np.float32(own_range(pixels)) if pixels.dtype == np.uint16 else unit


def own_range(pixels: NDArray[np.uint16]) -> float:
    """Full range of 16 bits over that of the fewest bits, at least 8, that hold a picture."""
    return 65535 / (2 ** max(8, int(pixels.max()).bit_length()) - 1)


def image_id(pixels: NDArray[Any]) -> str:
    """Return 16 hexadecimal digits of the SHA-256 over type, shape and pixels.

    The same picture has the same number whatever file format it came in.
    """
    plain = np.ascontiguousarray(pixels)
    little = plain.astype(plain.dtype.newbyteorder("<"), copy=False)
    summary = hashlib.sha256(f"{plain.dtype.name}{plain.shape}".encode())
    summary.update(little.data)
    return summary.hexdigest()[:16]


def _read_tiff(source: Source, max_pixels: int, notes: list[str]) -> tuple[NDArray[Any], Facts]:
    with tifffile.TiffFile(source.handle()) as tiff:
        page = first_page(tiff, source.name, max_pixels)
        size, remark = pixel_size_of(tiff, page)
        facts = replace(facts_of_tiff(tiff), pixel_size_nm=size, format="TIFF")
        if len(tiff.pages) > 1:
            notes.append(f"first of {len(tiff.pages)} pages")
        if remark:
            notes.append(remark)
        if not needs_pillow(page):
            return grey_of_page(source.name, page, notes), facts
    with open_with_pillow(source, max_pixels) as picture:
        ours = [note for note in notes if not note.startswith("first of")]
        notes[:] = ours  # Pillow counts the pages itself
        return grey_of_pillow(picture, notes), facts


def plain_type(name: str, pixels: NDArray[Any], notes: list[str]) -> NDArray[Any]:
    """Bring pixels to uint8, uint16 or float32.

    Parameters
    ----------
    name
        Of the picture, for errors.
    pixels
        Any shape, at least one pixel.
    notes
        What is done is appended here.

    Raises
    ------
    ImageError
        The pixels are no real numbers, or none of them is finite.
    """
    kind, width = pixels.dtype.kind, pixels.dtype.itemsize
    if kind == "b":
        return pixels.astype(np.uint8) * np.uint8(255)
    if kind == "u" and width <= 2:
        return pixels.astype(np.uint8 if width == 1 else np.uint16)
    if kind not in "uif":
        raise ImageError(
            f"Image {name} has pixels of an unknown kind",
            seen=str(pixels.dtype),
            allowed="whole or real numbers",
            remedy="Save it as 8- or 16-bit grey",
        )
    if kind != "f":
        notes.append(f"{pixels.dtype.name} to float32")
    with np.errstate(over="ignore"):
        plain = pixels.astype(np.float32)
    finite = np.isfinite(plain)
    if not finite.any():
        raise ImageError(f"Image {name} holds no finite number", remedy=REMEDY)
    if not finite.all():
        notes.append(f"{int((~finite).sum())} pixels that are no numbers set to the least value")
        plain[~finite] = plain[finite].min()
    return plain


def _labels_of_tiff(source: Source, max_pixels: int) -> tuple[NDArray[Any] | None, int]:
    with tifffile.TiffFile(source.handle()) as tiff:
        page = first_page(tiff, source.name, max_pixels)
        if len(tiff.pages) > 1:
            raise ImageError(
                f"Label mask {source.name} has {len(tiff.pages)} pages",
                allowed="one page",
                remedy="Save each page as its own file",
            )
        channels = page.samplesperpixel
        if not needs_pillow(page):
            pixels = page.asarray()
            planes = channels > 1 and pixels.shape[0] == channels != pixels.shape[-1]
            return one_channel(np.moveaxis(pixels, 0, -1) if planes else pixels), channels
    with open_with_pillow(source, max_pixels) as picture:
        return one_channel(np.asarray(picture)), channels


def _not_one_channel(file: Path, channels: int) -> ImageError:
    return ImageError(
        f"Label mask {file.name} has {channels} channels",
        allowed="one channel of instance numbers",
        remedy="Turn each colour into a number and save a 16-bit grey PNG",
    )
