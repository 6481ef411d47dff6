"""The convolutional networks of the article, by `torchvision`, with random weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from micrographia.classification.baselines.baseline import Baseline
from micrographia.classification.baselines.loop import Pace
from micrographia.classification.baselines.pictures.supervised import Builder, FromLabels

#: Networks with batch normalisation bear a higher learning rate than those without.
_NORMALISED, _PLAIN = Pace(1e-3), Pace(3e-4)


class Grey(nn.Module):
    """A network of colour pictures that takes grey ones: the three channels are the same."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return what the network says of pictures, shape (n, 1, side, side)."""
        colour = pictures.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
        found: torch.Tensor = self.network(colour)
        return found


def _of(name: str, **options: Any) -> Builder:
    def build(side: int, outputs: int) -> nn.Module:
        import torchvision

        return Grey(
            torchvision.models.get_model(name, weights=None, num_classes=outputs, **options)
        )

    return build


def _line(stands_for: str, pace: Pace, name: str, **options: Any) -> Baseline:
    build = _of(name, **options)
    return Baseline("ConvNets", f"torchvision {name}", stands_for, FromLabels(build, pace))


CONVOLUTIONAL = {
    "alexnet": _line("AlexNet", _PLAIN, "alexnet"),
    "densenet": _line("DenseNet", _NORMALISED, "densenet121"),
    "resnet": _line("ResNet", _NORMALISED, "resnet18"),
    "vgg": _line("VGG", _NORMALISED, "vgg11_bn"),
    "googlenet": _line(
        "GoogleNet", _NORMALISED, "googlenet", aux_logits=False, init_weights=False
    ),
    "squeezenet": _line("SqueezeNet", _PLAIN, "squeezenet1_1"),
}
