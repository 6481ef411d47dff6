"""Random fields and point sets: moments, directions, neighbours by brute force."""

from __future__ import annotations

import numpy as np
import pytest

from micrographia.synthesis.kinds.drawing.fields import (
    apart,
    cells,
    clouds,
    fractal,
    smooth,
    spread_points,
    streaks,
    warp,
)


@pytest.mark.parametrize("scale", [1.0, 7.5, 60.0, 300.0])
def test_clouds_have_zero_mean_and_unit_deviation(scale: float) -> None:
    field = clouds(120, np.random.default_rng(0), scale)
    assert field.shape == (120, 120) and field.dtype == np.float32
    assert field.mean() == pytest.approx(0, abs=1e-4) and field.std() == pytest.approx(1, rel=1e-3)


def test_clouds_are_as_wide_as_asked_for() -> None:
    field = clouds(512, np.random.default_rng(1), 16.0)

    def likeness(shift: int) -> float:
        return float(np.corrcoef(field[:, shift:].ravel(), field[:, :-shift].ravel())[0, 1])

    assert likeness(4) > 0.8 and abs(likeness(48)) < 0.15


@pytest.mark.parametrize("angle", [0.0, 0.6, np.pi / 2, 2.2])
def test_streaks_change_least_along_their_angle(angle: float) -> None:
    field = streaks(256, np.random.default_rng(2), 80, 4, angle)
    slope_y, slope_x = np.gradient(smooth(field, 1.0))
    along = slope_x * np.cos(angle) + slope_y * np.sin(angle)
    across = slope_y * np.cos(angle) - slope_x * np.sin(angle)
    assert np.mean(across**2) > 10 * np.mean(along**2)


def test_cells_agree_with_brute_force() -> None:
    rng = np.random.default_rng(3)
    points = rng.uniform(0, 50, (30, 2))
    near, gap, owner = cells(50, points, stretch=2.0, fine=1)
    y, x = np.mgrid[:50, :50]
    away = np.hypot((y[..., None] - points[:, 0]) / 2.0, x[..., None] - points[:, 1])
    ordered = np.sort(away, axis=-1)
    assert near == pytest.approx(ordered[..., 0], abs=1e-4)
    assert gap == pytest.approx(ordered[..., 1] - ordered[..., 0], abs=1e-4)
    assert np.mean(owner == away.argmin(axis=-1)) > 0.999


def test_circles_thrown_apart_do_not_overlap() -> None:
    rng = np.random.default_rng(4)
    rows = apart(100, rng, np.sort(rng.uniform(3, 12, 60))[::-1], overlap=0.1)
    assert len(rows) > 10
    gap = np.hypot(*(rows[:, None, :2] - rows[None, :, :2]).transpose(2, 0, 1))
    least = 0.9 * (rows[:, None, 2] + rows[None, :, 2])
    off = ~np.eye(len(rows), dtype=bool)
    assert (gap[off] >= least[off] - 1e-9).all()


def test_spread_points_cover_the_picture_at_their_spacing() -> None:
    points = spread_points(200, np.random.default_rng(5), 10.0, 0.1)
    inside = ((points >= 0) & (points < 200)).all(axis=1)
    # One point of a hexagonal lattice has the area a²·√3/2.
    assert inside.sum() == pytest.approx(200**2 / (100 * np.sqrt(3) / 2), rel=0.1)


def test_warping_and_fractals_keep_shape_and_moments() -> None:
    rng = np.random.default_rng(6)
    field = fractal(90, rng, 20, 4)
    assert field.std() == pytest.approx(1, rel=1e-3)
    assert np.array_equal(warp(field, rng, 0.0, 10), field)
    moved = warp(field, rng, 3.0, 20)
    assert moved.shape == field.shape and not np.array_equal(moved, field)
    assert moved.min() >= field.min() - 1e-4 and moved.max() <= field.max() + 1e-4


@pytest.mark.parametrize("width", [0.8, 3.0, 20.0])
def test_smoothing_spreads_a_point_by_its_width(width: float) -> None:
    point = np.zeros((257, 257), dtype=np.float32)
    point[126:131, 126:131] = 1.0
    spread = smooth(point, width)
    x = np.arange(257)
    share = spread.sum(axis=0) / spread.sum()
    variance = (share * (x - (share * x).sum()) ** 2).sum()
    assert variance == pytest.approx(2 + width**2, rel=0.15)  # of a box of 5 px, and the blur
