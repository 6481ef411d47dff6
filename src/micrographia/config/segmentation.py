"""Settings of the segmentation room."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from micrographia.config.base import ExistingPath, Section
from micrographia.config.training import Training
from micrographia.method_names import CONTESTANTS, Contestant, TrainedNetwork, WorkflowSegmenter


class Watershed(Section):
    """The classical segmenter: thresholds, distance transform, watershed, best candidate."""

    smoothing: float = Field(1.3, ge=0, le=20, description="Gaussian smoothing [px].")
    backgrounds: tuple[Annotated[float, Field(ge=0, le=10)], ...] = Field(
        (0.0, 0.05, 0.1, 0.2),
        min_length=1,
        max_length=8,
        description=(
            "Scales of the shading that is removed, each tried [share of the longer side]; "
            "0 for none."
        ),
    )
    opening: int = Field(0, ge=0, le=50, description="Radius of the opening [px]; 0 for none.")
    max_hole: float = Field(
        0.12, ge=0, le=1, description="Largest hole that is filled [share of the image]."
    )
    hole_solidity: float = Field(
        0.86,
        ge=0,
        le=1,
        description="Least solidity of a hole that is filled; gaps between discs are below.",
    )
    seed_distance: float = Field(
        0.24,
        ge=0.01,
        le=0.99,
        description="Particles are divided where a neck is narrower by this share.",
    )
    seed_smoothing: float = Field(
        2.2, ge=0, le=20, description="Gaussian smoothing of the distance map [px]."
    )
    min_area: int = Field(20, ge=1, le=1_000_000, description="Least area of an instance [px].")
    min_relative_area: float = Field(
        0.12, ge=0, le=1, description="Least area of an instance [share of the typical one]."
    )
    border_weight: float = Field(
        0.23,
        ge=0,
        le=10,
        description="How much instances cut by the border speak against a candidate.",
    )
    polarity: Literal["auto", "bright", "dark"] = Field(
        "auto", description="Whether particles are brighter or darker than what is around them."
    )


class Network(Section):
    """How a trained network is applied."""

    checkpoint: str = Field(
        "segmentation/weights/unet-small.safetensors",
        description="Weights, from this folder or else from the project's.",
    )
    tile: int = Field(
        1024, ge=128, le=8192, description="Side of the tiles of a larger picture [px]."
    )
    overlap: int = Field(256, ge=1, le=4096, description="Overlap of neighbouring tiles [px].")
    scales: tuple[Annotated[float, Field(gt=0, le=4)], ...] = Field(
        (1.0, 0.5, 0.25, 0.125),
        min_length=1,
        max_length=8,
        description=(
            "Scales at which a flow network looks at the picture; what it finds on all of them "
            "competes."
        ),
    )
    least_quality: float | None = Field(
        None,
        ge=0,
        le=1,
        description=(
            "Least quality of an instance of a flow network; null for what suits the picture, at "
            "most the checkpoint's."
        ),
    )
    diameter: float | None = Field(
        40.0,
        ge=5,
        le=500,
        description=(
            "Median diameter at which a detector looks at instances [px]: the picture is enlarged "
            "or reduced to it; null to take it as it is."
        ),
    )
    threshold: float = Field(
        0.5, gt=0, lt=1, description="Least probability of being an instance."
    )
    min_area: int = Field(20, ge=1, le=1_000_000, description="Least area of an instance [px].")
    max_flow_error: float | None = Field(
        None,
        gt=0,
        le=4,
        description="Largest mean squared error of an instance's flow; null keeps all.",
    )
    parting: float = Field(
        0.25,
        ge=-2,
        le=2,
        description="How strongly the flow must part where two instances touch.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="'auto' is a GPU if there is one."
    )
    precision: Literal["auto", "bf16", "fp32"] = Field(
        "auto",
        description="'auto' is bf16 where the processor or GPU computes with it, else fp32.",
    )

    @model_validator(mode="after")
    def _tiles_overlap_by_less_than_half(self) -> Network:
        if 2 * self.overlap > self.tile:
            raise ValueError(
                f"overlap is {self.overlap}; allowed: at most half of tile ({self.tile})"
            )
        return self


class LabelledPictures(Section):
    """Folders of real pictures with masks."""

    images: ExistingPath = Field(description="Folder of pictures.")
    masks: ExistingPath = Field(description="Folder of label masks with the same names.")
    articles: ExistingPath | None = Field(
        None,
        description=(
            "CSV table with the columns filename and doi: pictures of an article stay together; "
            "null where each picture stands alone."
        ),
    )
    licence: str = Field("unknown", description="Licence of the pictures, kept on the card.")


class SegmentationTraining(Section):
    """Training of a network: `snakemake segmentation_network`."""

    architecture: TrainedNetwork = Field(
        "unet-small", description="What is trained; the last three are baselines."
    )
    encoder: ExistingPath | None = Field(
        None,
        description="vit-b: sam_vit_b_01ec64.pth of Segment Anything; null for random weights.",
    )
    frozen: bool = Field(False, description="vit-b: train the decoder alone.")
    init: ExistingPath | None = Field(
        None, description="Checkpoint of the same network to begin with; null for random weights."
    )
    real: tuple[LabelledPictures, ...] = Field((), description="Real pictures with masks.")
    procedural: int = Field(
        240, ge=0, le=1_000_000, description="How many procedural pictures are made."
    )
    procedural_size: int = Field(
        384, ge=64, le=4096, description="Side of a procedural picture [px]."
    )
    procedural_share: float = Field(
        0.2, ge=0, le=1, description="Share of the samples that is drawn from procedural ones."
    )
    pseudo_share: float = Field(
        0.5,
        ge=0,
        le=1,
        description=(
            "Most that is drawn of the other samples from pictures with pseudo-labels, where "
            "there are any."
        ),
    )
    validation: float = Field(
        0.2, gt=0, lt=1, description="Share of the pictures that is kept from training."
    )
    validation_pictures: int = Field(
        36, ge=1, le=100_000, description="Most pictures that are segmented at a validation."
    )
    crop: int = Field(192, ge=64, le=2048, description="Side of a sample [px].")
    zoom: tuple[Annotated[float, Field(gt=0.05, le=8)], Annotated[float, Field(gt=0.05, le=8)]] = (
        Field((0.2, 1.5), description="Least and largest enlargement of a sample.")
    )
    diameters: tuple[Annotated[float, Field(gt=1)], Annotated[float, Field(gt=1)]] | None = Field(
        (12.0, 110.0),
        description=(
            "Range of the median diameter to which a sample is enlarged [px]; null to enlarge it "
            "by any factor of zoom, whatever its instances."
        ),
    )
    loop: Training = Field(default_factory=Training, description="Length and schedule.")

    @model_validator(mode="after")
    def _sizes_fit(self) -> SegmentationTraining:
        if self.crop % 64:
            raise ValueError(f"crop is {self.crop}; allowed: multiples of 64")
        for name in ("zoom", "diameters"):
            limits = getattr(self, name)
            if limits is not None and limits[0] > limits[1]:
                raise ValueError(f"{name} is {limits}; allowed: the smaller number first")
        return self


class ContestantBudget(Section):
    """What one method of the comparison has of its own; the rest is `training`'s."""

    steps: int = Field(
        700, ge=1, le=10_000_000, description="Updates of the weights: the share of the budget."
    )
    learning_rate: float = Field(1e-3, gt=0, le=1, description="Learning rate after the warm-up.")


