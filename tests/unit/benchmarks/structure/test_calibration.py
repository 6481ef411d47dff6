"""Calibration: known errors, honest intervals, bins that hold every answer once."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrographia.benchmarks.structure.calibration import BINS, calibration_error, reliability

answers = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40)


def _error(stated, right, clusters=None, **settings):
    names = clusters or [str(k) for k in range(len(stated))]
    return calibration_error(stated, right, settings.get("resamples", 200), 0.95, 1, names)


@given(answers)
def test_each_answer_is_in_one_bin_and_the_error_follows_from_the_bins(cases):
    stated, right = (list(column) for column in zip(*cases, strict=True))
    bins = reliability(stated, right)
    assert sum(item["n"] for item in bins) == len(cases)
    for item in bins:
        assert item["low"] - 1e-9 <= item["confidence"] <= item["high"] + 1e-9
    expected = sum(b["n"] * abs(b["accuracy"] - b["confidence"]) for b in bins) / len(cases)
    value, low, high = _error(stated, right)
    assert value == pytest.approx(expected)
    assert 0 <= value <= 1
    assert math.isnan(low) or low <= high


@pytest.mark.parametrize(
    ("stated", "share", "error"), [(0.75, 0.75, 0.0), (0.95, 0.5, 0.45), (0.05, 1.0, 0.95)]
)
def test_known_errors(stated, share, error):
    right = [k < 20 * share for k in range(20)]
    assert _error([stated] * 20, right)[0] == pytest.approx(error)


def test_over_and_underconfidence_do_not_cancel():
    stated, right = [0.15] * 10 + [0.95] * 10, [True] * 5 + [False] * 5 + [True] * 5 + [False] * 5
    assert _error(stated, right)[0] == pytest.approx((0.35 + 0.45) / 2)


def test_edges_belong_to_the_bin_below():
    edges = [place / BINS for place in range(1, BINS + 1)]
    assert [item["high"] for item in reliability(edges, [True] * BINS)] == edges
    assert reliability([0.0], [False])[0]["high"] == 0.1
    assert reliability([0.1 + 0.2], [False])[0]["high"] == 0.3


def test_like_pictures_widen_the_interval():
    generator = np.random.default_rng(2)
    stated = np.repeat(generator.random(40), 6)
    right = np.repeat(generator.random(40) < 0.4, 6)
    crystals = [f"c{k}" for k in range(40) for _ in range(6)]
    naive = _error(stated, right, resamples=1000)
    honest = _error(stated, right, crystals, resamples=1000)
    assert naive[0] == pytest.approx(honest[0])
    assert honest[2] - honest[1] > 1.5 * (naive[2] - naive[1])


def test_nothing_stated_has_no_error_and_one_crystal_no_interval():
    assert all(math.isnan(value) for value in _error([], []))
    value, low, _ = _error([0.5, 0.5], [True, False], ["a", "a"])
    assert value == 0 and math.isnan(low)


@pytest.mark.parametrize("stated", [1.2, -0.1, math.nan])
def test_no_confidence_is_outside_0_to_1(stated):
    with pytest.raises(ValueError, match=r"0\.\.1"):
        reliability([stated], [True])
