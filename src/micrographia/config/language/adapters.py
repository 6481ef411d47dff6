"""Settings of adapters of low rank."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from micrographia.config.base import Section


class Adapters(Section):
    """Adapters of low rank (LoRA; Hu et al. 2021), as wide or as narrow as wanted."""

    rank: int = Field(16, ge=1, le=1024, description="Rank of the adapters.")
    least_rank: int | None = Field(
        None,
        ge=1,
        description="Lowest rank: in each step one from here to `rank` is drawn, so that any of "
        "them can be cut out afterwards (DyLoRA); null: always `rank`.",
    )
    frozen: bool = Field(
        False,
        description="Train only the second matrix of each adapter (LoRA-FA): half the memory of "
        "the optimizer.",
    )
    alpha: int = Field(
        16, ge=1, le=4096, description="Scale of the adapters: they count alpha / rank."
    )
    dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Fraction of an adapter's inputs that are dropped in training.",
    )
    targets: Literal["all-linear"] | tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        "all-linear",
        description="Modules that take adapters: 'all-linear', or names such as [q_proj, v_proj].",
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.least_rank is not None and self.least_rank > self.rank:
            raise ValueError("least_rank must be at most rank")
        return self
