"""Settings of the report."""

from __future__ import annotations

from pydantic import Field

from micrographia.config.base import Section


class Report(Section):
    """Report page."""

    examples: int = Field(6, ge=1, le=40, description="Number of example pictures per section.")
