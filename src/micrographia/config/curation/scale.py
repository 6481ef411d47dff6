"""Settings of reading scale bars."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from micrographia.config.base import Section


class Scale(Section):
    """Pixel sizes from scale bars, and their comparison with headers and banners."""

    read: bool = Field(True, description="Read the pixel size from the scale bar.")
    reader: str = Field(
        "curation/scale/weights/scale-reader.safetensors",
        description="Weights of the built-in network that reads the labels of scale bars.",
    )
    tesseract: Literal["auto", "always", "never"] = Field(
        "auto",
        description=(
            "Also read labels and banners with tesseract: 'auto' (if it is installed), 'always' "
            "(error if it is missing) or 'never'."
        ),
    )
    min_confidence: float = Field(
        0.9, ge=0, le=1, description="Minimum confidence of a pixel size that is used."
    )
    min_confidence_alone: float = Field(
        0.9,
        ge=0,
        le=1,
        description="The same if only the built-in network read the label.",
    )
    tolerance: float = Field(
        0.05,
        gt=0,
        le=0.5,
        description="Maximum relative difference between pixel sizes from file header and scale "
        "bar that agree.",
    )
    banner_tolerance: float = Field(
        0.1,
        gt=0,
        le=0.5,
        description="The same for the pixel size from a banner; its field of view may have been "
        "cropped.",
    )
    min_nm: float = Field(
        0.002, gt=0, le=1, description="Minimum plausible pixel size of a micrograph [nm]."
    )
    max_nm: float = Field(
        20_000.0, gt=1, le=1e7, description="Maximum plausible pixel size of a micrograph [nm]."
    )
