"""Rows of the tables of crystals; part of `micrographia.io.schemas.rows`."""

from __future__ import annotations

from typing import TypedDict


class StructureRow(TypedDict):
    """A two-dimensional crystal: a row of `STRUCTURES`."""

    structure_id: str
    formula: str
    elements: list[str]
    natoms: int
    a: float
    b: float
    gamma: float
    layer_group: int | None
    prototype: str | None
    thickness: float
    overlap_ratio: float
    family: str
    source: str
    split: str
    cif: str
    duplicate_of: str | None
    status: str
    reason: str | None
    note: str | None


class StemImageRow(TypedDict):
    """A STEM image: a row of `STEM_IMAGES`."""

    image_id: str
    structure_id: str
    elements: list[str]
    engine: str
    energy_keV: float
    semiangle_mrad: float
    defocus: float
    aberrations: str
    detector: str
    dose: float | None
    pixel_size: float
    field: float
    rotation: float
    seed: int
    tier: int | None
    path: str
    failure: str | None


class ReconstructionRow(TypedDict):
    """An answer of the structure solver: a row of `RECONSTRUCTIONS`."""

    image_id: str
    method: str
    track: str
    template: str | None
    cif: str
    a: float
    b: float
    gamma: float
    confidence: float
    sure: bool
    alternatives: list[str]
    seconds: float
    failure: str | None


class HeightsRow(TypedDict):
    """A layer with the heights of a known crystal: a row of `HEIGHTS`."""

    image_id: str
    rank: int
    template: str
    renamed: bool
    displacement: float
    deficit: float
    cif: str


class StructureScoreRow(TypedDict):
    """Scores of an answer of the solver: a row of `STRUCTURE_SCORES`."""

    image_id: str
    structure_id: str
    formula: str
    method: str
    track: str
    template: str | None
    engine: str
    tier: int | None
    dose: float | None
    rmsd_xy: float
    gamma_error: float
    area_error: float
    composition_correct: bool
    rms_sites: float | None
    ss_047: bool
    ss_020: bool
    ss_010: bool
    composition_in_top_3: bool
    outcome: str
    refusal: str | None
    confidence: float
    seconds: float
    failure: str | None


class EnergyRow(TypedDict):
    """A relaxed crystal: a row of `ENERGIES`."""

    case_id: str
    origin: str
    formula: str
    calculator: str
    n_starts: int
    start: str
    energy_per_atom: float
    correction_per_atom: float
    formation_energy_per_atom: float | None
    lateral_shift: float
    strain: float
    stayed: bool
    converged: bool
    steps: int
    seconds: float
    alternatives: list[str]
    cif: str
    failure: str | None


class EnergyScoreRow(TypedDict):
    """An energy beside that of the true crystal: a row of `ENERGY_SCORES`."""

    image_id: str
    structure_id: str
    formula: str
    method: str
    track: str
    template: str | None
    engine: str
    tier: int | None
    dose: float | None
    solved: bool
    energy: float | None
    energy_true: float | None
    energy_dft: float | None
    error: float | None
    error_dft: float | None
    error_dft_true: float | None
    failure: str | None


class EngineRow(TypedDict):
    """Two engines on one crystal: a row of `ENGINES`."""

    structure_id: str
    formula: str
    detector: str
    correlation: float
    seconds_phase_object: float
    seconds_multislice: float
    time_ratio: float
    scan_points: int
    failure: str | None
