"""EfficientNet-Lite0 that `classification finetune` trained further, as one file of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from micrographia.classification.encoders.efficientnet import (
    SIDE,
    Pooled,
    folded,
    untrained_network,
)
from micrographia.classification.encoders.encoder import Encoder
from micrographia.errors import CheckpointError
from micrographia.training.checkpoint import Checkpoint, save_checkpoint

NAME = "efficientnet-lite0-finetuned"
#: What a checkpoint of this network says it is.
KIND = "finetuned-encoder"
#: Layer that names ImageNet's classes; an encoder has no use for it.
_CLASSES = "classifier."


def save(path: Path, network: Any, card: Mapping[str, Any]) -> None:
    """Write a network in half precision, its normalisations folded in.

    Parameters
    ----------
    path
        The file, `.safetensors`; the card lies beside it.
    network
        EfficientNet-Lite0 of timm; changed in place.
    card
        What it was trained on, and how.
    """
    weights = folded(network).state_dict()
    kept = {name: value for name, value in weights.items() if not name.startswith(_CLASSES)}
    told = {"kind": KIND, "architecture": "tf_efficientnet_lite0", "side": SIDE}
    save_checkpoint(path, kept, {**card, **told})


def load(checkpoint: Checkpoint) -> Encoder:
    """Return the encoder of a checkpoint that `save` wrote.

    Raises
    ------
    CheckpointError
        The package `timm` is absent, or the checkpoint is damaged.
    """
    network = folded(untrained_network())
    own = {name: value for name, value in network.state_dict().items() if _CLASSES in name}
    try:
        network.load_state_dict({**own, **checkpoint.tensors})
    except RuntimeError as error:
        raise CheckpointError(
            f"The encoder does not fit EfficientNet-Lite0 ({error})",
            remedy="Train it again with `micrographia classification finetune`",
        ) from error
    pooled = Pooled(network)
    side = int(checkpoint.card["side"])
    with torch.inference_mode():
        size = int(pooled(torch.zeros(1, 1, side, side)).shape[1])
    digest = str(checkpoint.card["weights_sha256"])
    return Encoder(NAME, side, size, digest, pooled, pooled.maps)
