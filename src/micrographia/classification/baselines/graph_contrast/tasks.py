"""Encoders of patch graphs that learn from two views of each graph, or from nodes and graphs.

The encoder is a graph attention network, as in GDL-NMID. A view leaves out some edges and some
features of all nodes (Zhu et al. 2020).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

import torch
from torch import nn

from micrographia.classification.baselines.baseline import Run
from micrographia.classification.baselines.graph_contrast.losses import (
    barlow_loss,
    bootstrap_loss,
    grace_loss,
    infograph_loss,
)
from micrographia.classification.baselines.graphs.patches import Graphs, features_of, graphs_of
from micrographia.classification.baselines.pictures.augment import turned
from micrographia.classification.baselines.self_supervised.siamese import follow, slow_copy

#: Length of vectors, and of those that heads compare.
HIDDEN, _COMPARED = 64, 64
#: Share of edges and of features that a view leaves out, and the temperature of GRACE.
_DROPPED, _MASKED, _TEMPERATURE = 0.3, 0.3, 0.5


class Attention(nn.Module):
    """Two graph attention layers: vectors of nodes."""

    def __init__(self, side: int) -> None:
        from torch_geometric.nn import GATConv  # type: ignore[import-untyped]

        super().__init__()
        self.first = GATConv(features_of(side), HIDDEN // 4, heads=4)
        self.second = GATConv(HIDDEN, HIDDEN // 4, heads=4)
        self.act = nn.PReLU()

    def forward(self, graphs: Graphs) -> torch.Tensor:
        """Return the vectors of the nodes, shape (n p, HIDDEN)."""
        nodes = self.act(self.first(graphs.nodes, graphs.edges))
        found: torch.Tensor = self.act(self.second(nodes, graphs.edges))
        return found


def partial(graphs: Graphs) -> Graphs:
    """Return a random view of graphs: without some edges, and some features are 0."""
    kept = torch.rand(graphs.edges.shape[1], device=graphs.edges.device) >= _DROPPED
    shown = torch.rand(graphs.nodes.shape[1], device=graphs.nodes.device) >= _MASKED
    return replace(
        graphs,
        nodes=graphs.nodes * shown,
        edges=graphs.edges[:, kept],
        gaps=graphs.gaps[kept],
    )


def pooled(nodes: torch.Tensor, graphs: Graphs) -> torch.Tensor:
    """Return the sums of the vectors of nodes of each picture, shape (n, d)."""
    return nodes.reshape(graphs.count, -1, nodes.shape[1]).sum(dim=1)


class Contrast(ABC):
    """Task of the loop; `compare` of a method gives the loss of graphs."""

    def __init__(self, run: Run) -> None:
        self.encoder = Attention(run.side)
        self._heads = nn.ModuleDict(self.heads())
        self.model: nn.Module = nn.ModuleList([self.encoder, self._heads]).to(run.device)
        self._pictures = torch.from_numpy(run.parts.train.values)[:, None].to(run.device)

    @abstractmethod
    def heads(self) -> dict[str, nn.Module]:
        """Return the heads of the method by name."""

    @abstractmethod
    def compare(self, graphs: Graphs) -> torch.Tensor:
        """Return the loss of graphs."""

    def loss(self, numbers: torch.Tensor) -> torch.Tensor:
        """Return the loss of the graphs of these pictures."""
        self.model.train()
        return self.compare(graphs_of(turned(self._pictures[numbers])))

    def stepped(self, share: float) -> None:  # noqa: B027 - a hook, not a duty
        """Do nothing; BGRL moves its slow copy."""

    def score(self) -> None:  # noqa: B027 - a hook, not a duty
        """Return nothing: labels are not used."""

    def vectors(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the vectors of pictures, shape (n, 1, side, side), as (n, HIDDEN)."""
        self.model.eval()
        graphs = graphs_of(pictures)
        return pooled(self.encoder(graphs), graphs)


def _head() -> nn.Module:
    return nn.Sequential(nn.Linear(HIDDEN, _COMPARED), nn.ELU(), nn.Linear(_COMPARED, _COMPARED))


class GRACE(Contrast):
    """Zhu et al. (2020): nodes find themselves in another view."""

    def heads(self) -> dict[str, nn.Module]:
        return {"project": _head()}

    def compare(self, graphs: Graphs) -> torch.Tensor:
        one, other = (self._heads["project"](self.encoder(partial(graphs))) for _ in range(2))
        return grace_loss(one, other, _TEMPERATURE)


class GraphBarlowTwins(Contrast):
    """Bielak et al. (2021): components of both views agree, and are uncorrelated."""

    def heads(self) -> dict[str, nn.Module]:
        return {}

    def compare(self, graphs: Graphs) -> torch.Tensor:
        return barlow_loss(self.encoder(partial(graphs)), self.encoder(partial(graphs)))


class BGRL(Contrast):
    """Thakoor et al. (2021): a head predicts what a slow copy makes of the other view."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._slow = slow_copy(self.encoder)

    def heads(self) -> dict[str, nn.Module]:
        return {"predict": _head()}

    def compare(self, graphs: Graphs) -> torch.Tensor:
        one, other = partial(graphs), partial(graphs)
        found = torch.zeros((), device=graphs.nodes.device)
        for seen, hidden in ((one, other), (other, one)):
            with torch.no_grad():
                target = self._slow(hidden)
            found = found + bootstrap_loss(self._heads["predict"](self.encoder(seen)), target) / 2
        return found

    def stepped(self, share: float) -> None:
        """Move the slow copy."""
        follow(self._slow, self.encoder, share)


class InfoGraph(Contrast):
    """Sun et al. (2020): nodes and sums over a graph tell which belong together."""

    def heads(self) -> dict[str, nn.Module]:
        return {"nodes": _head(), "graphs": _head()}

    def compare(self, graphs: Graphs) -> torch.Tensor:
        nodes = self.encoder(graphs)
        return infograph_loss(
            self._heads["nodes"](nodes),
            self._heads["graphs"](pooled(nodes, graphs)),
            graphs.picture,
        )
