"""TIFF: what a sample means, by every compression alike."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

from format_cases import GREY, WIDE, Case, Writer, bytes_of

READER = "tifffile, imagecodecs"
#: How the same pixels are stored: the answer must not depend on it.
STORED: dict[str, dict[str, Any]] = {
    "plain": {},
    "LZW": {"compression": "lzw"},
    "packbits": {"compression": "packbits"},
    "deflate": {"compression": "zlib"},
    "zstd": {"compression": "zstd"},
    "strips": {"rowsperstrip": 7, "compression": "zlib"},
    "tiles": {"tile": (16, 32), "compression": "lzw"},
    "big-endian": {"byteorder": ">"},
    "BigTIFF": {"bigtiff": True},
}
PREDICTED = {
    "LZW with predictor": {"compression": "lzw", "predictor": True},
    "deflate with predictor, big-endian": {
        "compression": "zlib",
        "predictor": True,
        "byteorder": ">",
    },
}
FEW = {name: STORED[name] for name in ("plain", "LZW", "packbits", "deflate")}


def tiff(pixels: Any, **options: Any) -> Writer:
    """Return a writer of a TIFF by tifffile, without metadata of its own."""
    options = {"metadata": None, "software": False, "photometric": "minisblack"} | options
    return lambda path: tifffile.imwrite(path, pixels, **options)


def stored(pixels: Any, how: dict[str, dict[str, Any]], **options: Any) -> dict[str, Writer]:
    """Return a writer for each way of storing the same pixels."""
    return {name: tiff(pixels, **options, **way) for name, way in how.items()}


def case(holds: str, right: str, files: dict[str, Writer], **rest: Any) -> Case:
    """Return a case of a TIFF."""
    return Case("TIFF", holds, right, READER, files, ".tif", **rest)


def packed(numbers: np.ndarray, bits: int, photometric: int = 1) -> dict[str, Writer]:
    """Return writers of samples of few bits, which tifffile does not compress (TIFF 6.0).

    One strip, its rows filled up to whole bytes; a palette (photometric 3) is a ramp of grey.
    """
    rows = [np.unpackbits(row.astype(">u2").view(np.uint8)).reshape(-1, 16) for row in numbers]
    plain = b"".join(np.packbits(row[:, 16 - bits :].ravel()).tobytes() for row in rows)
    codes = {
        "plain": (1, plain),
        "LZW": (5, imagecodecs.lzw_encode(plain)),
        "packbits": (32773, imagecodecs.packbits_encode(plain)),
        "deflate": (8, zlib.compress(plain)),
    }
    return {
        name: bytes_of(_one_strip(numbers.shape, bits, photometric, code, strip))
        for name, (code, strip) in codes.items()
    }


def _one_strip(
    shape: tuple[int, ...], bits: int, photometric: int, compression: int, strip: bytes
) -> bytes:
    height, width = shape
    palette = np.linspace(0, 255, 2**bits).round().astype("<u2") * 257
    colours = np.tile(palette, 3).tobytes() if photometric == 3 else b""
    tags = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, bits), (259, 3, 1, compression)]
    tags += [
        (262, 3, 1, photometric),
        (273, 4, 1, 8),
        (278, 4, 1, height),
        (279, 4, 1, len(strip)),
    ]
    after = 8 + len(strip) + len(strip) % 2
    if colours:
        tags.append((320, 3, 3 * 2**bits, after))
    body = strip + b"\0" * (len(strip) % 2) + colours
    head = b"II*\0" + struct.pack("<I", 8 + len(body))
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return head + body + struct.pack("<H", len(tags)) + entries + b"\0\0\0\0"


def _bilevel(compression: str) -> Writer:
    """Return a writer by Pillow and libtiff: fax codes, which store white as zero."""
    return lambda path: Image.fromarray(GREY > 99).save(path, compression=compression)


def _of_bits(bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers of so many bits, and the picture that they are."""
    numbers = (GREY.astype(np.uint16) * 33 % 2**bits).astype(np.uint8 if bits < 9 else np.uint16)
    if bits > 8:
        return numbers, numbers
    return numbers, np.rint(numbers * (255 / (2**bits - 1))).astype(np.uint8)


def _packed() -> list[Case]:
    cases = []
    for bits in (2, 4, 10, 12, 14):
        numbers, shown = _of_bits(bits)
        files = packed(numbers, bits)
        right = "spread over 8 bits: white is 255" if bits < 8 else "the numbers, as uint16"
        notes = (f"{bits} bits to 8 bits",) if bits < 8 else ()
        cases.append(case(f"grey, {bits} bits", right, files, pixels=shown, notes=notes))
    numbers, shown = _of_bits(12)
    files = packed(4095 - numbers, 12, photometric=0)
    right = "inverted within 12 bits"
    notes = ("white is zero: inverted",)
    return [*cases, case("white is zero, 12 bits", right, files, pixels=shown, notes=notes)]


