"""Poisson counts: the whole distribution, not only its moments."""

import numpy as np
import pytest
from scipy.stats import chisquare, poisson

from micrographia.stem.electrons import draw_counts

DRAWS = 200_000


@pytest.mark.parametrize("rate", [0.1, 0.26, 3.3, 37.77, 75.1, 255.9, 511.5, 2000.0])
def test_counts_follow_the_poisson_distribution(rate: float) -> None:
    counts = draw_counts(np.full(DRAWS, rate), np.random.default_rng(1))
    low, high = int(poisson.ppf(1e-3, rate)), int(poisson.isf(1e-3, rate))
    expected = poisson.pmf(np.arange(low, high + 1), rate)
    expected[0], expected[-1] = poisson.cdf(low, rate), poisson.sf(high - 1, rate)
    observed = np.bincount(np.clip(counts, low, high) - low, minlength=high - low + 1)
    assert chisquare(observed, DRAWS * expected / expected.sum()).pvalue > 1e-3


def test_each_rate_gets_its_own_counts_in_any_shape() -> None:
    rates = np.linspace(0, 400, 6000).reshape(3, 2000)
    draws = np.mean(
        [draw_counts(rates, np.random.default_rng([2, k])) for k in range(100)], axis=0
    )
    assert draws.shape == rates.shape
    assert np.abs(draws - rates).max() < 6 * np.sqrt(400 / 100)
    assert not draw_counts(np.zeros(10), np.random.default_rng(0)).any()


def test_same_state_same_counts() -> None:
    rates = np.full(70_000, 12.3)  # more than are drawn at a time
    first, again, other = (draw_counts(rates, np.random.default_rng(k)) for k in (5, 5, 6))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
