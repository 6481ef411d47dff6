"""Rows of the tables as Python sees them: one `TypedDict` a schema, a null being None.

None stands where a value can be absent from a row that is kept and has no failure; of a row that
is rejected or failed, any column but its names can be null. A test holds columns and types against
the schemas.
"""

from __future__ import annotations

from typing import Any, TypedDict

import pyarrow as pa

from micrographia.io.schemas.crystal_rows import (
    EnergyRow as EnergyRow,
)
from micrographia.io.schemas.crystal_rows import (
    EnergyScoreRow as EnergyScoreRow,
)
from micrographia.io.schemas.crystal_rows import (
    EngineRow as EngineRow,
)
from micrographia.io.schemas.crystal_rows import (
    HeightsRow as HeightsRow,
)
from micrographia.io.schemas.crystal_rows import (
    ReconstructionRow as ReconstructionRow,
)
from micrographia.io.schemas.crystal_rows import (
    StemImageRow as StemImageRow,
)
from micrographia.io.schemas.crystal_rows import (
    StructureRow as StructureRow,
)
from micrographia.io.schemas.crystal_rows import (
    StructureScoreRow as StructureScoreRow,
)


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


class EveryMicrographScoreRow(TypedDict):
    """Scores of a picture drawn or counted by eye: a row of `EVERY_MICROGRAPH_SCORES`."""

    file: str
    kind: str
    objects: str | None
    part: str
    article: str
    method: str
    n_true: int | None
    low: int | None
    high: int | None
    n_predicted: int | None
    n_ignored: int | None
    n_found: int | None
    n_merged: int | None
    ap50: float | None
    ap50_95: float | None
    recall50: float | None
    right: bool | None
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


class FactRow(TypedDict):
    """What is known of a picture: a row of `FACTS`."""

    image_id: str | None
    path: str | None
    group: str | None
    name: str
    number: float | None
    unit: str | None
    words: str | None
    source: str
    evidence: str
    certain: float | None
    failure: str | None


class InstructionRow(TypedDict):
    """A question about a picture with its answer: a row of `INSTRUCTIONS`."""

    question_id: str
    image_id: str
    path: str
    group: str | None
    task: str
    shown: list[str]
    theme: str
    form: str
    kind: str
    wording: str | None
    context: str | None
    question: str
    template: str
    answer: str
    slots: list[str]
    evidence: str
    maker: str
    version: str
    split: str
    failure: str | None


class AssistantAnswerRow(TypedDict):
    """What an assistant answered: a row of `ASSISTANT_ANSWERS`."""

    question_id: str
    image_id: str
    method: str
    text: str | None
    template: str | None
    slots: list[str] | None
    refused: bool
    seconds: float | None
    failure: str | None
