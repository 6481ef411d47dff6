"""The flow networks by name. Segment Anything's encoder is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from micrographia.segmentation.networks.unet import SMALL_WIDTHS, UNet


def _vit(**options: Any) -> nn.Module:
    from micrographia.segmentation.networks.vit import VitNet

    return VitNet(**options)


#: Networks by name: how they are made, and with what.
NETWORKS: dict[str, tuple[Callable[..., nn.Module], dict[str, Any]]] = {
    "unet-small": (UNet, {"widths": list(SMALL_WIDTHS)}),
    "unet-large": (UNet, {"widths": [64, 128, 256, 384, 512, 512], "depth": 2}),
    "vit-b": (_vit, {}),
}
