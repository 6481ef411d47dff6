from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrographia.report.sections.ranking import choose


@given(st.lists(st.floats(-1, 1), max_size=40), st.integers(1, 12))
def test_best_median_and_worst_are_among_those_chosen(values, count):
    scores = pd.Series(values, index=[f"i{n}" for n in range(len(values))], dtype=float)
    chosen = choose(scores, count)
    assert len(chosen) <= count
    assert len({name for name, _, _ in chosen}) == len(chosen)
    shown = [score for _, score, _ in chosen]
    assert shown == sorted(shown, reverse=True)
    if len(values) >= 3 and count >= 3:
        by_rank = {rank: score for _, score, rank in chosen if rank}
        assert by_rank["best"] == max(values)
        assert by_rank["worst"] == min(values)
        assert by_rank["median"] == sorted(values, reverse=True)[(len(values) - 1) // 2]


def test_missing_scores_are_left_out_and_failures_last():
    scores = pd.Series({"a": np.nan, "b": -np.inf, "c": -0.1, "d": -0.2})
    assert [name for name, _, _ in choose(scores, 9)] == ["c", "d", "b"]


@pytest.mark.parametrize("count", [1, 2, 6])
def test_one_case_is_neither_best_nor_worst(count):
    assert choose(pd.Series({"a": 0.5}), count) == [("a", 0.5, "median")]
