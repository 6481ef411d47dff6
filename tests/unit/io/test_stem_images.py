"""STEM images keep their scale and conditions."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from micrographia.errors import ImageError
from micrographia.io.stem_images import StemImage, read_stem_image, write_stem_image

IMAGE = StemImage(
    np.linspace(-0.1, 0.2, 80 * 70, dtype=np.float32).reshape(80, 70), 0.1, {"dose": 3e4}
)


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write_stem_image(path, IMAGE)
    back = read_stem_image(path)
    assert np.array_equal(back.pixels, IMAGE.pixels)
    assert back.pixel_size == pytest.approx(0.1, rel=1e-5)
    assert back.metadata["dose"] == 3e4
    write_stem_image(tmp_path / "b.tif", IMAGE)
    assert path.read_bytes() == (tmp_path / "b.tif").read_bytes()


def test_imagej_sees_the_scale(tmp_path: Path) -> None:
    write_stem_image(tmp_path / "a.tif", IMAGE)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert file.is_imagej and file.imagej_metadata["unit"] == "angstrom"
        numerator, denominator = file.pages[0].tags["XResolution"].value
        assert numerator / denominator == pytest.approx(10.0)


def test_pixel_size_must_come_from_somewhere(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "bare.tif", IMAGE.pixels)
    with pytest.raises(ImageError, match=r"does not state its pixel size.*--pixel-size"):
        read_stem_image(tmp_path / "bare.tif")
    assert read_stem_image(tmp_path / "bare.tif", 0.2).pixel_size == 0.2
    with pytest.raises(ImageError, match="cannot resolve atoms"):
        read_stem_image(tmp_path / "bare.tif", 20.0)
    with pytest.raises(ImageError, match=r"cannot resolve atoms.*0\.01 to 1 Å"):
        read_stem_image(tmp_path / "bare.tif", 0.009)


def test_the_smallest_pixel_comes_back(tmp_path: Path) -> None:
    """1 pm is the least that any file may state, and what the least STEM image has."""
    write_stem_image(tmp_path / "a.tif", StemImage(IMAGE.pixels, 0.01, {}))
    assert read_stem_image(tmp_path / "a.tif").pixel_size == pytest.approx(0.01)


def test_names_that_are_no_tiff_are_refused_and_formats_are_told_by_content(
    tmp_path: Path,
) -> None:
    with pytest.raises(ImageError, match=r"a\.png.*\.tif"):
        write_stem_image(tmp_path / "a.png", IMAGE)
    write_stem_image(tmp_path / "a.tif", IMAGE)
    renamed = (tmp_path / "a.tif").rename(tmp_path / "a.png")
    assert read_stem_image(renamed, 0.1).metadata["dose"] == 3e4


def test_a_contradicted_pixel_size_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_stem_image(tmp_path / "a.tif", IMAGE)
    assert read_stem_image(tmp_path / "a.tif", 0.2).pixel_size == 0.2
    assert "states a pixel size of 0.1 Å; the given pixel size of 0.2 Å is used" in caplog.text


def test_missing_pixels_are_filled_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pixels = IMAGE.pixels.copy()
    pixels[3, 4] = np.nan
    tifffile.imwrite(tmp_path / "nan.tif", pixels)
    assert np.isfinite(read_stem_image(tmp_path / "nan.tif", 0.1).pixels).all()
    assert "1 pixels that are no numbers" in caplog.text
