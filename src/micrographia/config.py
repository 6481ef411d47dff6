"""Every setting of the workflow: its default, its bounds, its unit.

`workflow_config.yaml` and `resources/config.schema.json` are generated from these models
(`micrographia config render`), so a setting is described once. Rules hand each step its own
section as JSON; library functions take the section or plain values, never the file.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from micrographia.config_annotation import Annotation as Annotation
from micrographia.config_annotation import AnnotatorSettings as AnnotatorSettings
from micrographia.config_annotation import Endpoint as Endpoint
from micrographia.config_curation import Curation as Curation
from micrographia.config_data import Data as Data
from micrographia.config_data import ExistingPath as ExistingPath
from micrographia.config_data import Section as Section
from micrographia.config_data import Splits as Splits
from micrographia.config_data import StructureFilter as StructureFilter
from micrographia.config_data import StructureSource as StructureSource
from micrographia.config_energy import Energy as Energy
from micrographia.config_reconstruction import Symmetry as Symmetry
from micrographia.config_reconstruction import Templates as Templates
from micrographia.config_scale import Scale as Scale
from micrographia.config_segmentation import Baselines as Baselines
from micrographia.config_segmentation import Contestant as Contestant
from micrographia.config_segmentation import LabelledPictures as LabelledPictures
from micrographia.config_segmentation import Network as Network
from micrographia.config_segmentation import Rounds as Rounds
from micrographia.config_segmentation import Segmentation as Segmentation
from micrographia.config_segmentation import SegmentationTraining as SegmentationTraining
from micrographia.config_segmentation import Watershed as Watershed
from micrographia.config_text import LabelledText as LabelledText
from micrographia.config_text import Text as Text
from micrographia.config_text import TextTraining as TextTraining
from micrographia.config_training import Training as Training
from micrographia.errors import ConfigError
from micrographia.physics.conditions import ImagingConditions


class Shards(Section):
    """How many pieces the tables are split into; each piece is one job per step."""

    micrographs: int = Field(4, ge=1, le=400, description="Shards of the micrograph wing.")
    structures: int = Field(4, ge=1, le=400, description="Shards of the STEM wing.")


class Synthesis(Section):
    """The procedural micrograph generator."""

    count: int = Field(48, ge=1, le=1_000_000, description="How many micrographs to make.")
    size: int = Field(384, ge=64, le=4096, description="Side of a micrograph [px].")
    annotated_share: float = Field(
        0.4, ge=0, le=1, description="Share that carries a burnt-in scale bar and labels."
    )


class Vary(Section):
    """How imaging conditions vary from picture to picture; uniform, and zero for not at all."""

    defocus: float = Field(
        0.0, ge=0, le=1000, description="Most deviation of the defocus, either way [Å]."
    )
    astigmatism: float = Field(
        0.0, ge=0, le=500, description="Most two-fold astigmatism, at any azimuth [Å]."
    )
    threefold: float = Field(
        0.0, ge=0, le=20_000, description="Most three-fold astigmatism, at any azimuth [Å]."
    )
    coma: float = Field(0.0, ge=0, le=20_000, description="Most coma, at any azimuth [Å].")
    source_size: float = Field(0.0, ge=0, le=5, description="Largest effective source [Å].")
    field: float = Field(
        0.0, ge=0, le=500, description="Most deviation of the field's side, either way [Å]."
    )
    drift: float = Field(
        0.0, ge=0, le=20, description="Most drift over one frame, in any direction [Å]."
    )
    jitter: float = Field(
        0.0, ge=0, le=2, description="Most displacement of single rows, root mean square [Å]."
    )


class Stem(Section):
    """STEM simulation."""

    conditions: ImagingConditions = Field(
        default_factory=ImagingConditions, description="The microscope."
    )
    pixel_size: float = Field(0.1, gt=0.005, le=1, description="Pixel size [Å].")
    field: float = Field(48.0, ge=5, le=1000, description="Side of the square field [Å].")
    rotation: float | None = Field(
        None, ge=-360, le=360, description="Rotation of the crystal [degree]; null for random."
    )
    doses: tuple[Annotated[float, Field(gt=0, le=1e8)], ...] = Field(
        (30_000.0,), min_length=1, description="Electron doses [e/Å²]."
    )
    masks: bool = Field(
        False, description="Write column masks and species maps beside the noiseless images."
    )
    mask_sigma: float = Field(0.3, gt=0, le=5, description="Sigma of a column's Gaussian [Å].")
    mask_radius: float = Field(
        0.5, gt=0, le=5, description="Pixels nearer to a column than this carry its species [Å]."
    )
    vary: Vary = Field(default_factory=Vary, description="Spread from picture to picture.")
    multislice: tuple[str, ...] = Field(
        ("graphene", "h-BN", "MoS2-1H"),
        description="Crystals that abTEM's multislice images too, by structure_id.",
    )
    multislice_sample: int = Field(
        0,
        ge=0,
        le=10_000,
        description="How many more crystals multislice images, drawn by the seed.",
    )


class Reconstruction(Section):
    """From a STEM image to a crystal."""

    max_cell_area: float = Field(
        250.0, gt=5, le=5000, description="Largest primitive cell that is proposed [Å²]."
    )
    min_lattice_length: float = Field(
        2.0, gt=0.5, le=20, description="Least lattice vector that is proposed [Å]."
    )
    max_atoms: int = Field(24, ge=1, le=200, description="Most atoms in the projected cell.")
    vacuum: float = Field(20.0, ge=15, le=100, description="Vacuum along c in the CIF [Å].")
    blind: bool = Field(
        False, description="Read every picture once more, without being told its elements."
    )
    symmetry: Symmetry = Field(default_factory=Symmetry, description="Symmetry of the answer.")
    templates: Templates = Field(default_factory=Templates, description="Known crystals.")


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


class Report(Section):
    """The page."""

    examples: int = Field(6, ge=1, le=40, description="Pictures of each kind that are shown.")


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


def validate(raw: Mapping[str, Any], model: type[BaseModel] = WorkflowConfig) -> Any:
    """Validate a mapping against `model`.

    Raises
    ------
    ConfigError
        Lists every fault: field path, value seen, what is allowed.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        # pydantic counts only the valid items of a sequence; with a faulty one that misleads.
        faults = [
            item
            for item in error.errors()
            if not (item["type"] == "too_short" and len(item.get("input", ())) > 0)
        ]
        lines = [_fault(item, model) for item in faults]
        count = f"{len(lines)} fault" + ("s" if len(lines) > 1 else "")
        raise ConfigError(f"The configuration has {count}:\n  " + "\n  ".join(lines)) from None


