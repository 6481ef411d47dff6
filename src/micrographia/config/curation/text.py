"""Settings of text regions: detection, treatment, and training of the detector."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from micrographia.config.base import ExistingPath, Section


class LabelledText(Section):
    """Real pictures in which a person marked the text regions."""

    images: ExistingPath = Field(..., description="Folder of pictures (.png).")
    boxes: ExistingPath = Field(
        ...,
        description="CSV file with columns image, x0, y0, x1, y1 [px], class ('none': the "
        "picture has no text) and half (the part of the set).",
    )
    halves: tuple[str, ...] = Field(
        (),
        description="Values of the column half to train on; empty: all. Hold some out for "
        "scoring.",
    )


class TextTraining(Section):
    """Training of the text detector: first on close-ups full of text, then on whole pictures."""

    closeups: int = Field(
        4000,
        ge=0,
        le=10_000_000,
        description="Number of close-ups: parts of rendered pictures around a text region.",
    )
    closeup_side: int = Field(192, ge=64, le=2048, description="Side of a close-up [px].")
    closeup_epochs: int = Field(
        3, ge=1, le=10_000, description="Number of epochs on the close-ups."
    )
    pictures: int = Field(
        1600, ge=4, le=1_000_000, description="Number of whole rendered pictures."
    )
    side: int = Field(384, ge=64, le=4096, description="Longest side of a whole picture [px].")
    epochs: int = Field(2, ge=1, le=10_000, description="Number of epochs on the whole pictures.")
    batch: int = Field(
        8, ge=1, le=1024, description="Batch size for whole pictures; doubled for close-ups."
    )
    learning_rate: float = Field(
        0.002,
        gt=0,
        le=1,
        description="Initial learning rate (AdamW) on close-ups; halved for whole pictures.",
    )
    start: str | None = Field(
        None, description="Detector (.safetensors) to start from; null: random weights."
    )
    threads: int = Field(
        1, ge=1, le=256, description="Number of threads; on a busy machine one is fastest."
    )
    backgrounds: tuple[ExistingPath, ...] = Field(
        (),
        description=(
            "Real pictures without text (files or folders) to use as further backgrounds."
        ),
    )
    labelled: LabelledText | None = Field(
        None,
        description=(
            "Labelled real pictures on which the acceptance of proposals is fitted; null: use "
            "rendered pictures."
        ),
    )
    fonts: tuple[str, ...] = Field(
        ("/usr/share/fonts/truetype",),
        description="Folders of TrueType fonts; missing folders are skipped.",
    )


class Text(Section):
    """Text, scale bars and banners burnt into micrographs."""

    detect: bool = Field(True, description="Detect text regions; needs the extra text-detection.")
    weights: str = Field(
        "curation/text/weights/text-yolo11n.safetensors",
        description=(
            "Weights of the detector: a .safetensors file with its .json, or your own .pt file "
            "of ultralytics; `snakemake text_detector` trains "
            "results/curation/text_training/detector.safetensors."
        ),
    )
    min_score: float = Field(
        0.3,
        gt=0,
        lt=1,
        description="Minimum probability of a text region. Scale bars are looked for in all "
        "regions; only sure ones are altered.",
    )
    side: int = Field(
        384, ge=64, le=4096, description="Longest side of the picture given to the detector [px]."
    )
    recogniser: Literal["auto", "never"] = Field(
        "auto",
        description=(
            "'auto': pictures are altered only where rapidocr-onnxruntime, if it is installed, "
            "reads a letter or digit; 'never': by the probability of the region alone."
        ),
    )
    min_reading: float = Field(
        0.7,
        ge=0,
        le=1,
        description="Minimum confidence of a reading that makes a region sure to be text.",
    )
    alone_score: float = Field(
        0.995,
        gt=0,
        le=1,
        description="Minimum probability of a region that is altered where nothing reads.",
    )
    policy: Literal["crop", "inpaint", "mask", "none"] = Field(
        "inpaint",
        description=(
            "What later steps get of a picture with text: 'crop' (its largest text-free "
            "rectangle), 'inpaint' (the text is inpainted), 'mask' (the text is filled with the "
            "local background) or 'none' (unchanged)."
        ),
    )
    min_kept: float = Field(
        0.6,
        ge=0,
        le=1,
        description="Minimum fraction of the area that 'crop' must keep; otherwise the text is "
        "inpainted.",
    )
    crop_score: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="Minimum probability of a sure region that 'crop' cuts away; less probable "
        "ones are inpainted.",
    )
    training: TextTraining = Field(
        default_factory=TextTraining, description="Training of the detector."
    )
