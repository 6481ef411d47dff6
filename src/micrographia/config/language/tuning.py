"""Settings of adapters for vision-language models."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from micrographia.config.language.adapters import Adapters


class Tuning(Adapters):
    """Fitting a vision-language model of others to conversations by adapters (QLoRA).

    Defaults are those that MicroscopyGPT names, or the customary ones of QLoRA (Dettmers et al.,
    2023) where it names none.
    """

    steps: int = Field(1000, ge=1, le=10_000_000, description="Number of updates of the adapters.")
    batch: int = Field(2, ge=1, le=1024, description="Batch size: conversations at once.")
    accumulate: int = Field(
        4, ge=1, le=1024, description="Number of batches whose gradients are summed for an update."
    )
    learning_rate: float = Field(
        2e-4, gt=0, le=1, description="Learning rate after the warm-up; it falls linearly to 0."
    )
    warmup: float = Field(
        0.03, ge=0, le=1, description="Length of the warm-up, as a fraction of the steps."
    )
    weight_decay: float = Field(0.01, ge=0, le=1, description="Weight decay of AdamW.")
    quantise: Literal["auto", "4bit", "8bit", "none"] = Field(
        "auto",
        description="Bits of the frozen weights; 'auto': 4 on a GPU, none on a processor. Needs "
        "bitsandbytes.",
    )
    paged: bool = Field(
        False,
        description="Hold the optimizer's moments in 8 bits and in pages (GPU; needs "
        "bitsandbytes).",
    )
    checkpointing: bool = Field(
        True,
        description="Compute activations again instead of holding them: less memory, a third more "
        "time.",
    )
    precision: Literal["auto", "bf16", "fp32"] = Field(
        "auto", description="'auto': bf16 on a GPU that multiplies in it, else fp32."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="'auto': a GPU if there is one."
    )
    save_every: int = Field(
        100,
        ge=1,
        le=1_000_000,
        description="Number of steps between two states to resume from, and two validations.",
    )
    workers: int = Field(
        0, ge=0, le=256, description="Processes that prepare batches; 0: the training itself."
    )
    longest: int = Field(
        512, ge=1, le=100_000, description="Maximum length of an answer [tokens]."
    )
