"""Settings of the report."""

from __future__ import annotations

from pydantic import Field

from micrographia.config.base import Section


class Report(Section):
    """Report page."""

    gallery: int = Field(
        12, ge=1, le=400, description="Number of micrographs in the gallery that opens the page."
    )
    examples: int = Field(
        6, ge=1, le=40, description="Number of example pictures in each other section."
    )
    masks_mb: float = Field(
        500,
        ge=0,
        le=100_000,
        description="Largest total size of the label masks for which all of them are packed "
        "beside the page [MB]; those in the gallery always are.",
    )
