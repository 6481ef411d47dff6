"""Encoders learn without labels, and the probe leaves them as they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from micrographia.classification.baselines.baseline import Run
from micrographia.classification.baselines.budget import Budget
from micrographia.classification.baselines.loop import Pace, fit
from micrographia.classification.baselines.pictures.supervised import Supervised
from micrographia.classification.baselines.self_supervised import siamese, transformers
from micrographia.classification.baselines.self_supervised.probe import Probe


def flat(model: nn.Module) -> torch.Tensor:
    return torch.cat([weight.detach().clone().flatten() for weight in model.parameters()])


@pytest.mark.parametrize("make", [siamese.MoCo, transformers.MAE])
def test_labels_are_never_read(make: type, run: Run) -> None:
    train = run.parts.train
    shuffled = replace(train, labels=np.zeros_like(train.labels), rows=train.rows[::-1])
    other = replace(run, parts=replace(run.parts, train=shuffled))
    weights = []
    for each in (run, other):
        torch.manual_seed(each.seed)
        task = make(each)
        before = flat(task.encoder)
        fit(task, len(train.labels), Budget(steps=2), Pace(1e-3, batch=8), each.seed)
        after = flat(task.encoder)
        assert not torch.equal(before, after)
        weights.append(after)
    assert torch.equal(*weights)


def test_the_probe_trains_the_linear_layer_only(run: Run) -> None:
    probe = Probe(siamese.resnet_encoder(), siamese.SIZE, 3)
    before = {name: value.clone() for name, value in probe.state_dict().items()}
    fit(Supervised(probe, run), 24, Budget(steps=2), Pace(1e-3, batch=8), 0)
    changed = {
        name for name, value in probe.state_dict().items() if not torch.equal(value, before[name])
    }
    assert changed == {
        "linear.weight",
        "linear.bias",
        "scale.running_mean",
        "scale.running_var",
        "scale.num_batches_tracked",
    }


def test_a_slow_copy_follows_less_and_less() -> None:
    model, slow = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    for share, moved in ((0.0, 0.01), (0.5, 0.005), (1.0, 0.0)):
        nn.init.ones_(model.weight)
        nn.init.zeros_(slow.weight)
        siamese.follow(slow, model, share)
        assert float(slow.weight.detach()) == pytest.approx(moved)


@pytest.mark.parametrize("make", [transformers.MAE, transformers.SimMIM])
def test_pictures_that_are_even_are_soon_painted(make: type, run: Run) -> None:
    """Every patch is 1: the painter learns it, whatever is hidden."""
    train = run.parts.train
    even = replace(train, values=np.ones_like(train.values))
    task = make(replace(run, parts=replace(run.parts, train=even)))
    numbers = torch.arange(4)
    first = float(task.loss(numbers).detach())
    fit(task, 24, Budget(steps=10), Pace(3e-3, batch=4), 0)
    assert float(task.loss(numbers).detach()) < 0.5 * first
