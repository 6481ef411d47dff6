"""The two halves of a budget: an encoder without labels, then a linear layer on it, frozen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import nn

from micrographia.classification.baselines.baseline import Answerer, Run
from micrographia.classification.baselines.loop import Pace, Task, fit
from micrographia.classification.baselines.pictures.supervised import Supervised, parameters_of

#: Of the linear layer.
_PACE = Pace(3e-3)


class Pretext(Task, Protocol):
    """A task without labels.

    Attributes
    ----------
    encoder
        What is kept: takes pictures, shape (n, 1, side, side); returns vectors, shape (n, size).
    size
        Length of the vectors.
    """

    encoder: nn.Module
    size: int


class Probe(nn.Module):
    """A frozen encoder, its vectors brought to one scale, and a linear layer."""

    def __init__(self, encoder: nn.Module, size: int, outputs: int) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(False)
        self.scale = nn.BatchNorm1d(size, affine=False)
        self.linear = nn.Linear(size, outputs)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return logits, shape (n, outputs)."""
        self.encoder.eval()
        with torch.no_grad():
            vectors = self.encoder(pictures)
        logits: torch.Tensor = self.linear(self.scale(vectors))
        return logits


def probed(make: Callable[[Run], Pretext], pace: Pace) -> Callable[[Run], Answerer]:
    """Return the training of an encoder without labels and of a linear layer with them.

    Each takes half of the budget.

    Parameters
    ----------
    make
        Makes the task; it must not read labels.
    pace
        Its learning rate and batch.
    """

    def train(run: Run) -> Answerer:
        torch.manual_seed(run.seed)
        pretext, half = make(run), run.budget.half()
        count = len(run.parts.train.labels)
        first = fit(pretext, count, half, pace, run.seed)
        task = Supervised(Probe(pretext.encoder, pretext.size, run.parts.outputs), run)
        second = fit(task, count, half, _PACE, run.seed)
        return Answerer(task.logits, first.steps + second.steps, parameters_of(task.model))

    return train
