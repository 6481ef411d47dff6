"""The loop stops with its budget, keeps the best weights, and repeats itself."""

from __future__ import annotations

import time

import pytest
import torch
from torch import nn

from micrographia.classification.baselines.budget import Budget
from micrographia.classification.baselines.loop import VALIDATE, Pace, fit, rate
from micrographia.errors import MicrographiaError

PACE = Pace(0.1, batch=4)


class Toy:
    """A weight that is pulled to 1; scores are those of a script."""

    def __init__(self, scores: list[float] | None = None, seconds: float = 0.0) -> None:
        self.model: nn.Module = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(self.model.weight)  # type: ignore[arg-type]
        self.scores, self.seconds = scores, seconds
        self.weights: list[float] = []
        self.seen: list[list[int]] = []
        self.shares: list[float] = []

    def loss(self, numbers: torch.Tensor) -> torch.Tensor:
        self.seen.append(numbers.tolist())
        start = time.process_time()
        while time.process_time() - start < self.seconds:
            pass
        found: torch.Tensor = (self.model.weight - 1).square().sum()  # type: ignore[operator]
        return found

    def stepped(self, share: float) -> None:
        self.shares.append(share)

    def score(self) -> float | None:
        self.weights.append(float(self.model.weight))  # type: ignore[arg-type]
        return None if self.scores is None else self.scores[len(self.weights) - 1]


def test_a_budget_of_minutes_ends_in_time() -> None:
    start = time.process_time()
    took = fit(Toy(seconds=0.02), 16, Budget(minutes=0.01), PACE, seed=0)
    spent = time.process_time() - start
    assert 0.6 <= spent < 0.75 and took.minutes == pytest.approx(spent / 60, rel=0.1)
    assert 15 <= took.steps <= 30


def test_a_budget_of_steps_is_kept_and_each_picture_seen_once_a_pass() -> None:
    toy = Toy()
    assert fit(toy, 8, Budget(steps=5), PACE, seed=0).steps == 5
    assert [len(batch) for batch in toy.seen] == [4] * 5
    assert sorted(toy.seen[0] + toy.seen[1]) == sorted(toy.seen[2] + toy.seen[3]) == [*range(8)]
    assert toy.shares == [0.2, 0.4, 0.6, 0.8, 1.0]


def test_the_weights_that_validated_best_are_kept() -> None:
    times = round(1 / VALIDATE)
    scores = [0.1, 0.9, *[0.5] * (times - 2)]
    toy = Toy(scores)
    took = fit(toy, 8, Budget(steps=10 * times), PACE, seed=0)
    assert len(toy.weights) == times and took.best == 0.9
    assert float(toy.model.weight) == toy.weights[1] != toy.weights[-1]  # type: ignore[arg-type]
    plain = Toy()
    assert fit(plain, 8, Budget(steps=10 * times), PACE, seed=0).best is None
    assert float(plain.model.weight) == plain.weights[-1]  # type: ignore[arg-type]


def test_the_rate_rises_and_falls_with_the_share() -> None:
    rates = [rate(share / 100, PACE) for share in range(101)]
    assert max(rates) == pytest.approx(0.1) and 0 < rates[0] < rates[3] and rates[100] < 1e-9
    assert rates[5:] == sorted(rates[5:], reverse=True)


def test_order_follows_from_the_seed() -> None:
    orders = []
    for seed in (1, 1, 2):
        toy = Toy()
        fit(toy, 8, Budget(steps=4), PACE, seed)
        orders.append(toy.seen)
    assert orders[0] == orders[1] != orders[2]


def test_what_cannot_be_trained_is_said() -> None:
    toy = Toy()
    nn.init.constant_(toy.model.weight, float("nan"))  # type: ignore[arg-type]
    with pytest.raises(MicrographiaError, match="not a finite number; saw nan"):
        fit(toy, 8, Budget(steps=1), PACE, seed=0)
    with pytest.raises(MicrographiaError, match="several pictures to train on; saw 1"):
        fit(Toy(), 1, Budget(steps=1), PACE, seed=0)
