"""Layered masks: whole instances on one another, there and back, and in the exports."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from roifile import ImagejRoi

from micrographia.io.masks.run_lengths import compress, run_lengths
from micrographia.segmentation.measuring.coco import Picture, write_coco
from micrographia.segmentation.measuring.layers import Layer, cropped, flatten, hidden, layers_of
from micrographia.segmentation.measuring.rois import write_rois

SHAPE = (20, 30)


def crossing() -> list[Layer]:
    """A bar of 30 x 4 px under one of 4 x 20 px."""
    lying, standing = np.ones((4, 30), bool), np.ones((20, 4), bool)
    return [
        Layer(1, 1, compress(run_lengths(lying, 0, 8, SHAPE))),
        Layer(2, 0, compress(run_lengths(standing, 10, 0, SHAPE))),
    ]


@given(
    labels=arrays(
        np.int32,
        st.tuples(st.integers(1, 9), st.integers(1, 9)),
        elements=st.sampled_from([0, 0, 1, 2, 7]),
    )
)
def test_a_label_mask_comes_back(labels: np.ndarray) -> None:
    assert np.array_equal(flatten(layers_of(labels), labels.shape), labels)


def test_the_upper_one_is_seen() -> None:
    flat = flatten(crossing(), SHAPE)
    assert (flat[:, 10:14] == 2).all()
    assert (flat[8:12, :10] == 1).all() and (flat[8:12, 14:] == 1).all()
    assert np.count_nonzero(flat) == 30 * 4 + 20 * 4 - 16
    assert hidden(crossing(), SHAPE).tolist() == [16, 0]


def test_of_equal_depth_the_smaller_label_is_seen() -> None:
    level = [layer._replace(depth=0) for layer in crossing()]
    assert (flatten(level, SHAPE)[8:12] == 1).all()


def test_what_is_wholly_hidden_is_kept() -> None:
    under = Layer(3, 2, compress(run_lengths(np.ones((2, 2), bool), 11, 9, SHAPE)))
    layers = [*crossing(), under]
    assert 3 not in flatten(layers, SHAPE)
    assert hidden(layers, SHAPE)[2] == 4
    whole = cropped(under, SHAPE)
    assert whole is not None and (whole.x, whole.y, whole.mask.shape) == (11, 9, (2, 2))


def test_coco_holds_each_instance_whole(tmp_path: Path) -> None:
    picture = Picture("id", "a.png", flatten(crossing(), SHAPE), crossing())
    write_coco(tmp_path / "coco.json", [picture], {})
    found = json.loads((tmp_path / "coco.json").read_text())["annotations"]
    assert [entry["area"] for entry in found] == [120, 80]
    assert [entry["depth"] for entry in found] == [1, 0]
    assert found[0]["bbox"] == [0, 8, 30, 4]
    assert [entry["segmentation"]["counts"] for entry in found] == [
        layer.runs for layer in crossing()
    ]


def test_regions_are_one_an_instance(tmp_path: Path) -> None:
    write_rois(tmp_path / "a.zip", flatten(crossing(), SHAPE), crossing())
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        names = archive.namelist()
        lying = ImagejRoi.frombytes(archive.read(names[0]))
    assert names == ["1.roi", "2.roi"]
    assert lying.coordinates().tolist() == [[0, 8], [30, 8], [30, 12], [0, 12]]