def parse_section(text: str, model: type[BaseModel]) -> Any:
    """Read a section given as a JSON string or as the path of a YAML/JSON file."""
    source = text
    if not text.lstrip().startswith("{"):
        path = Path(text)
        if not path.is_file():
            raise ConfigError(
                f"Settings file {text} does not exist",
                remedy="Give a YAML file, or the settings as a JSON object",
            )
        source = path.read_text(encoding="utf-8")
    try:
        raw = yaml.safe_load(source)
    except yaml.YAMLError as error:
        raise ConfigError(f"Settings are neither YAML nor JSON: {error}") from error
    return validate(raw or {}, model)


def dump_section(section: Section) -> str:
    """Return a section as canonical JSON: the same values give the same text."""
    return json.dumps(section.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))


def _fault(item: Mapping[str, Any], model: type[BaseModel]) -> str:
    location = tuple(item["loc"])
    path = ".".join(str(part) for part in location) or "(whole file)"
    if item["type"] == "extra_forbidden":
        owner = _model_at(model, location[:-1])
        names = list(owner.model_fields) if owner else []
        close = difflib.get_close_matches(str(location[-1]), names, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        return f"{path}: unknown setting{hint} Allowed here: {', '.join(names)}."
    message = item["msg"].removeprefix("Value error, ")
    if not location:
        return f"{path}: {message}."
    seen = _shown(item.get("input"), model, location)
    return f"{path}: saw {seen}; {message[0].lower()}{message[1:]}."


def _shown(value: Any, model: type[BaseModel], location: tuple[Any, ...]) -> str:
    """A faulty value as it may be printed: a key that was put in a wrong place must not be."""
    owner = _model_at(model, location[:-1])
    field = owner.model_fields.get(str(location[-1])) if owner else None
    extra = field.json_schema_extra if field else None
    if isinstance(extra, dict) and extra.get("private"):
        return "a value that is not shown"
    if isinstance(value, Mapping):
        return f"a section with {', '.join(map(str, value)) or 'nothing'}"
    if isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        return f"a list of {len(value)}"
    return repr(value)


def _model_at(model: type[BaseModel], location: tuple[Any, ...]) -> type[BaseModel] | None:
    for name in location:
        if isinstance(name, int):  # a place in a list of sections
            continue
        field = model.model_fields.get(str(name))
        found = (
            [
                kind
                for kind in (field.annotation, *get_args(field.annotation))
                if isinstance(kind, type) and issubclass(kind, BaseModel)
            ]
            if field
            else []
        )
        if not found:
            return None
        model = found[0]
    return model
