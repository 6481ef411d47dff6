"""Networks from a grey picture to the flow of its instances, behind one interface.

A network takes pictures of shape (N, 1, H, W), grey values about -1…1, height and width
multiples of its `stride`, and gives three channels of the same height and width: the flow along
y and along x, and the logit of being foreground. `tiling` brings pictures of any size to that.
None has a layer that looks at the whole picture, such as a normalisation over it: a tile would
otherwise be another picture than the part that it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from micrographia.errors import CheckpointError, ConfigError
from micrographia.segmentation.baselines.registry import BASELINES
from micrographia.segmentation.inference.candidates import Quality
from micrographia.training.checkpoint import Checkpoint

#: Flow along y, flow along x, foreground.
CHANNELS = 3


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


def _vit(**options: Any) -> nn.Module:
    from micrographia.segmentation.networks.vit import VitNet

    return VitNet(**options)


#: Networks by name: how they are made, and with what.
NETWORKS: dict[str, tuple[Callable[..., nn.Module], dict[str, Any]]] = {
    "unet-small": (UNet, {"widths": [24, 48, 96, 192, 256]}),
    "unet-large": (UNet, {"widths": [64, 128, 256, 384, 512, 512], "depth": 2}),
    "vit-b": (_vit, {}),
}


def build(name: str, options: Mapping[str, Any] | None = None) -> nn.Module:
    """Make a network with random weights.

    Parameters
    ----------
    name
        A key of `NETWORKS` or `BASELINES`.
    options
        What differs from the network's own size, such as `widths`; baselines have but one.

    Raises
    ------
    ConfigError
        There is no such network.
    """
    if name in BASELINES:
        return BASELINES[name].build()
    if name not in NETWORKS:
        every = ", ".join([*NETWORKS, *BASELINES])
        raise ConfigError("There is no such network", seen=name, allowed=every)
    make, own = NETWORKS[name]
    return make(**{**own, **(options or {})})


def load_network(checkpoint: Checkpoint, name: str | None = None) -> nn.Module:
    """Make the network that a checkpoint describes, with its weights, ready to predict.

    Parameters
    ----------
    checkpoint
        Of kind "segmentation".
    name
        Which network is asked for; None for any of `NETWORKS`.

    Raises
    ------
    CheckpointError
        It is a checkpoint of something else, or its weights do not fit.
    """
    kind, architecture = checkpoint.card.get("kind"), checkpoint.card.get("architecture", {})
    known = set(NETWORKS) if name is None else {name}
    if kind != "segmentation" or architecture.get("name") not in known:
        raise CheckpointError(
            "The checkpoint is of another network",
            seen=f"{architecture.get('name')} ({kind})",
            allowed=f"{name or ', '.join(NETWORKS)} (segmentation)",
            remedy="Name the method that belongs to it, or another checkpoint",
        )
    network = build(architecture["name"], architecture.get("options"))
    load_weights(network, checkpoint.tensors)
    # Not weights: what its answers are worth, see `candidates`.
    network.quality = Quality.of(checkpoint.card)  # type: ignore[assignment]
    return network.eval()


def load_weights(network: nn.Module, tensors: Mapping[str, torch.Tensor]) -> None:
    """Put weights into a network of the same architecture.

    Raises
    ------
    CheckpointError
        Names or shapes differ.
    """
    try:
        network.load_state_dict(dict(tensors))
    except RuntimeError as error:
        raise CheckpointError(
            f"The weights do not fit the network: {' '.join(str(error).split())[:300]}",
            remedy="Train it again with this version",
        ) from None
