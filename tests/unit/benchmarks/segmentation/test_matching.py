"""Matching against a slow reference that works on sets of pixels, and its invariances."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from micrographia.benchmarks.segmentation.matching import (
    COCO_THRESHOLDS,
    Counts,
    average_precision,
    count,
    count_sizes,
    panoptic_quality,
    precision_curve,
)
from micrographia.io.label_masks import overlaps

SHAPE = (5, 6)
# Few labels with gaps on few pixels: many overlaps, multi-part instances, exact ties.
masks = arrays(np.int32, SHAPE, elements=st.sampled_from([0, 0, 1, 2, 5, 9]))
thresholds = st.sampled_from([0.0, 0.1, 0.25, 1 / 3, 0.4, 0.5, 0.6, 0.75, 0.9])


def pixel_sets(mask):
    return [set(np.flatnonzero(mask == label)) for label in np.unique(mask) if label]


def reference(true, predicted, threshold):
    """Best one-to-one matching by trying all: (number of pairs, IoU sum)."""
    rows, columns = sorted((pixel_sets(true), pixel_sets(predicted)), key=len)
    best = (0, 0.0)
    for order in permutations(range(len(columns)), len(rows)):
        ious = [len(rows[i] & columns[j]) / len(rows[i] | columns[j]) for i, j in enumerate(order)]
        above = [iou for iou in ious if iou > threshold]
        best = max(best, (len(above), sum(above)))
    return best


@given(true=masks, predicted=masks, threshold=thresholds)
@settings(max_examples=300, deadline=None)
def test_agrees_with_exhaustive_search(true, predicted, threshold):
    counts = count(overlaps(true, predicted), threshold)
    pairs, iou_sum = reference(true, predicted, threshold)
    assert counts.tp == pairs
    assert counts.iou_sum == pytest.approx(iou_sum)
    assert counts.tp + counts.fn == len(pixel_sets(true))
    assert counts.tp + counts.fp == len(pixel_sets(predicted))


@given(true=masks, predicted=masks, order=st.permutations([1, 2, 5, 9]), threshold=thresholds)
def test_names_of_labels_do_not_matter(true, predicted, order, threshold):
    table = np.zeros(10, np.int32)
    table[[1, 2, 5, 9]] = order
    before = count(overlaps(true, predicted), threshold)
    after = count(overlaps(true, 1000 * table[predicted]), threshold)
    assert after[:3] == before[:3]
    assert after.iou_sum == pytest.approx(before.iou_sum)


@given(true=masks, predicted=masks, threshold=thresholds)
def test_swapping_truth_and_prediction_keeps_ap(true, predicted, threshold):
    there = count(overlaps(true, predicted), threshold)
    back = count(overlaps(predicted, true), threshold)
    assert average_precision(there) == average_precision(back)
    assert (there.fp, there.fn) == (back.fn, back.fp)


@given(mask=masks)
def test_a_mask_matches_itself(mask):
    found = overlaps(mask, mask)
    assert precision_curve(found, COCO_THRESHOLDS).tolist() == [1.0] * 10
    assert panoptic_quality(count(found, 0.5)) == 1.0


@given(true=masks, predicted=masks)
def test_ap_falls_with_the_threshold(true, predicted):
    curve = precision_curve(overlaps(true, predicted), COCO_THRESHOLDS)
    assert (np.diff(curve) <= 0).all()


def test_iou_of_exactly_the_threshold_is_no_match():
    true = np.array([[1, 1, 1, 1]])
    half = np.array([[1, 1, 0, 0]])
    assert count(overlaps(true, half), 0.5).tp == 0
    assert count(overlaps(true, half), 0.49).tp == 1


@pytest.mark.parametrize("threshold", COCO_THRESHOLDS)
def test_every_coco_threshold_is_strict(threshold):
    true = np.ones((1, 20), np.int32)
    predicted = true * (np.arange(20) < round(20 * threshold))
    assert count(overlaps(true, predicted), threshold).tp == 0


def test_multi_part_instance_is_one():
    true = np.array([[3, 3, 0, 3, 3]])
    one_part = np.array([[1, 1, 0, 0, 0]])
    assert overlaps(true, one_part).n_true == 1
    assert overlaps(true, one_part).iou.tolist() == [0.5]


def test_below_half_the_most_pairs_are_matched_not_the_greedy_ones():
    # Greedy takes the middle pair (IoU 1/2) and leaves both outer instances without partner.
    true = np.array([[1, 1, 1, 2, 2, 2, 2, 2]])
    predicted = np.array([[3, 3, 3, 3, 3, 3, 4, 4]])
    counts = count(overlaps(true, predicted), 0.3)
    assert counts.tp == 2
    assert counts.iou_sum == pytest.approx(3 / 6 + 2 / 5)


def test_one_prediction_cannot_match_two_instances():
    true = np.array([[1, 1, 1, 2, 2, 2]])
    predicted = np.full((1, 6), 7)
    assert count(overlaps(true, predicted), 0.4) == Counts(1, 0, 1, 0.5)


@pytest.mark.parametrize(
    ("true", "predicted", "score"),
    [(0, 0, 1.0), (1, 0, 0.0), (0, 1, 0.0), (1, 1, 1.0)],
)
def test_empty_masks(true, predicted, score):
    found = overlaps(np.full(SHAPE, true), np.full(SHAPE, predicted))
    assert average_precision(count(found, 0.5)) == score
    assert panoptic_quality(count(found, 0.5)) == score


def test_many_instances_need_no_dense_matrix():
    mask = np.arange(1, 400 * 400 + 1).reshape(400, 400)  # the matrix would have 2.6e10 entries
    assert count(overlaps(mask, mask), 0.5).tp == 160_000


@given(true=masks, predicted=masks)
def test_sizes_together_are_all(true, predicted):
    # Pixels enlarged, so that some instances are medium and some large.
    found = overlaps(*(np.kron(mask, np.ones((25, 25), int)) for mask in (true, predicted)))
    whole, parts = count(found, 0.5), count_sizes(found).values()
    for place in range(4):
        assert sum(part[place] for part in parts) == pytest.approx(whole[place])


def test_sizes_below_half_need_a_choice_and_are_refused():
    with pytest.raises(ValueError, match="threshold"):
        count_sizes(overlaps(np.ones((2, 2), int), np.ones((2, 2), int)), 0.3)


@pytest.mark.parametrize("threshold", [-0.1, 1.0])
def test_wrong_thresholds_are_refused(threshold):
    with pytest.raises(ValueError, match="threshold"):
        count(overlaps(np.ones((2, 2), int), np.ones((2, 2), int)), threshold)
