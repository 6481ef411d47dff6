"""One small network for all kinds of graph convolution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from micrographia.classification.baselines.graphs.patches import Graphs, features_of, graphs_of

#: Length of the vectors of nodes, and number of convolutions.
HIDDEN, LAYERS = 64, 3


@dataclass
class State:
    """What a convolution may read.

    Attributes
    ----------
    nodes
        Vectors of the nodes, shape (n p, hidden).
    history
        Those of all layers so far, the first ones first.
    graphs
        Edges and how neighbours lie.
    """

    nodes: torch.Tensor
    history: list[torch.Tensor]
    graphs: Graphs


#: Takes the length of vectors and the number of the layer, from 1; returns a module that takes a
#: `State` and returns new vectors.
Kind = Callable[[int, int], nn.Module]


class GraphNetwork(nn.Module):
    """Pictures to graphs, a linear layer, convolutions with shortcuts, means and maxima, classes.

    Parameters
    ----------
    kind
        Of the convolution.
    side
        Of the pictures [px].
    outputs
        Numbers returned for each picture.
    hidden
        Length of the vectors of nodes.

    Attributes
    ----------
    aside
        Loss of the last call besides that of the classes: what SuperGAT's attention is taught;
        0 for the other kinds.
    """

    def __init__(self, kind: Kind, side: int, outputs: int, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.enter = nn.Sequential(nn.Linear(features_of(side), hidden), nn.ReLU())
        self.layers = nn.ModuleList([kind(hidden, number + 1) for number in range(LAYERS)])
        self.norms = nn.ModuleList([nn.LayerNorm(hidden) for _ in range(LAYERS)])
        self.leave = nn.Sequential(nn.Linear(2 * hidden, hidden), nn.ReLU())
        self.classes = nn.Linear(hidden, outputs)
        self.aside = torch.zeros(())

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return logits of pictures, shape (n, 1, side, side)."""
        # Sums over neighbours are computed in single precision.
        with torch.autocast(pictures.device.type, enabled=False):
            graphs = graphs_of(pictures.float())
            nodes = self.enter(graphs.nodes)
            state = State(nodes, [nodes], graphs)
            for layer, norm in zip(self.layers, self.norms, strict=True):
                state.nodes = state.nodes + torch.relu(norm(layer(state)))
                state.history.append(state.nodes)
            self.aside = self._attention_loss(pictures.device)
            each = state.nodes.reshape(graphs.count, -1, state.nodes.shape[1])
            pooled = torch.cat([each.mean(dim=1), each.amax(dim=1)], dim=1)
            logits: torch.Tensor = self.classes(self.leave(pooled))
        return logits

    def _attention_loss(self, device: torch.device) -> torch.Tensor:
        found = torch.zeros((), device=device)
        if self.training:
            for layer in self.layers:
                taught = getattr(layer.get_submodule("convolution"), "get_attention_loss", None)
                if taught is not None:
                    found = found + taught()
        return found
