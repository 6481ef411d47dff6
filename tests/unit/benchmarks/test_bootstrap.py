"""Bootstrap intervals: deterministic, ordered, of the right width and coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrographia.benchmarks import bootstrap
from micrographia.benchmarks.bootstrap import bootstrap_mean

scores = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(values=scores, seed=st.integers(0, 2**31 - 1))
def test_interval_holds_the_mean_and_repeats(values, seed):
    mean, low, high = bootstrap_mean(values, 200, 0.95, seed)
    assert min(values) - 1e-12 <= low <= high <= max(values) + 1e-12
    assert mean == pytest.approx(np.mean(values))
    assert (mean, low, high) == bootstrap_mean(values, 200, 0.95, seed)


def test_width_is_that_of_the_standard_error():
    values = np.random.default_rng(3).normal(size=400)
    mean, low, high = bootstrap_mean(values, 5000, 0.95, seed=1)
    error = values.std() / math.sqrt(len(values))
    assert (high - mean) / error == pytest.approx(1.96, rel=0.08)
    assert (mean - low) / error == pytest.approx(1.96, rel=0.08)


def test_more_confidence_is_wider():
    values = np.linspace(0, 1, 50)
    _, low90, high90 = bootstrap_mean(values, 1000, 0.90, seed=1)
    _, low99, high99 = bootstrap_mean(values, 1000, 0.99, seed=1)
    assert low99 < low90 < high90 < high99


def test_all_resamples_are_drawn_when_memory_is_bounded(monkeypatch):
    values = np.linspace(0, 1, 40)
    monkeypatch.setattr(bootstrap, "_CHUNK", 1)
    mean, low, high = bootstrap_mean(values, 1000, 0.95, seed=1)
    assert low < mean < high
    assert high - low == pytest.approx(2 * 1.96 * values.std() / math.sqrt(40), rel=0.15)


def test_no_values_have_no_mean():
    assert all(math.isnan(item) for item in bootstrap_mean([], 100, 0.95, seed=0))


def test_nan_is_refused():
    with pytest.raises(ValueError, match="NaN"):
        bootstrap_mean([0.5, float("nan")], 100, 0.95, seed=0)
