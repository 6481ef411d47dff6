"""Training for a budget: the learning rate follows the share that is spent.

The project's loop (`training.loop`) counts steps, and resumes a run of hours from a state on disk.
Here a run takes minutes, its length is processor time, and networks of four families with losses
of their own share it: pictures stay in memory, nothing is written.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from micrographia.classification.baselines.budget import Budget, Clock
from micrographia.errors import MicrographiaError

#: Pictures per step.
BATCH = 32
#: Share of the budget in which the learning rate rises, and after which it is validated each time.
WARMUP, VALIDATE = 0.05, 0.2
_MAX_NORM, _WEIGHT_DECAY = 1.0, 0.01


class Task(Protocol):
    """What is trained.

    Attributes
    ----------
    model
        Holds every weight that is trained.
    """

    model: nn.Module

    def loss(self, numbers: torch.Tensor) -> torch.Tensor:
        """Return the loss of training examples by their numbers, shape (n,)."""

    def stepped(self, share: float) -> None:
        """Do what follows each update, such as that of a slow copy of the weights."""

    def score(self) -> float | None:
        """Return the accuracy on the validation part; None: the last weights are kept."""


@dataclass(frozen=True)
class Pace:
    """How fast a baseline learns.

    Attributes
    ----------
    learning_rate
        After the warm-up.
    batch
        Pictures per step.
    """

    learning_rate: float
    batch: int = BATCH


@dataclass(frozen=True)
class Trained:
    """What a training took.

    Attributes
    ----------
    steps
        Updates made.
    minutes
        Processor minutes.
    best
        Best accuracy on the validation part; None where labels were not used.
    """

    steps: int
    minutes: float
    best: float | None


def rate(share: float, pace: Pace) -> float:
    """Return the learning rate: a linear warm-up, then half a cosine down to 0.

    Examples
    --------
    >>> pace = Pace(learning_rate=1.0)
    >>> [round(rate(share, pace), 3) for share in (0.0, 0.025, 0.05, 0.525, 1.0)]
    [0.02, 0.5, 1.0, 0.5, 0.0]
    """
    if share < WARMUP:
        # Not 0 at first: one step of a budget of steps must change something.
        return pace.learning_rate * max(share / WARMUP, 0.02)
    past = min(1.0, (share - WARMUP) / (1 - WARMUP))
    return pace.learning_rate * 0.5 * (1 + math.cos(math.pi * past))


def fit(task: Task, count: int, budget: Budget, pace: Pace, seed: int) -> Trained:
    """Train for a budget and load the weights that validated best.

    Parameters
    ----------
    task
        Network, loss, validation.
    count
        Number of training examples.
    budget
        It stops before the first step that would begin after its end; the last step may end a
        little later.
    pace
        Learning rate and batch.
    seed
        Of the order of the examples and of all that torch draws.

    Raises
    ------
    MicrographiaError
        The loss is not a finite number, or there are fewer than two examples.
    """
    if count < 2:
        raise MicrographiaError(
            "A baseline needs several pictures to train on", seen=count, allowed="at least 2"
        )
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    weights = [weight for weight in task.model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(
        weights, lr=pace.learning_rate, weight_decay=_WEIGHT_DECAY, fused=True
    )
    clock, steps, due = Clock(budget), 0, VALIDATE
    best: float | None = None
    kept: dict[str, Any] = {}
    order = torch.empty(0, dtype=torch.int64)
    batch = min(pace.batch, count)
    while (share := clock.share(steps)) < 1:
        if len(order) < batch:  # an incomplete batch is left out: some losses need pairs
            order = torch.from_numpy(generator.permutation(count))
        numbers, order = order[:batch], order[batch:]
        _step(task, numbers, optimizer, weights, rate(share, pace))
        steps += 1
        share = clock.share(steps)
        task.stepped(min(share, 1.0))
        if share >= min(due, 1.0):
            due = share + VALIDATE
            score = task.score()
            if score is not None and (best is None or score >= best):
                best, kept = score, copy.deepcopy(task.model.state_dict())
    if kept:
        task.model.load_state_dict(kept)
    return Trained(steps, clock.minutes(), best)


def _step(
    task: Task,
    numbers: torch.Tensor,
    optimizer: torch.optim.Optimizer,
    weights: list[nn.Parameter],
    learning_rate: float,
) -> None:
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
    loss = task.loss(numbers)
    if not torch.isfinite(loss):
        raise MicrographiaError(
            "The loss is not a finite number",
            seen=float(loss),
            remedy="Set classification.baselines.precision to fp32",
        )
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(weights, _MAX_NORM)
    optimizer.step()
