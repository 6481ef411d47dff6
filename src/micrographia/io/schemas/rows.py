"""Rows of the tables as Python sees them: one `TypedDict` a schema, a null being None.

None stands where a value can be absent from a row that is kept and has no failure; of a row that
is rejected or failed, any column but its names can be null. A test holds columns and types against
the schemas.
"""

from __future__ import annotations

from typing import Any, TypedDict

import pyarrow as pa


def blank(schema: pa.Schema) -> Any:
    """Return a row of nulls, to be filled in: `row: TextRow = blank(TEXT)`."""
    return dict.fromkeys(schema.names)


class ScalingRow(TypedDict):
    """A score on the same pictures after learning from some: a row of `SCALING`."""

    method: str
    n_real: int
    n_procedural: int
    n_articles: int
    n_instances: int
    metric: str
    group: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    n_failed: int


class ManifestRow(TypedDict):
    """An image file that was found: a row of `MANIFEST`."""

    path: str
    mask_path: str | None
    source: str
    licence: str
    pixel_size_nm: float | None
    microscopy: str | None
    metadata: str | None
    fault: str | None
    shard: int


class MicrographRow(TypedDict):
    """A micrograph after curation: a row of `MICROGRAPHS`."""

    image_id: str
    path: str
    mask_path: str | None
    source: str
    licence: str
    width: int
    height: int
    pixel_size_nm: float | None
    pixel_size_source: str | None
    pixel_size_stated_by: str | None
    microscopy: str | None
    instrument: str | None
    voltage_kV: float | None
    format: str
    metadata: str | None
    phash: str
    duplicate_of: str | None
    sharpness: float
    contrast: float
    clipping: float
    blockiness: float
    emptiness: float
    text_boxes: list[list[int]] | None
    text_policy: str | None
    crop_box: list[int] | None
    status: str
    reason: str | None
    note: str | None


class TextRow(TypedDict):
    """A micrograph that was searched for text: a row of `TEXT`."""

    image_id: str
    path: str
    boxes: list[list[int]]
    classes: list[str]
    scores: list[float]
    sure: list[bool]
    readings: list[str | None]
    policy: str
    crop_box: list[int] | None
    kept_share: float | None
    failure: str | None


class ScaleRow(TypedDict):
    """A micrograph whose pixel size was looked for: a row of `SCALE`."""

    image_id: str
    path: str
    header_nm: float | None
    banner_nm: float | None
    bar_nm: float | None
    bar_box: list[int] | None
    bar_px: float | None
    bar_kind: str | None
    label_text: str | None
    label_nm: float | None
    evidence: float | None
    margin: float | None
    bar_margin: float | None
    network_share: float | None
    rapidocr_share: float | None
    tesseract_share: float | None
    confidence: float | None
    agreement: str
    reason: str | None
    note: str | None
    pixel_size_nm: float | None
    pixel_size_source: str | None


class PredictionRow(TypedDict):
    """A picture that was segmented: a row of `PREDICTIONS`."""

    image_id: str
    path: str
    mask: str | None
    mask_digest: str | None
    pixel_size_nm: float | None
    box: list[int] | None
    method: str
    seen: str | None
    n_instances: int | None
    seconds: float | None
    failure: str | None


class SegmentationScoreRow(TypedDict):
    """Scores of a segmented picture: a row of `SEGMENTATION_SCORES`."""

    image_id: str
    path: str
    method: str
    n_true: int
    n_predicted: int
    ap50: float
    ap50_95: float
    pq50: float
    boundary_f: float | None
    ap50_small: float | None
    ap50_medium: float | None
    ap50_large: float | None
    density: str
    failure: str | None


class TrainingPictureRow(TypedDict):
    """A picture that is learned from or held out: a row of `TRAINING_PICTURES`."""

    path: str
    mask_path: str
    source: str
    licence: str
    group: str
    split: str
    n_instances: int
    diameter_px: float | None


class PseudoLabelRow(TypedDict):
    """A picture that a network labelled: a row of `PSEUDO_LABELS`."""

    image_id: str
    path: str
    licence: str
    mask: str | None
    origin: str
    n_found: int
    n_kept: int
    share: float | None
    probability: float | None
    flow_error: float | None
    status: str
    reason: str | None


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


class ImportedMaskRow(TypedDict):
    """A label mask made of what another program drew: a row of `IMPORTED_MASKS`."""

    path: str | None
    source: str
    kind: str | None
    mask: str | None
    n_objects: int | None
    n_instances: int | None
    n_skipped: int | None
    n_outside: int | None
    n_covered: int | None
    overlap_px: int | None
    note: str | None
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


class CrosscheckRow(TypedDict):
    """A verdict on one attribute: a row of `CROSSCHECK`."""

    image_id: str
    annotator: str
    judge: str
    model: str
    prompt_sha: str | None
    attribute: str
    value: str
    verdict: str
    comment: str | None
    failure: str | None


class LegibilityRow(TypedDict):
    """Whether burnt-in text can be read: a row of `LEGIBILITY`."""

    image_id: str
    annotator: str
    model: str
    prompt_sha: str | None
    has_text: bool
    illegible: bool
    comment: str | None
    failure: str | None


class AnnotationScoreRow(TypedDict):
    """An answer beside the true one: a row of `ANNOTATION_SCORES`."""

    image_id: str
    name: str
    annotator: str
    attribute: str
    truth: str
    answer: str
    confidence: float
    correct: bool
    failure: str | None
