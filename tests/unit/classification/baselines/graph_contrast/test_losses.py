"""Losses of graph contrast, against values worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from micrographia.classification.baselines.graph_contrast.losses import (
    barlow_loss,
    bootstrap_loss,
    grace_loss,
    infograph_loss,
)

#: Four nodes whose two components are uncorrelated.
CROSS = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])


def test_grace_of_two_nodes() -> None:
    same = torch.eye(2)
    # Itself in the other view: e; the other node in both views: 1 each.
    assert float(grace_loss(same, same, 1.0)) == pytest.approx(math.log(math.e + 2) - 1)
    assert float(grace_loss(same, same, 0.5)) == pytest.approx(math.log(math.e**2 + 2) - 2)
    # Swapped nodes: the pair has cosine 0, the other node of the other view 1.
    assert float(grace_loss(same, same.flip(0), 1.0)) == pytest.approx(math.log(math.e + 2))
    # Lengths do not matter.
    assert float(grace_loss(5 * same, same, 1.0)) == pytest.approx(math.log(math.e + 2) - 1)


def test_bootstrap_is_one_minus_the_cosine_and_teaches_the_guess_only() -> None:
    guess = torch.tensor([[1.0, 0.0], [0.0, 2.0]], requires_grad=True)
    target = torch.tensor([[3.0, 0.0], [0.0, -1.0]], requires_grad=True)
    loss = bootstrap_loss(guess, target)
    assert float(loss.detach()) == pytest.approx((0 + 2) / 2)
    bootstrap_loss(guess + 0.1, target).backward()
    assert guess.grad is not None and target.grad is None


def test_barlow_is_0_for_views_that_agree_in_uncorrelated_components() -> None:
    assert float(barlow_loss(CROSS, CROSS)) == pytest.approx(0, abs=1e-4)
    # Both correlations are -1: twice (1 + 1)^2.
    assert float(barlow_loss(CROSS, -CROSS)) == pytest.approx(8, abs=1e-3)
    # All four correlations are 1: the two off the diagonal weigh 1 / d = 1 / 2.
    twice = CROSS[:, :1].expand(-1, 2)
    assert float(barlow_loss(twice, twice)) == pytest.approx(1, abs=1e-4)
    # Scale and offset do not matter.
    assert float(barlow_loss(3 * CROSS + 7, CROSS)) == pytest.approx(0, abs=1e-4)


def test_infograph_knows_own_graph_from_others() -> None:
    picture = torch.tensor([0, 0, 1])
    nothing = infograph_loss(torch.zeros(3, 2), torch.ones(2, 2), picture)
    assert float(nothing) == pytest.approx(2 * math.log(2))
    nodes = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    # Own graph: score 1; the other: 0.
    found = infograph_loss(nodes, torch.eye(2), picture)
    assert float(found) == pytest.approx(math.log(1 + math.exp(-1)) + math.log(2))
    assert float(infograph_loss(nodes, torch.eye(2).flip(0), picture)) > float(found)
