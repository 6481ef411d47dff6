"""Labels to field and back: exact on any mask, the same however it is turned, firm under noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.measure import label as connected_parts

from micrographia.segmentation.flow.field import flow_field
from micrographia.segmentation.flow.follow import follow

MASKS = arrays(
    np.int32, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(0, 3)
)


def voronoi(count, side, seed=0):
    """Label mask of touching cells without background."""
    points = np.random.default_rng(seed).uniform(0, side, (count, 2))
    pixels = np.argwhere(np.ones((side, side), bool))
    return (cKDTree(points).query(pixels)[1] + 1).reshape(side, side).astype(np.int32)


def parallel_fibres(width=7, count=12, side=200):
    """Wavy fibres that touch along their whole length."""
    y, x = np.mgrid[:side, :side]
    number = np.floor(y + 15 * np.sin(x / 30)).astype(np.int32) // width - 3
    return np.where((number > 0) & (number <= count) & (x > 9) & (x < side - 9), number, 0)


def back(labels, **options):
    truth = flow_field(labels)
    return follow(truth.field, truth.foreground, **options)


def same_instances(one, other):
    """True if two label masks differ by the numbers of their labels only."""
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    return all(len(np.unique(row)) == pairs.shape[1] for row in pairs)


def mean_iou(found, true):
    """Mean over the true instances of the best IoU."""
    best = []
    for number in np.unique(true[true > 0]):
        inside = true == number
        names = np.unique(found[inside])
        best.append(
            max((inside & (found == n)).sum() / (inside | (found == n)).sum() for n in names if n)
            if names.any()
            else 0.0
        )
    return float(np.mean(best))


@given(MASKS)
@hypothesis_settings(max_examples=200, deadline=None)
def test_the_round_trip_gives_back_every_connected_part(labels):
    followed = back(labels)
    assert same_instances(followed.labels, connected_parts(labels, background=0, connectivity=2))
    assert followed.dropped.empty
    assert followed.instances["area_px"].sum() == np.count_nonzero(labels)


@given(MASKS)
@hypothesis_settings(max_examples=100, deadline=None)
def test_every_vector_is_a_unit_vector_but_for_one_centre_each_part(labels):
    truth = flow_field(labels)
    length = np.hypot(*truth.field)
    moving = length > 0
    np.testing.assert_allclose(length[moving], 1, atol=1e-6)
    parts = connected_parts(labels, background=0, connectivity=2)
    still = parts[~moving & (labels > 0)]
    assert sorted(still) == list(range(1, parts.max() + 1))
    assert not length[labels == 0].any()


@given(MASKS, st.integers(1, 3))
@hypothesis_settings(max_examples=100, deadline=None)
def test_threads_do_not_change_a_bit(labels, threads):
    one, more = flow_field(labels), flow_field(labels, threads)
    assert np.array_equal(one.field, more.field)
    found = [follow(one.field, one.foreground, threads=n, max_flow_error=4) for n in (1, threads)]
    assert np.array_equal(found[0].labels, found[1].labels)
    assert found[0].instances.equals(found[1].instances)


@pytest.mark.parametrize("turn", range(1, 8))
def test_a_turned_mask_gives_the_turned_field(turn):
    """But for single pixels from which two ways are equally short."""
    y, x = np.mgrid[:31, :25]
    labels = ((y - 14.3) ** 2 / 90 + (x - 11.2 - 0.21 * y + 3) ** 2 / 37 < 1).astype(np.int32)
    labels[(labels == 1) & (y < 11.5 + 0.13 * x)] = 7

    def turned(array, steps=turn):
        array = np.rot90(array, steps % 4)
        return array[:, ::-1] if steps >= 4 else array

    y, x = flow_field(labels).field
    for _ in range(turn % 4):  # a quarter turn takes (y, x) to (-x, y)
        y, x = -x, y
    x = -x if turn >= 4 else x
    expected = np.stack([turned(y), turned(x)])
    same = np.isclose(flow_field(turned(labels)).field, expected, atol=1e-6).all(axis=0)
    assert np.count_nonzero(~same) <= 2


@pytest.mark.parametrize("turn", range(8))
def test_turned_cells_come_back_whole(turn):
    labels = np.rot90(voronoi(60, 90), turn % 4)
    labels = labels[::-1] if turn >= 4 else labels
    assert same_instances(back(labels).labels, labels)


def test_the_field_of_a_disc_is_radial():
    y, x = np.mgrid[-50:51, -50:51]
    radius = np.hypot(y, x)
    labels = (radius <= 45).astype(np.int32)
    inner = (radius > 0) & (radius < 35)
    cosine = -(flow_field(labels).field * (y, x)).sum(0)[inner] / radius[inner]
    assert np.degrees(np.arccos(np.clip(cosine, -1, 1))).max() < 5


def test_the_field_of_a_fibre_leads_off_the_walls_and_along_the_middle():
    labels = np.zeros((15, 301), np.int32)
    labels[3:12, 1:300] = 1
    y, x = flow_field(labels).field[:, :, 60]
    assert x[7] == pytest.approx(1, abs=1e-3)
    assert y[3] > 0.9 and y[11] < -0.9
    # Geodesics of the quasihyperbolic metric: the cosine to the axis is depth over half width.
    np.testing.assert_allclose(x[4:7], np.array([2, 3, 4]) / 5, atol=0.12)


@pytest.mark.parametrize(
    ("width", "turned"), [(1, False), (3, False), (8, False), (1, True), (3, True)]
)
def test_fibres_of_aspect_300_keep_their_far_ends(width, turned):
    length = 300 * width
    labels = np.zeros((length + 4, length + 4) if turned else (width + 4, length + 4), np.int32)
    if turned:
        along = np.arange(length)
        for offset in range(width):
            labels[along + 2, np.minimum(along + 2 + offset, length + 3)] = 1
    else:
        labels[2 : 2 + width, 2 : 2 + length] = 1
    assert np.array_equal(back(labels).labels, labels)


def test_labels_may_have_gaps_and_any_integer_type():
    labels = np.array([[0, 70_000, 70_000, 9]])
    for kind in (np.int64, np.uint32):
        assert back(labels.astype(kind)).labels.tolist() == [[0, 1, 1, 2]]


def test_an_instance_in_two_parts_is_told():
    truth = flow_field(np.array([[8, 8, 0, 8, 0, 3]]))
    assert truth.split == {8: [2, 1]}
    assert follow(truth.field, truth.foreground).labels.tolist() == [[1, 1, 0, 2, 0, 3]]


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (1, 1), (4, 7)])
def test_empty_pictures(shape):
    followed = back(np.zeros(shape, np.int32), max_flow_error=0.4)
    assert followed.labels.shape == shape
    assert not followed.labels.any()
    assert followed.instances.empty and followed.dropped.empty


def test_what_is_dropped_is_told_with_its_reason():
    labels = np.zeros((40, 40), np.int32)
    labels[2:4, 2:4], labels[10:25, 10:25], labels[28:38, 28:38] = 1, 2, 3
    truth = flow_field(labels)
    field = truth.field.copy()
    field[:, 28:38, 28:38] = 0.7  # all to one corner: no instance looks so
    followed = follow(field, truth.foreground, min_area=9, max_flow_error=0.4)
    assert same_instances(followed.labels, np.where(labels == 2, 2, 0))
    dropped = followed.dropped
    assert dropped["area_px"].tolist() == [4, 100]
    assert dropped["reason"].tolist() == ["smaller than 9 px", "flow error above 0.4"]
    assert followed.instances["flow_error"].tolist() == [0]
    assert followed.instances["probability"].tolist() == [1]
    kept = np.count_nonzero(followed.labels) + dropped["area_px"].sum()
    assert kept == np.count_nonzero(labels)


def test_pixels_that_point_around_a_circle_are_one_instance():
    field = np.zeros((2, 4, 4), np.float32)
    field[:, 1, 1], field[:, 1, 2], field[:, 2, 2], field[:, 2, 1] = (
        (0, 1),
        (1, 0),
        (0, -1),
        (-1, 0),
    )
    followed = follow(field, (np.hypot(*field) > 0).astype(np.float32))
    assert followed.labels.max() == 1
    assert followed.instances["area_px"].tolist() == [4]


@pytest.mark.parametrize("make", [lambda: voronoi(80, 200), parallel_fibres])
@pytest.mark.parametrize(("noise", "blur"), [(0, 0), (0.2, 0), (0, 1)])
def test_noise_and_blur_do_little_harm(make, noise, blur):
    labels = make()
    truth = flow_field(labels)
    field = truth.field + noise * np.random.default_rng(3).normal(size=truth.field.shape)
    if blur:
        field = ndimage.gaussian_filter(field, (0, blur, blur))
    followed = follow(field, truth.foreground, min_area=8)
    assert mean_iou(followed.labels, labels) > 0.93
    assert abs(len(followed.instances) - labels.max()) <= 0.05 * labels.max()


def test_wrong_shapes_and_numbers_are_refused():
    for labels in (np.zeros((2, 2)), np.zeros(4, int), np.full((2, 2), -1)):
        with pytest.raises(ValueError, match="allowed"):
            flow_field(labels)
    with pytest.raises(ValueError, match="allowed"):
        flow_field(np.zeros((2, 2), int), threads=0)
    with pytest.raises(ValueError, match="allowed"):
        follow(np.zeros((2, 3, 3)), np.zeros((3, 4)))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int32, np.int64])
def test_queues_and_lists_of_numbers_grow(kind):
    """More pixels wait, and more parts are numbered, than there is room for at first."""
    y, x = np.mgrid[:260, :260]
    disc = (np.hypot(y - 130, x - 130) < 120).astype(kind)
    noise = np.random.default_rng(1).integers(0, 4, (200, 200)).astype(kind)
    for labels in (disc, noise):
        parts = connected_parts(labels, background=0, connectivity=2)
        assert same_instances(back(labels).labels, parts)
    assert parts.max() > 2048


def test_an_error_that_is_no_number_is_not_below_the_limit():
    truth = flow_field(np.array([[1, 1, 1, 0, 2, 2, 2]]))
    field = truth.field.copy()
    field[:, 0, 1] = np.nan
    followed = follow(field, truth.foreground, max_flow_error=0.5)
    assert followed.labels[0, 4:].tolist() == [1, 1, 1]
    assert not followed.labels[0, :3].any()
    assert set(followed.dropped["reason"]) == {"flow error above 0.5"}
