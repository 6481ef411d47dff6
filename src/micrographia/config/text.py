"""Settings of text regions: how they are found, what becomes of them, how that is learnt."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from micrographia.config.base import ExistingPath, Section


class LabelledText(Section):
    """Real pictures in which people marked the text regions."""

    images: ExistingPath = Field(..., description="Folder of the pictures (.png).")
    boxes: ExistingPath = Field(
        ...,
        description="CSV with columns image, x0, y0, x1, y1, class (none: no text) and half.",
    )
    halves: tuple[str, ...] = Field(
        (), description="Values of `half` to learn from; empty for all. Keep some to score with."
    )


class TextTraining(Section):
    """The detector's training: first on close-ups, which are dense with text, then on pictures."""

    closeups: int = Field(
        4000, ge=0, le=10_000_000, description="Parts of rendered pictures around a region."
    )
    closeup_side: int = Field(192, ge=64, le=2048, description="Side of a close-up [px].")
    closeup_epochs: int = Field(3, ge=1, le=10_000, description="Passes over the close-ups.")
    pictures: int = Field(1600, ge=4, le=1_000_000, description="Whole rendered pictures.")
    side: int = Field(384, ge=64, le=4096, description="Longest side of a whole picture [px].")
    epochs: int = Field(2, ge=1, le=10_000, description="Passes over the whole pictures.")
    batch: int = Field(
        8, ge=1, le=1024, description="Whole pictures per step; twice as many close-ups."
    )
    learning_rate: float = Field(
        0.002, gt=0, le=1, description="First learning rate (AdamW); halved for whole pictures."
    )
    start: str | None = Field(
        None, description="Detector (.safetensors) to begin with; null for random weights."
    )
    threads: int = Field(
        1, ge=1, le=256, description="Threads of the training; on a busy machine one is fastest."
    )
    backgrounds: tuple[ExistingPath, ...] = Field(
        (),
        description=(
            "Text-free real pictures, files or folders, that annotation is rendered on too."
        ),
    )
    labelled: LabelledText | None = Field(
        None,
        description=(
            "Labelled real pictures that teach which proposals count; null for rendered ones."
        ),
    )
    fonts: tuple[str, ...] = Field(
        ("/usr/share/fonts/truetype",),
        description="Folders of TrueType fonts; those absent are passed over.",
    )


class Text(Section):
    """Text, scale bars and banners burnt into micrographs."""

    detect: bool = Field(True, description="Look for text regions (extra text-detection).")
    weights: str = Field(
        "curation/text/weights/text-yolo11n.safetensors",
        description=(
            "Detector: our .safetensors with its .json, or your own .pt of ultralytics; "
            "`snakemake text_detector` makes results/curation/text_training/detector.safetensors."
        ),
    )
    min_score: float = Field(0.3, gt=0, lt=1, description="Least probability of a region.")
    side: int = Field(
        384, ge=64, le=4096, description="Longest side at which the network looks [px]."
    )
    policy: Literal["crop", "inpaint", "mask", "none"] = Field(
        "inpaint",
        description=(
            "What later steps see of a picture with text: its largest text-free rectangle, all "
            "with the text inpainted, all with it filled by the local ground, or all as it is."
        ),
    )
    min_kept: float = Field(
        0.6,
        ge=0,
        le=1,
        description="Least share of the area that 'crop' keeps; below, the picture is inpainted.",
    )
    crop_score: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="Least probability of a region that 'crop' cuts away; others are inpainted.",
    )
    training: TextTraining = Field(default_factory=TextTraining, description="Training.")
