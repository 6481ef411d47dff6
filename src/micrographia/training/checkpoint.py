"""Weights on disk: safetensors with a sidecar of JSON that says what they are.

Nothing is unpickled. The sidecar holds the digest of the weights, so that the two files cannot
be of different trainings.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from micrographia.errors import CheckpointError
from micrographia.io.atomic import atomic_path, write_text

FORMAT = 1
_REMEDY = (
    "Download or train the checkpoint again; it consists of two files, .safetensors and .json"
)

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Checkpoint:
    """Weights and what is known of them.

    Attributes
    ----------
    tensors
        Weights and buffers by name, float32 where they are real numbers.
    card
        The sidecar: `kind`, `architecture`, `settings`, `data`, `metrics`, `step`, `versions`.
    """

    tensors: Tensors
    card: dict[str, Any]


def sha256_of(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def refuse_name(path: Path) -> None:
    """Refuse a name that a checkpoint cannot have; a training asks before it begins.

    Raises
    ------
    CheckpointError
        It does not end in .safetensors.
    """
    if path.suffix != ".safetensors":
        raise CheckpointError(f"A checkpoint cannot be named {path.name}", allowed=".safetensors")


def save_checkpoint(
    path: str | os.PathLike[str],
    tensors: Mapping[str, torch.Tensor],
    card: Mapping[str, Any],
    half: bool = True,
) -> None:
    """Write weights to `path` (.safetensors) and their card beside it (.json), each atomically.

    Parameters
    ----------
    path
        The weights' file.
    tensors
        Weights and buffers by name.
    card
        What the sidecar says besides the format and the digest of the weights.
    half
        Whether real numbers are kept as float16, in half the space.
    """
    file = Path(path)
    refuse_name(file)
    kept = {name: _stored(tensor, half) for name, tensor in tensors.items()}
    with atomic_path(file) as temporary:
        save_file(kept, temporary)
        summary = sha256_of(temporary)
    whole = {**card, "format": FORMAT, "weights_sha256": summary}
    write_text(file.with_suffix(".json"), json.dumps(whole, indent=2, sort_keys=True) + "\n")


def _stored(tensor: torch.Tensor, half: bool) -> torch.Tensor:
    plain = tensor.detach().cpu().contiguous()
    return plain.half() if half and plain.is_floating_point() else plain.clone()


def load_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read weights and their card.

    Raises
    ------
    CheckpointError
        A file is absent or damaged, or the two do not belong together.
    """
    file = Path(path)
    sidecar = file.with_suffix(".json")
    for needed in (file, sidecar):
        if not needed.is_file():
            raise CheckpointError(f"Checkpoint {needed} does not exist", remedy=_REMEDY)
    try:
        card = json.loads(sidecar.read_text(encoding="utf-8"))
        known = card.get("format"), card.get("weights_sha256")
    except (ValueError, AttributeError) as error:
        raise CheckpointError(f"{sidecar} is not the card of a checkpoint ({error})") from None
    if known[0] != FORMAT:
        raise CheckpointError(
            f"Checkpoint {sidecar} has an unknown format", seen=known[0], allowed=str(FORMAT)
        )
    check_sha256(file, str(known[1]), _REMEDY)
    tensors = {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in load_file(file).items()
    }
    return Checkpoint(tensors, card)


def check_sha256(path: str | os.PathLike[str], expected: str, remedy: str) -> None:
    """Check the SHA-256 checksum of a file.

    Raises
    ------
    CheckpointError
        It is another, or damaged.
    """
    found = sha256_of(path)
    if found != expected:
        raise CheckpointError(
            f"The weights in {os.fspath(path)} do not have the expected checksum",
            seen=f"sha256 {found}",
            allowed=expected,
            remedy=remedy,
        )


def save_state(path: Path, tensors: Mapping[str, torch.Tensor], notes: Mapping[str, Any]) -> None:
    """Write a resumable state as one file: tensors, and the notes as JSON in its header."""
    kept = {name: _stored(tensor, half=False) for name, tensor in tensors.items()}
    with atomic_path(path) as temporary:
        save_file(kept, temporary, metadata={"notes": json.dumps(notes, sort_keys=True)})


def load_state(path: Path) -> tuple[Tensors, dict[str, Any]]:
    """Read what `save_state` wrote.

    Raises
    ------
    CheckpointError
        The file is damaged.
    """
    try:
        with safe_open(path, framework="pt") as stream:
            notes = json.loads((stream.metadata() or {})["notes"])
        return load_file(path), notes
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise CheckpointError(
            f"Training state {path} cannot be read ({error})",
            remedy="Delete the file; the training then starts from the beginning",
        ) from None
