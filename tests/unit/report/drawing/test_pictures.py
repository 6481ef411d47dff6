from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from micrographia.report.drawing import pictures

MASKS = npst.arrays(np.int32, (8, 9), elements=st.integers(0, 4))


def test_a_data_uri_holds_the_picture():
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    head, content = pictures.data_uri(pixels).split(",", 1)
    assert head == "data:image/png;base64"
    image = Image.open(io.BytesIO(base64.b64decode(content)))
    np.testing.assert_array_equal(np.asarray(image), pixels)


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


def test_overlay_colours_only_instances():
    grey = np.full((9, 9), 100, dtype=np.uint8)
    labels = np.zeros((9, 9), dtype=np.int32)
    labels[1:4, 1:4] = 1
    labels[5:8, 5:8] = 2
    drawn = pictures.overlay(grey, labels, {1})
    assert (drawn[labels == 0] == 100).all()
    assert tuple(drawn[1, 1]) == pictures.PARTNER
    assert tuple(drawn[5, 5]) == pictures.ALONE
    assert tuple(drawn[2, 2]) not in {(100, 100, 100), pictures.PARTNER}


@given(npst.arrays(np.int32, npst.array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_picture_and_mask_shrink_to_the_same_shape(labels):
    grey = np.zeros(labels.shape, dtype=np.uint8)
    small = pictures.shrink_labels(labels, 16)
    assert small.shape == pictures.shrink(grey, 16).shape
    assert max(small.shape) <= 16
    assert set(np.unique(small)) <= set(np.unique(labels))


@given(st.floats(1e-3, 1e7), st.sampled_from(["nm", "Å", "px"]))
def test_a_scale_bar_is_a_tenth_to_a_quarter_of_the_width(extent, unit):
    share, label = pictures.scale_bar(extent, unit)
    assert 0.099 < share < 0.251
    assert label.split()[0].strip("0.e-+")[:1] in {"1", "2", "5"}


@pytest.mark.parametrize("pixels", [np.zeros((3, 3)), np.full((2, 2), 7, dtype=np.uint16)])
def test_a_flat_picture_is_grey(pixels):
    assert (pictures.to_grey(pixels) == 128).all()
