"""The command `segmentation fibres`: tables, layers and exports that agree with one another."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from fibre_maker import draw
from PIL import Image

from micrographia.cli import main
from micrographia.io.images import read_labels
from micrographia.io.schemas import FIBRE_PICTURES, FIBRES, LAYERS
from micrographia.io.tables import read_rows
from micrographia.segmentation.fibres.painting import layers_of_fibres
from micrographia.segmentation.fibres.trace import trace
from micrographia.segmentation.measuring.layers import Layer, flatten


def cross(upper: int) -> np.ndarray:
    """Two bars, 1 lying and 2 standing; the upper one cuts the other."""
    labels = np.zeros((80, 100), np.int32)
    for label in (3 - upper, upper):
        if label == 1:
            labels[37:43, 5:95] = 1
        else:
            labels[5:75, 47:53] = 2
    return labels


@pytest.mark.parametrize("upper", [1, 2])
def test_labels_tell_which_fibre_is_on_top(upper: int) -> None:
    labels = cross(upper)
    fibres = trace(labels > 0)
    layers = layers_of_fibres(fibres, labels > 0, labels)
    flat = flatten(layers, (80, 100))
    # The lying one is longer, so it is the first.
    assert (flat[38:42, 48:52] == upper).all()
    assert {layer.label: layer.depth for layer in layers} == {upper: 0, 3 - upper: 1}
    assert np.mean(flat == labels) > 0.99


def test_the_command_and_its_files(tmp_path: Path) -> None:
    images, masks, out = tmp_path / "images", tmp_path / "masks", tmp_path / "out"
    images.mkdir()
    masks.mkdir()
    drawn = draw(11, side=256)
    for name in ("a", "b"):
        Image.fromarray(drawn.grey).save(images / f"{name}.png")
    Image.fromarray(drawn.labels.astype(np.uint8)).save(masks / "a.png")
    status = main(
        ["segmentation", "fibres", str(images), "--masks", str(masks), "--pixel-size", "2",
         "--out", str(out)]
    )  # fmt: skip
    assert status == 0
    first, second = read_rows(out / "pictures.parquet", FIBRE_PICTURES)
    assert "no mask" in second["failure"] and second["n_fibres"] is None
    rows = read_rows(out / "fibres.parquet", FIBRES)
    assert first["n_fibres"] == len(rows) > 1
    assert first["length_px"] == pytest.approx(sum(row["length_px"] for row in rows))
    for row in rows:
        assert row["length_nm"] == pytest.approx(2 * row["length_px"])
        assert row["curvature_mean_nm"] == pytest.approx(row["curvature_mean_px"] / 2)
        assert row["equivalent_diameter_px"] is None and "fibre" in row["why_no_diameter"]
        steps = np.hypot(np.diff(row["x"]), np.diff(row["y"]))
        assert steps.sum() == pytest.approx(row["length_px"])
    layers = [
        Layer(row["label"], row["depth"], row["runs"])
        for row in read_rows(out / "layers.parquet", LAYERS)
    ]
    assert np.array_equal(flatten(layers, (256, 256)), read_labels(out / "a.png"))
    entries = json.loads((out / "coco.json").read_text())["annotations"]
    assert [entry["label"] for entry in entries] == [layer.label for layer in layers]
    assert (out / "rois" / "a.zip").exists() and (out / "overlay" / "a.png").exists()
