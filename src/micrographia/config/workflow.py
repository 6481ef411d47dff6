"""All settings of one run."""

from __future__ import annotations

from pydantic import Field, model_validator

from micrographia.config.annotation import Annotation
from micrographia.config.base import Section
from micrographia.config.benchmarks import Benchmarks
from micrographia.config.classification import Classification
from micrographia.config.curation import Curation
from micrographia.config.data import Data
from micrographia.config.energy import Energy
from micrographia.config.language import Language
from micrographia.config.reconstruction import Reconstruction
from micrographia.config.report import Report
from micrographia.config.segmentation import Segmentation
from micrographia.config.stem import Stem
from micrographia.config.synthesis import Synthesis


class Shards(Section):
    """Number of parts (shards) the tables are split into; each shard is one job per step."""

    micrographs: int = Field(4, ge=1, le=400, description="Number of shards of the micrographs.")
    structures: int = Field(
        4, ge=1, le=400, description="Number of shards of the crystals and their STEM images."
    )


class WorkflowConfig(Section):
    """All settings of one run."""

    name: str = Field(
        "demo",
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="Name of this configuration, shown in the report.",
    )
    seed: int = Field(1665, ge=0, le=2**31 - 1, description="Random seed of the whole workflow.")
    results: str = Field(
        "results",
        pattern=r"^[^\s'\"{}]+$",
        description="Folder of all outputs, relative to the project.",
    )
    shards: Shards = Field(default_factory=Shards, description="Number of parallel parts.")
    data: Data = Field(default_factory=Data, description="Input data.")
    synthesis: Synthesis = Field(
        default_factory=Synthesis, description="Generator of procedural micrographs."
    )
    curation: Curation = Field(
        default_factory=Curation, description="Curation: which micrographs are kept."
    )
    segmentation: Segmentation = Field(
        default_factory=Segmentation, description="Instance segmentation of micrographs."
    )
    annotation: Annotation = Field(
        default_factory=Annotation, description="Annotation of micrographs with nine attributes."
    )
    stem: Stem = Field(default_factory=Stem, description="STEM simulation.")
    reconstruction: Reconstruction = Field(
        default_factory=Reconstruction, description="Reconstruction of crystals from STEM images."
    )
    energy: Energy = Field(
        default_factory=Energy, description="Relaxation and energies of crystals."
    )
    classification: Classification = Field(
        default_factory=Classification, description="Kinds of nanomaterials."
    )
    language: Language = Field(
        default_factory=Language, description="Crystals and micrographs in words."
    )
    benchmarks: Benchmarks = Field(
        default_factory=Benchmarks, description="Scores and their confidence intervals."
    )
    report: Report = Field(default_factory=Report, description="Report page.")

    @model_validator(mode="after")
    def _masks_need_a_folder(self) -> WorkflowConfig:
        micrographs = self.data.micrographs
        embedded = micrographs.source in ("auto", "procedural", "none")
        if embedded and micrographs.masks is not None:
            raise ValueError(
                f"data.micrographs.masks is set, but data.micrographs.source is "
                f"'{micrographs.source}', which has no use for them; set source to your folder of "
                "images, or set masks: null"
            )
        return self

    def resolved(self) -> WorkflowConfig:
        """Return the same settings without 'auto' in the sources of data."""
        return self.model_copy(update={"data": self.data.resolved()})
