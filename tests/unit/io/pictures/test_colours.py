"""Colours, and their luminance: the same whatever file holds them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from micrographia.errors import ImageError
from micrographia.io.endpoint.pictures import read_colour
from micrographia.io.images import read_colours, read_micrograph
from micrographia.io.pictures.grey import grey_of_inks, luminance

_COLOUR = np.random.default_rng(3).integers(0, 255, (24, 36, 3)).astype(np.uint8)


@given(arrays(np.uint16, st.tuples(st.integers(1, 5), st.integers(1, 5), st.just(3))))
def test_luminance_is_that_of_bt601(colour: np.ndarray) -> None:
    exact = colour @ np.array([0.299, 0.587, 0.114])
    grey = luminance(colour)
    assert grey.dtype == np.uint16
    assert np.abs(grey - exact).max() <= 1
    # Eight bits are the high bytes of sixteen.
    assert np.abs(luminance((colour >> 8).astype(np.uint8)) * 257.0 - exact).max() <= 257 * 1.5


def test_equal_channels_are_their_own_luminance() -> None:
    """Grey that was saved as colour comes back to the number, in every type."""
    for kind in (np.uint8, np.uint16, np.uint32, np.int16, np.float32, np.float64):
        grey = np.arange(256).reshape(16, 16).astype(kind)
        np.testing.assert_allclose(luminance(np.dstack([grey] * 3)), grey, rtol=1e-6)
    deep = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    np.testing.assert_array_equal(luminance(np.dstack([deep] * 3)), deep)


@pytest.mark.parametrize("most", [255, 65535, 4095])
def test_inks(most: int) -> None:
    kind = np.uint8 if most < 256 else np.uint16
    paper, black = [0, 0, 0, 0], [0, 0, 0, most]
    cyan, half = [most, 0, 0, 0], [0, 0, 0, most // 2]
    grey = grey_of_inks(np.array([[paper, black, cyan, half]], kind), most)
    assert grey.tolist() == [[most, 0, round(0.701 * most), most - most // 2]]


@pytest.mark.parametrize("compression", [None, "lzw", "zlib"])
@pytest.mark.parametrize("turn", [1, 3, 6])
def test_colours_lie_where_the_luminance_lies(
    tmp_path: Path, compression: str | None, turn: int
) -> None:
    path = tmp_path / "a.tif"
    tags = [(274, 3, 1, turn, True)]
    tifffile.imwrite(path, _COLOUR, photometric="rgb", compression=compression, extratags=tags)
    colours = read_colours(path)
    np.testing.assert_array_equal(colours, _COLOUR)
    np.testing.assert_array_equal(read_colour(path), _COLOUR)
    np.testing.assert_array_equal(luminance(_COLOUR), read_micrograph(path).pixels)


def test_colours_by_file(tmp_path: Path) -> None:
    deep = _COLOUR.astype(np.uint16) * 256 + 200
    tifffile.imwrite(tmp_path / "deep.tif", deep, photometric="rgb")
    tifffile.imwrite(
        tmp_path / "apart.tif", _COLOUR.transpose(2, 0, 1), photometric="rgb", planarconfig=2
    )
    Image.fromarray(_COLOUR).save(tmp_path / "a.png")
    Image.fromarray(_COLOUR).save(tmp_path / "a.webp", lossless=True)
    for name in ("deep.tif", "apart.tif", "a.png", "a.webp"):
        np.testing.assert_array_equal(read_colours(tmp_path / name), _COLOUR, err_msg=name)
    index = (np.arange(240) % 7).astype(np.uint8).reshape(12, 20)
    palette = np.random.default_rng(5).integers(0, 255, (3, 256)).astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "p.tif", index, photometric="palette", colormap=palette)
    np.testing.assert_array_equal(read_colours(tmp_path / "p.tif"), (palette >> 8).T[index])
    jpeg = np.dstack([np.full((16, 16), value, np.uint8) for value in (200, 90, 30)])
    Image.fromarray(jpeg).save(tmp_path / "j.tif", compression="jpeg", quality=95)
    assert np.abs(read_colours(tmp_path / "j.tif").astype(int) - jpeg).max() <= 4


def test_grey_has_no_colours(tmp_path: Path) -> None:
    grey = _COLOUR[..., 0]
    Image.fromarray(grey).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "a.tif", grey.astype(np.float32))
    (tmp_path / "a.mrc").write_bytes(b"is not opened for colours")
    assert [read_colours(tmp_path / name) for name in ("a.png", "a.tif", "a.mrc")] == [None] * 3
    (tmp_path / "bad.png").write_bytes(b"no picture")
    with pytest.raises(ImageError, match=r"bad\.png is not an image"):
        read_colours(tmp_path / "bad.png")
