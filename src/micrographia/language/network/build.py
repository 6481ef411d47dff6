"""The network from its settings, or from a checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch

from micrographia.config.language.network import AssistantNetwork
from micrographia.errors import CheckpointError
from micrographia.language.network.bases import load_base
from micrographia.language.network.joined import Joined
from micrographia.language.network.states import NAMES, STATES
from micrographia.language.network.words import Words
from micrographia.training.checkpoint import load_checkpoint

#: `kind` in the card of a checkpoint.
KIND = "assistant"


def build(
    settings: AssistantNetwork,
    own: str | None,
    templates: Iterable[str],
    said: Sequence[int] | None = None,
    dtype: torch.dtype = torch.float32,
) -> tuple[Joined, Words, dict[str, Any]]:
    """Return the network with random weights where none are given, its tokens, and its card.

    Parameters
    ----------
    settings
        Section `language.network`.
    own
        JSON of the tokenizer, of a decoder from scratch.
    templates
        Answers, whose tokens may be written.
    said
        These tokens, where they are known.
    dtype
        Of frozen weights.

    Raises
    ------
    CheckpointError
        The language model cannot be loaded.
    """
    base, tokenizer = load_base(settings, own, dtype)
    words = Words(tokenizer, base.get_input_embeddings().weight.shape[0])
    tokens = list(said) if said is not None else words.said(templates)
    scratch = settings.base == "scratch"
    ranks = None
    if settings.adapters is not None and not scratch:
        from micrographia.language.tuning.adapters import add_adapters
        from micrographia.language.tuning.ranks import DrawnRank

        base = add_adapters(base, settings.adapters, above=settings.above)
        if settings.adapters.least_rank is not None:
            ranks = DrawnRank(base, settings.adapters, 0)
    model = Joined(base, torch.tensor(tokens), len(NAMES), settings, ranks)
    counted = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    card = {
        "architecture": settings.model_dump(mode="json", exclude={"loop", "judged"}),
        "parameters": counted,
        "states": len(STATES),
        "said": tokens,
        "tokenizer": own,
    }
    return model, words, card


def load_network(path: str | Path) -> tuple[Joined, Words, dict[str, Any]]:
    """Load a network that `language train-assistant` wrote, for answering.

    Raises
    ------
    CheckpointError
        The file is no such checkpoint, or its language model is not installed.
    """
    checkpoint = load_checkpoint(path)
    card = checkpoint.card
    if card.get("kind") != KIND:
        raise CheckpointError(
            f"Checkpoint {path} is no assistant", seen=card.get("kind"), allowed=KIND,
            remedy="Give a file written by `micrographia language train-assistant`",
        )  # fmt: skip
    if card.get("states") != len(STATES):
        raise CheckpointError(
            f"Checkpoint {path} knows other facts than this version", seen=card.get("states"),
            allowed=str(len(STATES)), remedy="Train it again, or take the shipped one",
        )  # fmt: skip
    settings = AssistantNetwork.model_validate(card["architecture"])
    model, words, _ = build(settings, card["tokenizer"], (), card["said"])
    try:
        model.load_state_dict(checkpoint.tensors)
    except RuntimeError as error:
        raise CheckpointError(f"Checkpoint {path} does not fit the network: {error}") from None
    return model.eval(), words, card
