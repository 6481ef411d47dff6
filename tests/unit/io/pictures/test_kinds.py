"""Which files are pictures, by their names and by how they begin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from micrographia.errors import ImageError
from micrographia.io.images import read_labels, read_micrograph
from micrographia.io.pictures.beginnings import recognised
from micrographia.io.pictures.kinds import PLAIN, SUFFIXES, is_read, pictures_among, refusal

_GREY = (np.arange(30 * 40) % 251).astype(np.uint8).reshape(30, 40)


@pytest.mark.parametrize("name", ["a.PNG", "a.b.tif", "in/a.jfif", "a.WebP", "a.gif", "a.dm4"])
def test_what_is_read_is_listed_and_not_refused(name: str) -> None:
    assert is_read(name)
    assert pictures_among([name]) == [name]
    assert refusal(name) is None


@pytest.mark.parametrize(
    "name", ["a.txt", "a.csv", "Thumbs.db", "README", "a.xml", "a.zip", "png"]
)
def test_what_is_no_picture_is_neither(name: str) -> None:
    assert pictures_among([name]) == []
    assert refusal(name) is None


@pytest.mark.parametrize("reader", [read_micrograph, read_labels])
@pytest.mark.parametrize("name", ["a.HEIC", "a.svg", "a.lif"])
def test_refusal_names_file_and_remedy(tmp_path: Path, name: str, reader: object) -> None:
    (tmp_path / name).write_bytes(b"whatever")
    with pytest.raises(ImageError, match=rf"{name}: .* are not read; allowed: \.png.*Export"):
        reader(tmp_path / name)  # type: ignore[operator]


def test_no_suffix_is_both_read_and_refused() -> None:
    for suffix in SUFFIXES:
        assert refusal(f"a{suffix}") is None


@pytest.mark.parametrize("suffix", PLAIN)
def test_content_decides_what_a_picture_is(tmp_path: Path, suffix: str) -> None:
    """A WebP that a browser saved as .png, a TIFF called .jpg: read as what they are."""
    for form in ("PNG", "TIFF", "BMP", "WEBP", "GIF"):
        path = tmp_path / f"{form}{suffix}"
        Image.fromarray(_GREY).save(path, form, **({"lossless": True} if form == "WEBP" else {}))
        picture = read_micrograph(path)
        assert picture.format == form
        np.testing.assert_array_equal(picture.pixels, _GREY)


def test_phones_write_jpegs_of_several_pictures(tmp_path: Path) -> None:
    pictures = [Image.fromarray(np.full((16, 16), value, np.uint8)) for value in (90, 10)]
    pictures[0].save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=pictures[1:])
    picture = read_micrograph(tmp_path / "a.jpg")
    assert picture.format == "JPEG"
    assert picture.note == "first of 2 pages"
    assert abs(int(picture.pixels[8, 8]) - 90) <= 2


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"%PDF-1.4", "a PDF document"),
        (b"\n<html>", "a web page"),
        (b"\0\0\0\x18ftypheic", "a HEIF picture"),
        (b"\0\0\0\x18ftypavif", "an AVIF picture"),
        (b"\0\0\0\x18ftypmp42", "a movie"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"", None),
        (b"plain words", None),
    ],
)
def test_beginnings(head: bytes, what: str | None) -> None:
    assert recognised(head) == what
