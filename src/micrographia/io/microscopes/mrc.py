"""MRC files, as MRC2014 and the documents of IMOD and SerialEM describe them.

Standard: Cheng et al., J. Struct. Biol. 192, 146 (2015), doi 10.1016/j.jsb.2015.04.002.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from micrographia.errors import ImageError
from micrographia.io.decoding import REMEDY, check_size
from micrographia.io.headers import Facts
from micrographia.io.microscopes.lengths import Witness, number

#: Types of the modes that hold one real number a pixel; bytes are signed.
_TYPES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2"}
_TRANSFORMS = (3, 4)
_RGB, _FOUR_BITS = 16, 101
_ALLOWED = "modes 0, 1, 2, 6, 12, 16 (colour) and 101 (4 bits, even width)"
_HEADER = 1024
#: Mark of IMOD, and its flag that bytes are signed; without it its bytes are unsigned.
_IMOD, _IMOD_SIGNED = 1146047817, 1
#: Places in a record of Thermo Fisher's extended header: high voltage [V], pixel size [m].
_FEI_VOLTS, _FEI_PIXEL, _FEI_RECORD = 84, 156, 172


@dataclass(frozen=True)
class _Header:
    """The header, what follows it, and its byte order ("<" or ">")."""

    content: bytes
    extended: bytes
    order: str

    def integers(self, place: int, count: int = 1) -> tuple[int, ...]:
        return struct.unpack_from(f"{self.order}{count}i", self.content, place)

    def reals(self, place: int, count: int) -> tuple[float, ...]:
        return struct.unpack_from(f"{self.order}{count}f", self.content, place)


def read_mrc(
    path: Path, name: str, max_pixels: int, notes: list[str]
) -> tuple[NDArray[Any], Facts]:
    """Read the first section of an MRC file, rows in their order in the file.

    Parameters
    ----------
    path
        The file.
    name
        Of the picture, for errors.
    max_pixels
        Most pixels of a section [px].
    notes
        What is done is appended here.

    Raises
    ------
    ImageError
        The file is no MRC file, cut short, a transform, or of a mode that is not read.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        header = _header(stream.read(_HEADER), name)
        width, height, sections, mode = header.integers(0, 4)
        check_size(name, width, height, max_pixels)
        length = _bytes_of_section(name, mode, width, height)
        (extended,) = header.integers(92)
        if extended < 0 or sections < 1 or size < _HEADER + extended + length:
            raise ImageError(
                f"Image {name} is damaged or cut short",
                seen=f"{size} bytes",
                allowed=f"{_HEADER} of header, {extended} of extended header, {length} a section",
                remedy=REMEDY,
            )
        more = stream.read(min(extended, _FEI_RECORD))
        stream.seek(_HEADER + extended)
        content = stream.read(length)
    if sections > 1:
        notes.append(f"first of {sections} frames")
    header = _Header(header.content, more, header.order)
    pixels = _decoded(header, content, mode, (height, width), notes)
    return pixels, _facts(header)


def _header(content: bytes, name: str) -> _Header:
    """The header with its byte order: by the machine stamp, else the one that makes sense."""
    orders = {b"\x44": "<", b"\x11": ">"}
    stamped = orders.get(content[212:213])
    for order in (stamped,) if stamped else ("<", ">"):
        header = _Header(content, b"", order)
        if len(content) == _HEADER and all(0 < side < 2**20 for side in header.integers(0, 2)):
            return header
    raise ImageError(f"{name} is no MRC file, or its header is damaged", remedy=REMEDY)


def _bytes_of_section(name: str, mode: int, width: int, height: int) -> int:
    if mode in _TYPES:
        return width * height * np.dtype(_TYPES[mode]).itemsize
    if mode == _RGB:
        return 3 * width * height
    if mode == _FOUR_BITS and width % 2 == 0:
        return width * height // 2
    if mode in _TRANSFORMS:
        raise ImageError(
            f"{name} holds no picture",
            seen=f"a transform (mode {mode}, complex numbers)",
            allowed=_ALLOWED,
            remedy="Export the picture, or the amplitude, in real numbers",
        )
    raise ImageError(
        f"{name} has pixels of an unknown kind",
        seen=f"mode {mode}, {width} px wide",
        allowed=_ALLOWED,
        remedy="Save it in mode 1, 2 or 6",
    )


def _decoded(
    header: _Header, content: bytes, mode: int, shape: tuple[int, int], notes: list[str]
) -> NDArray[Any]:
    if mode == _RGB:
        notes.append("colour to grey")
        colours = np.frombuffer(content, np.uint8).reshape(*shape, 3)
        return np.rint(colours @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
    if mode == _FOUR_BITS:
        pairs = np.frombuffer(content, np.uint8).reshape(shape[0], -1, 1)
        return np.concatenate([pairs & 15, pairs >> 4], axis=2).reshape(shape)
    if mode == 0 and not _bytes_are_signed(header):
        notes.append("bytes unsigned, as the header says")
        return np.frombuffer(content, np.uint8).reshape(shape)
    pixels = np.frombuffer(content, np.dtype(header.order + _TYPES[mode])).reshape(shape)
    return pixels.astype(np.int16 if mode == 0 else pixels.dtype.newbyteorder("="))


def _bytes_are_signed(header: _Header) -> bool:
    """Bytes are signed by MRC2014; older IMOD, and values beyond 127 in the header, say else."""
    mark, flags = header.integers(152, 2)
    least, most = header.reals(76, 2)
    if mark == _IMOD:
        return bool(flags & _IMOD_SIGNED)
    return not (0 <= least <= most and 127 < most <= 255)


def _facts(header: _Header) -> Facts:
    cell, counts, axes = header.reals(40, 3), header.integers(28, 3), header.integers(64, 2)
    across, down = axes if set(axes) <= {1, 2, 3} and axes[0] != axes[1] else (1, 2)
    sides = [
        0.1 * cell[axis - 1] / counts[axis - 1] if counts[axis - 1] > 0 else 0.0
        for axis in (across, down)
    ]
    if min(sides) < 0 < max(sides):  # one axis runs the other way
        sides = [abs(side) for side in sides]
    sizes = [Witness("MRC header", sides[0], sides[1])]
    volts = None
    if header.content[104:108] in (b"FEI1", b"FEI2") and len(header.extended) == _FEI_RECORD:
        volts, *pixel = (
            struct.unpack_from(f"{header.order}d", header.extended, place)[0]
            for place in (_FEI_VOLTS, _FEI_PIXEL, _FEI_PIXEL + 8)
        )
        width, height = (number(side, 1e9) for side in pixel)
        if width and height:
            sizes.insert(0, Witness("MRC extended header", width, height))
    return Facts(
        sizes=tuple(sizes),
        format="MRC",
        microscopy=None if volts is None else "TEM",
        instrument=None if volts is None else "FEI",
        voltage_kV=number(volts, 1e-3),
    )
