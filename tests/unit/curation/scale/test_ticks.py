"""Rows of strokes, and pictures full of marks in rows."""

from __future__ import annotations

import time

import numpy as np
import pytest

from micrographia.curation.scale.bars import find_bars
from micrographia.curation.scale.ticks import tick_rows


@pytest.mark.parametrize("pattern", ["bricks", "strokes"])
def test_regular_pictures_are_searched_in_time(pattern: str) -> None:
    """Thousands of candidates in rows: no step may look at all pairs of them."""
    y, x = np.mgrid[:1024, :1024]
    marks = {"bricks": (y % 20 < 6) & (x % 60 < 40), "strokes": (y % 24 < 12) & (x % 10 < 3)}
    noise = np.random.default_rng(0).normal(0, 0.02, x.shape)
    unit = np.clip(np.where(marks[pattern], 0.8, 0.2) + noise, 0, 1).astype(np.float32)
    begun = time.process_time()
    find_bars(unit)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("gap", [0, 2])
def test_strokes_hang_from_the_edge_of_a_bright_picture(gap: int) -> None:
    """As on Hitachi's pictures, whose banner is black: no threshold parts them."""
    unit = np.full((300, 400), 0.8, np.float32)
    unit[240:] = 0.02
    for number in range(11):
        unit[240 + gap : 248 + gap, 100 + 18 * number : 103 + 18 * number] = 0.9
    rows = list(tick_rows(unit))
    assert rows
    for x0, x1, *_ in rows:
        assert (x0, x1) == (pytest.approx(101.5, abs=0.1), pytest.approx(281.5, abs=0.1))


@pytest.mark.parametrize("count", [10, 12])
def test_ten_or_twelve_strokes_are_no_bar(count: int) -> None:
    """Ten are a bar cut off at the picture's border."""
    unit = np.full((300, 400), 0.02, np.float32)
    for number in range(count):
        unit[260:270, 100 + 18 * number : 103 + 18 * number] = 0.9
    assert [row for row in tick_rows(unit) if row[1] - row[0] > 9.5 * 18] == []
