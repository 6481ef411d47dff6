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
            "'chgnet' (its package includes the weights), 'mattersim' (give weights) or 'emt' "
            "(part of ASE, for a few metals, for tests)."
        ),
    )
    weights: ExistingPath | None = Field(
        None, description="Checkpoint file of MatterSim; null for the other calculators."
    )
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="SHA-256 checksum of the weights; null: do not check."
    )
    candidates: int = Field(
        200,
        ge=4,
        le=5000,
        description="Number of height patterns whose energy is computed without relaxation.",
    )
    n_starts: int = Field(
        8,
        ge=4,
        le=100,
        description="Maximum number of different starting heights that are relaxed.",
    )
    fmax: float = Field(
        0.05, gt=0.001, le=1, description="Maximum force of a converged relaxation [eV/Å]."
    )
    steps: int = Field(
        60,
        ge=1,
        le=5000,
        description="Maximum number of steps per start in which only the "
        "heights relax (x, y and cell fixed).",
    )
    free_steps: int = Field(
        200,
        ge=1,
        le=5000,
        description="Maximum number of steps in which all atoms and the in-plane cell relax.",
    )
    vacuum: float = Field(20.0, ge=15, le=100, description="Thickness of the vacuum along c [Å].")
    max_shift: float = Field(
        0.4,
        gt=0,
        le=5,
        description="Maximum in-plane displacement in the full relaxation, root mean square [Å].",
    )
    max_strain: float = Field(
        0.1,
        gt=0,
        le=1,
        description="Maximum principal strain of the in-plane cell in the full relaxation.",
    )
    walk_penalty: float = Field(
        0.06,
        ge=0,
        le=10,
        description=(
            "Energy added to a start that exceeds max_shift or max_strain when the best start "
            "is chosen [eV/atom]."
        ),
    )
    limit: int | None = Field(
        None, ge=1, description="Number of crystals per shard, the first ones; null: all crystals."
    )

    @model_validator(mode="after")
    def _mattersim_needs_weights(self) -> Energy:
        if self.calculator == "mattersim" and self.weights is None:
            raise ValueError(
                "energy.calculator is 'mattersim', but energy.weights is not set; download "
                "mattersim-v1.0.0-1M.pth and set energy.weights to its path"
            )
        if self.calculator != "mattersim" and (self.weights or self.sha256):
            raise ValueError(
                f"energy.weights and energy.sha256 are only for 'mattersim'; '{self.calculator}' "
                "includes its own weights"
            )
        return self
