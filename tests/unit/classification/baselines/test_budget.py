"""Budgets: processor time, not the clock on the wall; or steps."""

from __future__ import annotations

import time

import pytest

from micrographia.classification.baselines.budget import Budget, Clock
from micrographia.errors import ConfigError


def test_waiting_costs_nothing_and_computing_does() -> None:
    clock = Clock(Budget(minutes=0.005))  # 0.3 s
    time.sleep(0.3)
    assert clock.share(1000) < 0.5
    start = time.process_time()
    while time.process_time() - start < 0.33:
        pass
    assert clock.share(0) >= 1


def test_steps_are_counted() -> None:
    clock = Clock(Budget(steps=8))
    assert [clock.share(steps) for steps in (0, 2, 8)] == [0, 0.25, 1]


def test_half_of_a_budget() -> None:
    assert Budget(minutes=3).half() == Budget(minutes=1.5)
    assert [Budget(steps=steps).half().steps for steps in (10, 3, 1)] == [5, 1, 1]


@pytest.mark.parametrize("wrong", [{}, {"minutes": 1, "steps": 1}, {"minutes": 0}, {"steps": -1}])
def test_a_budget_is_one_number_above_0(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="one of the two, above 0"):
        Budget(**wrong)  # type: ignore[arg-type]
