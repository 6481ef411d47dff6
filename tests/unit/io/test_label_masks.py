"""Overlaps of label masks against sets of pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from micrographia.errors import MicrographiaError
from micrographia.io.label_masks import masks_in, overlaps

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
