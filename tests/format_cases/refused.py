"""What is refused, and in which words."""

from __future__ import annotations

from typing import Any

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

from format_cases import GREY, Case, Writer, bytes_of
from format_cases.tiffs import FEW, tiff

_NONE = "–"
_JP2 = imagecodecs.jpeg2k_encode(GREY)


def _tiff(holds: str, right: str, files: dict[str, Writer], pattern: str) -> Case:
    return Case("TIFF", holds, right, _NONE, files, ".tif", refused=pattern)


def _other(format_: str, content: bytes, suffix: str, pattern: str) -> Case:
    right = "refused: export it as PNG or TIFF"
    return Case(format_, "a picture", right, _NONE, {suffix: bytes_of(content)}, suffix,
                refused=pattern)  # fmt: skip


def _with_tag(number: int, kind: int, value: Any, **options: Any) -> Writer:
    return tiff(np.dstack([GREY] * 4), extratags=[(number, kind, 1, value, True)], **options)


def _mosaic(path: Any) -> None:
    tiff(GREY)(path)
    with tifffile.TiffFile(path, mode="r+b") as file:
        file.pages[0].tags["PhotometricInterpretation"].overwrite(32803)


CASES = [
    _tiff("complex numbers", "refused: no picture", {"plain": tiff(GREY.astype(np.complex64))},
          "kind of pixels that is not read; saw 'complex numbers'"),
    _tiff("raw mosaic of a camera", "refused: no grey picture", {"plain": _mosaic},
          "kind of pixels that is not read; saw 'the raw mosaic of a camera'"),
    _tiff("inks other than CMYK", "refused: the inks' colours are not stated",
          {"plain": _with_tag(332, 3, 2, photometric="separated")},
          "kind of pixels that is not read; saw 'inks other than cyan"),
    _tiff("a file that was cut short", "refused: pixels are missing", {
        name: lambda path, way=way: _cut(path, way) for name, way in FEW.items()},
        "damaged or cut short"),
    Case("JPEG mask", "8 bits", "refused: JPEG changes numbers", _NONE,
         {"JPEG": lambda path: Image.fromarray(GREY).save(path),
          "JPEG inside TIFF": lambda path: tifffile.imwrite(path, GREY, compression="jpeg")},
         ".jpg", refused="is a JPEG, which changes numbers", mask=True),
    _other("JPEG 2000", _JP2, ".jp2", "JPEG 2000 pictures are not read"),
    _other("JPEG XL", imagecodecs.jpegxl_encode(GREY), ".jxl", "JPEG XL pictures are not read"),
    _other("AVIF", imagecodecs.avif_encode(GREY), ".avif", "AVIF pictures are not read"),
    Case("any suffix of a picture", "another kind of file", "refused: says what it is", _NONE,
         {"PDF": bytes_of(b"%PDF-1.7\n"), "web page": bytes_of(b"<!DOCTYPE html><html></html>"),
          "JPEG 2000": bytes_of(_JP2)},
         ".png", refused="whatever its name says.*saw '(a PDF|a web page|a JPEG 2000)"),
]  # fmt: skip


def _cut(path: Any, way: dict[str, Any]) -> None:
    tiff(GREY, rowsperstrip=8, **way)(path)
    with tifffile.TiffFile(path) as file:
        end = file.pages[0].dataoffsets[-1]
    path.write_bytes(path.read_bytes()[: end + 3])
