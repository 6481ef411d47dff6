"""Settings of the training loop that every learned part shares."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from micrographia.config.base import Section


class Training(Section):
    """One training run: its length, its schedule, and its saved states.

    The schedule follows UniEM-3M (supplement 11), as fractions of the run's length: a linear
    warm-up, then five decays by 0.4 (there at 1,000 and at 80k, 100k ... 160k of 180k steps).
    """

    steps: int = Field(3000, ge=1, le=10_000_000, description="Number of updates of the weights.")
    batch: int = Field(8, ge=1, le=4096, description="Batch size: samples per update.")
    learning_rate: float = Field(1e-3, gt=0, le=1, description="Learning rate after the warm-up.")
    warmup: float = Field(
        0.02,
        ge=0,
        le=1,
        description="Length of the linear warm-up of the learning rate, as a "
        "fraction of the steps.",
    )
    milestones: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        (0.444, 0.556, 0.667, 0.778, 0.889),
        description="Points at which the learning rate is lowered, as fractions of the steps.",
    )
    decay: float = Field(
        0.4,
        gt=0,
        le=1,
        description="Factor by which the learning rate is multiplied at each milestone.",
    )
    weight_decay: float = Field(0.01, ge=0, le=1, description="Weight decay of AdamW.")
    max_norm: float = Field(
        1.0, gt=0, le=1e6, description="Gradients with a larger norm are clipped to this norm."
    )
    average: float = Field(
        0.998,
        ge=0,
        lt=1,
        description="Decay of the exponential moving average of the weights; the averaged "
        "weights are saved.",
    )
    precision: Literal["auto", "bf16", "fp32"] = Field(
        "auto",
        description="'auto': bf16 if the processor or GPU supports it, else fp32.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="'auto': a GPU if there is one."
    )
    validate_every: int = Field(
        250, ge=1, le=1_000_000, description="Number of steps between two validations."
    )
    patience: int = Field(
        0,
        ge=0,
        le=10_000,
        description="Training stops early after this number of validations without a better "
        "score; 0: never.",
    )
    save_every: int = Field(
        100,
        ge=1,
        le=1_000_000,
        description="Number of steps between two saved states from which the training can resume.",
    )
    workers: int = Field(
        0,
        ge=0,
        le=256,
        description="Number of processes that prepare samples; 0: the training process itself.",
    )
