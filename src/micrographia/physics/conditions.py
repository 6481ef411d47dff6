"""Imaging conditions of a scanning transmission electron microscope, as one validated model."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

#: Signals: integrated centre of mass, four quadrants, and rings of dark and bright field.
Detector = Literal["icom", "segments", "haadf", "abf"]


class ImagingConditions(BaseModel):
    """How the picture was taken. Travels in the metadata of every simulated image."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    energy_keV: float = Field(
        200.0, ge=20, le=1000, description="Beam energy [keV]; usually 60 to 300."
    )
    semiangle_mrad: float = Field(
        25.0, gt=1, le=100, description="Convergence semi-angle of the probe [mrad]."
    )
    defocus: float = Field(
        0.0, ge=-1000, le=1000, description="Defocus [Å]; positive is underfocus, as in abTEM."
    )
    Cs: float = Field(
        0.0,
        ge=-1e8,
        le=1e8,
        description="Spherical aberration [Å]; near 0 in a corrected microscope.",
    )
    astigmatism: float = Field(
        0.0, ge=0, le=500, description="Two-fold astigmatism, magnitude [Å]."
    )
    astigmatism_angle: float = Field(
        0.0, ge=-180, le=180, description="Two-fold astigmatism, azimuth [degree]."
    )
    threefold: float = Field(
        0.0, ge=0, le=20_000, description="Three-fold astigmatism C23, magnitude [Å]."
    )
    threefold_angle: float = Field(
        0.0, ge=-180, le=180, description="Three-fold astigmatism, azimuth [degree]."
    )
    coma: float = Field(0.0, ge=0, le=20_000, description="Axial coma C21, magnitude [Å].")
    coma_angle: float = Field(0.0, ge=-180, le=180, description="Axial coma, azimuth [degree].")
    roll_off_mrad: float = Field(
        0.0,
        ge=0,
        le=50,
        description="Width of the soft edge of the aperture, inwards from the semi-angle [mrad].",
    )
    source_size: float = Field(
        0.0,
        ge=0,
        le=5,
        description="Effective source size, a Gaussian: full width at half maximum [Å].",
    )
    residual_blur: float = Field(
        0.0,
        ge=0,
        le=5,
        description="Other blur (vibration, thermal motion), a Gaussian: full width at half "
        "maximum [Å].",
    )
    detector: Detector = Field(
        "segments",
        description=(
            "Signal: icom (integrated centre of mass), segments (four quadrants), haadf "
            "(high-angle annular dark field) or abf (annular bright field)."
        ),
    )
    detector_inner_mrad: float = Field(
        0.0, ge=0, le=200, description="Inner angle of the quadrants [mrad]."
    )
    detector_outer_mrad: float = Field(
        50.0, gt=0, le=300, description="Outer angle of the quadrants [mrad]."
    )
    annular_inner_mrad: float | None = Field(
        None,
        ge=0,
        le=500,
        description=(
            "Inner angle of the annular detectors [mrad]; null: 80 (haadf) or half the "
            "semi-angle (abf)."
        ),
    )
    annular_outer_mrad: float | None = Field(
        None,
        gt=0,
        le=500,
        description=(
            "Outer angle of the annular detectors [mrad]; null: 200 (haadf) or the semi-angle "
            "(abf)."
        ),
    )

    @property
    def is_annular(self) -> bool:
        """Whether the detector counts electrons in a ring instead of their deflection."""
        return self.detector in ("haadf", "abf")

    @property
    def annulus(self) -> tuple[float, float]:
        """Inner and outer angle of the annular detector [mrad]."""
        dark = self.detector == "haadf"
        usual = (80.0, 200.0) if dark else (self.semiangle_mrad / 2, self.semiangle_mrad)
        inner = usual[0] if self.annular_inner_mrad is None else self.annular_inner_mrad
        outer = usual[1] if self.annular_outer_mrad is None else self.annular_outer_mrad
        return inner, outer

    @property
    def unit(self) -> str:
        """Unit of the picture: phase [rad], or share of the beam that the ring counts."""
        return "fraction" if self.is_annular else "rad"

    @model_validator(mode="after")
    def _rings_and_edges_have_a_width(self) -> ImagingConditions:
        inner, outer = self.annulus
        if self.is_annular and inner >= outer:
            raise ValueError(
                f"the annular detector's inner angle ({inner:g} mrad) must be below its outer "
                f"angle ({outer:g} mrad)"
            )
        if self.roll_off_mrad > self.semiangle_mrad:
            raise ValueError(
                f"roll_off_mrad ({self.roll_off_mrad:g}) must not exceed semiangle_mrad "
                f"({self.semiangle_mrad:g})"
            )
        return self
