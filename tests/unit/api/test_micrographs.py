"""Pictures through the Python API: read, segmented, measured as the command line does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image

import micrographia as mg
from micrographia.cli import main
from micrographia.config import Segmentation, Synthesis, Watershed
from micrographia.errors import ImageError
from micrographia.io.schemas import INSTANCES, SIZES
from micrographia.io.tables import read_table
from micrographia.synthesis.procedural.micrograph import make_micrograph

#: Beside the checkout, if it is there at all.
FILES = [folder / "shared/data/microscope_files" for folder in Path(__file__).parents[3:]]
DM3 = next(filter(Path.is_dir, FILES), FILES[0]) / "digitalmicrograph" / "test_STEM_image.dm3"


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    """A procedural picture with a scale bar burnt in; its pixel size is 2.29 nm."""
    pixels, _, truth = make_micrograph(1, 7, Synthesis(size=512, annotated_share=1.0))
    path = tmp_path_factory.mktemp("picture") / "rods.png"
    Image.fromarray(pixels).save(path)
    return path, truth["pixel_size_nm"]


@pytest.fixture
def with_size(tmp_path):
    """The kind of TIFF that ImageJ writes: 0.5 nm per pixel."""
    path = tmp_path / "with_size.tif"
    pixels = np.arange(24 * 32, dtype=np.uint16).reshape(24, 32)
    tifffile.imwrite(path, pixels, imagej=True, resolution=(2, 2), metadata={"unit": "nm"})
    return path


def test_pixel_size_of_the_file(with_size):
    image = mg.read(with_size)
    assert (image.pixel_size, image.unit, image.pixel_size_source) == (0.5, "nm", "file")
    assert image.pixel_size_nm == 0.5 and image.path == with_size
    assert image.pixels.dtype == np.uint16 and image.pixels.shape == (24, 32)
    assert image.conditions is None and image.metadata == {
        "format": "TIFF",
        "pixel_size_stated_by": "ImageJ",
    }
    assert repr(image).endswith("0.5 nm per pixel (file: ImageJ))")


def test_pixel_size_that_is_given_wins(with_size):
    image = mg.read(with_size, pixel_size=3, unit="Å", scale_bar=True)
    assert (image.pixel_size, image.unit, image.pixel_size_source) == (3, "Å", "given")
    assert image.pixel_size_nm == pytest.approx(0.3)
    converted = mg.read(with_size, unit="Å")
    assert converted.pixel_size == pytest.approx(5) and converted.pixel_size_source == "file"


def test_pixel_size_of_a_scale_bar(picture):
    path, truth = picture
    assert mg.read(path).pixel_size is None
    image = mg.read(path, scale_bar=True)
    assert image.pixel_size_source == "scale bar"
    assert image.pixel_size_nm == pytest.approx(truth, rel=0.01)


def test_where_nothing_tells_the_size_it_is_unknown(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    image = mg.read(tmp_path / "noise.png", scale_bar=True)
    assert image.pixel_size is image.pixel_size_nm is image.pixel_size_source is None
    assert "scale bar" in (image.note or "")
    assert mg.measure(np.ones((200, 200), np.int32), image)["area_nm2"].isna().all()


def test_a_scale_bar_against_the_file_leaves_no_size(picture, tmp_path):
    path, truth = picture
    wrong = tmp_path / "wrong.tif"
    pixels = np.asarray(Image.open(path))
    per_nm = 1 / (2 * truth)
    tifffile.imwrite(
        wrong, pixels, imagej=True, resolution=(per_nm, per_nm), metadata={"unit": "nm"}
    )
    assert mg.read(wrong).pixel_size_nm == pytest.approx(2 * truth)
    image = mg.read(wrong, scale_bar=True)
    assert image.pixel_size is None
    assert "header says" in (image.note or "")


@pytest.mark.skipif(not DM3.is_file(), reason="the shared data are not here")
def test_a_real_file_of_a_microscope():
    image = mg.read(DM3)
    rosetta = pytest.importorskip("rsciio.digitalmicrograph")
    [signal] = rosetta.file_reader(str(DM3))
    np.testing.assert_array_equal(image.pixels, signal["data"].astype(image.pixels.dtype))
    axis = signal["axes"][1]
    nm = {"nm": 1.0, "µm": 1e3, "um": 1e3}[axis["units"]]
    assert image.pixel_size_nm == pytest.approx(axis["scale"] * nm)
    assert (image.unit, image.pixel_size_source) == ("nm", "file")
    stated = {"format": "DM3", "pixel_size_stated_by": "DigitalMicrograph axes"}
    assert image.metadata == stated and image.note == "uint32 to float32"


def test_reading_fails_with_one_sentence(tmp_path):
    with pytest.raises(ImageError, match="does not exist"):
        mg.read(tmp_path / "absent.png")
    assert mg.MicrographiaError in ImageError.__mro__


@pytest.mark.parametrize("size", [0, -1, float("nan"), float("inf"), 5e-4, 2e7])
def test_a_pixel_size_that_is_no_length(with_size, size):
    with pytest.raises(ImageError, match="is no length"):
        mg.read(with_size, pixel_size=size)
    with pytest.raises(ImageError, match="is no length"):
        mg.measure(np.ones((4, 4), int), pixel_size_nm=size)


def test_what_is_no_picture():
    with pytest.raises(ImageError, match="two dimensions"):
        mg.Micrograph(np.zeros((4, 4, 3)))
    with pytest.raises(ImageError, match="'nm', 'Å'"):
        mg.Micrograph(np.zeros((4, 4)), 1.0, "mm")  # type: ignore[arg-type]
    with pytest.raises(ImageError, match="no finite number"):
        mg.segment(np.full((64, 64), np.nan), method="watershed")


@pytest.mark.parametrize("method", ["unet-small", "watershed"])
def test_same_numbers_as_the_command_line(picture, tmp_path, method):
    path, size = picture
    out = tmp_path / "out"
    words = ["segmentation", "predict", str(path), "--out", str(out), "--method", method]
    assert main(words) == 0
    image = mg.read(path)
    labels = mg.segment(image, method=method)
    assert labels.dtype == np.int32 and labels.shape == image.pixels.shape
    table = mg.measure(labels, image)
    pd.testing.assert_frame_equal(table, read_table(out / "instances.parquet", INSTANCES))
    assert len(table) > 40
    pd.testing.assert_frame_equal(
        mg.sizes(table), read_table(out / "sizes.parquet", SIZES), check_dtype=False
    )
    in_nm = mg.measure(labels, image, pixel_size_nm=size)
    np.testing.assert_allclose(in_nm["area_nm2"], table["area_px"] * size**2)


def test_arrays_do_as_well_as_pictures(picture):
    image = mg.read(picture[0], pixel_size=2.0)
    labels = mg.segment(image.pixels, method="watershed")
    np.testing.assert_array_equal(labels, mg.segment(image, method="watershed"))
    plain = mg.measure(labels, image.pixels)
    assert plain["area_nm2"].isna().all()
    assert set(plain["image_id"]) == set(mg.measure(labels, image)["image_id"])
    # Whole numbers of other widths are pictures, too: their own range counts.
    wide = mg.segment(image.pixels.astype(np.int64), method="watershed")
    assert abs(int(wide.max()) - int(labels.max())) <= 0.1 * labels.max()


def test_settings_count(picture):
    image = mg.read(picture[0])
    large = Segmentation(watershed=Watershed(min_area=1500))
    labels = mg.segment(image, "watershed", large)
    assert 0 < labels.max() < mg.segment(image, "watershed").max()
    assert mg.measure(labels)["area_px"].min() >= 1500


def test_an_unknown_method_is_named_with_the_known():
    with pytest.raises(mg.MicrographiaError, match="unet-small"):
        mg.segment(np.zeros((64, 64)), method="unet")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (np.zeros((8, 8)), "float64"),
        (np.ones((8, 8), bool), "bool"),
        (-np.ones((8, 8), int), "no label mask"),
        (np.zeros((8, 8, 2), int), "shape"),
        (np.zeros((9, 8), int), "different sizes"),
    ],
)
def test_what_is_no_label_mask(labels, reason):
    with pytest.raises(ImageError, match=reason):
        mg.measure(labels, np.zeros((8, 8)))
