"""Settings of the scores."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from micrographia.config.base import ExistingPath, Section


class Benchmarks(Section):
    """Scores and their confidence intervals."""

    bootstrap: int = Field(
        2000,
        ge=100,
        le=100_000,
        description="Number of bootstrap resamples of a confidence interval.",
    )
    confidence: float = Field(
        0.95, gt=0.5, lt=1, description="Level of the confidence intervals, such as 0.95."
    )
    energies: bool = Field(
        False,
        description="Also relax crystals and score energies in a full run; takes minutes "
        "per shard.",
    )
    dft_energies: ExistingPath | None = Field(
        None,
        description=(
            "Table of DFT energies with columns structure_id or material_id, "
            "energy_per_atom_pbe [eV]; null: no comparison with DFT."
        ),
    )
    real_pictures: ExistingPath | None = Field(
        None,
        description=(
            "Table of real STEM pictures for `snakemake bench_structure_real` (CSV: name, "
            "picture, elements, pixel_size or field_of_view, truth, note); null: "
            "resources/real_stem/table.csv."
        ),
    )
    real_folder: ExistingPath | None = Field(
        None,
        description="Folder where that table's paths begin; null: the table's own.",
    )
    classification: ExistingPath | None = Field(
        None,
        description=(
            "Pictures with classes for `snakemake bench_classification`: a folder with one folder "
            "for each class, or a table with the columns file and label; null: procedural ones "
            "(synthesis.kinds)."
        ),
    )
    classification_extra: Literal["procedural"] | ExistingPath | None = Field(
        None,
        description=(
            "Pictures with classes that `snakemake bench_classification` learns from in addition, "
            "and never tests on: 'procedural' (synthesis.kinds), a folder, or a table; null: none."
        ),
    )
    classification_quality: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        (),
        description=(
            "Words that the quality of a picture must have to be scored by "
            "`snakemake bench_classification`, such as [clean, sure]; empty: every picture counts."
        ),
    )
    stem2crystal: ExistingPath | None = Field(
        None,
        description=(
            "Table of pictures with true crystals, or the folder that holds it, for "
            "`snakemake bench_stem2crystal`; null: there is none."
        ),
    )
