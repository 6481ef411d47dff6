"""TIFF: colour, alpha, orientation, pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from format_cases import GREY, WIDE, Case, Writer
from format_cases.tiffs import FEW, PREDICTED, STORED, case, stored, tiff

_ALL = STORED | PREDICTED
_COLOUR = np.dstack([GREY, GREY[::-1], GREY[:, ::-1]])
_LUMA = np.rint(_COLOUR @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
_DEEP = _COLOUR.astype(np.uint16) * 256 + 77
_DEEP_LUMA = np.rint(_DEEP @ np.array([0.299, 0.587, 0.114])).astype(np.uint16)
_SMOOTH = (np.add.outer(np.arange(40) * 2, np.arange(56)) + 40).astype(np.uint8)
_VIDEO = np.array([[16, 235, 126]], np.uint8)
_HALF = np.full_like(GREY, 128)
_MIDDLE = np.full_like(GREY, 128)


def _separate(pixels: np.ndarray) -> dict[str, Writer]:
    return {
        name: tiff(np.moveaxis(pixels, -1, 0), photometric="rgb", planarconfig="separate", **way)
        for name, way in FEW.items()
    }


def _inks(pixels: np.ndarray) -> np.ndarray:
    """Return grey as three equal inks without black."""
    most = np.iinfo(pixels.dtype).max
    return np.dstack([most - pixels] * 3 + [np.zeros_like(pixels)])


def _black(pixels: np.ndarray) -> np.ndarray:
    """Return grey as black ink alone."""
    nothing = np.zeros_like(pixels)
    return np.dstack([nothing] * 3 + [np.iinfo(pixels.dtype).max - pixels])


def _jpeg(pixels: np.ndarray, photometric: str, **options: Any) -> Writer:
    way = {"compression": "jpeg", "compressionargs": {"level": 95}}
    return tiff(pixels, photometric=photometric, **way, **options)


def _thumbnail_first(path: Path) -> None:
    with tifffile.TiffWriter(path) as file:
        plain: dict[str, Any] = {"metadata": None, "photometric": "minisblack"}
        file.write(GREY[::4, ::4].copy(), subfiletype=1, **plain)
        file.write(GREY, **plain)


def _full_inside_thumbnail(path: Path) -> None:
    with tifffile.TiffWriter(path) as file:
        plain: dict[str, Any] = {"metadata": None, "photometric": "minisblack"}
        file.write(GREY[::4, ::4].copy(), subfiletype=1, subifds=1, **plain)
        file.write(GREY, compression="lzw", **plain)


def _pyramid(path: Path) -> None:
    with tifffile.TiffWriter(path) as file:
        plain: dict[str, Any] = {"metadata": None, "photometric": "minisblack"}
        file.write(GREY, subifds=1, tile=(16, 16), **plain)
        file.write(GREY[::2, ::2].copy(), subfiletype=1, tile=(16, 16), **plain)
        file.write(GREY[::4, ::4].copy(), subfiletype=1, **plain)


def _stack(**options: Any) -> Writer:
    pages = np.stack([GREY, GREY[::-1], 255 - GREY])
    return lambda path: tifffile.imwrite(path, pages, photometric="minisblack", **options)


_TURNS = {
    f"{tag}, {name}": tiff(GREY, extratags=[(274, 3, 1, tag, True)], **way)
    for tag in range(2, 9)
    for name, way in FEW.items()
    if tag in (3, 6) or name == "LZW"
}

CASES: list[Case] = [
    case("RGB, 8 bits", "luminance (BT.601)", stored(_COLOUR, _ALL, photometric="rgb"),
         pixels=_LUMA, tolerance=1, notes=("colour to grey",)),
    case("RGB, 16 bits", "luminance in 16 bits", stored(_DEEP, _ALL, photometric="rgb"),
         pixels=_DEEP_LUMA, tolerance=1, notes=("colour to grey",)),
    case("RGB, channels apart", "luminance", _separate(_COLOUR),
         pixels=_LUMA, tolerance=1, notes=("colour to grey",)),
    case("RGB, 32-bit float", "luminance",
         stored(_COLOUR / np.float32(255), FEW, photometric="rgb"),
         pixels=(_COLOUR @ np.array([0.299, 0.587, 0.114]) / 255).astype(np.float32),
         tolerance=1e-5, notes=("colour to grey",)),
    case("RGB and alpha, 16 bits", "luminance in 16 bits; alpha is dropped",
         stored(np.dstack([_DEEP, WIDE]), FEW, photometric="rgb", extrasamples=["unassalpha"]),
         pixels=_DEEP_LUMA, tolerance=1, notes=("alpha dropped", "colour to grey")),
    case("grey and alpha, 8 bits", "the grey channel",
         stored(np.dstack([GREY, _HALF]), FEW, extrasamples=["unassalpha"]),
         pixels=GREY, notes=("alpha dropped",)),
    case("grey and associated alpha, 16 bits", "the grey channel as stored",
         stored(np.dstack([WIDE, WIDE]), FEW, extrasamples=["assocalpha"]),
         pixels=WIDE, notes=("alpha dropped",)),
    case("grey of several detectors", "the first channel",
         stored(np.dstack([GREY, _HALF, GREY]), FEW, planarconfig="contig",
                extrasamples=["unspecified"] * 2),
         pixels=GREY, notes=("first of 3 channels",)),
    case("CMYK, 8 bits", "light that the inks leave", stored(_inks(GREY), FEW,
         photometric="separated"), pixels=GREY, notes=("inks (CMYK) to grey",)),
    case("CMYK, black ink alone, 16 bits", "light that the ink leaves",
         stored(_black(WIDE), FEW, photometric="separated"), pixels=WIDE, tolerance=1,
         notes=("inks (CMYK) to grey",)),
    case("YCbCr without JPEG", "luma", stored(np.dstack([GREY, _MIDDLE, _MIDDLE]), FEW,
         photometric="ycbcr"), pixels=GREY, notes=("colour to grey",)),
    case("YCbCr in the range of video, 16 to 235", "luma over the full range",
         stored(np.dstack([_VIDEO, _VIDEO * 0 + 128, _VIDEO * 0 + 128]), FEW, photometric="ycbcr",
                extratags=[(532, 5, 6, (16, 1, 235, 1, 128, 1, 240, 1, 128, 1, 240, 1), True)]),
         pixels=np.array([[0, 255, 128]], np.uint8), notes=("colour to grey",)),
    case("JPEG inside TIFF, grey", "the numbers, as far as JPEG keeps them", {
        "strips": _jpeg(_SMOOTH, "minisblack"),
        "tiles": _jpeg(_SMOOTH, "minisblack", tile=(16, 32)),
    }, pixels=_SMOOTH, tolerance=4),
    case("JPEG inside TIFF, colour", "luma", {
        "RGB": _jpeg(np.dstack([_SMOOTH] * 3), "rgb"),
        "YCbCr": _jpeg(np.dstack([_SMOOTH, _MIDDLE, _MIDDLE]), "ycbcr"),
        "YCbCr, chroma halved": _jpeg(
            np.dstack([_SMOOTH, _MIDDLE, _MIDDLE]), "ycbcr", subsampling=(2, 2)),
        "YCbCr by libtiff": lambda path: Image.fromarray(np.dstack([_SMOOTH] * 3)).save(
            path, compression="jpeg", quality=95),
    }, pixels=_SMOOTH, tolerance=4, notes=("colour to grey",)),
    case("JPEG inside TIFF, CMYK", "light that the inks leave", {
        "by tifffile": _jpeg(_inks(_SMOOTH), "separated"),
        "by libtiff": lambda path: Image.fromarray(_inks(_SMOOTH), "CMYK").save(
            path, compression="jpeg", quality=95),
    }, pixels=_SMOOTH, tolerance=5, notes=("inks (CMYK) to grey",)),
    case("JPEG 2000, JPEG XL or PNG inside TIFF", "the numbers", {
        "JPEG 2000, lossless": tiff(GREY, compression="jpeg2000"),
        "PNG": tiff(GREY, compression="png"),
        "JPEG XL, lossless": tiff(GREY, compression="jpegxl", compressionargs={"lossless": True}),
    }, pixels=GREY),
    case("CIE Lab, 8 bits", "lightness", stored(np.dstack([GREY, _HALF * 0, _HALF * 0]), FEW,
         photometric="cielab"), pixels=GREY, notes=("lightness of CIE Lab",)),
    case("ICC Lab, 16 bits", "lightness", stored(np.dstack([WIDE, WIDE, WIDE]), FEW,
         photometric="icclab"), pixels=WIDE, notes=("lightness of CIE Lab",)),
    case("orientation tag 2 to 8", "pixels as stored, as ImageJ shows them; noted", _TURNS,
         pixels=GREY, notes=("orientation tag", "not obeyed: pixels as stored")),
    case("thumbnail before the picture", "the full picture", {
        "page": _thumbnail_first, "picture inside the thumbnail": _full_inside_thumbnail,
    }, pixels=GREY),
    case("pyramid", "the full picture", {"sub-file and page": _pyramid}, pixels=GREY),
    case("stack", "the first page", {
        "pages": _stack(metadata=None), "ImageJ": _stack(imagej=True), "OME": _stack(ome=True),
    }, pixels=GREY, notes=("first of 3 pages",)),
    case("hyperstack of ImageJ", "the first channel of the first slice", {
        "2 channels, 3 slices": lambda path: tifffile.imwrite(
            path, np.stack([GREY, 255 - GREY] * 3).reshape(3, 2, *GREY.shape), imagej=True,
            metadata={"axes": "ZCYX"})}, pixels=GREY, notes=("first of 6 pages",)),
    case("volume (ImageDepth)", "the first slice", {
        "tiles": lambda path: tifffile.imwrite(
            path, np.stack([GREY] + [255 - GREY] * 15), volumetric=True, tile=(16, 16, 16),
            photometric="minisblack", metadata=None)}, pixels=GREY, notes=("first of 16 slices",)),
]  # fmt: skip
