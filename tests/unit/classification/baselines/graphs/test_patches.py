"""Pictures as graphs: nodes, nearest neighbours against scikit-learn's, gaps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from micrographia.classification.baselines.graphs.lines import strangers
from micrographia.classification.baselines.graphs.patches import (
    features_of,
    graphs_of,
    patch_side,
)


def noise(count: int, side: int) -> torch.Tensor:
    return torch.from_numpy(
        np.random.default_rng(5).normal(size=(count, 1, side, side)).astype(np.float32)
    )


@pytest.mark.parametrize(("side", "patch", "across"), [(64, 8, 8), (224, 32, 7)])
def test_edges_are_the_five_nearest_of_the_same_picture(
    side: int, patch: int, across: int
) -> None:
    pictures = noise(2, side)
    graphs = graphs_of(pictures)
    assert patch_side(side) == patch and graphs.nodes.shape == (2 * across**2, features_of(side))
    cut = pictures.reshape(2, across, patch, across, patch).permute(0, 1, 3, 2, 4)
    patches = cut.reshape(2, across**2, patch**2).numpy()
    wanted = set()
    for number, own in enumerate(patches):
        found = NearestNeighbors(n_neighbors=6, algorithm="brute").fit(own).kneighbors(own)[1]
        offset = number * across**2
        wanted |= {
            (offset + int(other), offset + node)
            for node, others in enumerate(found)
            for other in others
            if other != node
        }
    assert set(map(tuple, graphs.edges.T.tolist())) == wanted
    assert np.bincount(graphs.edges[1].numpy()).tolist() == [5] * (2 * across**2)


def test_a_node_is_its_grey_levels_and_its_place() -> None:
    side = 64
    row = torch.arange(side).float()[:, None].expand(side, side)
    nodes = graphs_of(row[None, None]).nodes
    # The last patch of the first row of patches: rows 0 to 7, at the upper right corner.
    assert nodes[7, :64].tolist() == [float(level) for level in range(8) for _ in range(8)]
    assert nodes[7, 64:].tolist() == [-1.0, 1.0]
    assert nodes[-1, 64:].tolist() == [1.0, 1.0]


def test_gaps_say_how_the_neighbour_lies() -> None:
    graphs = graphs_of(noise(2, 64))
    source, target = graphs.edges
    place, grey = graphs.nodes[:, 64:], graphs.nodes[:, :64]
    assert torch.allclose(graphs.gaps[:, :2], place[source] - place[target])
    apart = (grey[source] - grey[target]).square().mean(dim=1).sqrt()
    assert torch.allclose(graphs.gaps[:, 2], apart, atol=1e-5)
    assert graphs.picture.tolist() == [0] * 64 + [1] * 64


def test_strangers_are_of_the_same_picture() -> None:
    graphs = graphs_of(noise(3, 64))
    source, target = strangers(graphs)
    assert torch.equal(graphs.picture[source], graphs.picture[target])
    assert torch.equal(target, graphs.edges[1]) and len(set(source.tolist())) > 100
