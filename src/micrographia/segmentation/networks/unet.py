"""U-Net of residual blocks; its last layer is a pixel shuffle back to the full resolution."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

#: Flow along y, flow along x, foreground.
CHANNELS = 3

#: Channels of `unet-small` at 1/2, 1/4, 1/8 ... of the resolution; its peer StarDist has them too.
SMALL_WIDTHS = (24, 48, 96, 192, 256)


class Block(nn.Module):
    """Two convolutions with a shortcut; the first may halve the resolution."""

    def __init__(self, inside: int, outside: int, stride: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outside)
        self.second = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outside)
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inside != outside:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(stride), nn.Conv2d(inside, outside, 1, bias=False)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the block's features."""
        inner = functional.relu(self.first_norm(self.first(x)))
        inner = self.second_norm(self.second(inner))
        return functional.relu(inner + self.shortcut(x))


class UNet(nn.Module):
    """U-Net whose first convolution halves the resolution, which a pixel shuffle restores.

    Parameters
    ----------
    widths
        Channels at 1/2, 1/4, 1/8 ... of the resolution.
    depth
        Blocks of each level on either way.

    Attributes
    ----------
    stride
        Height and width must be multiples of it [px].
    """

    def __init__(self, widths: Sequence[int], depth: int = 1) -> None:
        super().__init__()
        self.stride = 2 ** len(widths)
        self.stem = nn.Conv2d(1, widths[0], 4, 2, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(widths[0])
        self.down = nn.ModuleList([_level(widths[0], widths[0], 1, depth)])
        self.lateral, self.up = nn.ModuleList(), nn.ModuleList()
        for fine, coarse in pairwise(widths):
            self.down.append(_level(fine, coarse, 2, depth))
            self.lateral.append(nn.Conv2d(coarse, fine, 1, bias=False))
            self.up.append(_level(fine, fine, 1, depth))
        self.head = nn.Conv2d(widths[0], 4 * CHANNELS, 1)
        # To begin with no flow and no opinion costs fewer steps than to unlearn a wrong one.
        nn.init.normal_(self.head.weight, std=0.01)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return flow and foreground logit, shape (N, 3, H, W)."""
        return functional.pixel_shuffle(self.head(self.features(x)), 2)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the head sees, shape (N, widths[0], H/2, W/2)."""
        x = functional.relu(self.stem_norm(self.stem(x)))
        passed = []
        for level in self.down:
            x = level(x)
            passed.append(x)
        for number in reversed(range(len(self.up))):
            x = functional.interpolate(self.lateral[number](x), scale_factor=2.0)
            x = self.up[number](x + passed[number])
        return x


def _level(inside: int, outside: int, stride: int, depth: int) -> nn.Module:
    rest = [Block(outside, outside) for _ in range(depth - 1)]
    return nn.Sequential(Block(inside, outside, stride), *rest)
