"""The verbs `field` and `follow`, and the files between them."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from micrographia.cli import main
from micrographia.errors import ImageError
from micrographia.io.images import read_labels, write_labels
from micrographia.segmentation.flow.files import colours, read_field, write_field


@pytest.fixture
def mask(tmp_path):
    labels = np.zeros((30, 40), np.int32)
    labels[3:12, 3:12], labels[3:12, 12:30], labels[20:22, 20:22] = 5, 9, 2
    write_labels(tmp_path / "mask.png", labels)
    return tmp_path / "mask.png", labels


def test_there_and_back_from_the_command_line(mask, tmp_path, capsys):
    path, labels = mask
    field, picture, back = (str(tmp_path / name) for name in ("f.tif", "f.png", "back.tif"))
    arguments = ["segmentation", "field", str(path), "--out", field, "--picture", picture]
    assert main(arguments) == 0
    assert main(["segmentation", "follow", field, "--out", back, "--min-area", "5"]) == 0
    found = read_labels(back)
    assert (found > 0).tolist() == np.isin(labels, (5, 9)).tolist()
    assert found.max() == 2
    assert "x 20, y 20 (4 px): smaller than 5 px" in capsys.readouterr().err
    with Image.open(picture) as drawn:
        assert drawn.size == (40, 30)


def test_equal_masks_give_equal_bytes(mask, tmp_path):
    for name in ("one.tif", "two.tif"):
        main(["segmentation", "field", str(mask[0]), "--out", str(tmp_path / name)])
    assert (tmp_path / "one.tif").read_bytes() == (tmp_path / "two.tif").read_bytes()


def test_an_instance_in_parts_is_told(tmp_path, capsys):
    write_labels(tmp_path / "mask.png", np.array([[3, 3, 0, 3]]))
    main(["segmentation", "field", str(tmp_path / "mask.png"), "--out", str(tmp_path / "f.tif")])
    assert "instance 3 has 2 parts of 2, 1 px" in capsys.readouterr().err


def test_directions_have_the_colours_that_are_documented():
    field = np.array([[[0, -1, 0, 1, 0]], [[1, 0, -1, 0, 0]]], np.float32)
    right, up, left, down, still = colours(field)[0].tolist()
    assert (right, left, still) == ([255, 0, 0], [0, 255, 255], [0, 0, 0])
    assert up[1] == 255 and up[2] == 0 and down[2] == 255 and down[1] == 0


def test_what_is_no_field_is_refused(tmp_path):
    with pytest.raises(ImageError, match="does not exist"):
        read_field(tmp_path / "absent.tif")
    (tmp_path / "broken.tif").write_bytes(b"no TIFF at all")
    with pytest.raises(ImageError, match="cannot be read"):
        read_field(tmp_path / "broken.tif")
    for planes in (np.zeros((2, 4, 4), np.float32), np.zeros((3, 4, 4), np.uint8)):
        tifffile.imwrite(tmp_path / "other.tif", planes, photometric="minisblack")
        with pytest.raises(ImageError, match="three planes"):
            read_field(tmp_path / "other.tif")
    tifffile.imwrite(
        tmp_path / "nan.tif", np.full((3, 4, 4), np.nan, np.float32), photometric="minisblack"
    )
    with pytest.raises(ImageError, match="not finite numbers"):
        read_field(tmp_path / "nan.tif")
    with pytest.raises(ImageError, match="tiff"):
        write_field(tmp_path / "field.png", np.zeros((2, 1, 1)), np.zeros((1, 1)))
