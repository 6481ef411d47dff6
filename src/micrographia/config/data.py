"""Settings of what enters at the front: micrographs and crystals."""

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


def _images(value: str | tuple[str, ...]) -> str | tuple[str, ...]:
    if value == "procedural":
        return value
    for source in (value,) if isinstance(value, str) else value:
        if not Path(source).exists() and not (
            glob.has_magic(source) and any(glob.iglob(source, recursive=True))
        ):
            raise ValueError(
                f"must be 'procedural', or existing paths or globs that match; {source!r} is not"
            )
    return value


class MicrographSource(Section):
    """Where micrographs come from."""

    source: Annotated[
        str | Annotated[tuple[str, ...], Field(min_length=1)], AfterValidator(_images)
    ] = Field(
        "procedural",
        description=(
            "'procedural' for the embedded generator, or your own images: a folder, a glob, an "
            "archive (.zip, .tar, .tar.gz), a CSV with a column path, or a list of such."
        ),
    )
    masks: ExistingPath | None = Field(
        None,
        description="Folder of label masks with the images' file names; null when there is none.",
    )
    licence: str | None = Field(
        None,
        min_length=1,
        description=(
            "Licence of these images, kept with every row; null for 'unknown', or for CC0-1.0 "
            "where they are procedural."
        ),
    )

    def sources(self) -> tuple[str, ...]:
        """Return what `source` names, as a list of its own when it is one."""
        return (self.source,) if isinstance(self.source, str) else self.source

    def known_licence(self) -> str:
        """Return what is known of the licence: nobody may do as they like with a user's images."""
        if self.licence is not None:
            return self.licence
        return "CC0-1.0" if self.source == "procedural" else "unknown"


class StructureFilter(Section):
    """Which crystals take part (STEM2Mat-Bench, AutoMat section 3)."""

    max_elements: int = Field(4, ge=1, le=20, description="Most elements in a crystal.")
    min_z_span: int = Field(
        0,
        ge=0,
        le=100,
        description="Least difference between highest and lowest atomic number of a compound.",
    )
    max_thickness: float = Field(
        20.0, ge=0, le=100, description="Most distance between lowest and highest atom [Å]."
    )
    max_overlap_ratio: float = Field(
        1.0,
        ge=0,
        le=1,
        description="Most share of atoms that share a 1 Å grid cell in projection.",
    )
    min_projected_distance: float = Field(
        0.0, ge=0, le=5, description="Least distance between two projected columns [Å]."
    )
    max_atoms: int = Field(60, ge=1, le=1000, description="Most atoms in the primitive cell.")


class Splits(Section):
    """Division of the crystals into train, validation and test."""

    enabled: bool = Field(True, description="Divide; false calls every crystal 'all'.")
    train: float = Field(0.8, gt=0, le=1, description="Share of the crystals to learn from.")
    validation: float = Field(0.1, ge=0, lt=1, description="Share to choose settings by.")
    test: float = Field(0.1, ge=0, lt=1, description="Share to report on.")
    clusters: int = Field(
        8, ge=1, le=200, description="Kinds of crystals, each divided in these shares."
    )

    def shares(self) -> dict[str, float]:
        """Return the share of each side, train first."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @model_validator(mode="after")
    def _shares_are_a_whole(self) -> Splits:
        total = sum(self.shares().values())
        if abs(total - 1) > 1e-6:
            raise ValueError(
                f"train, validation and test make {total:g} together; they must make 1"
            )
        return self


class StructureSource(Section):
    """Where two-dimensional crystals come from."""

    source: Annotated[str, _keyword_or_existing("prototypes", "materials-project")] = Field(
        "prototypes",
        description=(
            "'prototypes' for the embedded set, a folder of CIF/POSCAR, an ASE database, a "
            "parquet file, or 'materials-project' (online; pip install mp-api, key in the "
            "environment as MP_API_KEY)."
        ),
    )
    materials: tuple[str, ...] = Field(
        (),
        description=(
            "What to ask the Materials Project for: identifiers (mp-2815), formulas (MoS2) or "
            "chemical systems (Mo-S)."
        ),
    )
    limit: int | None = Field(
        None, ge=1, description="Take a seeded random sample of this many crystals; null for all."
    )
    filter: StructureFilter = Field(default_factory=StructureFilter, description="Selection.")
    merge_duplicates: bool = Field(
        True, description="Keep only the first of several entries of the same crystal."
    )
    duplicate_tolerance: float = Field(
        0.1,
        gt=0,
        le=1,
        description=(
            "Most displacement of an atom between entries of the same crystal, their lattices "
            "laid on one another [Å]."
        ),
    )
    splits: Splits = Field(
        default_factory=Splits, description="Division; no formula is on two sides."
    )

    @model_validator(mode="after")
    def _materials_need_names(self) -> StructureSource:
        if self.source == "materials-project" and not self.materials:
            raise ValueError(
                "data.structures.source is 'materials-project', but data.structures.materials "
                "names nothing to ask for; give for example [MoS2, mp-48]"
            )
        return self


class Data(Section):
    """What enters at the front."""

    micrographs: MicrographSource = Field(
        default_factory=MicrographSource, description="Micrographs."
    )
    structures: StructureSource = Field(default_factory=StructureSource, description="Crystals.")
