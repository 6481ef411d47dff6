"""Bootstrap intervals: deterministic, ordered, of the right width and coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrographia.benchmarks import bootstrap
from micrographia.benchmarks.bootstrap import bootstrap_mean, bootstrap_median

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


def _crystals(generator, count=30, images=6):
    """Successes of pictures in which the crystal decides and the dose does not."""
    outcomes = (generator.random(count) < 0.7).astype(float)
    return np.repeat(outcomes, images), [f"c{k}" for k in range(count) for _ in range(images)]


def test_images_of_one_crystal_are_not_independent():
    """Six like pictures of each crystal: naively the interval misses the truth half the time."""
    generator = np.random.default_rng(11)
    hits = {"naive": 0, "clusters": 0}
    trials = 300
    for seed in range(trials):
        values, clusters = _crystals(generator)
        for name, given_clusters in (("naive", None), ("clusters", clusters)):
            _, low, high = bootstrap_mean(values, 300, 0.95, seed, given_clusters)
            hits[name] += low <= 0.7 <= high
    assert hits["naive"] / trials < 0.7
    assert hits["clusters"] / trials > 0.88


def test_like_images_widen_the_interval_by_the_root_of_their_number():
    values, clusters = _crystals(np.random.default_rng(4), count=60, images=9)
    naive = bootstrap_mean(values, 4000, 0.95, 1)
    honest = bootstrap_mean(values, 4000, 0.95, 1, clusters)
    assert honest[0] == naive[0]
    assert (honest[2] - honest[1]) / (naive[2] - naive[1]) == pytest.approx(3, rel=0.15)


@given(values=scores, seed=st.integers(0, 2**31 - 1))
def test_clusters_of_one_are_no_clusters(values, seed):
    names = [str(place) for place in range(len(values))]
    for statistic in (bootstrap_mean, bootstrap_median):
        assert statistic(values, 100, 0.9, seed) == statistic(values, 100, 0.9, seed, names)


@given(
    cases=st.lists(st.tuples(st.floats(-5, 5), st.sampled_from("abcd")), min_size=1, max_size=20),
    seed=st.integers(0, 2**31 - 1),
)
def test_medians_are_those_of_the_drawn_cases(cases, seed):
    """Against the definition: draw clusters, lay their cases side by side, take the median."""
    values, clusters = [value for value, _ in cases], [name for _, name in cases]
    names = list(dict.fromkeys(clusters))
    drawn = np.concatenate(list(bootstrap.draws(len(names), len(values), 50, seed)))
    medians = [
        np.median([v for k in row for v, name in cases if name == names[k]]) for row in drawn
    ]
    value, low, high = bootstrap_median(values, 50, 0.8, seed, clusters)
    assert value == pytest.approx(np.median(values))
    if len(names) > 1 or len(values) == 1:
        assert (low, high) == pytest.approx(tuple(np.quantile(medians, [0.1, 0.9])), abs=1e-9)


def test_a_single_crystal_has_no_interval():
    value, low, high = bootstrap_mean([0.0, 1.0], 100, 0.95, 0, ["same", "same"])
    assert value == 0.5 and math.isnan(low) and math.isnan(high)


def test_every_value_has_a_cluster():
    with pytest.raises(ValueError, match="2 values and 1 clusters"):
        bootstrap_median([0.0, 1.0], 100, 0.95, 0, ["same"])
