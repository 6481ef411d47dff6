"""Encoders of others, such as DINO and CLIP, by the path of a folder on this machine.

The folder is what `save_pretrained` of `transformers` writes: `config.json` and
`model.safetensors`. Nothing is downloaded, and nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from micrographia.classification.encoders.encoder import Encoder
from micrographia.errors import CheckpointError, install_hint
from micrographia.training.checkpoint import sha256_of

#: Half the range of grey levels, in standard deviations of a picture, as for EfficientNet.
_SPREAD = 0.5


def load(folder: str | Path) -> Encoder:
    """Load a vision encoder of `transformers`.

    Its vector is the class token after the last layer (`pooler_output` where there is no sequence
    of tokens): of CLIP and SigLIP that of the tower for pictures.

    Raises
    ------
    CheckpointError
        `transformers` is absent, or the folder holds no such model.
    """
    if find_spec("transformers") is None:
        raise CheckpointError(
            "An encoder by path needs a package that is not installed",
            seen="transformers",
            remedy=install_hint("classification"),
        )
    place = Path(folder)
    weights = place / "model.safetensors"
    if not (place / "config.json").is_file() or not weights.is_file():
        raise CheckpointError(
            f"{place} holds no encoder",
            allowed="a folder with config.json and model.safetensors",
            remedy="Write it with save_pretrained(folder) of transformers",
        )
    try:
        model, side, mean, deviation = _model_of(place)
    except (ValueError, OSError, KeyError, AttributeError) as error:
        raise CheckpointError(f"{place} holds no encoder of pictures ({error})") from error
    scale, shift = _SPREAD / 2, 0.5

    def network(pictures: torch.Tensor) -> torch.Tensor:
        # From mean 0 and deviation 1 to the range 0 to 1, and then as the network was trained.
        coloured = (pictures * scale + shift).clamp(0, 1).expand(-1, 3, -1, -1)
        answer = model(pixel_values=(coloured - mean) / deviation)
        hidden = getattr(answer, "last_hidden_state", None)
        if hidden is not None and hidden.ndim == 3:
            return hidden[:, 0]
        return answer.pooler_output.flatten(1)

    with torch.inference_mode():
        size = int(network(torch.zeros(1, 1, side, side)).shape[1])
    name = f"{model.config.model_type}:{place.name}"
    digest = hashlib.sha256(
        (sha256_of(weights) + sha256_of(place / "config.json")).encode()
    ).hexdigest()
    return Encoder(name, side, size, digest, network)


def _model_of(folder: Path) -> tuple[Any, int, torch.Tensor, torch.Tensor]:
    """Return the model, its side, and the mean and deviation of the colours it expects."""
    from transformers import AutoModel

    whole = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True)
    model = getattr(whole, "vision_model", whole).float().eval().requires_grad_(False)
    size = model.config.image_size
    side = int(size if isinstance(size, int) else size[0])
    file = folder / "preprocessor_config.json"
    told = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    mean, deviation = (
        torch.tensor(told.get(name, [0.5] * 3)).reshape(1, 3, 1, 1)
        for name in ("image_mean", "image_std")
    )
    return model, side, mean, deviation
