"""Settings of the curation room: which micrographs are kept, and what is read from them."""

from __future__ import annotations

from pydantic import Field

from micrographia.config_data import Section
from micrographia.config_text import Text as Text


class Curation(Section):
    """Which micrographs are kept."""

    min_side: int = Field(
        200, ge=1, le=10_000, description="Least side of an image [px] (UniEM-3M, section 4.1)."
    )
    max_pixels: int = Field(
        400_000_000, ge=1, description="Most pixels of an image; larger headers are refused [px]."
    )
    min_sharpness: float = Field(
        0.045,
        ge=0,
        le=10,
        description="Least sharpness: share of contrast in detail of 1.5 px.",
    )
    min_contrast: float = Field(
        0.05, ge=0, le=1, description="Least contrast: 1st to 99th percentile over full range."
    )
    duplicate_radius: int = Field(
        2,
        ge=0,
        le=32,
        description=(
            "Most differing bits of two 64-bit hashes of duplicates [bit]; different pictures "
            "with the same annotation can come as near as 4."
        ),
    )
    text: Text = Field(default_factory=Text, description="Text burnt into the pictures.")
