"""Settings of reading scale bars."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from micrographia.config.base import Section


class Scale(Section):
    """Pixel sizes from scale bars, and their agreement with headers and banners."""

    read: bool = Field(True, description="Read the pixel size from the scale bar.")
    reader: str = Field(
        "curation/scale/weights/scale-reader.safetensors",
        description="Weights of the built-in reader of labels.",
    )
    tesseract: Literal["auto", "always", "never"] = Field(
        "auto",
        description=(
            "Whether tesseract reads labels too, and banners: if it is installed, always (an "
            "error where it is missing), or never."
        ),
    )
    min_confidence: float = Field(
        0.9, ge=0, le=1, description="Least confidence of a pixel size that is used."
    )
    min_confidence_alone: float = Field(
        0.9,
        ge=0,
        le=1,
        description="The same where the built-in reader alone read it.",
    )
    tolerance: float = Field(
        0.05,
        gt=0,
        le=0.5,
        description="Largest relative difference of header and bar that agree.",
    )
    banner_tolerance: float = Field(
        0.1,
        gt=0,
        le=0.5,
        description="The same for a banner, whose field of view may have been cropped.",
    )
    min_nm: float = Field(
        0.002, gt=0, le=1, description="Least pixel size of a micrograph that is believed [nm]."
    )
    max_nm: float = Field(
        20_000.0, gt=1, le=1e7, description="Largest pixel size that is believed [nm]."
    )