class Baselines(Section):
    """Methods compared on the same pictures: `snakemake bench_segmentation_methods`."""

    methods: tuple[Contestant, ...] = Field(
        CONTESTANTS,
        min_length=1,
        description="What is trained, where it learns, and compared.",
    )
    unet_small: ContestantBudget = Field(
        default_factory=lambda: ContestantBudget(learning_rate=1.5e-3),
        description="The flow network unet-small on the comparison's budget.",
    )
    stardist: ContestantBudget = Field(
        default_factory=lambda: ContestantBudget(learning_rate=1.5e-3),
        description="Star-convex polygons of 32 rays on the trunk of unet-small.",
    )
    yolo_seg: ContestantBudget = Field(
        default_factory=lambda: ContestantBudget(steps=600, learning_rate=2e-3),
        description="YOLO11n-seg of ultralytics.",
    )
    mask_rcnn: ContestantBudget = Field(
        default_factory=lambda: ContestantBudget(steps=300),
        description="Mask R-CNN of torchvision with a light trunk.",
    )


class Scaling(Section):
    """How scores grow with the pictures learned from: `snakemake bench_segmentation_scaling`."""

    real: tuple[Annotated[int, Field(ge=0, le=1_000_000)] | None, ...] = Field(
        (30, 60, 120, 240, None),
        min_length=1,
        max_length=32,
        description=(
            "About how many real pictures a network learns from, whole articles, the fewer among "
            "the more; null for all that are not held out. 0 only with procedural ones."
        ),
    )
    procedural: tuple[bool, ...] = Field(
        (False,),
        min_length=1,
        max_length=2,
        description=(
            "Whether training.procedural pictures are mixed in; [false, true] for both curves."
        ),
    )

    @model_validator(mode="after")
    def _each_is_asked_for_once(self) -> Scaling:
        for name in ("real", "procedural"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"{name} is {list(values)}; allowed: each value once")
        if 0 in self.real and True not in self.procedural:
            raise ValueError("real has 0; allowed: only where procedural has true")
        return self


class Rounds(Section):
    """A network labels pictures, and the next learns from what it is sure of."""

    count: int = Field(2, ge=1, le=20, description="Rounds after the first training.")
    min_probability: float = Field(
        0.85, ge=0, le=1, description="Least mean foreground probability of a sure instance."
    )
    max_flow_error: float = Field(
        0.4, gt=0, le=4, description="Largest mean squared flow error of a sure instance."
    )
    doubt: float = Field(
        0.2,
        ge=0,
        le=1,
        description="Above this probability, what is no instance is not taught as background.",
    )
    min_share: float = Field(
        0.6, ge=0, le=1, description="Least share of the found area that is sure, else rejected."
    )
    min_instances: int = Field(
        2, ge=1, le=1_000_000, description="Fewest sure instances of a picture."
    )
    corrections: ExistingPath | None = Field(
        None,
        description=(
            "Folder of corrected label masks, named as their pictures or by image_id; they "
            "override what a network finds."
        ),
    )


class Segmentation(Section):
    """Instance segmentation."""

    method: WorkflowSegmenter = Field("unet-small", description="What the workflow segments with.")
    watershed: Watershed = Field(default_factory=Watershed, description="Classical baseline.")
    network: Network = Field(default_factory=Network, description="Trained networks.")
    training: SegmentationTraining = Field(
        default_factory=SegmentationTraining, description="Training of a network."
    )
    baselines: Baselines = Field(
        default_factory=Baselines, description="Comparison with other methods."
    )
    rounds: Rounds = Field(default_factory=Rounds, description="Pseudo-labels.")
    scaling: Scaling = Field(
        default_factory=Scaling, description="Learning from fewer and from more pictures."
    )

    @model_validator(mode="after")
    def _what_is_mixed_in_is_made(self) -> Segmentation:
        if True in self.scaling.procedural and not self.training.procedural:
            raise ValueError(
                "scaling.procedural has true; allowed: only where training.procedural is above 0"
            )
        return self
