"""Rows are put back where they were, and left alone where they are."""

import numpy as np
import pytest
from unit.reconstruction.periodicity.lattice_pictures import HEXAGONAL, TURN, scanned

from micrographia.reconstruction.periodicity.find import find_periodicity
from micrographia.reconstruction.periodicity.rows import undo

SIDE = 256
TIME = np.arange(SIDE) - (SIDE - 1) / 2
CELL = HEXAGONAL * 22 @ TURN


def _left(found: np.ndarray, true: np.ndarray) -> float:
    """What is left (rms, px) beside a shift and what is linear in time."""
    design = np.stack([np.ones(SIDE), TIME], axis=1)
    rest = found - true
    rest = rest - design @ np.linalg.lstsq(design, rest, rcond=None)[0]
    return float(np.sqrt(np.square(rest).mean()))


def test_nothing_is_moved_on_a_good_scan() -> None:
    for counts in (400.0, 8.0):
        found = find_periodicity(scanned(CELL, side=SIDE, counts=counts))
        assert np.abs(found.distortion.displacement).max() < 0.1
        assert (found.distortion.jitter == 0).all()


def test_a_bent_drift_is_followed() -> None:
    drift = np.stack(
        [3 * np.sin(np.pi * TIME / SIDE), 2 * np.cos(2 * np.pi * TIME / SIDE)], axis=1
    )
    found = find_periodicity(scanned(CELL, side=SIDE, displacement=drift))
    assert _left(found.distortion.displacement, drift) < 0.12
    assert (found.distortion.jitter < 0.1).all()


def test_jitter_is_measured_and_undone() -> None:
    jitter = np.random.default_rng(5).normal(0, [0.8, 0.4], (SIDE, 2))
    found = find_periodicity(scanned(CELL, side=SIDE, displacement=jitter))
    assert found.distortion.jitter == pytest.approx([0.8, 0.4], rel=0.5)
    assert _left(found.distortion.displacement, jitter) < 0.15
    assert found.distortion.uncertainty.max() < 0.15


def test_undoing_straightens_the_picture() -> None:
    jitter = np.random.default_rng(5).normal(0, [0.8, 0.0], (SIDE, 2))
    good = scanned(CELL, side=SIDE, counts=None)
    bad = scanned(CELL, side=SIDE, displacement=jitter, counts=None)
    inner = (slice(10, -10), slice(10, -10))
    before = np.abs(bad - good)[inner].mean()
    after = np.abs(undo(bad, jitter) - good)[inner].mean()
    assert after < 0.05 * before


def test_invalid_pixels_do_not_spread() -> None:
    picture = scanned(CELL, side=SIDE, counts=None)
    picture[100:110, 100:110] = np.nan
    straight = undo(picture, np.zeros((SIDE, 2)))
    assert np.isfinite(straight).all()
    assert np.allclose(straight[:80], picture[:80], atol=1e-6)
