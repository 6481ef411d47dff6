"""Every setting of the workflow: its default, its bounds, its unit.

`workflow_config.yaml` and `resources/config.schema.json` are generated from these models
(`micrographia config render`), so a setting is described once. Rules hand each step its own
section as JSON; library functions take the section or plain values, never the file. One module
per section; this face names them all.
"""

from micrographia.config.annotation import Annotation, AnnotatorSettings, Endpoint
from micrographia.config.base import ExistingPath, Section
from micrographia.config.benchmarks import Benchmarks
from micrographia.config.classification import (
    Classification,
    FineTuning,
    PictureBaselines,
    Pretraining,
)
from micrographia.config.curation import Curation
from micrographia.config.curation.scale import Scale
from micrographia.config.curation.text import LabelledText, Text, TextTraining
from micrographia.config.data import Data, Splits, StructureFilter, StructureSource
from micrographia.config.energy import Energy
from micrographia.config.language import Language
from micrographia.config.language.assistant import Assistant, Serve
from micrographia.config.language.instruction import Instruction
from micrographia.config.language.structure import (
    LookAgain,
    PictureDials,
    StructureModel,
    StructureText,
    Variants,
)
from micrographia.config.language.tuning import Tuning
from micrographia.config.reconstruction import Reconstruction, Symmetry, Templates
from micrographia.config.report import Report
from micrographia.config.segmentation import (
    Baselines,
    ContestantBudget,
    LabelledPictures,
    Network,
    Rounds,
    Segmentation,
    SegmentationTraining,
    Watershed,
)
from micrographia.config.stem import Stem, Vary
from micrographia.config.synthesis import Kinds, Synthesis
from micrographia.config.training import Training
from micrographia.config.validation import dump_section, parse_section, validate
from micrographia.config.workflow import WorkflowConfig

__all__ = [
    "Annotation",
    "AnnotatorSettings",
    "Assistant",
    "Baselines",
    "Benchmarks",
    "Classification",
    "ContestantBudget",
    "Curation",
    "Data",
    "Endpoint",
    "Energy",
    "ExistingPath",
    "FineTuning",
    "Instruction",
    "Kinds",
    "LabelledPictures",
    "LabelledText",
    "Language",
    "LookAgain",
    "Network",
    "PictureBaselines",
    "PictureDials",
    "Pretraining",
    "Reconstruction",
    "Report",
    "Rounds",
    "Scale",
    "Section",
    "Segmentation",
    "SegmentationTraining",
    "Serve",
    "Splits",
    "Stem",
    "StructureFilter",
    "StructureModel",
    "StructureSource",
    "StructureText",
    "Symmetry",
    "Synthesis",
    "Templates",
    "Text",
    "TextTraining",
    "Training",
    "Tuning",
    "Variants",
    "Vary",
    "Watershed",
    "WorkflowConfig",
    "dump_section",
    "parse_section",
    "validate",
]
