"""Settings of the segmentation room."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from micrographia.config.base import ExistingPath, Section
from micrographia.config.training import Training
from micrographia.method_names import CONTESTANTS, Contestant, TrainedNetwork, WorkflowSegmenter


class Watershed(Section):
    """Classical segmenter: thresholds, distance transform, watershed, choice of a candidate."""

    smoothing: float = Field(
        1.3, ge=0, le=20, description="Standard deviation of the Gaussian smoothing [px]."
    )
    backgrounds: tuple[Annotated[float, Field(ge=0, le=10)], ...] = Field(
        (0.0, 0.05, 0.1, 0.2),
        min_length=1,
        max_length=8,
        description=(
            "Length scales of the background shading to remove, as fractions of the longer "
            "side; each is tried; 0: no removal."
        ),
    )
    opening: int = Field(
        0, ge=0, le=50, description="Radius of the morphological opening [px]; 0: no opening."
    )
    max_hole: float = Field(
        0.12,
        ge=0,
        le=1,
        description="Maximum area of a hole that is filled, as a fraction of the image.",
    )
    hole_solidity: float = Field(
        0.86,
        ge=0,
        le=1,
        description="Minimum solidity of a hole that is filled; gaps between round particles "
        "have less.",
    )
    seed_distance: float = Field(
        0.24,
        ge=0.01,
        le=0.99,
        description="Touching particles are split at a neck that is narrower than them by this "
        "fraction.",
    )
    seed_smoothing: float = Field(
        2.2,
        ge=0,
        le=20,
        description="Standard deviation of the Gaussian smoothing of the distance map [px].",
    )
    min_area: int = Field(20, ge=1, le=1_000_000, description="Minimum area of an instance [px].")
    min_relative_area: float = Field(
        0.12,
        ge=0,
        le=1,
        description="Minimum area of an instance, as a fraction of the typical area.",
    )
    border_weight: float = Field(
        0.23,
        ge=0,
        le=10,
        description="Weight of the penalty for instances that the image border cuts, in the "
        "choice of a candidate.",
    )
    polarity: Literal["auto", "bright", "dark"] = Field(
        "auto", description="Whether particles are brighter or darker than the background."
    )


class Network(Section):
    """Application of a trained network."""

    checkpoint: str = Field(
        "segmentation/weights/unet-small.safetensors",
        description="Weights of the network: a path; if it does not exist, the file of this "
        "name in the package.",
    )
    tile: int = Field(
        1024,
        ge=128,
        le=8192,
        description="Side of the tiles into which a larger picture is cut [px].",
    )
    overlap: int = Field(256, ge=1, le=4096, description="Overlap of neighbouring tiles [px].")
    scales: tuple[Annotated[float, Field(gt=0, le=4)], ...] = Field(
        (1.0, 0.5, 0.25, 0.125),
        min_length=1,
        max_length=8,
        description=(
            "Scales of the picture at which a flow network is applied; the best instances of "
            "all scales are kept."
        ),
    )
    least_quality: float | None = Field(
        None,
        ge=0,
        le=1,
        description=(
            "Minimum quality of an instance of a flow network; null: chosen for each picture, "
            "at most the value stored with the checkpoint."
        ),
    )
    diameter: float | None = Field(
        40.0,
        ge=5,
        le=500,
        description=(
            "Median diameter of instances to which a picture is rescaled for a detector "
            "(stardist, yolo-seg, mask-rcnn) [px]; null: no rescaling."
        ),
    )
    threshold: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="Minimum probability: of a pixel to be foreground, of a "
        "detection to be an instance.",
    )
    min_area: int = Field(20, ge=1, le=1_000_000, description="Minimum area of an instance [px].")
    max_flow_error: float | None = Field(
        None,
        gt=0,
        le=4,
        description="Maximum mean squared flow error of an instance; null: no limit.",
    )
    parting: float = Field(
        0.25,
        ge=-2,
        le=2,
        description="Two touching regions are separate instances if the flow at their border "
        "diverges by more than this value (-1 to 1).",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="'auto': a GPU if there is one."
    )
    precision: Literal["auto", "bf16", "fp32"] = Field(
        "auto",
        description="'auto': bf16 if the processor or GPU supports it, else fp32.",
    )

    @model_validator(mode="after")
    def _tiles_overlap_by_less_than_half(self) -> Network:
        if 2 * self.overlap > self.tile:
            raise ValueError(
                f"overlap is {self.overlap}; allowed: at most half of the tile ({self.tile})"
            )
        return self


class LabelledPictures(Section):
    """Folders of real pictures and of their label masks."""

    images: ExistingPath = Field(description="Folder of pictures.")
    masks: ExistingPath = Field(description="Folder of label masks with the same file names.")
    articles: ExistingPath | None = Field(
        None,
        description=(
            "CSV file with the columns filename and doi: pictures of the same article are all "
            "trained on or all held out; null: every picture counts as its own article."
        ),
    )
    licence: str = Field(
        "unknown", description="Licence of the pictures, stored in the card of the checkpoint."
    )


class SegmentationTraining(Section):
    """Training of a network: `snakemake segmentation_network`."""

    architecture: TrainedNetwork = Field(
        "unet-small",
        description="Network to train; stardist, yolo-seg and mask-rcnn are baselines.",
    )
    encoder: ExistingPath | None = Field(
        None,
        description="Only for vit-b: the checkpoint sam_vit_b_01ec64.pth of Segment Anything; "
        "null: random weights.",
    )
    frozen: bool = Field(
        False, description="Only for vit-b: freeze the encoder and train the decoder only."
    )
    init: ExistingPath | None = Field(
        None, description="Checkpoint of the same network to start from; null: random weights."
    )
    real: tuple[LabelledPictures, ...] = Field((), description="Real pictures with masks.")
    procedural: int = Field(240, ge=0, le=1_000_000, description="Number of procedural pictures.")
    procedural_size: int = Field(
        384, ge=64, le=4096, description="Side of a procedural picture [px]."
    )
    procedural_share: float = Field(
        0.2,
        ge=0,
        le=1,
        description="Fraction of the samples that is drawn from procedural pictures.",
    )
    pseudo_share: float = Field(
        0.5,
        ge=0,
        le=1,
        description=(
            "Maximum fraction of the other samples that is drawn from pictures with "
            "pseudo-labels, if there are any."
        ),
    )
    validation: float = Field(
        0.2, gt=0, lt=1, description="Fraction of the pictures that is held out from training."
    )
    validation_pictures: int = Field(
        36,
        ge=1,
        le=100_000,
        description="Maximum number of pictures that are segmented in one validation.",
    )
    crop: int = Field(192, ge=64, le=2048, description="Side of a training sample [px].")
    zoom: tuple[Annotated[float, Field(gt=0.05, le=8)], Annotated[float, Field(gt=0.05, le=8)]] = (
        Field((0.2, 1.5), description="Minimum and maximum magnification of a sample.")
    )
    diameters: tuple[Annotated[float, Field(gt=1)], Annotated[float, Field(gt=1)]] | None = Field(
        (12.0, 110.0),
        description=(
            "Range of the median diameter of instances to which a sample is magnified [px]; "
            "null: random magnification within zoom."
        ),
    )
    loop: Training = Field(
        default_factory=Training, description="Length and schedule of the training."
    )

    @model_validator(mode="after")
    def _sizes_fit(self) -> SegmentationTraining:
        if self.crop % 64:
            raise ValueError(f"crop is {self.crop}; allowed: multiples of 64")
        for name in ("zoom", "diameters"):
            limits = getattr(self, name)
            if limits is not None and limits[0] > limits[1]:
                raise ValueError(
                    f"{name} is {limits}; allowed: two numbers, the smaller one first"
                )
        return self


class ContestantBudget(Section):
    """Settings of one method in the comparison; the others are those of `training`."""

    steps: int = Field(
        700, ge=1, le=10_000_000, description="Number of updates of the weights of this method."
    )
    learning_rate: float = Field(1e-3, gt=0, le=1, description="Learning rate after the warm-up.")


class Baselines(Section):
    """Comparison of methods on the same pictures: `snakemake bench_segmentation_methods`."""

    methods: tuple[Contestant, ...] = Field(
        CONTESTANTS,
        min_length=1,
        description="Methods to compare; those that learn are trained first.",
    )
    unet_small: ContestantBudget = Field(
        default_factory=lambda: ContestantBudget(learning_rate=1.5e-3),
        description="Budget of the flow network unet-small.",
    )
    stardist: ContestantBudget = Field(
        default_factory=lambda: ContestantBudget(learning_rate=1.5e-3),
        description="Budget of star-convex polygons with 32 rays on the backbone of unet-small.",
    )
    yolo_seg: ContestantBudget = Field(
        default_factory=lambda: ContestantBudget(steps=600, learning_rate=2e-3),
        description="Budget of YOLO11n-seg of ultralytics.",
    )
    mask_rcnn: ContestantBudget = Field(
        default_factory=lambda: ContestantBudget(steps=300),
        description="Budget of Mask R-CNN of torchvision with a small backbone.",
    )


class Scaling(Section):
    """Score against the number of training pictures: `snakemake bench_segmentation_scaling`."""

    real: tuple[Annotated[int, Field(ge=0, le=1_000_000)] | None, ...] = Field(
        (30, 60, 120, 240, None),
        min_length=1,
        max_length=32,
        description=(
            "Approximate numbers of real training pictures, one training each; whole articles "
            "are taken, and the subsets are nested; null: all pictures that are not held out; 0 "
            "is allowed only with procedural pictures."
        ),
    )
    procedural: tuple[bool, ...] = Field(
        (False,),
        min_length=1,
        max_length=2,
        description=(
            "Whether to add the procedural pictures of training.procedural; [false, true] for "
            "both curves."
        ),
    )

    @model_validator(mode="after")
    def _each_is_asked_for_once(self) -> Scaling:
        for name in ("real", "procedural"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"{name} is {list(values)}; allowed: every value only once")
        if 0 in self.real and True not in self.procedural:
            raise ValueError("real contains 0; allowed: only if procedural contains true")
        return self


class Rounds(Section):
    """Pseudo-labels: a network labels pictures, the next one trains on the reliable labels."""

    count: int = Field(
        2,
        ge=1,
        le=20,
        description="Number of rounds of pseudo-labelling after the first training.",
    )
    min_probability: float = Field(
        0.85, ge=0, le=1, description="Minimum mean foreground probability of a reliable instance."
    )
    max_flow_error: float = Field(
        0.4, gt=0, le=4, description="Maximum mean squared flow error of a reliable instance."
    )
    doubt: float = Field(
        0.2,
        ge=0,
        le=1,
        description="Pixels outside of reliable instances with a higher foreground probability "
        "are ignored in training instead of used as background.",
    )
    min_share: float = Field(
        0.6,
        ge=0,
        le=1,
        description="Minimum fraction of the predicted area that is reliable; "
        "otherwise the picture is rejected.",
    )
    min_instances: int = Field(
        2, ge=1, le=1_000_000, description="Minimum number of reliable instances in a picture."
    )
    corrections: ExistingPath | None = Field(
        None,
        description=(
            "Folder of corrected label masks, named like their pictures or by image_id; they "
            "replace the predictions of the network."
        ),
    )


class Segmentation(Section):
    """Instance segmentation."""

    method: WorkflowSegmenter = Field(
        "unet-small", description="Segmentation method of the workflow."
    )
    text: Literal["avoid", "ignore"] = Field(
        "avoid",
        description="Text burnt into the pictures. 'avoid': no instance lies on it; 'ignore': "
        "letters and bars may be taken for instances.",
    )
    watershed: Watershed = Field(
        default_factory=Watershed,
        description="Classical baseline: thresholds, distance transform and watershed.",
    )
    network: Network = Field(
        default_factory=Network, description="Application of trained networks."
    )
    training: SegmentationTraining = Field(
        default_factory=SegmentationTraining, description="Training of a network."
    )
    baselines: Baselines = Field(
        default_factory=Baselines,
        description="Comparison of methods on the same held-out pictures.",
    )
    rounds: Rounds = Field(
        default_factory=Rounds, description="Training rounds with pseudo-labels."
    )
    scaling: Scaling = Field(
        default_factory=Scaling, description="Score against the number of training pictures."
    )

    @model_validator(mode="after")
    def _what_is_mixed_in_is_made(self) -> Segmentation:
        if True in self.scaling.procedural and not self.training.procedural:
            raise ValueError(
                "scaling.procedural contains true; allowed: only if training.procedural is above 0"
            )
        return self
