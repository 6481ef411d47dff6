"""MRC in both byte orders, all modes and with extended headers, written byte by byte."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from micrographia.errors import ImageError
from micrographia.io.images import read_micrograph

CELL = (1000.0, 600.0, 25.0)  # 40 x 24 pixels of 25 Å


def write(
    path: Path,
    content: bytes,
    mode: int,
    *,
    order: str = "<",
    cell: tuple[float, float, float] = CELL,
    sections: int = 1,
    extended: bytes = b"",
    kind: bytes = b"\0\0\0\0",
    stamp: bytes | None = None,
    range_: tuple[float, float] = (0.0, -1.0),
    imod: tuple[int, int] = (0, 0),
) -> Path:
    """A file of 40 x 24 pixels."""
    header = bytearray(1024)
    counts = (40, 24, sections)
    struct.pack_into(f"{order}10i", header, 0, *counts, mode, 0, 0, 0, *counts)
    struct.pack_into(f"{order}6f", header, 40, *cell, 90.0, 90.0, 90.0)
    struct.pack_into(f"{order}3i", header, 64, 1, 2, 3)
    struct.pack_into(f"{order}3f", header, 76, *range_, 0.0)
    struct.pack_into(f"{order}2i", header, 88, 0, len(extended))
    header[104:108] = kind
    struct.pack_into(f"{order}2i", header, 152, *imod)
    marks = {"<": b"\x44\x44\0\0", ">": b"\x11\x11\0\0"}
    header[208:216] = b"MAP " + (marks[order] if stamp is None else stamp)
    path.write_bytes(bytes(header) + extended + content)
    return path


def numbers(kind: str) -> np.ndarray:
    """Whole numbers that every mode can hold, no two rows or columns alike."""
    drawn = np.random.default_rng(4).integers(-100, 100, (24, 40))
    return (np.abs(drawn) if kind.startswith("u") else drawn).astype(kind)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("mode", "kind"), [(0, "i1"), (1, "i2"), (2, "f4"), (6, "u2"), (12, "f2")]
)
def test_modes_in_both_byte_orders(tmp_path: Path, mode: int, kind: str, order: str) -> None:
    truth = numbers(kind)
    stored = truth.astype(np.dtype(kind).newbyteorder(order)).tobytes()
    for stamp in (None, b"\0\0\0\0"):  # older writers leave no stamp
        path = write(tmp_path / "a.mrc", stored, mode, order=order, stamp=stamp)
        found = read_micrograph(path)
        assert (found.pixels == truth).all() and found.pixels.shape == (24, 40)
        assert found.pixel_size_nm == pytest.approx(2.5)
        assert found.pixel_size_source == "MRC header" and found.format == "MRC"


def test_four_bits_low_half_first(tmp_path: Path) -> None:
    truth = np.abs(numbers("i2")) % 16
    pairs = truth.reshape(24, 20, 2)
    packed = (pairs[..., 0] | pairs[..., 1] << 4).astype(np.uint8)
    found = read_micrograph(write(tmp_path / "a.mrc", packed.tobytes(), 101))
    assert (found.pixels == truth).all() and found.pixels.dtype == np.uint8


def test_colour_becomes_grey(tmp_path: Path) -> None:
    colour = np.random.default_rng(5).integers(0, 255, (24, 40, 3)).astype(np.uint8)
    found = read_micrograph(write(tmp_path / "a.mrc", colour.tobytes(), 16))
    assert np.abs(found.pixels - colour @ (0.299, 0.587, 0.114)).max() <= 0.51
    assert "colour to grey" in str(found.note)


@pytest.mark.parametrize(
    ("imod", "range_", "unsigned"),
    [
        ((0, 0), (0.0, -1.0), False),  # the standard; the range is not stated
        ((0, 0), (-100.0, 99.0), False),
        ((0, 0), (0.0, 255.0), True),  # no signed byte is 255
        ((1146047817, 0), (0.0, -1.0), True),  # as IMOD wrote them once
        ((1146047817, 1), (0.0, -1.0), False),
    ],
)
def test_sign_of_bytes(
    tmp_path: Path, imod: tuple[int, int], range_: tuple[float, float], unsigned: bool
) -> None:
    stored = numbers("i1")
    path = write(tmp_path / "a.mrc", stored.tobytes(), 0, imod=imod, range_=range_)
    found = read_micrograph(path)
    truth = stored.view(np.uint8) if unsigned else stored
    assert (found.pixels == truth).all()
    assert ("unsigned" in str(found.note)) == unsigned


def fei_record(order: str, pixel_m: float) -> bytes:
    """The start of Thermo Fisher's record: 300 kV and a pixel in metres."""
    record = bytearray(768)
    struct.pack_into(f"{order}d", record, 84, 300000.0)
    struct.pack_into(f"{order}2d", record, 156, pixel_m, pixel_m)
    return bytes(record)


