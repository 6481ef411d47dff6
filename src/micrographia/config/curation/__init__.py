"""Settings of the curation room: limits of quality, duplicates, scale bars and text."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from micrographia.config.base import Section
from micrographia.config.curation.scale import Scale as Scale
from micrographia.config.curation.text import Text as Text

HashName = Literal["phash", "phash_simple", "dhash", "dhash_vertical", "average_hash", "whash"]


class Curation(Section):
    """Limits for micrographs that are kept."""

    min_side: int = Field(
        200,
        ge=1,
        le=10_000,
        description="Minimum length of the shorter side of an image [px] (UniEM-3M, section 4.1).",
    )
    max_pixels: int = Field(
        400_000_000,
        ge=1,
        description="Maximum number of pixels of an image; files whose header "
        "states more are not read [px].",
    )
    min_sharpness: float = Field(
        0.045,
        ge=0,
        le=10,
        description="Minimum sharpness: fraction of the contrast in details of 1.5 px.",
    )
    min_contrast: float = Field(
        0.05,
        ge=0,
        le=1,
        description="Minimum contrast: 1st to 99th percentile, divided by the full range.",
    )
    max_clipping: float = Field(
        0.8,
        ge=0,
        le=1,
        description="Maximum fraction of pixels at the darkest or the brightest value of the "
        "picture.",
    )
    max_blockiness: float = Field(
        2.0,
        ge=0,
        le=100,
        description=(
            "Maximum JPEG blockiness: how much stronger intensity steps are on the 8 x 8 grid "
            "than beside it; JPEG quality 10 gives about 1.5, pictures in journals less than "
            "0.2."
        ),
    )
    max_emptiness: float = Field(
        0.95, ge=0, le=1, description="Maximum fraction of tiles without structure."
    )
    duplicate_hash: HashName = Field(
        "phash", description="Perceptual hash of the package imagehash that finds duplicates."
    )
    duplicate_radius: int = Field(
        14,
        ge=0,
        le=32,
        description="Maximum number of differing bits between the 64-bit hashes of two "
        "duplicates [bit].",
    )
    duplicate_correlation: float = Field(
        0.97,
        ge=0,
        le=1,
        description=(
            "Minimum correlation of the aligned thumbnails of two duplicates; 0: compare the "
            "hashes only, then set duplicate_radius to 2, because different pictures with the "
            "same burnt-in annotation can differ by only 4 bits."
        ),
    )
    duplicate_symmetry: bool = Field(
        False,
        description="Also find duplicates that were rotated by multiples of 90 degrees "
        "or mirrored; slower.",
    )
    scale: Scale = Field(default_factory=Scale, description="Pixel sizes from scale bars.")
    text: Text = Field(default_factory=Text, description="Text burnt into the pictures.")
