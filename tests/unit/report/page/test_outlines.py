"""Outlines run along the borders of instances: drawn again they give the mask back."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image, ImageDraw

from micrographia.report.page.outlines import outline_path


def loops(path: str) -> list[np.ndarray]:
    """Corners of each closed line (n, 2), in px."""
    found = []
    for part in re.findall(r"M[^M]*z", path):
        start, _, steps = part[1:-1].partition("l")
        numbers = [int(one) for one in re.findall(r"-?\d+", f"{start} {steps}")]
        found.append(np.cumsum(np.array(numbers).reshape(-1, 2), axis=0) / 2)
    return found


def area(points: np.ndarray) -> float:
    x, y = points.T
    return float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) / 2)


def disc(side: int, radius: float) -> np.ndarray:
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return (x**2 + y**2 < radius**2).astype(np.int32)


@pytest.mark.parametrize("radius", [3.0, 9.5, 40.0])
def test_an_outline_encloses_the_area_of_its_instance(radius: float) -> None:
    labels = disc(100, radius)
    (loop,) = loops(outline_path(labels))
    # Corners of pixels are cut off: half a quarter of a pixel along the border.
    assert area(loop) == pytest.approx(labels.sum(), rel=0.08 if radius < 5 else 0.02)
    np.testing.assert_allclose(loop.mean(axis=0), 50, atol=0.6)


def test_an_outline_drawn_again_is_the_mask() -> None:
    labels = disc(64, 20)
    labels[5:12, 5:40] = 2
    for label in (1, 2):
        canvas = Image.new("L", (256, 256))
        for loop in loops(outline_path(labels, {label})):
            points = [(float(x), float(y)) for x, y in 4 * loop]
            ImageDraw.Draw(canvas).polygon(points, fill=1)
        drawn = np.asarray(canvas)[2::4, 2::4].astype(bool)
        mine = labels == label
        assert (drawn & mine).sum() / (drawn | mine).sum() > 0.97


def test_a_hole_and_a_second_part_are_loops_of_their_own() -> None:
    labels = np.zeros((20, 20), dtype=np.int32)
    labels[2:12, 2:12] = 3
    labels[5:9, 5:9] = 0
    labels[15:18, 15:18] = 3
    found = loops(outline_path(labels))
    assert len(found) == 3
    assert sorted(round(area(loop)) for loop in found) == [-16, 8, 100]


def test_only_the_wanted_are_outlined() -> None:
    labels = np.array([[1, 1, 0, 2, 2]], dtype=np.int32)
    assert outline_path(labels, {2}) == outline_path(np.where(labels == 2, 2, 0).astype(np.int32))
    assert outline_path(labels, set()) == ""
    assert outline_path(np.zeros((4, 4), dtype=np.int32)) == ""


@given(npst.arrays(np.int32, (7, 9), elements=st.integers(0, 3)))
def test_every_instance_of_any_mask_is_outlined_within_the_picture(labels: np.ndarray) -> None:
    for label in np.unique(labels[labels > 0]):
        found = loops(outline_path(labels, {int(label)}))
        assert found
        points = np.vstack(found)
        assert points.min() >= 0 and (points <= (9, 7)).all()
        inside = np.argwhere(labels == label)
        assert points[:, 0].min() == pytest.approx(inside[:, 1].min(), abs=0.51)
        assert points[:, 1].max() == pytest.approx(inside[:, 0].max() + 1, abs=0.51)
