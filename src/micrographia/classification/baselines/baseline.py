"""What a baseline is: a line of the registry, and what it makes of a split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from micrographia.arrays import FloatArray, FloatImage
from micrographia.classification.baselines.budget import Budget
from micrographia.classification.baselines.parts import Parts
from micrographia.method_names import BaselineFamily


@dataclass(frozen=True)
class Run:
    """What a baseline is trained with.

    Attributes
    ----------
    parts
        The split; a baseline never reads its test part.
    side
        Side of the pictures [px].
    budget
        Length of the training.
    device, precision
        Where networks run, and in `fp32` or `bf16`.
    seed
        From which everything random follows.
    """

    parts: Parts
    side: int
    budget: Budget
    device: torch.device
    precision: str
    seed: int


@dataclass(frozen=True)
class Answerer:
    """A trained baseline.

    Attributes
    ----------
    logits
        Takes pictures, shape (n, side, side); returns unnormalised log probabilities of the
        classes, shape (n, outputs).
    steps
        Updates made, over all phases.
    parameters
        Number of weights of the network that answers.
    """

    logits: Callable[[FloatImage], FloatArray]
    steps: int
    parameters: int


@dataclass(frozen=True)
class Baseline:
    """A line of the registry.

    Attributes
    ----------
    family
        Family in tables.
    library
        Where the network or the loss comes from.
    stands_for
        The method of the article (GDL-NMID) that it stands for, and how near it is.
    train
        Trains it.
    """

    family: BaselineFamily
    library: str
    stands_for: str
    train: Callable[[Run], Answerer]
