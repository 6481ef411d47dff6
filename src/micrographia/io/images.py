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

from micrographia.arrays import ColourImage, FloatImage, LabelMask
from micrographia.errors import ImageError
from micrographia.io.atomic import atomic_path
from micrographia.io.decoding import REMEDY, TIFF_MAGIC, Source, open_with_pillow, reading
from micrographia.io.headers import Facts, facts_of_text, facts_of_tiff
from micrographia.io.label_masks import one_channel
from micrographia.io.microscope_files import ENDINGS, read_microscope_file
from micrographia.io.microscopes.lengths import settle
from micrographia.io.pictures.grey import (
    colours_of_pillow,
    grey_of_pillow,
    note_orientation,
    numbers_of_pillow,
)
from micrographia.io.pictures.kinds import refusal
from micrographia.io.tiff.pages import full_page
from micrographia.io.tiff.pixels import (
    colours_of_page,
    grey_of_page,
    numbers_of_page,
)
from micrographia.io.tiff.sizes import sizes_of

MAX_PIXELS = 400_000_000
#: Largest number up to which float32 holds all whole numbers.
_WHOLE_IN_FLOAT32 = 2**24


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
    pixel_size_source
        Which part of the file states the pixel size ("FEI tag", "OME-XML"); None if none does.
    """

    pixels: NDArray[Any]
    pixel_size_nm: float | None
    note: str | None
    format: str | None = None
    microscopy: str | None = None
    instrument: str | None = None
    voltage_kV: float | None = None
    pixel_size_source: str | None = None


def read_micrograph(path: str | os.PathLike[str], max_pixels: int = MAX_PIXELS) -> Micrograph:
    """Read a picture as one grey channel.

    PNG, JPEG, TIFF, BMP, GIF and WebP; with `rosettasciio`, DM3, DM4, EMD, MRC, SER and HSPY.

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
    if (refused := refusal(file.name)) is not None:
        raise refused
    with reading(file):
        source = Source(path, max_pixels)
        magic = source.magic()
        if file.suffix.lower() in ENDINGS:
            pixels, facts = read_microscope_file(source, max_pixels, notes)
        elif magic in TIFF_MAGIC:
            pixels, facts = _read_tiff(source, max_pixels, notes)
        else:
            with open_with_pillow(source, max_pixels) as picture:
                facts = Facts(format="JPEG" if picture.format == "MPO" else picture.format)
                pixels = grey_of_pillow(picture, source.content, notes)
        text = source.text_beside()
    pixels = plain_type(file.name, pixels, notes)
    if text is not None:
        told = facts_of_text(text, pixels.shape, notes)
        blank = {name: value for name, value in vars(told).items() if vars(facts)[name] is None}
        facts = replace(facts, **blank, sizes=facts.sizes + told.sizes)
    pixel_size_nm, stated_by = settle(facts.sizes, notes)
    return Micrograph(
        np.ascontiguousarray(pixels),
        pixel_size_nm,
        "; ".join(notes) or None,
        facts.format,
        facts.microscopy,
        facts.instrument,
        facts.voltage_kV,
        stated_by,
    )


def read_colours(path: str | os.PathLike[str], max_pixels: int = MAX_PIXELS) -> ColourImage | None:
    """Read the colours of a picture, of which `read_micrograph` reads the luminance.

    Returns
    -------
    ndarray or None
        Red, green and blue, uint8 of shape (H, W, 3); None where the file holds no colours, or
        such (inks, Lab) as are not turned into these.

    Raises
    ------
    ImageError
        As `read_micrograph`.
    """
    file = Path(path)
    if (refused := refusal(file.name)) is not None:
        raise refused
    if file.suffix.lower() in ENDINGS:
        return None
    with reading(file):
        source = Source(path, max_pixels)
        if source.magic() in TIFF_MAGIC:
            with tifffile.TiffFile(source.handle()) as tiff:
                page, _ = full_page(tiff, source.name, max_pixels)
                return colours_of_page(source.name, page)
        with open_with_pillow(source, max_pixels) as picture:
            return colours_of_pillow(picture)


def read_labels(path: str | os.PathLike[str], max_pixels: int = MAX_PIXELS) -> LabelMask:
    """Read a label mask: one channel of whole numbers, 0 for background, 1…n for instances.

    Three equal channels are read as one. Whether the mask is binary is not looked at; see
    `label_masks.separated` and `label_masks.refuse_binary`.

    Raises
    ------
    ImageError
        As `read_micrograph`; also when the mask has colour channels, several pages, values that
        are no labels, or such as JPEG changed.
    """
    file = Path(path)
    if (refused := refusal(file.name)) is not None:
        raise refused
    with reading(file):
        source = Source(path, max_pixels)
        if source.magic() in TIFF_MAGIC:
            numbers = _labels_of_tiff(source, max_pixels)
        else:
            with open_with_pillow(source, max_pixels) as picture:
                numbers = numbers_of_pillow(picture, file.name, source.content)
    labels = one_channel(numbers)
    if labels is None:
        raise ImageError(
            f"Label mask {file.name} has {numbers.shape[2]} channels",
            allowed="one channel of instance numbers",
            remedy="Turn each colour into a number and save a 16-bit grey PNG",
        )
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
        page, pages = full_page(tiff, source.name, max_pixels)
        facts = replace(facts_of_tiff(tiff), sizes=sizes_of(tiff, page, notes), format="TIFF")
        if pages > 1:
            notes.append(f"first of {pages} pages")
        note_orientation(page.tags.valueof("Orientation", 1), notes)
        return grey_of_page(source.name, page, notes), facts


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
    with np.errstate(over="ignore"):
        plain = pixels.astype(np.float32)
    if kind != "f":
        exact = max(abs(int(pixels.min())), abs(int(pixels.max()))) <= _WHOLE_IN_FLOAT32
        notes.append(f"{pixels.dtype.name} to float32" + ("" if exact else ", rounded to 24 bits"))
    finite = np.isfinite(plain)
    if not finite.any():
        raise ImageError(f"Image {name} holds no finite number", remedy=REMEDY)
    if not finite.all():
        notes.append(f"{int((~finite).sum())} pixels that are no numbers set to the least value")
        plain[~finite] = plain[finite].min()
    return plain


def _labels_of_tiff(source: Source, max_pixels: int) -> NDArray[Any]:
    with tifffile.TiffFile(source.handle()) as tiff:
        page, pages = full_page(tiff, source.name, max_pixels)
        if pages > 1:
            raise ImageError(
                f"Label mask {source.name} has {pages} pages",
                allowed="one page",
                remedy="Save each page as its own file",
            )
        return numbers_of_page(source.name, page)
