"""A picture as a graph: its patches are nodes, like patches are neighbours.

GDL-NMID: patches of 32 px of a picture of 224², each with its k = 5 nearest neighbours. Here a
node has its grey levels and its place; likeness is that of grey levels. A picture of 64² has
patches of 8 px.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

#: Neighbours of a patch.
NEIGHBOURS = 5
#: Pictures of at least this side have the article's patches [px].
_LARGE = 224


@dataclass(frozen=True)
class Graphs:
    """Graphs of n pictures of p patches each, as one graph of n p nodes.

    Attributes
    ----------
    nodes
        Grey levels of a patch, then its row and column from -1 to 1, shape (n p, f).
    edges
        From (row 0) each neighbour to (row 1) the patch it is near to, shape (2, n p k).
    gaps
        How the neighbour lies: difference of place and distance of grey levels, shape (n p k, 3).
    picture
        Of each node, shape (n p,), in order.
    count
        Number of pictures.
    """

    nodes: torch.Tensor
    edges: torch.Tensor
    gaps: torch.Tensor
    picture: torch.Tensor
    count: int


def patch_side(side: int) -> int:
    """Return the side of a patch [px]: 32 of a large picture, an eighth of a small one."""
    return 32 if side >= _LARGE else side // 8


def features_of(side: int) -> int:
    """Return how many features a node has."""
    return patch_side(side) ** 2 + 2


def graphs_of(pictures: torch.Tensor, neighbours: int = NEIGHBOURS) -> Graphs:
    """Return the graphs of pictures.

    Parameters
    ----------
    pictures
        Shape (n, 1, side, side).
    neighbours
        Of each patch; itself does not count.
    """
    count, patch = len(pictures), patch_side(pictures.shape[-1])
    grey = functional.unfold(pictures, patch, stride=patch).transpose(1, 2)
    patches = grey.shape[1]
    across = pictures.shape[-1] // patch
    axis = torch.linspace(-1, 1, across, device=pictures.device)
    place = torch.cartesian_prod(axis, axis)
    near, distance = nearest(grey, neighbours)
    gaps = torch.cat(
        [
            place[near] - place[None, :, None],
            # Per pixel, so that it does not depend on the size of a patch.
            distance[..., None] / patch,
        ],
        dim=-1,
    )
    offset = patches * torch.arange(count, device=pictures.device)
    source = (near + offset[:, None, None]).flatten()
    target = torch.arange(count * patches, device=pictures.device).repeat_interleave(neighbours)
    nodes = torch.cat([grey, place.expand(count, -1, -1)], dim=-1)
    return Graphs(
        nodes.flatten(0, 1),
        torch.stack([source, target]),
        gaps.flatten(0, 2),
        torch.arange(count, device=pictures.device).repeat_interleave(patches),
        count,
    )


def nearest(vectors: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the nearest others of each vector, and their distances, nearest first.

    All distances are computed: `knn_graph` of torch_geometric needs a package without a release
    for every Python, and a picture has few patches.

    Parameters
    ----------
    vectors
        Shape (n, p, d); neighbours are sought among the p of one picture.
    count
        How many, less than p.

    Returns
    -------
    tensor, tensor
        Shape (n, p, count) both.
    """
    distances = torch.cdist(vectors, vectors, compute_mode="donot_use_mm_for_euclid_dist")
    own = torch.arange(vectors.shape[1], device=vectors.device)
    distances[:, own, own] = torch.inf
    found = distances.topk(count, dim=-1, largest=False)
    return found.indices, found.values
