"""Settings of the stem room."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from micrographia.config.base import Section
from micrographia.physics.conditions import ImagingConditions


class Vary(Section):
    """Uniform random variation of imaging conditions from image to image; 0: no variation."""

    defocus: float = Field(
        0.0, ge=0, le=1000, description="Maximum deviation of the defocus in either direction [Å]."
    )
    astigmatism: float = Field(
        0.0, ge=0, le=500, description="Maximum two-fold astigmatism, random azimuth [Å]."
    )
    threefold: float = Field(
        0.0, ge=0, le=20_000, description="Maximum three-fold astigmatism, random azimuth [Å]."
    )
    coma: float = Field(0.0, ge=0, le=20_000, description="Maximum coma, random azimuth [Å].")
    source_size: float = Field(0.0, ge=0, le=5, description="Maximum effective source size [Å].")
    field: float = Field(
        0.0,
        ge=0,
        le=500,
        description="Maximum deviation of the side of the field of view in either direction [Å].",
    )
    drift: float = Field(
        0.0, ge=0, le=20, description="Maximum drift during one frame, random direction [Å]."
    )
    jitter: float = Field(
        0.0, ge=0, le=2, description="Maximum displacement of scan lines, root mean square [Å]."
    )


class Stem(Section):
    """STEM simulation."""

    conditions: ImagingConditions = Field(
        default_factory=ImagingConditions, description="Imaging conditions of the microscope."
    )
    pixel_size: float = Field(0.1, ge=0.01, le=1, description="Pixel size [Å].")
    field: float = Field(48.0, ge=5, le=1000, description="Side of the square field of view [Å].")
    rotation: float | None = Field(
        None, ge=-360, le=360, description="Rotation of the crystal [degree]; null: random."
    )
    doses: tuple[Annotated[float, Field(gt=0, le=1e8)], ...] = Field(
        (30_000.0,), min_length=1, description="Electron doses [e/Å²]."
    )
    masks: bool = Field(
        False, description="Also write masks of the atomic columns and maps of their species."
    )
    mask_sigma: float = Field(
        0.3,
        gt=0,
        le=5,
        description="Standard deviation of the Gaussian that marks a column in a mask [Å].",
    )
    mask_radius: float = Field(
        0.5,
        gt=0,
        le=5,
        description="Radius around a column in which the pixels of the species "
        "map carry its species [Å].",
    )
    vary: Vary = Field(
        default_factory=Vary, description="Random variation of the conditions from image to image."
    )
    multislice: tuple[str, ...] = Field(
        ("graphene", "h-BN", "MoS2-1H"),
        description="Crystals that are also simulated with abTEM's multislice, by structure_id.",
    )
    multislice_sample: int = Field(
        0,
        ge=0,
        le=10_000,
        description="Number of further crystals to simulate with multislice, drawn with the "
        "random seed.",
    )
