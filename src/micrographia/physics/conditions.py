"""Imaging conditions of a scanning transmission electron microscope, as one validated model."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ImagingConditions(BaseModel):
    """How the picture was taken. Travels in the metadata of every simulated image."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    energy_keV: float = Field(
        200.0, ge=20, le=1000, description="Beam energy [keV]; 60 to 300 is usual."
    )
    semiangle_mrad: float = Field(
        25.0, gt=1, le=100, description="Convergence semi-angle of the probe [mrad]."
    )
    defocus: float = Field(
        0.0, ge=-1000, le=1000, description="Defocus [Å]; positive is underfocus, as in abTEM."
    )
    Cs: float = Field(
        0.0, ge=-1e8, le=1e8, description="Spherical aberration [Å]; near 0 when corrected."
    )
    astigmatism: float = Field(
        0.0, ge=0, le=500, description="Two-fold astigmatism, magnitude [Å]."
    )
    astigmatism_angle: float = Field(
        0.0, ge=-180, le=180, description="Two-fold astigmatism, azimuth [degree]."
    )
    detector: Literal["icom", "segments"] = Field(
        "segments",
        description="Ideal centre of mass (icom), or four quadrants (segments).",
    )
    detector_inner_mrad: float = Field(
        0.0, ge=0, le=200, description="Inner angle of the quadrants [mrad]."
    )
    detector_outer_mrad: float = Field(
        50.0, gt=0, le=300, description="Outer angle of the quadrants [mrad]."
    )
