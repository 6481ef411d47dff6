"""Colour, palettes and alpha to one grey channel, and pictures that Pillow opens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from micrographia.errors import ImageError

#: Shares of red, green and blue (ITU-R BT.601), and the same in 65536ths, as Pillow counts them.
_SHARES = (0.299, 0.587, 0.114)
_PARTS = (19595, 38470, 7471)
#: Pixels that are worked on at once, so that a large picture is not held in a wider type.
_AT_ONCE = 2**22
_EXIF_ORIENTATION = 274


def luminance(colour: NDArray[Any]) -> NDArray[Any]:
    """Return the luminance of a picture in its own type.

    Parameters
    ----------
    colour
        Red, green and blue, shape (H, W, 3); whole or real numbers.
    """
    if colour.dtype == np.uint8:
        return np.asarray(Image.fromarray(np.ascontiguousarray(colour)).convert("L"))
    grey = np.empty(colour.shape[:2], dtype=colour.dtype)
    for rows in _blocks(grey):
        part = colour[rows]
        if colour.dtype == np.uint16:
            # 65535 * 65536 + 32768 is the most, and fits into 32 bits.
            total = np.full(part.shape[:2], 1 << 15, dtype=np.uint32)
            for band, share in enumerate(_PARTS):
                total += part[..., band].astype(np.uint32) * np.uint32(share)
            grey[rows] = total >> np.uint32(16)
        else:
            real = sum(part[..., band].astype(np.float64) * _SHARES[band] for band in range(3))
            grey[rows] = np.rint(real) if colour.dtype.kind in "ui" else real
    return grey


def grey_of_inks(inks: NDArray[Any], most: int) -> NDArray[Any]:
    """Return the luminance of cyan, magenta, yellow and black, where 0 is no ink.

    Parameters
    ----------
    inks
        Shape (H, W, 4); unsigned integers.
    most
        Number of a full ink.
    """
    grey = np.empty(inks.shape[:2], dtype=inks.dtype)
    for rows in _blocks(grey):
        paper = most - inks[rows].astype(np.float64)
        light = sum(paper[..., band] * _SHARES[band] for band in range(3))
        grey[rows] = np.rint(light * paper[..., 3] / most)
    return grey


def _blocks(grey: NDArray[Any]) -> Iterator[slice]:
    step = max(1, _AT_ONCE // grey.shape[1])
    return (slice(first, first + step) for first in range(0, len(grey), step))


def grey_of_pillow(
    picture: Image.Image, content: Callable[[], bytes], notes: list[str]
) -> NDArray[Any]:
    """Decode a picture and reduce its palette, colour or alpha to one grey channel.

    Parameters
    ----------
    picture
        Opened, not decoded yet.
    content
        Returns the bytes of its file: Pillow cuts PNGs of 16-bit colour to 8 bits.
    notes
        What is done is appended here.
    """
    if getattr(picture, "n_frames", 1) > 1:
        notes.append(f"first of {getattr(picture, 'n_frames', 1)} pages")
    note_orientation(_orientation(picture), notes)
    bands = picture.getbands()
    if "A" in bands or "transparency" in picture.info:
        notes.append("alpha dropped")
    if picture.mode in ("I;16", "I;16L", "I;16B", "I;16N"):
        return np.asarray(picture).astype(np.uint16)
    if picture.mode in ("I", "F"):
        return np.asarray(picture)
    if picture.mode in ("P", "PA"):
        notes.append("palette to grey")
        picture = picture.convert("RGB")
    elif len(bands) >= 3:
        notes.append("colour to grey")
    if _raw_mode(picture).endswith(";16B"):
        return _of_wide_png(content())
    if picture.mode in ("CMYK", "YCbCr", "LAB", "HSV", "RGBA", "RGBX"):
        picture = picture.convert("RGB")
    return np.asarray(picture.convert("L"))


def colours_of_pillow(picture: Image.Image) -> NDArray[np.uint8] | None:
    """Decode a picture as red, green and blue, shape (H, W, 3); None where it is grey."""
    if picture.mode not in ("RGB", "RGBA", "RGBX", "P", "CMYK", "YCbCr", "LAB", "HSV"):
        return None
    return np.asarray(picture.convert("RGB"))


def numbers_of_pillow(
    picture: Image.Image, name: str, content: Callable[[], bytes]
) -> NDArray[Any]:
    """Decode a picture of a label mask as the numbers that its file holds.

    Palettes are not applied, and two or four bits are not spread over eight.

    Parameters
    ----------
    picture, content
        As in `grey_of_pillow`.
    name
        Of the file, for the error.

    Returns
    -------
    ndarray
        Shape (H, W); (H, W, channels) where there are several.

    Raises
    ------
    ImageError
        It is a JPEG.
    """
    if picture.format in ("JPEG", "MPO"):
        raise changed_by_jpeg(name)
    raw = _raw_mode(picture) if picture.format == "PNG" else ""
    if raw.endswith(";16B") and len(picture.getbands()) > 1:
        return _wide_png(content())
    numbers = np.asarray(picture)
    spread = {"L;2": 85, "L;4": 17}.get(raw)
    return numbers if spread is None else numbers // np.uint8(spread)


def changed_by_jpeg(name: str) -> ImageError:
    """Return the error for a label mask that is a JPEG."""
    return ImageError(
        f"Label mask {name} is a JPEG, which changes numbers, above all at edges",
        allowed="PNG or TIFF",
        remedy="Save the mask again from its original as PNG or TIFF",
    )


def note_orientation(stated: int, notes: list[str]) -> None:
    """Note that a tag asks for a turn, which no picture is given: masks lie on it as stored."""
    if stated in range(2, 9):
        notes.append(f"orientation tag {stated} not obeyed: pixels as stored")


def _orientation(picture: Image.Image) -> int:
    if "exif" not in picture.info:
        return 1
    try:
        return int(picture.getexif().get(_EXIF_ORIENTATION, 1))
    except Exception:  # damaged metadata raises nearly anything, and costs no picture
        return 1


def _wide_png(content: bytes) -> NDArray[Any]:
    import imagecodecs

    return np.asarray(imagecodecs.png_decode(content))


def _of_wide_png(content: bytes) -> NDArray[Any]:
    pixels = _wide_png(content)
    return pixels[..., 0] if pixels.shape[2] < 3 else luminance(pixels[..., :3])


def _raw_mode(picture: Image.Image) -> str:
    """Return the kind of samples that the file of a PNG holds, before Pillow converts them."""
    tiles = getattr(picture, "tile", None) or [("", None, 0, "")]
    mode = tiles[0][3]
    return mode if isinstance(mode, str) else ""
