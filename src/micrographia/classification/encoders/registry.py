"""Encoders by name."""

from __future__ import annotations

from pathlib import Path

from micrographia.classification.encoders.encoder import Encoder
from micrographia.errors import CheckpointError


def load_encoder(name: str) -> Encoder:
    """Load an encoder.

    Parameters
    ----------
    name
        `efficientnet-lite0`; the path of an encoder of one's own, `.safetensors`; or that of a
        folder with a model of `transformers`, such as DINO or CLIP.

    Raises
    ------
    CheckpointError
        There is no such encoder, or it cannot be loaded.
    """
    from micrographia.classification.encoders import efficientnet, hub, vit

    if name == efficientnet.NAME:
        return efficientnet.load()
    path = Path(name)
    if path.suffix == ".safetensors":
        return vit.load(path)
    if path.is_dir():
        return hub.load(path)
    raise CheckpointError(
        "There is no such encoder",
        seen=name,
        allowed=f"{efficientnet.NAME}, a .safetensors file of `classification pretrain`, or a "
        "folder with a model of transformers",
        remedy="Check classification.encoder",
    )
