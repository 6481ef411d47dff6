"""Settings of the reconstruction room's parts: symmetry and templates."""

from __future__ import annotations

from pydantic import Field

from micrographia.config_data import Section


class Symmetry(Section):
    """When a crystal that was read is taken for symmetric, and made so."""

    tolerance: float = Field(
        0.03, gt=0, le=1, description="How far a column may be from its image in the plane [Å]."
    )
    height_tolerance: float = Field(
        0.5, gt=0, le=3, description="The same along z, where heights are nominal [Å]."
    )
    cell_tolerance: float = Field(
        0.005, gt=0, le=0.5, description="Difference of lattice vectors that are made equal [Å]."
    )


class Templates(Section):
    """Known crystals beside the analysis: heights, rivals, and an answer where it has none."""

    library: str | None = Field(
        None,
        description="Library made by `reconstruction library`; null for no templates.",
    )
    leave_one_out: bool = Field(
        False,
        description="Keep the crystal that is shown, and its duplicates, out of the library.",
    )
    count: int = Field(
        10, ge=1, le=200, description="Templates that are compared with the picture itself."
    )
    strain: float = Field(
        0.05, gt=0, le=0.2, description="Most strain of a template's lattice vectors [share]."
    )
    same_crystal: float = Field(
        0.3, gt=0, le=1, description="Projections with a rms distance below this are one [Å]."
    )
    odds: float = Field(
        6.0,
        ge=0,
        le=1000,
        description="Log-likelihood by which a template must beat the analysis to replace it.",
    )
