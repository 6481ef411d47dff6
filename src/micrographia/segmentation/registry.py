"""Build networks by name, with random weights or from a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from micrographia.errors import CheckpointError, ConfigError
from micrographia.segmentation.baselines.registry import BASELINES
from micrographia.segmentation.inference.candidates import Quality
from micrographia.segmentation.networks.flow_networks import NETWORKS
from micrographia.training.checkpoint import Checkpoint


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
        raise ConfigError("Unknown network", seen=name, allowed=every)
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
            "The checkpoint belongs to another network",
            seen=f"{architecture.get('name')} ({kind})",
            allowed=f"{name or ', '.join(NETWORKS)} (segmentation)",
            remedy="Give the method of this checkpoint, or another checkpoint",
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
            remedy="Train the network again with this version of Micrographia",
        ) from None
