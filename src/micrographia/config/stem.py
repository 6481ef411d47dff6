"""Settings of the stem room."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from micrographia.config.base import Section
from micrographia.physics.conditions import ImagingConditions


class Vary(Section):
    """How imaging conditions vary from picture to picture; uniform, and zero for not at all."""

    defocus: float = Field(
        0.0, ge=0, le=1000, description="Most deviation of the defocus, either way [Å]."
    )
    astigmatism: float = Field(
        0.0, ge=0, le=500, description="Most two-fold astigmatism, at any azimuth [Å]."
    )
    threefold: float = Field(
        0.0, ge=0, le=20_000, description="Most three-fold astigmatism, at any azimuth [Å]."
    )
    coma: float = Field(0.0, ge=0, le=20_000, description="Most coma, at any azimuth [Å].")
    source_size: float = Field(0.0, ge=0, le=5, description="Largest effective source [Å].")
    field: float = Field(
        0.0, ge=0, le=500, description="Most deviation of the field's side, either way [Å]."
    )
    drift: float = Field(
        0.0, ge=0, le=20, description="Most drift over one frame, in any direction [Å]."
    )
    jitter: float = Field(
        0.0, ge=0, le=2, description="Most displacement of single rows, root mean square [Å]."
    )


class Stem(Section):
    """STEM simulation."""

    conditions: ImagingConditions = Field(
        default_factory=ImagingConditions, description="The microscope."
    )
    pixel_size: float = Field(0.1, gt=0.005, le=1, description="Pixel size [Å].")
    field: float = Field(48.0, ge=5, le=1000, description="Side of the square field [Å].")
    rotation: float | None = Field(
        None, ge=-360, le=360, description="Rotation of the crystal [degree]; null for random."
    )
    doses: tuple[Annotated[float, Field(gt=0, le=1e8)], ...] = Field(
        (30_000.0,), min_length=1, description="Electron doses [e/Å²]."
    )
    masks: bool = Field(
        False, description="Write column masks and species maps beside the noiseless images."
    )
    mask_sigma: float = Field(0.3, gt=0, le=5, description="Sigma of a column's Gaussian [Å].")
    mask_radius: float = Field(
        0.5, gt=0, le=5, description="Pixels nearer to a column than this carry its species [Å]."
    )
    vary: Vary = Field(default_factory=Vary, description="Spread from picture to picture.")
    multislice: tuple[str, ...] = Field(
        ("graphene", "h-BN", "MoS2-1H"),
        description="Crystals that abTEM's multislice images too, by structure_id.",
    )
    multislice_sample: int = Field(
        0,
        ge=0,
        le=10_000,
        description="How many more crystals multislice images, drawn by the seed.",
    )
