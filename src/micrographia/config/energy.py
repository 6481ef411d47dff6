"""Settings of relaxation and energies."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from micrographia.config.base import ExistingPath, Section
from micrographia.method_names import Calculator


class Energy(Section):
    """Heights, relaxation and energies of crystals."""

    calculator: Calculator = Field(
        "chgnet",
        description=(
            "'chgnet' (weights come with its package), 'mattersim' (give weights) or 'emt' "
            "(ASE's, a few metals, for tests)."
        ),
    )
    weights: ExistingPath | None = Field(
        None, description="File of the MatterSim checkpoint; null for the others."
    )
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="SHA-256 of the weights; null to take them as they are."
    )
    candidates: int = Field(
        200, ge=4, le=5000, description="Height patterns that are tried by their energy alone."
    )
    n_starts: int = Field(
        8, ge=4, le=100, description="Most different height starts that are relaxed."
    )
    fmax: float = Field(
        0.05, gt=0.001, le=1, description="Largest force of a converged relaxation [eV/Å]."
    )
    steps: int = Field(
        60, ge=1, le=5000, description="Most steps with x, y and cell held, of one start."
    )
    free_steps: int = Field(200, ge=1, le=5000, description="Most steps with all freed.")
    vacuum: float = Field(20.0, ge=15, le=100, description="Vacuum along c [Å].")
    max_shift: float = Field(
        0.4,
        gt=0,
        le=5,
        description="Most in-plane displacement on freeing, root mean square [Å].",
    )
    max_strain: float = Field(
        0.1, gt=0, le=1, description="Most principal strain of the in-plane cell on freeing."
    )
    walk_penalty: float = Field(
        0.06,
        ge=0,
        le=10,
        description=(
            "What a start beyond max_shift or max_strain pays in the choice [eV/atom]: it loses "
            "to one that stays and is not higher by more."
        ),
    )
    limit: int | None = Field(
        None, ge=1, description="Take the first so many crystals of a shard; null for all."
    )

    @model_validator(mode="after")
    def _mattersim_needs_weights(self) -> Energy:
        if self.calculator == "mattersim" and self.weights is None:
            raise ValueError(
                "energy.calculator is 'mattersim', but energy.weights names no checkpoint; "
                "download mattersim-v1.0.0-1M.pth and give its path"
            )
        if self.calculator != "mattersim" and (self.weights or self.sha256):
            raise ValueError(
                f"energy.weights and energy.sha256 are for 'mattersim'; "
                f"'{self.calculator}' brings its own"
            )
        return self
