"""`micrographia segmentation edit`: with napari itself where it and a screen are there.

`xvfb-run -s "-extension GLX" pytest …` gives a screen to a machine that has none.
"""

from __future__ import annotations

import importlib.util

import numpy as np
import pandas as pd
import pytest
import tifffile
from needed import needs
from PIL import Image

from micrographia.cli import main
from micrographia.io.images import read_labels, write_labels


@pytest.fixture
def picture(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (60, 80)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    labels = np.zeros((60, 80), np.int32)
    labels[10:20, 10:30] = 1
    write_labels(tmp_path / "mask.png", labels)
    return tmp_path / "a.png"


@needs("napari")
def test_what_is_drawn_in_napari_is_saved_and_measured(picture, tmp_path, monkeypatch, capsys):
    """Drawn with napari's own tools, in its own window; read back to the pixel."""
    import napari
    from qtpy.QtCore import QTimer

    run, seen = napari.run, {}

    def draw() -> None:
        viewer = napari.current_viewer()
        layer = viewer.layers["instances"]
        seen.update(
            scale=[*layer.scale],
            bar=viewer.canvas.overlays.scale_bar.visible,
            picture=len(viewer.layers),
        )
        layer.brush_size = 1
        for row in range(30, 35):
            for column in range(40, 50):
                layer.paint((row, column), 7)
        layer.fill((12, 12), 0)
        viewer.close()

    def run_and_draw() -> None:
        QTimer.singleShot(500, draw)
        run()

    monkeypatch.setattr(napari, "run", run_and_draw)
    words = ["segmentation", "edit", str(picture), "--mask", str(tmp_path / "mask.png")]
    out = tmp_path / "corrected" / "a.png"
    assert main([*words, "--pixel-size", "0.5", "--out", str(out)]) == 0
    assert seen == {"scale": [0.5, 0.5], "bar": True, "picture": 2}
    expected = np.zeros((60, 80), np.int32)
    expected[30:35, 40:50] = 7
    np.testing.assert_array_equal(read_labels(out), expected)
    table = pd.read_csv(out.with_name("a-instances.csv"))
    assert table["area_nm2"].tolist() == [12.5]
    assert "corrected, 1 instance, median diameter" in capsys.readouterr().out


@needs("napari")
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.int64])
def test_masks_that_napari_saved_are_read(dtype, tmp_path, picture):
    from napari.layers import Labels
    from napari.utils.io import imsave

    drawn = np.zeros((60, 80), dtype)
    drawn[5:9, 5:25] = 1
    imsave(str(tmp_path / "layer.tif"), Labels(drawn).data)
    np.testing.assert_array_equal(read_labels(tmp_path / "layer.tif"), drawn.astype(np.int32))


@pytest.mark.skipif(importlib.util.find_spec("napari") is not None, reason="napari is installed")
def test_without_napari_the_remedy_is_said(picture, tmp_path, capsys):
    words = ["segmentation", "edit", str(picture), "--mask", str(tmp_path / "mask.png")]
    assert main(words) == 2
    assert "napari is not installed" in (said := capsys.readouterr().err) and "edit" in said


def test_a_mask_must_go_somewhere_and_not_over_the_picture(picture, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert main(["segmentation", "edit", str(picture)]) == 2
    assert "where to save the mask" in capsys.readouterr().err
    assert main(["segmentation", "edit", str(picture), "--out", str(picture)]) == 2
    tifffile.imwrite(tmp_path / "small.tif", np.zeros((5, 5), np.uint8))
    words = ["--mask", str(tmp_path / "small.tif"), "--out", str(tmp_path / "o.png")]
    assert main(["segmentation", "edit", str(picture), *words]) == 2
    assert "is no mask of a.png" in capsys.readouterr().err
