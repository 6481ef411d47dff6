"""Shapes as pixels: the centre of a pixel decides; independent witnesses agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.path import Path as Polygon
from skimage.measure import grid_points_in_poly

from micrographia.io.masks.shapes import (
    Drawn,
    ellipse,
    fill,
    labelled,
    place,
    united,
)
from micrographia.segmentation.measuring.outlines import outlines

SHAPE = (24, 30)


def whole(drawn: Drawn, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """The picture with the object's pixels set."""
    picture = np.zeros(shape, bool)
    height, width = drawn.mask.shape
    picture[drawn.top : drawn.top + height, drawn.left : drawn.left + width] = drawn.mask
    return picture


def centres() -> np.ndarray:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return np.column_stack([columns.ravel() + 0.5, rows.ravel() + 0.5])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-8.13, 38.17), st.floats(-8.13, 32.17)),
        min_size=3,
        max_size=3,
    )
)
def test_triangles_are_those_of_matplotlib(points: list[tuple[float, float]]) -> None:
    """Of pixels whose centre is clear of an edge; on an edge, rounding decides."""
    corners = np.array(points)
    inner = Polygon(np.vstack([corners, corners[:1]])).contains_points(centres(), radius=0)
    starts, ends = corners, np.roll(corners, -1, axis=0)
    along = (ends - starts)[:, None]
    length = np.maximum((along**2).sum(axis=2), 1e-12)
    share = (((centres()[None] - starts[:, None]) * along).sum(axis=2) / length).clip(0, 1)
    nearest = starts[:, None] + share[..., None] * along
    clear = (np.linalg.norm(centres()[None] - nearest, axis=2) > 1e-3).all(axis=0)
    found = whole(fill([corners], SHAPE)).ravel()
    assert np.array_equal(found[clear], inner[clear])


def test_a_star_is_that_of_scikit_image() -> None:
    """Its grid points lie at whole numbers, so half a pixel is taken off."""
    angles = np.linspace(0, 2 * np.pi, 11)[:-1]
    radii = np.where(np.arange(10) % 2, 4.3, 10.7)
    star = np.column_stack([15.21 + radii * np.cos(angles), 11.87 + radii * np.sin(angles)])
    expected = grid_points_in_poly(SHAPE, star[:, ::-1] - 0.5)
    assert np.array_equal(whole(fill([star], SHAPE)), expected)
    assert expected.sum() > 90


@settings(max_examples=60, deadline=None)
@given(arrays(np.bool_, SHAPE))
def test_outlines_hold_their_pixels_exactly(mask: np.ndarray) -> None:
    if mask.any():
        assert np.array_equal(whole(fill(outlines(mask), SHAPE)), mask)


def test_a_rectangle_between_centres_and_one_beyond_the_border() -> None:
    half = np.array([[1.5, 1.5], [3.5, 1.5], [3.5, 2.5], [1.5, 2.5]])
    assert np.argwhere(whole(fill([half], SHAPE))).tolist() == [[1, 1], [1, 2]]
    wide = np.array([[-9, -9], [2, -9], [2, 1], [-9, 1]])
    assert np.argwhere(whole(fill([wide], SHAPE))).tolist() == [[0, 0], [0, 1]]
    beyond = np.array([[40, 2], [50, 2], [50, 9]])
    assert fill([beyond], SHAPE).mask.size == 0


def test_an_ellipse_has_the_pixels_whose_centres_it_holds() -> None:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    x0, y0, x1, y1 = 3.0, 4.0, 17.0, 13.0
    inner = ((columns + 0.5 - 10) / 7) ** 2 + ((rows + 0.5 - 8.5) / 4.5) ** 2 <= 1
    assert np.array_equal(whole(ellipse((x0, y0, x1, y1), SHAPE)), inner)
    cut = whole(ellipse((-5.0, -5.0, 5.0, 5.0), SHAPE))
    assert np.array_equal(cut, (columns + 0.5) ** 2 + (rows + 0.5) ** 2 <= 25)


@pytest.mark.parametrize(("x", "y"), [(0, 0), (28, 22), (-1, -2), (40, 3), (-9, 0)])
def test_a_mask_is_cut_at_the_border(x: int, y: int) -> None:
    padded = np.zeros((80, 80), bool)
    padded[y + 25 : y + 28, x + 25 : x + 29] = True
    expected = padded[25 : 25 + SHAPE[0], 25 : 25 + SHAPE[1]]
    assert np.array_equal(whole(place(np.ones((3, 4), bool), x, y, SHAPE)), expected)


def test_the_smaller_object_lies_on_top() -> None:
    square = [place(np.ones((size, size), bool), 2, 2, SHAPE) for size in (3, 6, 6)]
    outside = place(np.ones((2, 2), bool), 90, 90, SHAPE)
    made = labelled([*square, outside], SHAPE)
    assert np.bincount(made.labels.ravel()).tolist() == [720 - 36, 9, 27]
    assert (made.n_instances, made.n_outside, made.n_covered, made.overlap_px) == (2, 1, 1, 36)


def test_numbers_are_kept_where_all_differ() -> None:
    one = place(np.ones((2, 2), bool), 0, 0, SHAPE)
    other = place(np.ones((2, 2), bool), 5, 5, SHAPE)
    kept = labelled([one._replace(label=7), other._replace(label=3)], SHAPE).labels
    assert (kept[0, 0], kept[5, 5]) == (7, 3)
    for label in (7, None):
        made = labelled([one._replace(label=7), other._replace(label=label)], SHAPE).labels
        assert (made[0, 0], made[5, 5]) == (1, 2)


def test_parts_are_united() -> None:
    parts = [place(np.ones((2, 2), bool), x, y, SHAPE) for x, y in ((1, 1), (8, 3), (99, 99))]
    both = whole(united(parts))
    assert both.sum() == 8 and both[1, 1] and both[4, 9]
