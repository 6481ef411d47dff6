"""What later rooms see of a picture with text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from micrographia.errors import ImageError, MicrographiaError
from micrographia.io import working_picture as working
from micrographia.io.working_picture import read_working, without_text

BOX = [10, 80, 60, 95]


@pytest.fixture
def picture(tmp_path: Path) -> tuple[str, np.ndarray]:
    """A smooth slope with a white bar on it."""
    pixels = np.tile(np.linspace(40, 120, 120), (100, 1)).astype(np.uint8)
    pixels[82:93, 12:58] = 255
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    return str(tmp_path / "picture.png"), pixels


def row(path: str, **values: object) -> dict[str, object]:
    return {"path": path, "pixel_size_nm": None, "text_boxes": [BOX], "crop_box": None, **values}


@pytest.mark.parametrize("policy", [None, "none", float("nan")])
def test_a_picture_is_left_as_it_is(picture: tuple, policy: object) -> None:
    path, pixels = picture
    working = read_working(row(path, text_policy=policy))
    assert np.array_equal(working.pixels, pixels)
    assert working.box == (0, 0, 120, 100) and working.shape == (100, 120)


def test_a_crop_is_the_named_part_and_its_labels_go_back_in_place(picture: tuple) -> None:
    path, pixels = picture
    crop = np.array([5, 0, 120, 78])  # as pandas hands it over
    working = read_working(row(path, text_policy="crop", crop_box=crop, pixel_size_nm=2.5))
    assert np.array_equal(working.pixels, pixels[:78, 5:])
    assert working.pixel_size_nm == 2.5
    labels = np.ones(working.pixels.shape, dtype=np.int32)
    whole = working.whole(labels)
    assert whole.shape == pixels.shape and whole.dtype == np.int32
    assert whole[:78, 5:].all() and not whole[78:].any() and not whole[:, :5].any()


def test_faint_text_that_a_crop_still_shows_is_inpainted(picture: tuple) -> None:
    path, pixels = picture
    whole = read_working(row(path, text_policy="inpaint"))
    working = read_working(row(path, text_policy="crop", crop_box=[5, 10, 120, 100]))
    assert np.abs(working.pixels.astype(int) - whole.pixels[10:, 5:].astype(int)).max() <= 1
    assert not np.array_equal(working.pixels, pixels[10:, 5:])


@pytest.mark.parametrize("policy", ["inpaint", "mask"])
def test_text_is_painted_over_and_nothing_else(picture: tuple, policy: str) -> None:
    path, pixels = picture
    boxes = np.array([np.array(BOX)], dtype=object)
    working = read_working(row(path, text_policy=policy, text_boxes=boxes))
    outside = np.ones(pixels.shape, dtype=bool)
    outside[78:97, 8:62] = False
    assert np.array_equal(working.pixels[outside], pixels[outside])
    clean = np.tile(np.linspace(40, 120, 120), (100, 1))
    worst = np.abs(working.pixels - clean)[~outside].max()
    # Inpainting continues the slope; a median of the ring around it is level.
    assert worst < (8 if policy == "inpaint" else 25)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("how", ["inpaint", "mask"])
def test_every_type_of_pixel_keeps_its_type(dtype: type, how: str) -> None:
    pixels = np.full((40, 50), 30, dtype=dtype)
    pixels[5:9, 5:30] = 200
    clean = without_text(pixels, [(5, 5, 30, 9)], how)
    assert clean.dtype == dtype and clean.max() <= 33 and pixels.max() == 200


def test_a_picture_that_is_all_text_stays(picture: tuple) -> None:
    path, pixels = picture
    working = read_working(row(path, text_policy="inpaint", text_boxes=[[0, 0, 120, 100]]))
    assert np.array_equal(working.pixels, pixels)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"text_policy": "blur"}, "unknown text_policy"),
        ({"text_policy": "crop", "crop_box": [0, 0, 400, 10]}, "does not lie in the picture"),
    ],
)
def test_faults_are_told(picture: tuple, fault: dict, words: str) -> None:
    with pytest.raises(MicrographiaError, match=words):
        read_working(row(picture[0], **fault))


def test_what_ingest_let_in_is_not_too_large_later(
    picture: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, pixels = picture
    monkeypatch.setattr(working, "MAX_PIXELS", 100)
    height, width = pixels.shape
    read = read_working({"path": path, "width": width, "height": height})
    assert np.array_equal(read.pixels, pixels)
    with pytest.raises(ImageError, match="max_pixels"):
        read_working({"path": path})
