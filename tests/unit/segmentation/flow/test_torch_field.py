"""In torch, on any device: the same parts, depths, centres and T, and the same instances."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from needed import needs
from scipy import ndimage
from scipy.spatial import cKDTree

from micrographia.config import Network
from micrographia.segmentation.flow import field as flow_field
from micrographia.segmentation.flow import follow, torch_field, torch_follow
from micrographia.segmentation.flow.march import march
from micrographia.segmentation.flow.potential import (
    centres,
    depths,
    number_parts,
    vertical_gaps,
)
from micrographia.segmentation.inference import instances

GPU = needs("GPU")
DEVICES = pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=GPU)])
MASKS = arrays(
    np.int32, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(0, 3)
)


@st.composite
def fields(draw):
    """Vectors of anything, zeros and what is no number among them, and a probability."""
    shape = draw(array_shapes(min_dims=2, max_dims=2, max_side=9))
    parts = st.sampled_from([-1, -0.5, -0.1, 0, 0.1, 0.5, 1, float("nan"), float("inf")])
    steps = st.sampled_from([0, 0.2, 0.5, 0.7, 1])
    return (
        draw(arrays(np.float32, (2, *shape), elements=parts)),
        draw(arrays(np.float32, shape, elements=steps)),
    )


def voronoi(count, side, seed=0):
    """Label mask of touching cells without background."""
    points = np.random.default_rng(seed).uniform(0, side, (count, 2))
    pixels = np.argwhere(np.ones((side, side), bool))
    return (cKDTree(points).query(pixels)[1] + 1).reshape(side, side).astype(np.int32)


def ellipses(side=160, count=40, seed=4):
    """Label mask of turned ellipses that lie on each other, on background, with gaps in labels."""
    generator = np.random.default_rng(seed)
    labels = np.zeros((side, side - 9), np.int32)
    v, u = np.mgrid[:side, : side - 9]
    for number in range(count):
        y, x = v - generator.uniform(0, side), u - generator.uniform(0, side)
        angle, long, aspect = generator.uniform(0, np.pi), generator.uniform(2, 25), 1 + number % 4
        along, across = (
            x * np.cos(angle) + y * np.sin(angle),
            y * np.cos(angle) - x * np.sin(angle),
        )
        labels[along**2 + (aspect * across) ** 2 < long**2] = 7 * number + 3
    return labels


def fibres(side=150):
    """Wavy fibres of 1 to 9 px that touch along their whole length, and a spiral."""
    y, x = np.mgrid[:side, :side]
    edges = np.cumsum([12, *([1, 5, 3, 9, 7, 2] * 3)])
    number = np.searchsorted(edges, y + 10 * np.sin(x / 20), side="right") % len(edges)
    radius, turn = np.hypot(y - 75, x - 75), np.arctan2(y - 75, x - 75)
    spiral = np.abs((radius - 8 * turn / np.pi) % 16 - 8) < 2
    return np.hstack([number, np.where(spiral & (radius < 70), 99, 0)]).astype(np.int32)


def squares():
    """All that is symmetric: from many pixels two ways are equally short."""
    labels = np.kron(np.arange(1, 26).reshape(5, 5), np.ones((9, 9))).astype(np.int32)
    labels[20:25, 20:25] = 0
    return labels


MAKERS = {
    "cells": lambda: voronoi(60, 140),
    "ellipses": ellipses,
    "fibres": fibres,
    "squares": squares,
    "one": lambda: np.ones((40, 61), np.int32),
}


def marched(labels):
    """Parts, depths, centres, T and vectors as the compiled loops find them, framed."""
    parts = np.zeros((labels.shape[0] + 2, labels.shape[1] + 2), np.int32)
    first, _ = number_parts(labels, parts)
    depth = np.zeros(parts.shape, np.float32)
    vertical_gaps(parts, depth, 1, parts.shape[1] - 1)
    depths(parts, depth, 1, parts.shape[0] - 1)
    centre = centres(parts, depth, len(first))
    cost = np.divide(1, depth, out=np.zeros_like(depth), where=parts > 0).ravel()
    time = np.full(parts.size, np.inf, np.float32)
    field = np.zeros((2, parts.size), np.float32)
    numbers = np.arange(1, len(first) + 1)
    march(parts.copy().ravel(), cost, parts.shape[1], centre, numbers, time, field)
    return parts, depth, centre[1:], time, field


def check_field(labels, device):
    """Compare all that leads to a field, and the field but where two ways are equally short."""
    parts, depth, centre, time, field = marched(labels)
    there = torch.from_numpy(labels).to(device)
    found_parts, count = torch_field.number_parts(there)
    assert np.array_equal(found_parts.cpu(), parts)
    found_depth = torch_field.depths(found_parts)
    np.testing.assert_allclose(found_depth.cpu(), depth, rtol=1e-6)
    found_centre = torch_field.centres(found_parts, found_depth, count)
    assert np.array_equal(found_centre.cpu(), centre)
    links = torch_field.links_within(found_parts)
    cost, width = found_depth.reciprocal().ravel(), parts.shape[1]
    found_time = torch_field.potential(links, cost, found_centre, width)
    np.testing.assert_allclose(found_time.cpu(), time, rtol=1e-5)
    found = torch_field.flow_field(there).cpu().numpy()
    framed = np.pad(found, ((0, 0), (1, 1), (1, 1))).reshape(2, -1)
    other = np.flatnonzero(~np.isclose(framed, field, atol=1e-4).all(axis=0))
    assert not np.isin(other, centre).any()
    ways, _ = torch_field.arrivals(
        links, cost, found_time, torch.from_numpy(other).to(device), width
    )
    two_best = ways.sort(0).values[:2].cpu().numpy()
    np.testing.assert_allclose(two_best[1], two_best[0], rtol=1e-5)
    return found, len(other)


def check_followed(field, probability, device, **options):
    """Compare labels, and tables but for the flow error."""
    expected = follow.follow(field, probability, **options)
    found = torch_follow.follow(
        torch.from_numpy(field).to(device), torch.from_numpy(probability).to(device), **options
    )
    assert found.labels.dtype == expected.labels.dtype
    assert np.array_equal(found.labels, expected.labels)
    for one, other in ((found.instances, expected.instances), (found.dropped, expected.dropped)):
        pd.testing.assert_frame_equal(
            one.drop(columns="flow_error"), other.drop(columns="flow_error"), atol=1e-8
        )
    return found, expected


@DEVICES
@given(labels=MASKS)
@hypothesis_settings(max_examples=150, deadline=None)
def test_the_field_of_any_mask(device, labels):
    found, _ = check_field(labels, device)
    foreground = (labels > 0).astype(np.float32)
    again, _ = check_followed(found, foreground, device)
    parts = marched(labels)[0][1:-1, 1:-1]
    assert np.array_equal(again.labels, parts)


@DEVICES
@pytest.mark.parametrize("name", MAKERS)
def test_the_field_of_larger_masks_and_the_way_back(device, name):
    labels = MAKERS[name]()
    found, other = check_field(labels, device)
    if name not in ("squares", "one"):  # these are symmetric
        assert other <= 0.003 * np.count_nonzero(labels)
    followed, _ = check_followed(found, (labels > 0).astype(np.float32), device)
    assert np.array_equal(followed.labels, marched(labels)[0][1:-1, 1:-1])


@DEVICES
@given(
    given_field=fields(),
    min_area=st.integers(1, 4),
    parting=st.sampled_from([-1.0, 0.0, 0.25, 1.0]),
)
@hypothesis_settings(max_examples=200, deadline=None)
def test_the_instances_of_any_field(device, given_field, min_area, parting):
    field, probability = given_field
    check_followed(field, probability, device, min_area=min_area, parting=parting)


@DEVICES
@pytest.mark.parametrize("name", ["cells", "ellipses", "fibres"])
@pytest.mark.parametrize(("noise", "blur"), [(0.2, 0), (0.7, 0), (0, 1), (0.4, 2)])
def test_the_instances_of_noisy_and_blurred_fields(device, name, noise, blur):
    labels = MAKERS[name]()
    truth = flow_field.flow_field(labels)
    field = truth.field + noise * np.random.default_rng(3).normal(size=truth.field.shape)
    field = ndimage.gaussian_filter(field, (0, blur, blur)) if blur else field
    probability = ndimage.gaussian_filter(truth.foreground, 1)
    found, expected = check_followed(
        field.astype(np.float32), probability, device, min_area=8, max_flow_error=4
    )
    assert len(found.instances)
    # The few pixels that have two ways count little in instances of this size.
    difference = found.instances["flow_error"] - expected.instances["flow_error"]
    large = expected.instances["area_px"] >= 200
    assert difference[large].abs().max() < 0.05
    assert difference.abs().median() < 0.01


@DEVICES
def test_random_directions_and_long_circles(device):
    generator = np.random.default_rng(8)
    wild = generator.normal(size=(2, 90, 120)).astype(np.float32)
    smooth = ndimage.gaussian_filter(wild, (0, 4, 4))
    everywhere = np.ones((90, 120), np.float32)
    for field in (wild, smooth):
        check_followed(field, everywhere, device)
    y, x = np.mgrid[-40:41, -40:41].astype(np.float32)
    around = np.stack([x - 0.3 * y, -y - 0.3 * x])  # in a spiral onto a circle
    found, _ = check_followed(around, np.ones((81, 81), np.float32), device)
    assert found.labels.max() >= 1


@DEVICES
@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (1, 1), (4, 7)])
def test_empty_pictures(device, shape):
    nothing = np.zeros(shape, np.float32)
    found, _ = check_followed(np.zeros((2, *shape), np.float32), nothing, device, max_flow_error=1)
    assert found.labels.shape == shape and found.instances.empty


@DEVICES
def test_what_is_dropped_is_told_with_its_reason(device):
    labels = np.zeros((40, 40), np.int32)
    labels[2:4, 2:4], labels[10:25, 10:25], labels[28:38, 28:38] = 1, 2, 3
    truth = flow_field.flow_field(labels)
    field = truth.field.copy()
    field[:, 28:38, 28:38] = 0.7
    found, _ = check_followed(field, truth.foreground, device, min_area=9, max_flow_error=0.4)
    reasons = ["smaller than 9 px", "flow error above 0.4"]
    assert found.dropped["reason"].tolist() == reasons
    assert found.instances["area_px"].tolist() == [225]


@DEVICES
def test_pieces_change_nothing(device, monkeypatch):
    labels = torch.from_numpy(MAKERS["ellipses"]()).to(device)
    field, inside = torch_field.flow_field(labels), (labels > 0).float()
    followed = torch_follow.follow(field, inside)
    for module in (torch_field, torch_follow):
        monkeypatch.setattr(module, "PIECE", 501)
    assert torch.equal(torch_field.flow_field(labels), field)
    assert np.array_equal(torch_follow.follow(field, inside).labels, followed.labels)


@pytest.mark.parametrize("kind", [torch.uint8, torch.int16, torch.int64, torch.uint16])
def test_labels_of_any_integer_type(kind):
    labels = torch.tensor([[0, 200, 200, 9]]).to(kind)
    assert torch_field.flow_field(labels)[1].tolist() == [[0, 0, -1, 0]]


@DEVICES
def test_what_a_network_learns_from_may_be_followed(device):
    truth = flow_field.flow_field(squares())
    field = torch.from_numpy(truth.field).to(device).requires_grad_()
    probability = torch.from_numpy(truth.foreground).to(device).requires_grad_()
    found = torch_follow.follow(field, probability, max_flow_error=0.4)
    assert found.labels.max() == 25
    assert field.grad is None


def test_wrong_shapes_and_numbers_are_refused():
    for labels in (torch.zeros(2, 2), torch.zeros(4).long(), torch.full((2, 2), -1)):
        with pytest.raises(ValueError, match="allowed"):
            torch_field.flow_field(labels)
    with pytest.raises(ValueError, match="allowed"):
        torch_follow.follow(torch.zeros(2, 3, 3), torch.zeros(3, 4))


@DEVICES
def test_a_network_is_followed_where_it_is(device, caplog):
    truth = flow_field.flow_field(ellipses())
    field = np.concatenate([truth.field, truth.foreground[None]])
    settings = Network(min_area=9)
    network = torch.nn.Linear(1, 1).to(device)
    found = instances._follow(field, settings, network)
    expected = follow.follow(
        truth.field, truth.foreground, min_area=9, threshold=settings.threshold
    )
    assert np.array_equal(found.labels, expected.labels)
    assert not caplog.records


@GPU
def test_a_gpu_without_room_is_done_without(caplog):
    truth = flow_field.flow_field(ellipses())
    field = np.concatenate([truth.field, truth.foreground[None]])
    network = torch.nn.Linear(1, 1).to("cuda")
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(0.0)
    try:
        with caplog.at_level("INFO"):
            found = instances._follow(field, Network(), network)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert "no room" in caplog.text
    assert found.labels.max() > 10
