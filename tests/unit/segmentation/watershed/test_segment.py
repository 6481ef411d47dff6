"""The classical segmenter: exact cases, invariances, and real micrographs where they are."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from needed import EMPS, needs
from skimage.draw import disk

from micrographia.config import Watershed
from micrographia.errors import ImageError
from micrographia.io.images import read_labels, read_micrograph, to_unit
from micrographia.segmentation.watershed.segment import segment, split

#: IoU that a disc must reach: an outline off by one pixel costs the smallest one 0.16.
GOOD = 0.8
DISCS = [((40, 40), 14), ((60, 110), 20), ((120, 50), 17), ((130, 130), 12)]


def picture(discs=DISCS, shape=(170, 170), noise=0.03, seed=0):
    """Bright discs on a dark, noisy ground, and their label mask."""
    labels = np.zeros(shape, np.int32)
    for label, (centre, radius) in enumerate(discs, start=1):
        labels[disk(centre, radius, shape=shape)] = label
    image = 0.3 + 0.4 * (labels > 0) + noise * np.random.default_rng(seed).normal(size=shape)
    return np.clip(image, 0, 1).astype(np.float32), labels


def best_ious(labels, true):
    """Best IoU of each true instance, 0 where nothing was found."""
    best = []
    for number in np.unique(true[true > 0]):
        inside = true == number
        names = np.unique(labels[inside])
        overlaps = [(inside & (labels == n)).sum() / (inside | (labels == n)).sum() for n in names]
        best.append(max(o if n else 0.0 for o, n in zip(overlaps, names, strict=True)))
    return best


@pytest.mark.parametrize("bright", [True, False])
def test_discs_are_found_in_either_polarity(bright):
    image, true = picture()
    labels = segment(image if bright else 1 - image, Watershed())
    assert labels.dtype == np.int32
    assert labels.max() == 4
    assert min(best_ious(labels, true)) > GOOD


@pytest.mark.parametrize(("polarity", "other"), [("bright", "dark"), ("dark", "bright")])
def test_polarity_can_be_forced(polarity, other):
    image, true = picture()
    if polarity == "dark":
        image = 1 - image
    assert min(best_ious(segment(image, Watershed(polarity=polarity)), true)) > GOOD
    wrong = segment(image, Watershed(polarity=other))
    assert max(best_ious(wrong, true)) < 0.5


def test_touching_discs_are_divided():
    image, true = picture([((60, 40), 22), ((60, 79), 22), ((75, 115), 22)], shape=(130, 150))
    labels = segment(image, Watershed())
    assert labels.max() == 3
    assert min(best_ious(labels, true)) > GOOD


def test_gap_between_packed_discs_is_no_hole():
    discs = [((75, 80), 60), ((75, 198), 60), ((177, 139), 60)]
    image, true = picture(discs, shape=(250, 280))
    labels = segment(image, Watershed(hole_solidity=0.85))
    assert labels[109, 139] == 0  # between the three
    assert labels.max() == 3
    assert min(best_ious(labels, true)) > GOOD
    assert segment(image, Watershed(hole_solidity=0))[109, 139] > 0


def test_shading_is_removed():
    image, true = picture()
    slope = np.linspace(-0.35, 0.35, image.shape[1], dtype=np.float32)
    labels = segment(np.clip(image + slope, 0, 1), Watershed())
    assert min(best_ious(labels, true)) > GOOD


def test_size_of_the_picture_does_not_matter():
    image, true = picture()
    large = np.kron(image, np.ones((5, 5), np.float32))  # compared on a reduced copy
    labels = segment(large, Watershed())
    assert labels.max() == 4
    assert min(best_ious(labels, np.kron(true, np.ones((5, 5), int)))) > GOOD


def test_specks_are_dropped():
    image, _ = picture([*DISCS, ((85, 150), 3)])
    assert segment(image, Watershed()).max() == 4
    assert segment(image, Watershed(min_area=5, min_relative_area=0)).max() == 5


def test_holes_are_filled_up_to_the_limit():
    image, true = picture()
    image[disk((60, 110), 6)] = 0.3
    assert min(best_ious(segment(image, Watershed(max_hole=0.01)), true)) > GOOD
    holed = segment(image, Watershed(max_hole=0, polarity="bright"))
    assert not holed[58:63, 108:113].any()


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0, np.nan])
def test_blank_picture_has_no_instance(value):
    labels = segment(np.full((64, 80), value, np.float32), Watershed())
    assert labels.shape == (64, 80) and not labels.any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 2), (3, 900)])
def test_thin_pictures_are_no_error(shape):
    image = np.random.default_rng(1).random(shape).astype(np.float32)
    assert segment(image, Watershed(min_area=1)).shape == shape


@pytest.mark.parametrize("shape", [(0, 5), (4, 4, 3), (7,)])
def test_what_is_no_picture_is_refused(shape):
    with pytest.raises(ImageError, match="shape"):
        segment(np.zeros(shape, np.float32), Watershed())


@given(
    image=arrays(np.float32, (24, 31), elements=st.floats(0, 1, width=32)),
    forced=st.sampled_from(["auto", "bright", "dark"]),
)
@hypothesis_settings(max_examples=40, deadline=None)
def test_labels_have_no_gaps_and_repeat(image, forced):
    settings = Watershed(min_area=3, polarity=forced)
    labels = segment(image, settings)
    assert np.unique(labels[labels > 0]).tolist() == list(range(1, labels.max() + 1))
    assert (np.bincount(labels.ravel())[1:] >= 3).all()
    assert (labels == segment(image, settings)).all()


def test_depth_decides_what_is_divided():
    _, true = picture([((60, 50), 22), ((60, 86), 22)], shape=(120, 140))
    mask = true > 0  # the neck is 0.57 of the radius wide
    assert split(mask, 0.2, 0).max() == 2
    assert split(mask, 0.6, 0).max() == 1


@needs("EMPS")
def test_real_micrographs():
    """A dozen EMPS pictures (Yildirim & Cole 2021), every 30th of the list."""
    with (EMPS / "sources.csv").open(newline="") as stream:
        names = [row["filename"] for row in csv.DictReader(stream)][::30]
    recall = []
    for name in names:
        image = to_unit(read_micrograph(EMPS / "images" / name).pixels)
        best = best_ious(segment(image, Watershed()), read_labels(EMPS / "segmaps" / name))
        recall.append(np.mean(np.array(best) > 0.5))
    assert np.mean(recall) > 0.4
