"""Lines of the registry: the article's fifteen kinds of graph network, by `torch_geometric`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from micrographia.classification.baselines.baseline import Baseline
from micrographia.classification.baselines.graphs.network import (
    HIDDEN,
    GraphNetwork,
    Kind,
    State,
)
from micrographia.classification.baselines.graphs.patches import Graphs
from micrographia.classification.baselines.loop import Pace
from micrographia.classification.baselines.pictures.supervised import FromLabels

_PACE = Pace(2e-3)
#: Length of vectors where each edge has a matrix of its own.
_SMALL = 32


class Layer(nn.Module):
    """A convolution, what it reads of the state, and a linear layer where it has no weights."""

    def __init__(
        self,
        convolution: nn.Module,
        reads: Callable[[State], tuple[Any, ...]],
        linear: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.convolution, self.reads = convolution, reads
        self.linear = linear or nn.Identity()

    def forward(self, state: State) -> torch.Tensor:
        """Return new vectors of the nodes."""
        found: torch.Tensor = self.linear(self.convolution(*self.reads(state)))
        return found


def _usual(state: State) -> tuple[Any, ...]:
    return state.nodes, state.graphs.edges


def _geometric() -> Any:
    import torch_geometric.nn  # type: ignore[import-untyped]

    return torch_geometric.nn


def _plain(name: str, **options: Any) -> Kind:
    """Return a kind that maps vectors to vectors of the same length along edges."""
    return lambda hidden, _: Layer(getattr(_geometric(), name)(hidden, hidden, **options), _usual)


def _weightless(name: str, **options: Any) -> Kind:
    """Return a kind that only spreads vectors; a linear layer follows."""
    return lambda hidden, _: Layer(
        getattr(_geometric(), name)(**options), _usual, nn.Linear(hidden, hidden)
    )


def _gated(hidden: int, number: int) -> nn.Module:
    return Layer(_geometric().GatedGraphConv(hidden, num_layers=2), _usual)


def _dna(hidden: int, number: int) -> nn.Module:
    # It chooses among the vectors that a node had at every layer so far.
    return Layer(
        _geometric().DNAConv(hidden, heads=4),
        lambda state: (torch.stack(state.history, dim=1), state.graphs.edges),
    )


def _gcn2(hidden: int, number: int) -> nn.Module:
    # Alpha and theta are those of Chen et al. (2020).
    return Layer(
        _geometric().GCN2Conv(hidden, alpha=0.1, theta=0.5, layer=number),
        lambda state: (state.nodes, state.history[0], state.graphs.edges),
    )


def _mpnn(hidden: int, number: int) -> nn.Module:
    # Gilmer et al. (2017): how the neighbour lies makes the matrix that its vector is taken by.
    matrix = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, hidden * hidden))
    return Layer(
        _geometric().NNConv(hidden, hidden, matrix, aggr="mean"),
        lambda state: (state.nodes, state.graphs.edges, state.graphs.gaps),
    )


def _supergat(hidden: int, number: int) -> nn.Module:
    # Kim & Oh (2022): attention is also taught which patches are neighbours and which are not.
    return Layer(
        _geometric().SuperGATConv(hidden, hidden, heads=4, concat=False),
        lambda state: (state.nodes, state.graphs.edges, strangers(state.graphs)),
    )


def strangers(graphs: Graphs) -> torch.Tensor:
    """Return a random patch of the same picture for each edge, in the form of edges."""
    target = graphs.edges[1]
    patches = len(graphs.picture) // graphs.count
    first = graphs.picture[target] * patches
    source = first + torch.randint(patches, target.shape, device=target.device)
    return torch.stack([source, target])


def _unet(hidden: int, number: int) -> nn.Module:
    return Layer(
        _geometric().GraphUNet(hidden, hidden, hidden, depth=2, pool_ratios=0.5),
        lambda state: (state.nodes, state.graphs.edges, state.graphs.picture),
    )


def _line(stands_for: str, library: str, kind: Kind, hidden: int = HIDDEN) -> Baseline:
    return Baseline(
        "Graph networks",
        f"torch_geometric {library}",
        stands_for,
        FromLabels(lambda side, outputs: GraphNetwork(kind, side, outputs, hidden), _PACE),
    )


GRAPH_NETWORKS = {
    "appnp": _line("APPNP", "APPNP", _weightless("APPNP", K=10, alpha=0.1)),
    "agnn": _line("AGNN", "AGNNConv", _weightless("AGNNConv")),
    "arma": _line("ARMA", "ARMAConv", _plain("ARMAConv", num_stacks=2)),
    "dna": _line("DNA", "DNAConv", _dna),
    "gat": _line("GAT", "GATConv", _plain("GATConv", heads=4, concat=False)),
    "gated-graph": _line("GGConv", "GatedGraphConv", _gated),
    "graphconv": _line("GraphConv", "GraphConv", _plain("GraphConv", aggr="mean")),
    "gcn2": _line("GCN2Conv", "GCN2Conv", _gcn2),
    "cheb": _line("ChebConv", "ChebConv", _plain("ChebConv", K=3)),
    "gcn": _line(
        "GraphConv's second row (the article prints the name twice)", "GCNConv", _plain("GCNConv")
    ),
    "graph-unet": _line("GraphUNet", "GraphUNet", _unet),
    "mpnn": _line("MPNN", "NNConv", _mpnn, _SMALL),
    "residual-gated": _line("RGGConv", "ResGatedGraphConv", _plain("ResGatedGraphConv")),
    "supergat": _line("SuperGAT", "SuperGATConv", _supergat),
    "tag": _line("TAGConv", "TAGConv", _plain("TAGConv", K=3)),
}
