"""Microscopes' own formats."""

from __future__ import annotations

import struct

import numpy as np

from format_cases import WIDE, Case, bytes_of

_READER = "own reader"


def mrc(pixels: np.ndarray, mode: int, angstrom: float, order: str = "<") -> bytes:
    """Return an MRC file of one picture by the standard (MRC2014, Cheng et al. 2015).

    Parameters
    ----------
    pixels
        Shape (H, W), of the type of the mode.
    mode
        0 int8, 1 int16, 2 float32, 6 uint16.
    angstrom
        Side of a pixel [Å].
    order
        "<" or ">", byte order.
    """
    height, width = pixels.shape
    head = bytearray(1024)
    struct.pack_into(f"{order}4i", head, 0, width, height, 1, mode)
    struct.pack_into(f"{order}3i", head, 28, width, height, 1)
    struct.pack_into(f"{order}3f", head, 40, width * angstrom, height * angstrom, 1.0)
    struct.pack_into(f"{order}3f", head, 52, 90, 90, 90)
    struct.pack_into(f"{order}3i", head, 64, 1, 2, 3)
    head[208:212] = b"MAP "
    head[212:216] = b"\x44\x44\0\0" if order == "<" else b"\x11\x11\0\0"
    return bytes(head) + pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()


_REAL = (WIDE / np.float32(9)).astype(np.float32)

CASES = [
    Case(
        "MRC",
        "float, 32 bits (mode 2)",
        "the numbers; pixel size of the cell",
        _READER,
        {"little-endian": bytes_of(mrc(_REAL, 2, 3.5))},
        ".mrc",
        pixels=_REAL,
        size_nm=0.35,
    ),
    Case(
        "MRC",
        "unsigned, 16 bits (mode 6)",
        "the numbers; pixel size of the cell",
        _READER,
        {"little-endian": bytes_of(mrc(WIDE, 6, 20.0))},
        ".mrc",
        pixels=WIDE,
        size_nm=2.0,
    ),
]
