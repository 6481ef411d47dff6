"""Settings of the training loop that every learned part shares."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from micrographia.config.base import Section


class Training(Section):
    """One training run: its length, its schedule, what is kept of it.

    The schedule is that of UniEM-3M (supplement 11), in shares of the run's length: a linear
    warm-up, then five decays by 0.4; 1,000 and 80k, 100k ... 160k of 180k steps there.
    """

    steps: int = Field(3000, ge=1, le=10_000_000, description="Updates of the weights.")
    batch: int = Field(8, ge=1, le=4096, description="Samples of an update.")
    learning_rate: float = Field(1e-3, gt=0, le=1, description="Learning rate after the warm-up.")
    warmup: float = Field(
        0.02, ge=0, le=1, description="Linear warm-up of the learning rate [share of the steps]."
    )
    milestones: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        (0.444, 0.556, 0.667, 0.778, 0.889),
        description="When the learning rate is lowered [share of the steps].",
    )
    decay: float = Field(0.4, gt=0, le=1, description="Factor of the learning rate each time.")
    weight_decay: float = Field(0.01, ge=0, le=1, description="Weight decay of AdamW.")
    max_norm: float = Field(
        1.0, gt=0, le=1e6, description="Gradients of a larger norm are scaled down to it."
    )
    average: float = Field(
        0.998,
        ge=0,
        lt=1,
        description="Memory of the running average of the weights, which is what is kept.",
    )
    precision: Literal["auto", "bf16", "fp32"] = Field(
        "auto",
        description="'auto' is bf16 where the processor or GPU computes with it, else fp32.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="'auto' is a GPU if there is one."
    )
    validate_every: int = Field(
        250, ge=1, le=1_000_000, description="Steps between two validations."
    )
    patience: int = Field(
        0,
        ge=0,
        le=10_000,
        description="Validations without a better score before training stops; 0 for never.",
    )
    save_every: int = Field(
        100, ge=1, le=1_000_000, description="Steps between two resumable states."
    )
    workers: int = Field(
        0, ge=0, le=256, description="Processes that prepare samples; 0 for the training's own."
    )
