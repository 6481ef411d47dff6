"""Settings of the synthesis room."""

from __future__ import annotations

from pydantic import Field

from micrographia.config.base import Section


class Synthesis(Section):
    """The procedural micrograph generator."""

    count: int = Field(48, ge=1, le=1_000_000, description="Number of micrographs.")
    size: int = Field(384, ge=64, le=4096, description="Side of a micrograph [px].")
    annotated_share: float = Field(
        0.4,
        ge=0,
        le=1,
        description="Fraction of micrographs with a burnt-in scale bar and labels.",
    )
