"""Encoders by name."""

from __future__ import annotations

from micrographia.classification.encoders.encoder import Encoder
from micrographia.errors import CheckpointError
from micrographia.io.resources import find_resource
from micrographia.training.checkpoint import load_checkpoint


def load_encoder(name: str) -> Encoder:
    """Load an encoder.

    Parameters
    ----------
    name
        `efficientnet-lite0`; the path of an encoder that `classification finetune` or `pretrain`
        wrote, `.safetensors`, also of the shipped one; or that of a folder with a model of
        `transformers`, such as DINO or CLIP.

    Raises
    ------
    CheckpointError
        There is no such encoder, or it cannot be loaded.
    """
    from micrographia.classification.encoders import efficientnet, finetuned, hub, vit

    if name == efficientnet.NAME:
        return efficientnet.load()
    path = find_resource(name)
    if path.suffix == ".safetensors":
        loaders = {finetuned.KIND: finetuned.load, vit.KIND: vit.load}
        checkpoint = load_checkpoint(path)
        kind = checkpoint.card.get("kind")
        if kind not in loaders:
            raise CheckpointError(
                f"{path} is no encoder of pictures",
                seen=str(kind),
                allowed=" or ".join(loaders),
                remedy="Train one with `micrographia classification finetune` or `pretrain`",
            )
        return loaders[kind](checkpoint)
    if path.is_dir():
        return hub.load(path)
    raise CheckpointError(
        "There is no such encoder",
        seen=name,
        allowed=f"{efficientnet.NAME}, a .safetensors file of `classification finetune` or "
        "`pretrain`, or a folder with a model of transformers",
        remedy="Check classification.encoder",
    )
