"""Reading and writing pictures: every kind that is kept, and every kind that is refused."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from micrographia.errors import ImageError
from micrographia.io.decoding import reading
from micrographia.io.images import (
    image_id,
    read_labels,
    read_micrograph,
    to_unit,
    write_labels,
)

RAMP = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64)
GREY = (RAMP % 251).astype(np.uint8)


def _png_header(width: int, height: int) -> bytes:
    """A PNG with a valid header and a few bytes of pixels: how a decompression bomb starts."""
    chunks = [
        b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0),
        b"IDAT" + zlib.compress(bytes(1000)),
        b"IEND",
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in chunks
    )


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
def test_lossless_formats_keep_8_bit_grey(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    Image.fromarray(GREY).save(path)
    picture = read_micrograph(path)
    np.testing.assert_array_equal(picture.pixels, GREY)
    assert picture.pixels.dtype == np.uint8
    assert picture.pixel_size_nm is None
    assert picture.note is None


def test_jpeg_is_close(tmp_path: Path) -> None:
    smooth = (np.add.outer(np.arange(64), np.arange(64)) + 60).astype(np.uint8)
    Image.fromarray(smooth).save(tmp_path / "a.jpg", quality=95)
    read = read_micrograph(tmp_path / "a.jpg").pixels
    assert np.abs(read.astype(int) - smooth).max() <= 4


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bit_is_kept(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    Image.fromarray(RAMP).save(path)
    picture = read_micrograph(path)
    assert picture.pixels.dtype == np.uint16
    np.testing.assert_array_equal(picture.pixels, RAMP)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "packbits"])
def test_compressed_16_bit_tiff(tmp_path: Path, compression: str) -> None:
    Image.fromarray(RAMP).save(tmp_path / "a.tif", compression=compression)
    np.testing.assert_array_equal(read_micrograph(tmp_path / "a.tif").pixels, RAMP)


def test_equal_channels_give_that_channel(tmp_path: Path) -> None:
    rgba = np.dstack([GREY, GREY, GREY, np.full_like(GREY, 9)])
    Image.fromarray(rgba).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "a.tif", rgba, photometric="rgb", extrasamples=["unassalpha"])
    for name in ("a.png", "a.tif"):
        picture = read_micrograph(tmp_path / name)
        np.testing.assert_array_equal(picture.pixels, GREY)
        assert picture.note == "alpha dropped; colour to grey"


def test_colour_becomes_luminance(tmp_path: Path) -> None:
    red = np.zeros((8, 9, 3), np.uint8)
    red[..., 0] = 200
    Image.fromarray(red).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "a.tif", red, photometric="rgb")
    tifffile.imwrite(
        tmp_path / "b.tif", red.transpose(2, 0, 1), photometric="rgb", planarconfig="separate"
    )
    for name in ("a.png", "a.tif", "b.tif"):
        np.testing.assert_array_equal(read_micrograph(tmp_path / name).pixels, 60)


def test_palette_becomes_grey(tmp_path: Path) -> None:
    colours = Image.fromarray(np.dstack([GREY // 64 * 64] * 3)).quantize(8)
    colours.save(tmp_path / "a.png")
    colours.save(tmp_path / "a.tif")
    png = read_micrograph(tmp_path / "a.png")
    tiff = read_micrograph(tmp_path / "a.tif")
    assert "palette" in str(png.note)
    np.testing.assert_array_equal(png.pixels, GREY // 64 * 64)
    # A TIFF palette has 16 bits a colour; 8-bit colours are stretched onto them.
    np.testing.assert_allclose(to_unit(tiff.pixels), to_unit(png.pixels), atol=1 / 255)


def test_inverted_tiff_is_put_right(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", 255 - GREY, photometric="miniswhite")
    np.testing.assert_array_equal(read_micrograph(tmp_path / "a.tif").pixels, GREY)


def test_first_page_with_a_note(tmp_path: Path) -> None:
    stack = np.stack([RAMP, RAMP + 1, RAMP + 2])
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack")
    picture = read_micrograph(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.pixels, RAMP)
    assert picture.note == "first of 3 pages"


def test_float_tiff_with_holes(tmp_path: Path) -> None:
    values = RAMP.astype(np.float64) / 7
    values[3, 4] = np.nan
    tifffile.imwrite(tmp_path / "a.tif", values)
    picture = read_micrograph(tmp_path / "a.tif")
    assert picture.pixels.dtype == np.float32
    assert picture.pixels[3, 4] == 0
    assert "1 pixels that are no numbers" in str(picture.note)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("nm", 0.5),
        ("micron", 500.0),
        ("um", 500.0),
        ("\\u00B5m", 500.0),
        ("angstrom", 0.05),
        ("inch", None),
        ("pixel", None),
    ],
)
def test_imagej_unit(tmp_path: Path, unit: str, expected: float | None) -> None:
    tifffile.imwrite(
        tmp_path / "a.tif", GREY, imagej=True, resolution=(2.0, 2.0), metadata={"unit": unit}
    )
    assert read_micrograph(tmp_path / "a.tif").pixel_size_nm == pytest.approx(expected)


def test_resolution_tags(tmp_path: Path) -> None:
    """5 nm pixels are 2,000,000 per cm; 300 dpi is a printed page, not a sample."""
    tifffile.imwrite(tmp_path / "a.tif", GREY, resolution=(2e6, 2e6), resolutionunit="CENTIMETER")
    tifffile.imwrite(tmp_path / "b.tif", GREY, resolution=(300, 300), resolutionunit="INCH")
    tifffile.imwrite(tmp_path / "c.tif", GREY, resolution=(2e6, 1e6), resolutionunit="CENTIMETER")
    assert read_micrograph(tmp_path / "a.tif").pixel_size_nm == pytest.approx(5.0)
    assert read_micrograph(tmp_path / "b.tif").pixel_size_nm is None
    oblong = read_micrograph(tmp_path / "c.tif")
    assert oblong.pixel_size_nm is None
    assert "not square" in str(oblong.note)


def test_png_density_is_no_scale(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "a.png", dpi=(300, 300))
    assert read_micrograph(tmp_path / "a.png").pixel_size_nm is None


@pytest.mark.parametrize("reader", [read_micrograph, read_labels])
def test_bomb_is_refused_by_its_header(tmp_path: Path, reader: object) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(_png_header(60_000, 60_000))
    with pytest.raises(ImageError, match=r"bomb\.png is too large.*60000 x 60000.*max_pixels"):
        reader(path)  # type: ignore[operator]
    # One byte of TIFF strip behind a header of 3.6 billion pixels.
    tifffile.imwrite(tmp_path / "small.tif", GREY)
    raw = bytearray((tmp_path / "small.tif").read_bytes())
    with tifffile.TiffFile(tmp_path / "small.tif") as tiff:
        offsets = [tiff.pages.first.tags[name].valueoffset for name in (256, 257)]
        sizes = [tiff.pages.first.tags[name].dtype for name in (256, 257)]
    for offset, kind in zip(offsets, sizes, strict=True):
        form = "<H" if kind == 3 else "<I"
        raw[offset : offset + struct.calcsize(form)] = struct.pack(form, 60_000)
    (tmp_path / "bomb.tif").write_bytes(raw)
    with pytest.raises(ImageError, match=r"bomb\.tif is too large"):
        reader(tmp_path / "bomb.tif")  # type: ignore[operator]


def test_pillows_limit_is_left_as_it_was(tmp_path: Path) -> None:
    before = Image.MAX_IMAGE_PIXELS
    Image.fromarray(GREY).save(tmp_path / "a.png")
    read_micrograph(tmp_path / "a.png")
    assert before == Image.MAX_IMAGE_PIXELS


def test_max_pixels_is_a_choice(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "a.png")
    assert read_micrograph(tmp_path / "a.png", max_pixels=GREY.size).pixels.size == GREY.size
    with pytest.raises(ImageError, match="too large"):
        read_micrograph(tmp_path / "a.png", max_pixels=GREY.size - 1)


def test_bad_files_say_what_is_wrong(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8)
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("this is no picture")
    (tmp_path / "folder.png").mkdir()
    Image.fromarray(noise).save(tmp_path / "whole.png")
    tifffile.imwrite(tmp_path / "whole.tif", noise)
    Image.fromarray(noise).save(tmp_path / "whole.jpg")
    for suffix in ("png", "tif", "jpg"):
        raw = (tmp_path / f"whole.{suffix}").read_bytes()
        (tmp_path / f"cut.{suffix}").write_bytes(raw[: len(raw) // 2])
    (tmp_path / "magic.tif").write_bytes(b"II*\0")
    cases = {
        "empty.png": "empty",
        "text.png": "not an image",
        "folder.png": "is a folder",
        "absent.png": "does not exist",
        "cut.png": "damaged or cut short",
        "cut.tif": "damaged or cut short",
        "cut.jpg": "damaged or cut short",
        "magic.tif": "damaged or cut short|no page",
    }
    for name, words in cases.items():
        with pytest.raises(ImageError, match=words) as caught:
            read_micrograph(tmp_path / name)
        assert name in str(caught.value)
        assert str(caught.value).count(".") >= 2, "a remedy follows"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyError(104), r"\(KeyError: '104'\)"),
        (struct.error("unpack requires a buffer of 4 bytes"), r"\(unpack requires a buffer"),
        (ValueError(), r"\(ValueError\)"),
        (ValueError("a\x00 b"), r"\(ValueError: 'a\\x00 b'\)"),
        (ValueError("two\nlines"), r"\(two lines\)"),
    ],
)
def test_every_cause_is_in_words(error: Exception, words: str) -> None:
    """Decoders say "104" or nothing of damaged bytes."""
    with pytest.raises(ImageError, match=words), reading("a.dm3"):
        raise error


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_permission(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(GREY).save(path)
    path.chmod(0)
    with pytest.raises(ImageError, match=r"a\.png cannot be opened: permission denied"):
        read_micrograph(path)


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=200), head=st.sampled_from([b"", b"II*\0", b"\x89PNG\r\n\x1a\n"]))
def test_arbitrary_bytes_never_raise_anything_else(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, head: bytes
) -> None:
    path = tmp_path_factory.mktemp("f") / "a.png"
    path.write_bytes(head + data)
    with pytest.raises(ImageError):
        read_micrograph(path)


@settings(max_examples=30, deadline=None)
@given(
    labels=arrays(
        np.int32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 65535)
    ),
    suffix=st.sampled_from([".png", ".tif"]),
)
def test_labels_come_back(
    tmp_path_factory: pytest.TempPathFactory, labels: np.ndarray, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("l") / f"a{suffix}"
    write_labels(path, labels)
    read = read_labels(path)
    assert read.dtype == np.int32
    np.testing.assert_array_equal(read, labels)


def test_many_labels_need_a_tiff(tmp_path: Path) -> None:
    labels = np.array([[0, 70_000]])
    with pytest.raises(ImageError, match=r"a\.png has more labels.*70000.*\.tif"):
        write_labels(tmp_path / "a.png", labels)
    write_labels(tmp_path / "a.tiff", labels)
    np.testing.assert_array_equal(read_labels(tmp_path / "a.tiff"), labels)
    with pytest.raises(ImageError, match="cannot be written"):
        write_labels(tmp_path / "a.jpg", labels)
    with pytest.raises(ImageError, match="cannot be a mask"):
        write_labels(tmp_path / "a.tif", labels - 1)


def test_masks_that_are_none_are_refused(tmp_path: Path) -> None:
    coloured = np.dstack([GREY, GREY[::-1], GREY])
    Image.fromarray(coloured).save(tmp_path / "rgb.png")
    tifffile.imwrite(tmp_path / "rgb.tif", coloured, photometric="rgb")
    tifffile.imwrite(tmp_path / "real.tif", GREY.astype(np.float32))
    tifffile.imwrite(tmp_path / "minus.tif", -np.ones((3, 3), np.int16))
    for name, words in {
        "rgb.png": "3 channels",
        "rgb.tif": "3 channels",
        "real.tif": "no whole numbers",
        "minus.tif": "no labels",
    }.items():
        with pytest.raises(ImageError, match=words):
            read_labels(tmp_path / name)


def test_to_unit() -> None:
    np.testing.assert_allclose(to_unit(np.array([[0, 255]], np.uint8)), [[0, 1]])
    np.testing.assert_allclose(to_unit(np.array([[0, 65535]], np.uint16)), [[0, 1]])
    assert to_unit(np.full((4, 4), 3.5, np.float32)).max() == 0
    stretched = to_unit(np.linspace(-40, 90, 1000, dtype=np.float32).reshape(10, 100))
    assert stretched.dtype == np.float32
    assert (stretched.min(), stretched.max()) == (0, 1)


def test_image_id_depends_on_type_shape_and_values_only() -> None:
    assert image_id(GREY) == image_id(np.asfortranarray(GREY)) == image_id(GREY.copy())
    assert len(image_id(GREY)) == 16
    assert image_id(RAMP) == image_id(RAMP.astype(">u2"))
    different = {image_id(GREY), image_id(GREY.reshape(64, 48)), image_id(GREY.astype(np.uint16))}
    changed = GREY.copy()
    changed[0, 0] += 1
    assert len(different | {image_id(changed)}) == 4
