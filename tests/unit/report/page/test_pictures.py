from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from micrographia.report.page import pictures

MASKS = npst.arrays(np.int32, (8, 9), elements=st.integers(0, 4))


def test_a_data_uri_holds_the_picture():
    y, x = np.mgrid[:60, :80]
    pixels = np.stack([x * 3, y * 4, 0 * x + 90], axis=-1).astype(np.uint8)
    head, content = pictures.data_uri(pixels).split(",", 1)
    assert head == "data:image/webp;base64"
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))
    assert image.shape == pixels.shape
    assert np.abs(image.astype(int) - pixels).mean() < 4
    assert pictures.data_uri(pixels) == pictures.data_uri(pixels)


@given(MASKS)
def test_every_instance_is_its_own_partner(labels):
    present = {int(label) for label in np.unique(labels)} - {0}
    assert pictures.partners(labels, labels) == (present, present)


@given(MASKS, MASKS)
def test_partners_are_one_to_one_and_symmetric(truth, predicted):
    one, other = pictures.partners(truth, predicted)
    assert len(one) == len(other)
    assert pictures.partners(predicted, truth) == (other, one)


def test_an_overlap_of_one_half_is_not_enough():
    truth = np.array([[1, 1, 0]], dtype=np.int32)
    assert pictures.partners(truth, np.array([[1, 0, 0]], dtype=np.int32)) == (set(), set())
    assert pictures.partners(truth, np.array([[1, 1, 1]], dtype=np.int32)) == ({1}, {1})


@given(npst.arrays(np.int32, npst.array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_picture_and_mask_shrink_to_the_same_shape(labels):
    grey = np.zeros(labels.shape, dtype=np.uint8)
    small = pictures.shrink_labels(labels, 16)
    assert small.shape == pictures.shrink(grey, 16).shape
    assert max(small.shape) <= 16
    assert set(np.unique(small)) <= set(np.unique(labels))


@pytest.mark.parametrize("pixels", [np.zeros((3, 3)), np.full((2, 2), 7, dtype=np.uint16)])
def test_a_flat_picture_is_grey(pixels):
    assert (pictures.to_grey(pixels) == 128).all()
