"""Settings of reading scale bars."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from micrographia.config.base import Section

ReaderName = Literal["network", "rapidocr", "tesseract"]


class Scale(Section):
    """Pixel sizes from scale bars, and their comparison with headers and banners."""

    read: bool = Field(True, description="Read the pixel size from the scale bar.")
    reader: str = Field(
        "curation/scale/weights/scale-reader.safetensors",
        description="Weights of the built-in network that reads the labels of scale bars.",
    )
    readers: Literal["auto"] | Annotated[list[ReaderName], Field(min_length=1)] = Field(
        "auto",
        description=(
            "What reads the labels of scale bars: 'auto' (all that are installed) or a list of "
            "'network' (built in), 'rapidocr' and 'tesseract'; one that is listed and missing is "
            "an error. A bar is believed where two of them agree."
        ),
    )
    min_confidence: float = Field(
        0.95, ge=0, le=1, description="Minimum confidence of a pixel size that is used."
    )
    min_confidence_alone: float = Field(
        1.0,
        ge=0,
        le=1,
        description="The same if only one reader read the label so; 1: never used.",
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
