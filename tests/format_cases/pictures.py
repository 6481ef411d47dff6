"""PNG, JPEG, BMP, GIF, WebP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image

from format_cases import GREY, WIDE, Case, Writer, bytes_of
from format_cases.masks import grey_png

_COLOUR = np.dstack([GREY, GREY[::-1], GREY[:, ::-1]])
_SHARES = np.array([0.299, 0.587, 0.114])
_LUMA = np.rint(_COLOUR @ _SHARES).astype(np.uint8)
_DEEP = _COLOUR.astype(np.uint16) * 256 + 77
_DEEP_LUMA = np.rint(_DEEP @ _SHARES).astype(np.uint16)
_SMOOTH = (np.add.outer(np.arange(40) * 2, np.arange(56)) + 40).astype(np.uint8)
_ALPHA = np.full_like(GREY, 90)
_COLOURED = ("colour to grey",)


def _pillow(pixels: np.ndarray, mode: str | None = None, **options: Any) -> Writer:
    def write(path: Path) -> None:
        picture = Image.fromarray(pixels)
        (picture if mode is None else picture.convert(mode)).save(path, **options)

    return write


def _png(pixels: np.ndarray) -> Writer:
    return lambda path: path.write_bytes(imagecodecs.png_encode(pixels))


def _palette(bits: int) -> Writer:
    def write(path: Path) -> None:
        picture = Image.fromarray(GREY % np.uint8(2**bits))
        picture.putpalette([value for index in range(2**bits) for value in (index * 9,) * 3])
        picture.save(path, bits=bits)

    return write


def _turned(format_: str) -> Writer:
    exif = Image.Exif()
    exif[274] = 6
    return lambda path: Image.fromarray(_SMOOTH).save(path, format_, exif=exif, quality=95)


def _moving(format_: str) -> Writer:
    frames = [Image.fromarray(pixels) for pixels in (255 - _SMOOTH, _SMOOTH)]
    return lambda path: frames[1].save(
        path, format_, save_all=True, append_images=frames[:1], lossless=True
    )


def _case(format_: str, holds: str, right: str, files: dict[str, Writer], **rest: Any) -> Case:
    suffix = {"JPEG": ".jpg"}.get(format_, f".{format_.lower()}")
    reader = rest.pop("reader", "Pillow")
    return Case(format_, holds, right, reader, files, suffix, **rest)


_FOUR_BITS = (GREY // 16).astype(np.uint8)

CASES = [
    _case("PNG", "grey, 8 bits", "the numbers", {"Pillow": _pillow(GREY), "libpng": _png(GREY)},
          pixels=GREY),
    _case("PNG", "grey, 16 bits", "the numbers", {"Pillow": _pillow(WIDE), "libpng": _png(WIDE)},
          pixels=WIDE),
    _case("PNG", "grey, 4 bits", "spread over 8 bits", {"grey": bytes_of(grey_png(_FOUR_BITS, 4))},
          pixels=_FOUR_BITS * np.uint8(17)),
    _case("PNG", "grey, 1 bit", "0 and 255", {"grey": bytes_of(grey_png(GREY > 99, 1))},
          pixels=(GREY > 99) * np.uint8(255)),
    _case("PNG", "RGB, 8 bits", "luminance (BT.601)", {"Pillow": _pillow(_COLOUR),
          "libpng": _png(_COLOUR)}, pixels=_LUMA, tolerance=1, notes=_COLOURED),
    _case("PNG", "RGB, 16 bits", "luminance in 16 bits", {"libpng": _png(_DEEP)},
          reader="imagecodecs", pixels=_DEEP_LUMA, tolerance=1, notes=_COLOURED),
    _case("PNG", "RGB and alpha, 16 bits", "luminance in 16 bits; alpha is dropped",
          {"libpng": _png(np.dstack([_DEEP, WIDE]))}, reader="imagecodecs", pixels=_DEEP_LUMA,
          tolerance=1, notes=("alpha dropped", "colour to grey")),
    _case("PNG", "grey and alpha, 16 bits", "the grey channel",
          {"libpng": _png(np.dstack([WIDE, WIDE[::-1]]))}, reader="imagecodecs", pixels=WIDE,
          notes=("alpha dropped",)),
    _case("PNG", "grey and alpha, 8 bits", "the grey channel",
          {"Pillow": _pillow(np.dstack([GREY, _ALPHA]))}, pixels=GREY, notes=("alpha dropped",)),
    _case("PNG", "palette", "luminance of the colours",
          {f"{bits} bits": _palette(bits) for bits in (4,)},
          pixels=(GREY % 16 * 9).astype(np.uint8), notes=("palette to grey",)),
    _case("JPEG", "grey", "the numbers, as far as JPEG keeps them", {
        "baseline": _pillow(_SMOOTH, quality=95),
        "progressive": _pillow(_SMOOTH, quality=95, progressive=True),
    }, pixels=_SMOOTH, tolerance=4),
    _case("JPEG", "YCbCr, chroma halved", "luma",
          {"RGB": _pillow(np.dstack([_SMOOTH] * 3), quality=95, subsampling=2)},
          pixels=_SMOOTH, tolerance=4, notes=_COLOURED),
    _case("JPEG", "CMYK", "light that the inks leave",
          {"Pillow": _pillow(np.dstack([_SMOOTH] * 3), "CMYK", quality=95)},
          pixels=_SMOOTH, tolerance=5, notes=_COLOURED),
    _case("JPEG", "EXIF orientation", "pixels as stored; noted",
          {"6": _turned("JPEG")}, pixels=_SMOOTH, tolerance=4,
          notes=("orientation tag 6 not obeyed: pixels as stored",)),
    _case("BMP", "grey, 8 bits", "the numbers", {"Pillow": _pillow(GREY)}, pixels=GREY),
    _case("BMP", "RGB, 24 bits", "luminance", {"Pillow": _pillow(_COLOUR)}, pixels=_LUMA,
          tolerance=1, notes=_COLOURED),
    _case("BMP", "1 bit", "0 and 255", {"Pillow": _pillow(GREY > 99)},
          pixels=(GREY > 99) * np.uint8(255)),
    _case("GIF", "grey", "the numbers", {"Pillow": _pillow(GREY)}, pixels=GREY, notes=("*",)),
    _case("GIF", "several frames", "the first", {"Pillow": _moving("GIF")}, pixels=_SMOOTH,
          notes=("first of 2 pages",)),
    _case("WebP", "grey, lossless", "the numbers", {"Pillow": _pillow(GREY, lossless=True)},
          pixels=GREY, notes=_COLOURED),
    _case("WebP", "RGB, lossy", "luminance, as far as WebP keeps it",
          {"Pillow": _pillow(np.dstack([_SMOOTH] * 3), quality=95)}, pixels=_SMOOTH, tolerance=6,
          notes=_COLOURED),
    _case("WebP", "several frames", "the first", {"lossless": _moving("WEBP")}, pixels=_SMOOTH,
          notes=("first of 2 pages", "colour to grey")),
    _case("WebP", "EXIF orientation", "pixels as stored; noted", {"6": _turned("WEBP")},
          pixels=_SMOOTH, tolerance=6,
          notes=("orientation tag 6 not obeyed: pixels as stored", "colour to grey")),
]  # fmt: skip
