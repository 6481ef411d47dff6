"""The boundary F-score against distances of every pair of pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from micrographia.benchmarks.segmentation.boundary import boundary_f, outline

masks = arrays(np.int32, (9, 11), elements=st.sampled_from([0, 0, 0, 1, 2, 9]))


def slow_outline(mask):
    """Coordinates of labelled pixels beside another label, one by one."""
    found = []
    for y, x in np.argwhere(mask > 0):
        beside = [(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)]
        inside = [(i, j) for i, j in beside if 0 <= i < mask.shape[0] and 0 <= j < mask.shape[1]]
        if any(mask[place] != mask[y, x] for place in inside):
            found.append((y, x))
    return np.array(found).reshape(-1, 2)


@given(true=masks, predicted=masks, tolerance=st.integers(0, 4))
@settings(max_examples=200, deadline=None)
def test_agrees_with_all_distances(true, predicted, tolerance):
    one, other = slow_outline(true), slow_outline(predicted)
    np.testing.assert_array_equal(np.argwhere(outline(true)), one)
    if not len(one) or not len(other):
        expected = float(len(one) == len(other))
    else:
        near = cdist(one, other) <= tolerance
        recall, precision = near.any(axis=1).mean(), near.any(axis=0).mean()
        both = recall + precision
        expected = 2 * recall * precision / both if both else 0.0
    assert boundary_f(true, predicted, tolerance) == pytest.approx(expected)


def test_it_sees_what_counts_do_not():
    true = np.zeros((100, 100), int)
    true[20:80, 20:80] = 1
    moved = np.roll(true, 6, axis=1)  # a pair at IoU 0.5 to 0.8
    assert boundary_f(true, true) == 1
    assert boundary_f(true, moved) < 0.6
    halved = true.copy()
    halved[20:80, 50:80] = 2  # a wall where none is
    assert 0.8 < boundary_f(true, halved) < 0.95
