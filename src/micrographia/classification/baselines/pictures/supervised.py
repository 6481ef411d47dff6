"""Training of a network from labelled pictures, and its logits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from micrographia.arrays import FloatArray, FloatImage
from micrographia.classification.baselines.baseline import Answerer, Run
from micrographia.classification.baselines.loop import Pace, fit
from micrographia.classification.baselines.pictures.augment import turned
from micrographia.training.devices import autocast

#: Takes the side of a picture and the number of outputs; returns a network of grey pictures.
Builder = Callable[[int, int], nn.Module]
#: Pictures at once where nothing is learned.
_AT_ONCE = 64


class Supervised:
    """Task of the loop: cross-entropy of pictures that are turned and mirrored at random."""

    def __init__(self, model: nn.Module, run: Run) -> None:
        # A convolution on a processor is fastest with the channels last in memory.
        self.model = model.to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._run = run
        self._pictures = torch.from_numpy(run.parts.train.values)[:, None].to(run.device)
        self._labels = torch.from_numpy(run.parts.train.labels).to(run.device)

    def loss(self, numbers: torch.Tensor) -> torch.Tensor:
        """Return the mean cross-entropy, plus the loss that a network names `aside`."""
        self.model.train()
        pictures = turned(self._pictures[numbers])
        with autocast(self._run.precision, self._run.device):
            logits = self.model(pictures)
        found = functional.cross_entropy(logits.float(), self._labels[numbers])
        aside: torch.Tensor | None = getattr(self.model, "aside", None)
        return found if aside is None else found + aside

    def stepped(self, share: float) -> None:
        """Do nothing."""

    def score(self) -> float:
        """Return the accuracy on the validation part."""
        held = self._run.parts.validation
        return float((self.logits(held.values).argmax(axis=1) == held.labels).mean())

    def logits(self, pictures: FloatImage) -> FloatArray:
        """Return the logits of pictures, shape (n, outputs)."""
        return outputs_of(self.model, pictures, self._run)


def outputs_of(model: nn.Module, pictures: FloatImage, run: Run) -> FloatArray:
    """Return what a network says of pictures, shape (n, side, side), as it is after training."""
    model.eval()
    found = []
    with torch.inference_mode(), autocast(run.precision, run.device):
        for start in range(0, len(pictures), _AT_ONCE):
            part = torch.from_numpy(pictures[start : start + _AT_ONCE])[:, None].to(run.device)
            found.append(model(part).float().cpu().numpy())
    return np.concatenate(found).astype(np.float64)


def parameters_of(model: nn.Module) -> int:
    """Return the number of weights of a network."""
    return sum(weight.numel() for weight in model.parameters())


@dataclass(frozen=True)
class FromLabels:
    """Training of a network from labels.

    Attributes
    ----------
    build
        Builds the network, with random weights.
    pace
        Learning rate and batch.
    """

    build: Builder
    pace: Pace

    def __call__(self, run: Run) -> Answerer:
        """Train the network."""
        torch.manual_seed(run.seed)
        task = Supervised(self.build(run.side, run.parts.outputs), run)
        took = fit(task, len(run.parts.train.labels), run.budget, self.pace, run.seed)
        return Answerer(task.logits, took.steps, parameters_of(task.model))
