"""Solids and curves: heights and volumes by the formulas of geometry."""

from __future__ import annotations

import numpy as np
import pytest

from micrographia.synthesis.kinds.drawing.relief import Relief, ellipsoid, polyhedron
from micrographia.synthesis.kinds.drawing.solids import CRYSTALS, crystal, grain, walk


def test_a_ball_has_the_height_and_the_volume_of_a_ball() -> None:
    relief = Relief(101, transparent=True)
    relief.put(ellipsoid((50.0, 50.0), (30.0, 30.0)), 5.0, tone=0.5)
    assert relief.z[50, 50] == pytest.approx(35.0)
    assert relief.z[50, 68] == pytest.approx(5 + np.sqrt(30**2 - 18**2), abs=1e-3)
    assert relief.z[0, 0] == 0.0 and relief.tone[50, 50] == 0.5 and relief.tone[0, 0] == 1.0
    assert relief.mass.sum() == pytest.approx(4 / 3 * np.pi * 30**3, rel=0.01)


def test_what_is_higher_is_seen_and_what_is_outside_is_cut() -> None:
    relief = Relief(60)
    relief.put(ellipsoid((30.0, 30.0), (20.0, 20.0)), 0.0, tone=0.4)
    relief.put(ellipsoid((30.0, 30.0), (10.0, 10.0)), 2.0, tone=0.9)
    assert relief.z[30, 30] == pytest.approx(20.0) and relief.tone[30, 30] == pytest.approx(0.4)
    before = relief.z.copy()
    relief.put(ellipsoid((-50.0, 200.0), (10.0, 10.0)), 90.0)
    assert np.array_equal(relief.z, before)


def test_balls_at_once_are_those_put_one_by_one() -> None:
    rng = np.random.default_rng(3)
    rows = np.column_stack([rng.uniform(-5, 85, (60, 2)), rng.uniform(1.5, 9.0, 60)])
    height = rng.normal(0, 3, 60)
    together, apart = Relief(80, -9.0), Relief(80, -9.0)
    together.balls(rows, height)
    for (y, x, radius), base in zip(rows, height, strict=True):
        apart.put(ellipsoid((y, x), (radius, radius)), base)
    hidden = Relief(40, 0.0, 0.3)
    hidden.balls(np.array([[20.0, 20.0, 5.0]]), np.array([-20.0]))
    assert (hidden.z == 0).all() and (hidden.tone == np.float32(0.3)).all()
    # At the very rim rounding decides.
    assert np.mean(np.abs(together.z - apart.z) > 1e-3) < 0.002


def test_a_straight_tube_is_a_half_cylinder() -> None:
    relief = Relief(120, 0.0)
    along = np.arange(-20, 140, 0.5)
    relief.tube(np.column_stack([np.full_like(along, 60.0), along]), 12.0, 0.0)
    for offset in (0, 5, 9):
        # Within half a pixel of the place where the section was sampled.
        low, high = (
            np.sqrt(12**2 - (offset + 0.5) ** 2),
            np.sqrt(12**2 - max(offset - 0.5, 0) ** 2),
        )
        assert low - 0.1 <= relief.z[60 + offset, 40] <= high + 0.1
    assert (relief.z[30:120:89, 40] == 0).all()
    assert np.count_nonzero(relief.z[:, 70]) == pytest.approx(24, abs=2)


@pytest.mark.parametrize("name", sorted(CRYSTALS))
def test_crystals_keep_their_volume_however_they_turn(name: str) -> None:
    """A centrosymmetric body's upper half holds half of its volume, seen from anywhere."""
    normals, offsets = CRYSTALS[name]
    rng = np.random.default_rng(1)
    points = rng.uniform(-1.3, 1.3, (400_000, 3))
    inside = (points @ normals.T <= offsets).all(axis=1)
    true = inside.mean() * 2.6**3 * 25**3
    turned, _ = np.linalg.qr(rng.normal(0, 1, (3, 3)))
    relief = Relief(101, transparent=True)
    relief.put(polyhedron((50.0, 50.0), normals @ turned.T, offsets * 25, 40.0), 0.0)
    assert relief.mass.sum() == pytest.approx(true, rel=0.04)


def test_a_lying_cube_shows_a_square() -> None:
    rng = np.random.default_rng(5)
    solid = crystal((60.0, 60.0), 40.0, "cube", rng, lying=0.0)
    seen = np.isfinite(solid.top)
    assert seen.sum() == pytest.approx((2 * 0.58 * 40) ** 2, rel=0.15)
    assert np.ptp(solid.top[seen]) < 1.0


def test_grains_are_convex_and_flakes_are_thin() -> None:
    rng = np.random.default_rng(8)
    for _ in range(20):
        solid = grain((50.0, 50.0), 20.0, rng)
        top = np.where(np.isfinite(solid.top), solid.top, np.nan)
        second = top[:, 2:] - 2 * top[:, 1:-1] + top[:, :-2]
        assert np.nanmax(second) < 1e-3  # never bends upwards
        flake = grain((50.0, 50.0), 20.0, rng, thin=0.1, tilt=0.0)
        assert flake.top[np.isfinite(flake.top)].max() <= 0.1 * 20 + 1e-3


def test_a_walk_has_steps_of_half_a_pixel_and_the_length_asked_for() -> None:
    path = walk(np.random.default_rng(2), 100, 1.5, 0.5, start=np.array([40.0, 70.0]))
    steps = np.hypot(*np.diff(path, axis=0).T)
    assert steps == pytest.approx(np.full(len(steps), 0.5))
    assert steps.sum() == pytest.approx(150, abs=1)
    assert path[len(path) // 2] == pytest.approx([40.0, 70.0])
