"""Label masks: numbers, whatever they would be shown as."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from format_cases import GREY, Case, Writer, bytes_of
from format_cases.tiffs import FEW, PREDICTED, STORED, packed, stored, tiff

_LABELS = (GREY // 20).astype(np.uint8)
_MANY = GREY.astype(np.uint16) * 200
_DISC = GREY > 99
_TIFF, _PILLOW = "tifffile, imagecodecs", "Pillow"
_RAINBOW = np.random.default_rng(4).integers(0, 65535, (3, 256)).astype(np.uint16)


def grey_png(numbers: np.ndarray, bits: int) -> bytes:
    """Return a grey PNG of one, two or four bits, by the specification (W3C, 2003)."""
    rows = []
    for row in numbers.astype(np.uint8):
        planes = np.unpackbits(row[:, None], axis=1)[:, 8 - bits :]
        rows.append(b"\0" + np.packbits(planes.ravel()).tobytes())
    height, width = numbers.shape
    chunks = [
        b"IHDR" + struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0),
        b"IDAT" + zlib.compress(b"".join(rows)),
        b"IEND",
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in chunks
    )


def _palette_png(path: Any) -> None:
    picture = Image.fromarray(_LABELS)
    picture.putpalette(bytes(range(256))[::-1] * 3)
    picture.save(path)


def _mask(
    format_: str, holds: str, right: str, files: dict[str, Writer], labels: np.ndarray
) -> Case:
    reader, suffix = (_TIFF, ".tif") if format_ == "TIFF mask" else (_PILLOW, ".png")
    return Case(format_, holds, right, reader, files, suffix, labels=labels.astype(np.int32))


CASES = [
    _mask("TIFF mask", "8 bits", "the numbers", stored(_LABELS, STORED | PREDICTED), _LABELS),
    _mask("TIFF mask", "16 bits", "the numbers", stored(_MANY, STORED | PREDICTED), _MANY),
    _mask("TIFF mask", "32 bits", "the numbers",
          stored(_MANY.astype(np.uint32) * 9, STORED | PREDICTED), _MANY.astype(np.int32) * 9),
    _mask("TIFF mask", "4 bits", "the numbers", packed(_LABELS, 4), _LABELS),
    _mask("TIFF mask", "palette", "the numbers, not the colours",
          stored(_LABELS, FEW, photometric="palette", colormap=_RAINBOW), _LABELS),
    _mask("TIFF mask", "white is zero, 8 bits", "the numbers: ImageJ saves objects so, as 255",
          stored(_DISC * np.uint8(255), FEW, photometric="miniswhite"), _DISC * 255),
    _mask("TIFF mask", "1 bit", "1 where it is shown white",
          stored(_DISC, FEW) | {
              "white is zero": tiff(~_DISC, photometric="miniswhite"),
              "white is zero, LZW": tiff(~_DISC, photometric="miniswhite", compression="lzw"),
              "fax group 4": lambda path: Image.fromarray(_DISC).save(path, compression="group4"),
          }, _DISC),
    _mask("TIFF mask", "orientation tag", "pixels as stored, like the picture's", {
        f"{turn}, {name}": tiff(_LABELS, extratags=[(274, 3, 1, turn, True)], **way)
        for turn in (4, 6) for name, way in FEW.items()}, _LABELS),
    _mask("TIFF mask", "thumbnail beside the mask", "the full mask", {
        "second page": lambda path: _with_thumbnail(path)}, _LABELS),
    _mask("PNG mask", "8 bits", "the numbers",
          {"grey": lambda path: Image.fromarray(_LABELS).save(path)}, _LABELS),
    _mask("PNG mask", "16 bits", "the numbers",
          {"grey": lambda path: Image.fromarray(_MANY).save(path)}, _MANY),
    _mask("PNG mask", "palette", "the numbers, not the colours", {"8 bits": _palette_png},
          _LABELS),
    _mask("PNG mask", "4 bits", "the numbers", {"grey": bytes_of(grey_png(_LABELS, 4))}, _LABELS),
    _mask("PNG mask", "2 bits", "the numbers", {"grey": bytes_of(grey_png(_LABELS % 4, 2))},
          _LABELS % 4),
    _mask("PNG mask", "1 bit", "0 and 1", {"grey": bytes_of(grey_png(_DISC, 1))}, _DISC),
]  # fmt: skip


def _with_thumbnail(path: Any) -> None:
    with tifffile.TiffWriter(path) as file:
        plain: dict[str, Any] = {"metadata": None, "photometric": "minisblack"}
        file.write(_LABELS, **plain)
        file.write(_LABELS[::2, ::2].copy(), subfiletype=1, **plain)
