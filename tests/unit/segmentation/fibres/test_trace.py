"""Fibres traced in masks whose lines, widths and lengths are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from micrographia.arrays import BoolArray
from micrographia.segmentation.fibres.centre_line import Fibre
from micrographia.segmentation.fibres.flanks import with_grey_widths
from micrographia.segmentation.fibres.joining import JoiningLimits
from micrographia.segmentation.fibres.shape import (
    alignment,
    curvature,
    direction_deg,
    persistence_px,
)
from micrographia.segmentation.fibres.trace import trace

Y, X = np.mgrid[:200, :200].astype(float)


def bar(x: float, y: float, degrees: float, length: float, width: float) -> BoolArray:
    """Pixels of a straight bar with flat ends about a middle, turned counter-clockwise.

    Along the axes and diagonals of the pixels a mask's width is a whole number of their rows.
    """
    angle = np.radians(degrees)
    along = (X - x) * np.cos(angle) - (Y - y) * np.sin(angle)
    across = (X - x) * np.sin(angle) + (Y - y) * np.cos(angle)
    return np.asarray((np.abs(along) <= length / 2) & (np.abs(across) <= width / 2))


def width_of(fibre: Fibre) -> float:
    return float(np.median(fibre.widths[fibre.known]))


@pytest.mark.parametrize("degrees", [8, 30, 52, 77, 120])
@pytest.mark.parametrize("width", [4.0, 7.3, 12.0])
def test_a_straight_bar(degrees: float, width: float) -> None:
    (fibre,) = trace(bar(100.2, 99.6, degrees, 140, width))
    assert fibre.length == pytest.approx(140, rel=0.02)
    assert width_of(fibre) == pytest.approx(width, rel=0.03)
    assert direction_deg(fibre) == pytest.approx(degrees, abs=0.5)
    assert not fibre.cut
    # Finer than a pixel: the line runs through the middle of the bar.
    angle = np.radians(degrees)
    x, y = (fibre.points - [100.2, 99.6]).T
    assert np.abs(x * np.sin(angle) + y * np.cos(angle)).max() < 0.5
    assert curvature(fibre)[0] < 0.003


@pytest.mark.parametrize("angle", [25, 50, 90])
def test_crossing_bars_are_joined_by_direction(angle: float) -> None:
    mask = bar(100, 100, 10, 170, 6) | bar(104, 97, 10 + angle, 130, 6)
    found = trace(mask)
    assert [fibre.length for fibre in found] == pytest.approx([170, 130], rel=0.04)
    assert [direction_deg(fibre) for fibre in found] == pytest.approx([10, 10 + angle], abs=1.5)
    assert [width_of(fibre) for fibre in found] == pytest.approx([6, 6], rel=0.05)


def test_three_bars_through_one_place() -> None:
    bars = [bar(100, 100, degrees, 150, 5) for degrees in (5, 65, 125)]
    found = trace(np.any(bars, axis=0))
    assert sorted(direction_deg(fibre) for fibre in found) == pytest.approx([5, 65, 125], abs=2)
    assert [fibre.length for fibre in found] == pytest.approx([150] * 3, rel=0.04)


def test_a_ring_segment_has_the_curvature_of_its_circle() -> None:
    radius = np.hypot(X - 100, Y - 180)
    mask = (np.abs(radius - 120) <= 4) & (Y < 140)
    (fibre,) = trace(mask)
    angle = np.arcsin(100.5 / 120) + np.arcsin(99.5 / 120)  # the border cuts it on both sides
    assert fibre.length == pytest.approx(120 * angle, rel=0.02)
    assert curvature(fibre)[0] == pytest.approx(1 / 120, rel=0.05)


def test_the_border_cuts() -> None:
    (fibre,) = trace(bar(100, 100, 20, 400, 8))
    assert fibre.cut
    assert fibre.length == pytest.approx(200 / np.cos(np.radians(20)), rel=0.02)


def test_gaps_are_bridged_as_far_as_allowed() -> None:
    mask = bar(100, 100, 15, 180, 6)
    mask[:, 95:105] = False
    assert len(trace(mask)) == 1
    assert len(trace(mask, JoiningLimits(gap=0.5))) == 2


def test_fibres_that_meet_at_an_angle_are_two() -> None:
    mask = bar(60, 100, 0, 80, 6) | bar(100, 60, 90, 80, 6)  # an L
    assert len(trace(mask)) == 2


def test_blobs_and_empty_masks_are_no_fibres() -> None:
    assert trace(np.zeros((30, 30), bool)) == []
    assert trace(np.hypot(X - 100, Y - 100) < 40) == []


def test_order_parameter_weighs_by_length() -> None:
    found = trace(bar(100, 50, 0, 150, 6) | bar(60, 130, 90, 50, 6))
    s2, direction = alignment(found)
    assert s2 == pytest.approx((150 - 50) / 200, abs=0.02)
    assert min(direction, 180 - direction) < 1


def test_persistence_of_drawn_chains() -> None:
    """Discrete chains of a known persistence length, many of them."""
    rng = np.random.default_rng(3)
    chains = []
    for _ in range(60):
        angles = np.cumsum(rng.normal(0, np.sqrt(0.5 / 150), 600))
        points = np.cumsum(0.5 * np.column_stack([np.cos(angles), np.sin(angles)]), axis=0)
        ones = np.ones(600)
        chains.append(Fibre(points, ones, ones > 0, False))
    assert persistence_px(chains) == pytest.approx(150, rel=0.15)
    line = np.column_stack([np.arange(600.0), ones])
    assert persistence_px([Fibre(line, ones, ones > 0, False)]) is None


@pytest.mark.parametrize("rim", [0.0, 0.6])
def test_grey_widths_do_not_follow_the_mask(rim: float) -> None:
    """A mask two pixels too wide; a fibre that is evenly bright, and one with a bright rim."""
    angle = np.radians(20)
    across = np.abs((X - 100) * np.sin(angle) + (Y - 100) * np.cos(angle))
    cover = np.clip(5 - across + 0.5, 0, 1)
    image = 0.2 + cover * (0.4 + rim * np.clip(across / 5, 0, 1) ** 2)
    (fibre,) = trace(across <= 6)
    blurred = gaussian_filter(image, 1.0).astype(np.float32)
    (seen,) = with_grey_widths([fibre], blurred)
    assert width_of(fibre) == pytest.approx(12, rel=0.03)
    assert width_of(seen) == pytest.approx(10, rel=0.03)