@pytest.mark.parametrize("order", ["<", ">"])
def test_extended_header(tmp_path: Path, order: str) -> None:
    truth = numbers("i2")
    stored = truth.astype(np.dtype("i2").newbyteorder(order)).tobytes()

    def found(extended: bytes, kind: bytes) -> tuple[float | None, str | None, float | None, str]:
        path = tmp_path / "a.mrc"
        write(path, stored, 1, order=order, extended=extended, kind=kind)
        seen = read_micrograph(path)
        assert (seen.pixels == truth).all()
        return seen.pixel_size_nm, seen.pixel_size_source, seen.voltage_kV, str(seen.note)

    size, source, volts, _ = found(fei_record(order, 2.51e-9), b"FEI1")
    assert (size, source, volts) == (pytest.approx(2.51), "MRC extended header", 300.0)
    size, _, _, note = found(fei_record(order, 2.7e-9), b"FEI2")  # 8 % off the cell
    assert size is None and "MRC extended header says 2.7 nm, MRC header 2.5 nm" in note
    for kind in (b"SERI", b"CCP4", b"\0\0\0\0"):  # of a kind that is not read: only its length
        assert found(bytes(1000), kind)[:2] == (pytest.approx(2.5), "MRC header")


def test_first_section_of_a_stack(tmp_path: Path) -> None:
    stack = np.stack([numbers("i2"), numbers("i2")[::-1], numbers("i2")])
    found = read_micrograph(write(tmp_path / "a.mrc", stack.tobytes(), 1, sections=3))
    assert (found.pixels == stack[0]).all() and "first of 3 frames" in str(found.note)


@pytest.mark.parametrize(
    ("cell", "size"),
    [
        ((0.0, 0.0, 0.0), None),
        ((-1000.0, -600.0, 0.0), None),
        ((1000.0, 840.0, 25.0), None),  # 25 x 35 Å
        ((4e12, 2.4e12, 1.0), None),
        ((float("nan"), 600.0, 1.0), None),
        ((1000.0, -600.0, 25.0), 2.5),  # one axis runs the other way
    ],
)
def test_cells_that_are_no_pixel_size(
    tmp_path: Path, cell: tuple[float, float, float], size: float | None
) -> None:
    found = read_micrograph(write(tmp_path / "a.mrc", numbers("i2").tobytes(), 1, cell=cell))
    assert found.pixel_size_nm == (None if size is None else pytest.approx(size))
    assert ("pixel size" in str(found.note)) == (size is None)  # never without a word


@pytest.mark.parametrize(
    ("mode", "length", "words"),
    [
        (4, 8, "holds no picture; saw 'a transform"),
        (3, 4, "holds no picture; saw 'a transform"),
        (5, 4, "unknown kind; saw 'mode 5"),
        (2, 2, "cut short"),
    ],
)
def test_refused_with_its_reason(tmp_path: Path, mode: int, length: int, words: str) -> None:
    path = write(tmp_path / "a.mrc", bytes(length * 24 * 40), mode)
    with pytest.raises(ImageError, match=words):
        read_micrograph(path)
