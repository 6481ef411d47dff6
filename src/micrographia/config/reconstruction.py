"""Settings of the reconstruction room's parts: symmetry and templates."""

from __future__ import annotations

from pydantic import Field

from micrographia.config.base import Section


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


class Reconstruction(Section):
    """From a STEM image to a crystal."""

    max_cell_area: float = Field(
        250.0, gt=5, le=5000, description="Largest primitive cell that is proposed [Å²]."
    )
    min_lattice_length: float = Field(
        2.0, gt=0.5, le=20, description="Least lattice vector that is proposed [Å]."
    )
    max_atoms: int = Field(24, ge=1, le=200, description="Most atoms in the projected cell.")
    vacuum: float = Field(20.0, ge=15, le=100, description="Vacuum along c in the CIF [Å].")
    blind: bool = Field(
        False, description="Read every picture once more, without being told its elements."
    )
    symmetry: Symmetry = Field(default_factory=Symmetry, description="Symmetry of the answer.")
    templates: Templates = Field(default_factory=Templates, description="Known crystals.")
