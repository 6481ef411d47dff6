"""All settings of one run."""

from __future__ import annotations

from pydantic import Field, model_validator

from micrographia.config.annotation import Annotation
from micrographia.config.base import Section
from micrographia.config.benchmarks import Benchmarks
from micrographia.config.curation import Curation
from micrographia.config.data import Data
from micrographia.config.energy import Energy
from micrographia.config.reconstruction import Reconstruction
from micrographia.config.report import Report
from micrographia.config.segmentation import Segmentation
from micrographia.config.stem import Stem
from micrographia.config.synthesis import Synthesis


class Shards(Section):
    """How many pieces the tables are split into; each piece is one job per step."""

    micrographs: int = Field(4, ge=1, le=400, description="Shards of the micrograph wing.")
    structures: int = Field(4, ge=1, le=400, description="Shards of the STEM wing.")


class WorkflowConfig(Section):
    """All settings of one run."""

    name: str = Field(
        "demo",
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="Name of this configuration, printed in the report.",
    )
    seed: int = Field(
        1665, ge=0, le=2**31 - 1, description="Seed from which every random draw follows."
    )
    results: str = Field(
        "results",
        pattern=r"^[^\s'\"{}]+$",
        description="Folder of all outputs, relative to the project.",
    )
    shards: Shards = Field(default_factory=Shards, description="Parallel pieces.")
    data: Data = Field(default_factory=Data, description="Inputs.")
    synthesis: Synthesis = Field(default_factory=Synthesis, description="Procedural micrographs.")
    curation: Curation = Field(default_factory=Curation, description="Micrograph curation.")
    segmentation: Segmentation = Field(default_factory=Segmentation, description="Segmentation.")
    annotation: Annotation = Field(default_factory=Annotation, description="Nine attributes.")
    stem: Stem = Field(default_factory=Stem, description="STEM simulation.")
    reconstruction: Reconstruction = Field(
        default_factory=Reconstruction, description="Image to crystal."
    )
    energy: Energy = Field(default_factory=Energy, description="Relaxation and energies.")
    benchmarks: Benchmarks = Field(default_factory=Benchmarks, description="Scoring.")
    report: Report = Field(default_factory=Report, description="Report page.")

    @model_validator(mode="after")
    def _masks_need_a_folder(self) -> WorkflowConfig:
        micrographs = self.data.micrographs
        if micrographs.source == "procedural" and micrographs.masks is not None:
            raise ValueError(
                "data.micrographs.masks is given, but data.micrographs.source is 'procedural', "
                "which makes its own; name your folder of images as the source, or set masks: null"
            )
        return self
