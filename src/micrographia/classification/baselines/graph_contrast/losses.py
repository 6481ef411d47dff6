"""Losses of contrast between nodes of two views of a graph, and between nodes and graphs."""

from __future__ import annotations

import math

import torch
from torch.nn import functional


def grace_loss(one: torch.Tensor, other: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return the loss of GRACE: each node finds itself in the other view among all nodes of both.

    Zhu et al., Deep Graph Contrastive Representation Learning (2020), equation 1 and 2.

    Parameters
    ----------
    one, other
        Vectors of the same n nodes in two views, shape (n, d).
    temperature
        Of the cosines.
    """
    first, second = functional.normalize(one), functional.normalize(other)
    across = first @ second.T / temperature
    found = torch.zeros((), device=one.device)
    for between, within in ((across, first @ first.T), (across.T, second @ second.T)):
        # A node is no negative of itself.
        others = (within / temperature).fill_diagonal_(-math.inf)
        every = torch.cat([between, others], dim=1)
        found = found + (torch.logsumexp(every, dim=1) - between.diagonal()).mean() / 2
    return found


def bootstrap_loss(guess: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return one minus the mean cosine of predictions and of what they predict.

    Thakoor et al., Bootstrapped Representation Learning on Graphs (BGRL, 2021), equation 3, but
    for a factor of 2 and with 1 added, so that the least value is 0. What is predicted gets no
    gradient.

    Parameters
    ----------
    guess, target
        Shape (n, d).
    """
    return 1 - functional.cosine_similarity(guess, target.detach(), dim=1).mean()


def barlow_loss(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Return the loss of Graph Barlow Twins: components of both views agree, and differ otherwise.

    Bielak et al., Graph Barlow Twins (2021), equation 1 and 2; the off-diagonal weighs 1 / d, as
    there.

    Parameters
    ----------
    one, other
        Vectors of the same n nodes in two views, shape (n, d).
    """
    count, size = one.shape
    scaled = [
        (each - each.mean(dim=0)) / (each.std(dim=0, correction=0) + 1e-6) for each in (one, other)
    ]
    correlation = scaled[0].T @ scaled[1] / count
    own = correlation.diagonal()
    return ((1 - own) ** 2).sum() + (correlation.square().sum() - own.square().sum()) / size


def infograph_loss(
    nodes: torch.Tensor, graphs: torch.Tensor, picture: torch.Tensor
) -> torch.Tensor:
    """Return the loss of InfoGraph: a node belongs to its own graph and to no other.

    Sun et al., InfoGraph (2020), equation 4: the Jensen-Shannon estimate of mutual information,
    with its sign changed.

    Parameters
    ----------
    nodes
        Shape (m, d).
    graphs
        Shape (n, d), n of at least 2.
    picture
        To which graph each node belongs, shape (m,).
    """
    scores = nodes @ graphs.T
    own = functional.one_hot(picture, len(graphs)).bool()
    joint = functional.softplus(-scores[own]).mean()
    apart = functional.softplus(scores[~own]).mean()
    return joint + apart
