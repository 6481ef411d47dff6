"""Overlaps of label masks against sets of pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from micrographia.errors import ImageError, MicrographiaError
from micrographia.io.images import read_labels
from micrographia.io.label_masks import masks_in, overlaps, refuse_binary, separated

# Few labels with gaps on few pixels: many overlaps, and instances of several parts.
masks = arrays(np.int32, (5, 6), elements=st.sampled_from([0, 0, 1, 2, 5, 9]))


def pixel_sets(mask):
    return {label: set(np.flatnonzero(mask == label)) for label in np.unique(mask) if label}


@given(true=masks, predicted=masks)
@settings(max_examples=200, deadline=None)
def test_pairs_are_those_of_sets_of_pixels(true, predicted):
    found = overlaps(true, predicted)
    rows, columns = pixel_sets(true), pixel_sets(predicted)
    expected = {
        (one, other): len(rows[one] & columns[other]) / len(rows[one] | columns[other])
        for one in rows
        for other in columns
        if rows[one] & columns[other]
    }
    pairs = zip(
        found.true_labels[found.true], found.predicted_labels[found.predicted], strict=True
    )
    assert dict(zip(pairs, found.iou.tolist(), strict=True)) == expected
    assert dict(zip(found.true_labels, found.true_area, strict=True)) == {
        label: len(pixels) for label, pixels in rows.items()
    }
    assert found.n_predicted == len(columns) == len(found.predicted_area)


@pytest.mark.parametrize(
    ("true", "predicted", "words"),
    [
        (np.zeros((2, 3), int), np.zeros((3, 2), int), "shapes differ"),
        (np.zeros((2, 3)), np.zeros((2, 3), int), "true mask"),
        (np.zeros((2, 3), int), np.zeros((2, 3, 1), int), "predicted mask"),
        (np.full((2, 3), -1), np.zeros((2, 3), int), "label -1"),
    ],
)
def test_wrong_masks_are_refused(true, predicted, words):
    with pytest.raises(ValueError, match=words):
        overlaps(true, predicted)


def test_masks_go_by_their_names(tmp_path):
    for name in ("b.tif", "a.PNG", ".hidden.png", "notes.txt"):
        (tmp_path / name).touch()
    found = masks_in(tmp_path, "reference")
    assert list(found) == ["a", "b"] and found["a"] == tmp_path / "a.PNG"
    (tmp_path / "a.tiff").touch()
    with pytest.raises(MicrographiaError, match=r"Two reference masks share a name: .*a\.PNG"):
        masks_in(tmp_path, "reference")


def discs(value: int, centres: list[tuple[int, int]], side: int = 60) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    mask = np.zeros((side, side), np.int32)
    for y, x in centres:
        mask[np.hypot(rows - y, columns - x) < 7] = value
    return mask


THREE = [(10, 10), (30, 40), (48, 15)]


@pytest.mark.parametrize("value", [1, 255, 65535, 3])
def test_the_parts_of_a_binary_mask_are_separated(value: int) -> None:
    labels, note = separated(discs(value, THREE))
    assert np.array_equal(labels > 0, discs(value, THREE) > 0)
    assert [int(labels[place]) for place in THREE] == [1, 2, 3]
    areas = np.bincount(labels.ravel())[1:]
    assert len(areas) == 3 and len(set(areas.tolist())) == 1
    assert f"value {value}" in str(note) and "3 connected parts" in str(note)
    with pytest.raises(ImageError, match=r"m.png is binary.*3 separate parts.*Number the inst"):
        refuse_binary(discs(value, THREE), "m.png")


@pytest.mark.parametrize(
    "labels",
    [
        discs(255, THREE[:1]),  # one instance
        discs(1, [(20, 20), (28, 28)]),  # two that touch are one part
        np.eye(5, dtype=np.int32),  # corners connect
        discs(1, THREE[:2]) + discs(2, THREE[2:]),  # an instance of two parts, and another
        np.zeros((4, 4), np.int32),
        np.full((4, 4), 255, np.int32),
    ],
)
def test_other_label_masks_stay_as_they_are(labels: np.ndarray) -> None:
    found, note = separated(labels)
    assert found is labels and note is None
    refuse_binary(labels, "m.png")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_masks_saved_in_colours_of_grey_are_read_as_one_channel(
    tmp_path: Path, mode: str, suffix: str
) -> None:
    labels = discs(1, THREE[:1]) + discs(2, THREE[1:])
    path = tmp_path / f"m{suffix}"
    Image.fromarray(labels.astype(np.uint8)).convert(mode).save(path)
    assert np.array_equal(read_labels(path), labels)


def test_planes_and_sixteen_bits_too(tmp_path: Path) -> None:
    labels = (discs(300, THREE)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "m.tif", np.stack([labels] * 3, -1), photometric="rgb")
    tifffile.imwrite(
        tmp_path / "p.tif", np.stack([labels] * 3), photometric="rgb", planarconfig="separate"
    )
    for name in ("m.tif", "p.tif"):
        assert np.array_equal(read_labels(tmp_path / name), labels)


def test_true_colours_and_half_seen_pixels_are_no_labels(tmp_path: Path) -> None:
    coloured = np.zeros((9, 9, 3), np.uint8)
    coloured[2:4, 2:4] = (255, 0, 0)
    Image.fromarray(coloured).save(tmp_path / "c.png")
    faint = np.full((9, 9, 4), 7, np.uint8)
    Image.fromarray(faint).save(tmp_path / "f.png")
    for name, channels in (("c.png", 3), ("f.png", 4)):
        with pytest.raises(ImageError, match=f"{name} has {channels} channels"):
            read_labels(tmp_path / name)
