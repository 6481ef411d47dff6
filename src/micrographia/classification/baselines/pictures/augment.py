"""Random changes of a batch of pictures that leave their class as it is."""

from __future__ import annotations

import math

import torch
from torch.nn import functional

#: Exponent of grey levels, and deviation of added noise, at most.
_TONE, _NOISE = 0.4, 0.15


def turned(pictures: torch.Tensor) -> torch.Tensor:
    """Return pictures, shape (n, 1, side, side), each turned by a right angle and mirrored."""
    found = pictures.clone()
    angles = torch.randint(4, (len(found),))
    for angle in range(1, 4):
        chosen = angles == angle
        found[chosen] = torch.rot90(found[chosen], angle, dims=(2, 3))
    mirrored = torch.rand(len(found)) < 0.5
    found[mirrored] = found[mirrored].flip(3)
    return found


def view(
    pictures: torch.Tensor, areas: tuple[float, float] = (0.35, 1.0), side: int | None = None
) -> torch.Tensor:
    """Return a random view of each picture: a crop, turned, of other tone, with noise.

    Parameters
    ----------
    pictures
        Shape (n, 1, side, side), of mean 0 and deviation 1.
    areas
        Least and largest area of the crop, as fractions.
    side
        Side of the views [px]; None: as the pictures.
    """
    count, side = len(pictures), side or pictures.shape[-1]
    device = pictures.device
    low, high = (math.sqrt(area) for area in areas)
    size = low + (high - low) * torch.rand(count, 2, device=device)
    centre = (1 - size) * (2 * torch.rand(count, 2, device=device) - 1)
    matrix = torch.zeros(count, 2, 3, device=device)
    matrix[:, 0, 0], matrix[:, 1, 1], matrix[:, :, 2] = size[:, 0], size[:, 1], centre
    grid = functional.affine_grid(matrix, [count, 1, side, side], align_corners=False)
    found = turned(functional.grid_sample(pictures, grid, "bilinear", "border", False))
    tone = torch.exp(_TONE * (2 * torch.rand(count, 1, 1, 1, device=device) - 1))
    found = found.sign() * found.abs() ** tone
    noise = _NOISE * torch.rand(count, 1, 1, 1, device=device)
    return found + noise * torch.randn_like(found)
