"""Settings of the scores."""

from __future__ import annotations

from pydantic import Field

from micrographia.config.base import ExistingPath, Section


class Benchmarks(Section):
    """Scoring."""

    bootstrap: int = Field(
        2000, ge=100, le=100_000, description="Resamples of a confidence interval."
    )
    confidence: float = Field(
        0.95, gt=0.5, lt=1, description="Coverage of the confidence intervals."
    )
    energies: bool = Field(
        False, description="Relax and score energies in a full run too; minutes per shard."
    )
    dft_energies: ExistingPath | None = Field(
        None,
        description=(
            "Table of DFT energies: structure_id or material_id, energy_per_atom_pbe [eV]; "
            "null for none."
        ),
    )
