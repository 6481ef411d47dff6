"""Outlines and widths of masks against what can be counted."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.path import Path
from skimage.draw import disk, polygon

from micrographia.segmentation.measuring.outlines import feret, outlines

masks = arrays(bool, st.tuples(st.integers(1, 7), st.integers(1, 7)))


def filled(polygons, shape):
    """Pixels whose centre is in an odd number of polygons."""
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    centres = np.column_stack([x.ravel(), y.ravel()])
    inside = np.zeros(len(centres), int)
    for corners in polygons:
        inside += Path(np.vstack([corners, corners[:1]]), closed=True).contains_points(centres)
    return (inside % 2).astype(bool).reshape(shape)


def signed_area(corners):
    x, y = corners.T
    return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2)


@given(mask=masks)
def test_outlines_filled_are_the_mask(mask):
    found = outlines(mask)
    np.testing.assert_array_equal(filled(found, mask.shape), mask)
    # With y downwards a positive area runs clockwise: outer ones less holes is the mask.
    assert sum(map(signed_area, found)) == mask.sum()
    for corners in found:
        steps = np.roll(corners, -1, axis=0) - corners
        assert (np.count_nonzero(steps, axis=1) == 1).all()
        assert (np.count_nonzero(steps, axis=0) == len(corners) / 2).all()  # only real corners


def test_a_hole_and_a_part_are_polygons_of_their_own():
    ring = np.ones((5, 5), bool)
    ring[1:4, 1:4] = False
    ring[2, 2] = True
    assert sorted(map(signed_area, outlines(ring))) == [-9, 1, 25]
    touching = np.eye(2, dtype=bool)
    assert [len(corners) for corners in outlines(touching)] == [4, 4]


def slow_feret(mask, directions=7200):
    """Extent of the pixels' corners along many directions."""
    y, x = np.nonzero(mask)
    corners = np.concatenate(
        [np.column_stack([x + right, y + down]) for right in (0, 1) for down in (0, 1)]
    )
    angles = np.linspace(0, np.pi, directions, endpoint=False)
    along = corners @ np.array([np.cos(angles), np.sin(angles)])
    extent = np.ptp(along, axis=0)
    return extent.max(), extent.min()


@given(mask=masks.filter(np.any))
def test_feret_is_the_extent_over_all_directions(mask):
    longest, least = feret(mask)
    assert (longest, least) == pytest.approx(slow_feret(mask), abs=0.01)


@pytest.mark.parametrize("angle", [0, 20, 45, 77])
def test_feret_of_a_turned_rectangle(angle):
    turn = np.radians(angle)
    corners = np.array([[-60, -10], [60, -10], [60, 10], [-60, 10]]) @ np.array(
        [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
    )
    mask = np.zeros((160, 160), bool)
    mask[polygon(*(corners.T[::-1] + 80))] = True
    assert feret(mask) == pytest.approx((math.hypot(120, 20), 20), abs=1.6)


def test_feret_of_a_disc_and_of_one_pixel():
    mask = np.zeros((120, 120), bool)
    mask[disk((60, 60), 50)] = True
    assert feret(mask) == pytest.approx((100, 100), abs=1.5)
    assert feret(np.ones((1, 1), bool)) == pytest.approx((math.sqrt(2), 1))
