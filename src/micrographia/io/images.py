"""Micrographs and label masks on disk: headers are checked before any pixel is decoded."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import ArrayLike, NDArray
from PIL import Image, UnidentifiedImageError

from micrographia.errors import ImageError
from micrographia.io.atomic import atomic_path
from micrographia.io.tiff import grey_of_page, needs_pillow, pixel_size_of

#: Suffixes that are taken for images when a folder is listed.
SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
MAX_PIXELS = 400_000_000

_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PILLOW_FORMATS = ("PNG", "JPEG", "BMP", "TIFF")
_FORMATS = "PNG, JPEG, TIFF or BMP"
_REMEDY = "Export the picture again from its original, or remove the file"


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
    """Read a PNG, JPEG, TIFF or BMP file as one grey picture.

    Parameters
    ----------
    path
        The file. Colour becomes luminance (ITU-R BT.601); of several pages the first is taken.
    max_pixels
        Most pixels; a larger header is refused before its pixels are decoded [px].

    Raises
    ------
    ImageError
        The file is absent, unreadable, empty, damaged, too large or no image.
    """
    file = Path(path)
    notes: list[str] = []
    with _reading(file):
        if _magic(file) in _TIFF_MAGIC:
            pixels, size = _read_tiff(file, max_pixels, notes)
        else:
            with _open_with_pillow(file, max_pixels) as picture:
                pixels, size = _grey_of_pillow(picture, notes), None
    pixels = _plain_type(file, pixels, notes)
    return Micrograph(np.ascontiguousarray(pixels), size, "; ".join(notes) or None)


def read_labels(path: str | os.PathLike[str], max_pixels: int = MAX_PIXELS) -> NDArray[np.int32]:
    """Read a label mask: one channel of whole numbers, 0 for background, 1…n for instances.

    Raises
    ------
    ImageError
        As `read_micrograph`; also when the mask has colour channels, several pages, or values
        that are no labels.
    """
    file = Path(path)
    with _reading(file):
        if _magic(file) in _TIFF_MAGIC:
            labels = _labels_of_tiff(file, max_pixels)
        else:
            with _open_with_pillow(file, max_pixels) as picture:
                channels = len(picture.getbands())
                labels = np.asarray(picture)
                if channels != 1:
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


def to_unit(pixels: NDArray[Any]) -> NDArray[np.float32]:
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


def image_id(pixels: NDArray[Any]) -> str:
    """Return 16 hexadecimal digits of the SHA-256 over type, shape and pixels.

    The same picture has the same number whatever file format it came in.
    """
    plain = np.ascontiguousarray(pixels)
    little = plain.astype(plain.dtype.newbyteorder("<"), copy=False)
    summary = hashlib.sha256(f"{plain.dtype.name}{plain.shape}".encode())
    summary.update(little.data)
    return summary.hexdigest()[:16]


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    """Turn whatever a decoder raises into one sentence that names the file."""
    try:
        # A warning of a decoder concerns metadata; pixels that are wrong raise.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ImageError:
        raise
    except PermissionError:
        raise ImageError(
            f"Image {file.name} cannot be opened: permission denied",
            remedy="Give yourself the right to read it (chmod u+r)",
        ) from None
    except MemoryError:
        raise ImageError(
            f"Image {file.name} does not fit into memory",
            remedy="Lower curation.max_pixels or use a machine with more memory",
        ) from None
    except Exception as error:  # decoders raise nearly anything on damaged bytes
        raise ImageError(
            f"Image {file.name} is damaged or cut short ({_words(error)})", remedy=_REMEDY
        ) from error


def _words(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 120 else text[:117] + "..."


def _magic(file: Path) -> bytes:
    """Return the first four bytes after making sure that there is something to read."""
    if file.is_dir():
        raise ImageError(f"{file.name} is a folder, not an image", remedy="Name an image file")
    if not file.exists():
        raise ImageError(f"Image {file} does not exist", remedy="Check the path")
    if not file.is_file():
        raise ImageError(f"{file.name} is no regular file", remedy="Name an image file")
    with file.open("rb") as stream:
        magic = stream.read(4)
    if not magic:
        raise ImageError(f"Image {file.name} is empty (0 bytes)", remedy=_REMEDY)
    return magic


def _check_size(file: Path, width: int, height: int, max_pixels: int) -> None:
    if width < 1 or height < 1:
        raise ImageError(f"Image {file.name} has no pixels", seen=f"{width} x {height}")
    if width * height > max_pixels:
        raise ImageError(
            f"Image {file.name} is too large to decode",
            seen=f"{width} x {height} px",
            allowed=f"at most {max_pixels} px in all",
            remedy="Crop or tile it, or raise curation.max_pixels",
        )


@contextmanager
def _open_with_pillow(file: Path, max_pixels: int) -> Iterator[Image.Image]:
    limit = Image.MAX_IMAGE_PIXELS
    try:
        # Pillow's own limit gives way to ours, which is checked on the header just below.
        Image.MAX_IMAGE_PIXELS = None
        picture = Image.open(file, formats=_PILLOW_FORMATS)
    except UnidentifiedImageError:
        raise ImageError(
            f"{file.name} is not an image whatever its name says, or its header is damaged",
            allowed=_FORMATS,
            remedy=_REMEDY,
        ) from None
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    with picture:
        _check_size(file, picture.width, picture.height, max_pixels)
        yield picture


def _grey_of_pillow(picture: Image.Image, notes: list[str]) -> NDArray[Any]:
    if getattr(picture, "n_frames", 1) > 1:
        notes.append(f"first of {getattr(picture, 'n_frames', 1)} pages")
    bands = picture.getbands()
    if "A" in bands or "transparency" in picture.info:
        notes.append("alpha dropped")
    if picture.mode in ("I;16", "I;16L", "I;16B", "I;16N"):
        return np.asarray(picture).astype(np.uint16)
    if picture.mode in ("I", "F"):
        return np.asarray(picture)
    if picture.mode == "P":
        notes.append("palette to grey")
        picture = picture.convert("RGB")
    elif len(bands) >= 3:
        notes.append("colour to grey")
    if _bits_of_png(picture) == 16:
        notes.append("16-bit colour reduced to 8 bits")
    if picture.mode in ("CMYK", "YCbCr", "LAB", "HSV", "RGBA", "RGBX", "PA"):
        picture = picture.convert("RGB")
    return np.asarray(picture.convert("L"))


def _bits_of_png(picture: Image.Image) -> int:
    """Return the bits per sample that the file of a colour PNG held before Pillow cut them."""
    tiles = getattr(picture, "tile", None) or [("", None, 0, "")]
    mode = tiles[0][3]
    return 16 if isinstance(mode, str) and mode.endswith(";16B") else 8


def _read_tiff(file: Path, max_pixels: int, notes: list[str]) -> tuple[NDArray[Any], float | None]:
    with tifffile.TiffFile(file) as tiff:
        page = _first_page(tiff, file, max_pixels)
        size, remark = pixel_size_of(tiff, page)
        if len(tiff.pages) > 1:
            notes.append(f"first of {len(tiff.pages)} pages")
        if remark:
            notes.append(remark)
        if not needs_pillow(page):
            return grey_of_page(file.name, page, notes), size
    with _open_with_pillow(file, max_pixels) as picture:
        ours = [note for note in notes if not note.startswith("first of")]
        notes[:] = ours  # Pillow counts the pages itself
        return _grey_of_pillow(picture, notes), size


def _first_page(tiff: tifffile.TiffFile, file: Path, max_pixels: int) -> tifffile.TiffPage:
    if len(tiff.pages) == 0:
        raise ImageError(f"TIFF {file.name} has no page", remedy=_REMEDY)
    page = tiff.pages.first
    _check_size(file, page.imagewidth, page.imagelength * page.imagedepth, max_pixels)
    return page


def _plain_type(file: Path, pixels: NDArray[Any], notes: list[str]) -> NDArray[Any]:
    """Bring the pixels to uint8, uint16 or float32."""
    kind, width = pixels.dtype.kind, pixels.dtype.itemsize
    if kind == "b":
        return pixels.astype(np.uint8) * np.uint8(255)
    if kind == "u" and width <= 2:
        return pixels.astype(np.uint8 if width == 1 else np.uint16)
    if kind not in "uif":
        raise ImageError(
            f"Image {file.name} has pixels of an unknown kind",
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
        raise ImageError(f"Image {file.name} holds no finite number", remedy=_REMEDY)
    if not finite.all():
        notes.append(f"{int((~finite).sum())} pixels that are no numbers set to the least value")
        plain[~finite] = plain[finite].min()
    return plain


def _labels_of_tiff(file: Path, max_pixels: int) -> NDArray[Any]:
    with tifffile.TiffFile(file) as tiff:
        page = _first_page(tiff, file, max_pixels)
        if len(tiff.pages) > 1:
            raise ImageError(
                f"Label mask {file.name} has {len(tiff.pages)} pages",
                allowed="one page",
                remedy="Save each page as its own file",
            )
        if page.samplesperpixel != 1:
            raise _not_one_channel(file, page.samplesperpixel)
        if not needs_pillow(page):
            return page.asarray()
    with _open_with_pillow(file, max_pixels) as picture:
        return np.asarray(picture)


def _not_one_channel(file: Path, channels: int) -> ImageError:
    return ImageError(
        f"Label mask {file.name} has {channels} channels",
        allowed="one channel of instance numbers",
        remedy="Turn each colour into a number and save a 16-bit grey PNG",
    )
