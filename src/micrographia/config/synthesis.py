"""Settings of the synthesis room."""

from __future__ import annotations

from pydantic import Field

from micrographia.config.base import Section
from micrographia.method_names import KIND_CLASSES, DrawnClass


class Kinds(Section):
    """Pictures of ten classes of nanomaterials, for `snakemake bench_classification`."""

    per_class: int = Field(50, ge=1, le=100_000, description="Number of pictures of each class.")
    classes: tuple[DrawnClass, ...] = Field(
        KIND_CLASSES,
        min_length=1,
        description="Classes that are drawn; 'other' draws pictures of none of them.",
    )
    size: int = Field(256, ge=32, le=4096, description="Side of a picture [px].")
    variety: float = Field(
        1.0,
        ge=0,
        le=1,
        description="Spread within a class: of sub-kinds, sizes, contrast, faults; 0 to 1.",
    )
    likeness: float = Field(
        0.3,
        ge=0,
        le=1,
        description="Likeness between classes: shapes and contents they share; 0 to 1.",
    )
    annotated_share: float = Field(
        0.3,
        ge=0,
        le=1,
        description="Fraction of pictures with a burnt-in scale bar, letter or banner.",
    )
    transmitted_share: float = Field(
        0.25,
        ge=0,
        le=1,
        description="Fraction of transmission pictures in the classes that have them.",
    )


class Synthesis(Section):
    """The procedural micrograph generator."""

    count: int = Field(48, ge=1, le=1_000_000, description="Number of micrographs.")
    size: int = Field(384, ge=64, le=4096, description="Side of a micrograph [px].")
    annotated_share: float = Field(
        0.4,
        ge=0,
        le=1,
        description="Fraction of micrographs with a burnt-in scale bar and labels.",
    )
    kinds: Kinds = Field(
        default_factory=Kinds, description="Pictures of ten classes of nanomaterials."
    )
