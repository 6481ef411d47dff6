"""Settings of the curation room: which micrographs are kept, and what is read from them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from micrographia.config.base import Section
from micrographia.config.scale import Scale as Scale
from micrographia.config.text import Text as Text

HashName = Literal["phash", "phash_simple", "dhash", "dhash_vertical", "average_hash", "whash"]


class Curation(Section):
    """Which micrographs are kept."""

    min_side: int = Field(
        200, ge=1, le=10_000, description="Least side of an image [px] (UniEM-3M, section 4.1)."
    )
    max_pixels: int = Field(
        400_000_000, ge=1, description="Most pixels of an image; larger headers are refused [px]."
    )
    min_sharpness: float = Field(
        0.045,
        ge=0,
        le=10,
        description="Least sharpness: share of contrast in detail of 1.5 px.",
    )
    min_contrast: float = Field(
        0.05, ge=0, le=1, description="Least contrast: 1st to 99th percentile over full range."
    )
    max_clipping: float = Field(
        0.8,
        ge=0,
        le=1,
        description="Most share of pixels at the darkest or brightest end of the picture's range.",
    )
    max_blockiness: float = Field(
        2.0,
        ge=0,
        le=100,
        description=(
            "Most excess of steps on the 8 x 8 grid of JPEG over those beside it; quality 10 "
            "gives about 1.5, journals' pictures less than 0.2."
        ),
    )
    max_emptiness: float = Field(
        0.95, ge=0, le=1, description="Most share of tiles that hold no structure."
    )
    duplicate_hash: HashName = Field(
        "phash", description="Perceptual hash of the package imagehash that finds copies."
    )
    duplicate_radius: int = Field(
        14,
        ge=0,
        le=32,
        description="Most differing bits of two 64-bit hashes of duplicates [bit].",
    )
    duplicate_correlation: float = Field(
        0.97,
        ge=0,
        le=1,
        description=(
            "Least correlation of two duplicates' thumbnails, laid on one another; 0 leaves it to "
            "the hashes, which then need a radius of 2: with the same annotation, different "
            "pictures can come as near as 4."
        ),
    )
    duplicate_symmetry: bool = Field(
        False, description="Find copies that were turned by quarters or mirrored too; slower."
    )
    scale: Scale = Field(default_factory=Scale, description="Pixel sizes from scale bars.")
    text: Text = Field(default_factory=Text, description="Text burnt into the pictures.")