_COUNTS = np.linspace(1e9, 4e9, GREY.size).reshape(GREY.shape).astype(np.uint32)
_REAL = WIDE / np.float32(7) - 900
_WHITE = ("white is zero: inverted",)
_ALL = STORED | PREDICTED

CASES = [
    case("grey, 8 bits", "the numbers", stored(GREY, _ALL), pixels=GREY),
    case("grey, 16 bits", "the numbers", stored(WIDE, _ALL), pixels=WIDE),
    case(
        "grey, 1 bit",
        "0 and 255",
        stored(GREY > 99, FEW) | {"fax group 4": _bilevel("group4"), "fax 3": _bilevel("group3")},
        pixels=(GREY > 99) * np.uint8(255),
        # Only fax codes store white as zero here; their note is looked at below.
        notes=("*",),
    ),
    *_packed(),
    case(
        "white is zero, 1 bit",
        "inverted: 0 is shown white",
        stored(GREY > 99, FEW, photometric="miniswhite"),
        pixels=(GREY <= 99) * np.uint8(255),
        notes=_WHITE,
    ),
    case(
        "white is zero, 8 bits",
        "inverted",
        stored(255 - GREY, _ALL, photometric="miniswhite"),
        pixels=GREY,
        notes=_WHITE,
    ),
    case(
        "white is zero, 16 bits",
        "inverted",
        stored(65535 - WIDE, _ALL, photometric="miniswhite"),
        pixels=WIDE,
        notes=_WHITE,
    ),
    case(
        "white is zero, 32-bit float",
        "turned about its own range: reals state no white",
        stored(_REAL.max() + _REAL.min() - _REAL, FEW, photometric="miniswhite"),
        pixels=_REAL,
        tolerance=0.01,
        notes=_WHITE,
    ),
    case(
        "signed, 16 bits",
        "the numbers, as float32",
        stored(WIDE.view(np.int16), _ALL),
        pixels=WIDE.view(np.int16).astype(np.float32),
        notes=("int16 to float32",),
    ),
    case(
        "unsigned, 32 bits, above 2³¹",
        "the numbers, as float32 (24 bits of precision)",
        stored(_COUNTS, _ALL),
        pixels=_COUNTS.astype(np.float32),
        notes=("uint32 to float32, rounded to 24 bits",),
    ),
    case(
        "signed, 32 bits",
        "the numbers, as float32",
        stored(WIDE.astype(np.int32) - 70000, _ALL),
        pixels=WIDE.astype(np.float32) - 70000,
        notes=("int32 to float32",),
    ),
    case(
        "unsigned, 64 bits",
        "the numbers, as float32",
        stored(WIDE.astype(np.uint64) * 2**20, FEW),
        pixels=WIDE.astype(np.float32) * 2**20,
        notes=("uint64 to float32, rounded to 24 bits",),
    ),
    *(
        case(
            f"float, {bits} bits",
            "the numbers, as float32",
            stored(_REAL.astype(f"f{bits // 8}"), _ALL),
            pixels=_REAL.astype(f"f{bits // 8}").astype(np.float32),
        )
        for bits in (16, 32, 64)
    ),
    *(
        case(
            f"palette, {bits} bit{'s' if bits > 1 else ''}",
            "luminance of the colours",
            packed(GREY % 2**bits, bits, photometric=3),
            pixels=np.linspace(0, 255, 2**bits).round().astype(np.uint8)[GREY % 2**bits],
            notes=("palette to grey",),
        )
        for bits in (1, 2, 4)
    ),
    case(
        "palette, 8 bits, colours of 8 bits",
        "luminance of the colours, 8 bits",
        stored(
            GREY,
            FEW,
            photometric="palette",
            colormap=np.stack([np.arange(256)[::-1] * 257] * 3).astype(np.uint16),
        ),
        pixels=255 - GREY,
        notes=("palette to grey",),
    ),
    case(
        "palette, 8 bits, colours of 16 bits",
        "luminance of the colours, 16 bits",
        stored(
            GREY,
            FEW,
            photometric="palette",
            colormap=np.stack([np.arange(256) * 250 + 3] * 3).astype(np.uint16),
        ),
        pixels=GREY.astype(np.uint16) * 250 + 3,
        notes=("palette to grey",),
    ),
]
