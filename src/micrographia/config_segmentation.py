"""Settings of the segmentation room."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from micrographia.config_data import Section


class Watershed(Section):
    """The classical segmenter: thresholds, distance transform, watershed, best candidate."""

    smoothing: float = Field(1.3, ge=0, le=20, description="Gaussian smoothing [px].")
    backgrounds: tuple[Annotated[float, Field(ge=0, le=10)], ...] = Field(
        (0.0, 0.05, 0.1, 0.2),
        min_length=1,
        max_length=8,
        description=(
            "Scales of the shading that is removed, each tried [share of the longer side]; "
            "0 for none."
        ),
    )
    opening: int = Field(0, ge=0, le=50, description="Radius of the opening [px]; 0 for none.")
    max_hole: float = Field(
        0.12, ge=0, le=1, description="Largest hole that is filled [share of the image]."
    )
    hole_solidity: float = Field(
        0.86,
        ge=0,
        le=1,
        description="Least solidity of a hole that is filled; gaps between discs are below.",
    )
    seed_distance: float = Field(
        0.24,
        ge=0.01,
        le=0.99,
        description="Particles are divided where a neck is narrower by this share.",
    )
    seed_smoothing: float = Field(
        2.2, ge=0, le=20, description="Gaussian smoothing of the distance map [px]."
    )
    min_area: int = Field(20, ge=1, le=1_000_000, description="Least area of an instance [px].")
    min_relative_area: float = Field(
        0.12, ge=0, le=1, description="Least area of an instance [share of the typical one]."
    )
    border_weight: float = Field(
        0.23,
        ge=0,
        le=10,
        description="How much instances cut by the border speak against a candidate.",
    )
    polarity: Literal["auto", "bright", "dark"] = Field(
        "auto", description="Whether particles are brighter or darker than what is around them."
    )


class Segmentation(Section):
    """Instance segmentation."""

    watershed: Watershed = Field(default_factory=Watershed, description="Classical baseline.")
