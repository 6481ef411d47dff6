"""Settings of the input data: micrographs and crystals."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from micrographia.config.base import ExistingPath, Section


def _keyword_or_existing(*keywords: str) -> AfterValidator:
    named = ", ".join(f"'{keyword}'" for keyword in keywords)

    def check(value: str) -> str:
        if value not in keywords and not Path(value).exists():
            raise ValueError(f"must be {named} or an existing path")
        return value

    return AfterValidator(check)


#: What stands for no data of one's own.
_EMBEDDED_OR_NONE = ("auto", "procedural", "prototypes", "none")


def _images(value: str | tuple[str, ...]) -> str | tuple[str, ...]:
    if value in ("auto", "procedural", "none"):
        return value
    for source in (value,) if isinstance(value, str) else value:
        if not Path(source).exists() and not (
            glob.has_magic(source) and any(glob.iglob(source, recursive=True))
        ):
            raise ValueError(
                "must be 'auto', 'procedural', 'none', existing paths, or globs that match a "
                f"file; {source!r} is none of these"
            )
    return value


class MicrographSource(Section):
    """Source of the micrographs."""

    source: Annotated[
        str | Annotated[tuple[str, ...], Field(min_length=1)], AfterValidator(_images)
    ] = Field(
        "auto",
        description=(
            "Your own images: a folder, a glob, an archive (.zip, .tar, .tar.gz), a CSV file with "
            "a column 'path', or a list of these; 'procedural' for the embedded generator; 'none' "
            "for no micrographs; 'auto': 'procedural', but 'none' if the crystals are your own."
        ),
    )
    masks: ExistingPath | None = Field(
        None,
        description="Folder of label masks with the same file names as the images; null: no "
        "masks.",
    )
    licence: str | None = Field(
        None,
        min_length=1,
        description=(
            "Licence of these images, stored with every row; null: 'unknown', or CC0-1.0 for "
            "procedural images."
        ),
    )

    def sources(self) -> tuple[str, ...]:
        """Return the sources as a list, also if `source` is a single one."""
        return (self.source,) if isinstance(self.source, str) else self.source

    def known_licence(self) -> str:
        """Return the licence; for a user's images without one it is 'unknown', never free."""
        if self.licence is not None:
            return self.licence
        return "CC0-1.0" if self.source in ("auto", "procedural") else "unknown"


class StructureFilter(Section):
    """Limits on the crystals that are used (STEM2Mat-Bench, AutoMat section 3)."""

    max_elements: int = Field(
        4, ge=1, le=20, description="Maximum number of elements in a crystal."
    )
    min_z_span: int = Field(
        0,
        ge=0,
        le=100,
        description="Minimum difference between the highest and the lowest atomic number of a "
        "compound.",
    )
    max_thickness: float = Field(
        20.0,
        ge=0,
        le=100,
        description="Maximum height difference between the lowest and the highest atom [Å].",
    )
    max_overlap_ratio: float = Field(
        1.0,
        ge=0,
        le=1,
        description="Maximum fraction of atoms that share a 1 Å grid cell with another atom in "
        "projection.",
    )
    min_projected_distance: float = Field(
        0.0, ge=0, le=5, description="Minimum distance between two projected columns [Å]."
    )
    max_atoms: int = Field(
        60, ge=1, le=1000, description="Maximum number of atoms in the primitive cell."
    )


class Splits(Section):
    """Split of the crystals into train, validation and test."""

    enabled: bool = Field(
        True, description="Split the crystals; false: the split of every crystal is 'all'."
    )
    train: float = Field(0.8, gt=0, le=1, description="Fraction of the crystals for training.")
    validation: float = Field(
        0.1, ge=0, lt=1, description="Fraction of the crystals for validation, to choose settings."
    )
    test: float = Field(0.1, ge=0, lt=1, description="Fraction of the crystals for testing.")
    clusters: int = Field(
        8,
        ge=1,
        le=200,
        description="Number of clusters of similar crystals; each cluster is "
        "split by these fractions.",
    )

    def shares(self) -> dict[str, float]:
        """Return the fraction of each split: train, validation, test."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @model_validator(mode="after")
    def _shares_are_a_whole(self) -> Splits:
        total = sum(self.shares().values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the sum of train, validation and test is {total:g}; allowed: 1")
        return self


class StructureSource(Section):
    """Source of the two-dimensional crystals."""

    source: Annotated[
        str, _keyword_or_existing("auto", "prototypes", "materials-project", "none")
    ] = Field(
        "auto",
        description=(
            "Your own crystals: a folder of CIF or POSCAR files, an ASE database, a parquet file; "
            "'materials-project' (online; needs `pip install mp-api` and your key in the "
            "environment variable MP_API_KEY); 'prototypes' for the embedded set; 'none' for no "
            "crystals; 'auto': 'prototypes', but 'none' if the micrographs are your own."
        ),
    )
    materials: tuple[str, ...] = Field(
        (),
        description=(
            "Crystals to download from the Materials Project: identifiers (mp-2815), formulas "
            "(MoS2) or chemical systems (Mo-S)."
        ),
    )
    limit: int | None = Field(
        None,
        ge=1,
        description="Number of crystals in a random sample, drawn with the random "
        "seed; null: all crystals.",
    )
    filter: StructureFilter = Field(
        default_factory=StructureFilter, description="Limits on the crystals that are used."
    )
    merge_duplicates: bool = Field(
        True, description="Keep only the first of several entries of the same crystal."
    )
    duplicate_tolerance: float = Field(
        0.1,
        gt=0,
        le=1,
        description=(
            "Maximum displacement of an atom between two entries of the same crystal after "
            "alignment of their lattices [Å]."
        ),
    )
    splits: Splits = Field(
        default_factory=Splits,
        description="Split into training, validation and test crystals; "
        "crystals of the same formula are in the same split.",
    )

    @model_validator(mode="after")
    def _materials_need_names(self) -> StructureSource:
        if self.source == "materials-project" and not self.materials:
            raise ValueError(
                "data.structures.source is 'materials-project', but data.structures.materials "
                "is empty; set it, for example to [MoS2, mp-48]"
            )
        return self


class Data(Section):
    """Input data: micrographs and crystals."""

    micrographs: MicrographSource = Field(
        default_factory=MicrographSource, description="Micrographs."
    )
    structures: StructureSource = Field(default_factory=StructureSource, description="Crystals.")
    public: str = Field(
        "data",
        pattern=r"^[^\s'\"{}]+$",
        description="Folder that `snakemake retrieve_<name>` puts public data sets into.",
    )

    def resolved(self) -> Data:
        """Return the same without 'auto': who brings micrographs has asked for no crystals."""
        micrographs, structures = self.micrographs, self.structures
        if micrographs.source == "auto":
            source = "procedural" if structures.source in _EMBEDDED_OR_NONE else "none"
            micrographs = micrographs.model_copy(update={"source": source})
        if structures.source == "auto":
            source = "prototypes" if self.micrographs.source in _EMBEDDED_OR_NONE else "none"
            structures = structures.model_copy(update={"source": source})
        return self.model_copy(update={"micrographs": micrographs, "structures": structures})

    @model_validator(mode="after")
    def _something_is_asked_for(self) -> Data:
        if self.micrographs.source == self.structures.source == "none":
            raise ValueError("micrographs and structures are both 'none': nothing is left to do")
        return self
