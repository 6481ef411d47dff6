"""Settings of the classification room."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from micrographia.config.annotation import Endpoint
from micrographia.config.base import Section
from micrographia.config.training import Training
from micrographia.method_names import (
    CHOICES,
    EMBEDDED_METHODS,
    PICTURE_BASELINES,
    Choice,
    EmbeddedMethod,
    PictureBaseline,
    Split,
)


class Pretraining(Section):
    """Training of an encoder without labels (NT-Xent; sizes of GDL-NMID)."""

    temperature: float = Field(
        0.1, gt=0, le=10, description="Temperature of the contrastive loss NT-Xent."
    )
    smallest_crop: float = Field(
        0.35,
        gt=0,
        le=1,
        description="Minimum area of a random crop, as a fraction of the picture's.",
    )
    held_out: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="Fraction of the pictures on which the encoder is validated.",
    )
    loop: Training = Field(
        Training(batch=48, steps=2000, weight_decay=0.0),
        description="Length and schedule of the training.",
    )


class FineTuning(Section):
    """Further training of EfficientNet-Lite0 on classes, and how much of it is kept."""

    side: int = Field(
        160,
        ge=64,
        le=512,
        description="Side of the pictures while training [px]; the encoder then reads them at "
        "224 px, a little finer.",
    )
    frozen: int = Field(
        2,
        ge=0,
        le=7,
        description="Number of first stages, of seven, that stay as ImageNet left them.",
    )
    smallest_crop: float = Field(
        0.25,
        gt=0,
        le=1,
        description="Minimum area of a random crop, as a fraction of the picture's.",
    )
    sub_kinds: float = Field(
        0.5,
        ge=0,
        le=10,
        description="Weight of the loss of sub-kinds, where the table of pictures has them.",
    )
    blend: float = Field(
        1.0,
        ge=0,
        le=1,
        description="Weight of the trained network in the mean with the ImageNet one that is "
        "written (WiSE-FT): 0 is ImageNet's, 1 the trained.",
    )
    held_out: float = Field(
        0.08,
        gt=0,
        lt=1,
        description="Fraction of the pictures on which the encoder is validated.",
    )
    loop: Training = Field(
        # Depthwise convolutions are no faster in bf16 on a processor.
        Training(
            batch=32,
            steps=900,
            learning_rate=3e-4,
            warmup=0.05,
            average=0.99,
            precision="fp32",
            validate_every=300,
        ),
        description="Length and schedule of the training.",
    )


class PictureBaselines(Section):
    """Networks that classify pictures, each trained from random weights for the same budget."""

    names: tuple[PictureBaseline, ...] = Field(
        PICTURE_BASELINES,
        min_length=1,
        description="Baselines that `snakemake bench_classification_baselines` trains.",
    )
    side: int = Field(
        64,
        ge=64,
        le=1024,
        multiple_of=32,
        description="Side to which pictures are scaled [px]: 64 on a processor; 224, the "
        "article's, on a GPU.",
    )
    minutes: float = Field(
        1.2,
        gt=0,
        le=100_000,
        description="Budget of each baseline [processor minutes], all threads together.",
    )
    epochs: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="Budget of each baseline in passes over the training pictures, instead of "
        "minutes; null: minutes.",
    )
    how: Split = Field(
        "hard", description="Which pictures are held out, as in `classification split --how`."
    )
    share: float = Field(0.1, gt=0, le=0.5, description="Fraction of the pictures held out.")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="'auto': a GPU if there is one."
    )
    precision: Literal["auto", "bf16", "fp32"] = Field(
        "auto",
        description="'auto': bf16 if the processor or GPU supports it, else fp32.",
    )


class Classification(Section):
    """Kinds of nanomaterials: encoder, few-shot identification, declining to answer."""

    encoder: str = Field(
        "classification/weights/encoder.safetensors",
        min_length=1,
        description="Encoder of pictures: the shipped one, 'efficientnet-lite0' (ImageNet), a "
        ".safetensors file written by `classification finetune` or `pretrain`, or a folder with "
        "a model of transformers (DINO, CLIP).",
    )
    none_of_these: str | None = Field(
        "other",
        description="Label of pictures that belong to no class: the classifier learns to decline "
        "them; null: every label is a class.",
    )
    coverage: float = Field(
        0.9,
        gt=0,
        le=1,
        description="Fraction of the pictures of known classes that are to be answered; the rest "
        "is 'unsure'.",
    )
    certain: tuple[str, ...] = Field(
        (),
        description="Words that a picture's quality must have, such as clean and sure, for its "
        "held-out answer to count in temperature and threshold; others are learned from alone.",
    )
    folds: int = Field(
        5,
        ge=2,
        le=100,
        description="Number of folds of the cross-validation, which keeps near-copies and groups "
        "together.",
    )
    shots: tuple[Annotated[int, Field(ge=0, le=1000)], ...] = Field(
        (0, 1, 3, 5, 10),
        min_length=1,
        description="Numbers of demonstrations of each class that `bench` compares.",
    )
    choices: tuple[Choice, ...] = Field(
        CHOICES,
        min_length=1,
        description="Ways to choose the demonstrations that `bench` compares.",
    )
    methods: tuple[EmbeddedMethod, ...] = Field(
        EMBEDDED_METHODS, min_length=1, description="Embedded methods that `bench` compares."
    )
    draws: int = Field(
        5,
        ge=1,
        le=1000,
        description="Number of random choices of demonstrations that are averaged.",
    )
    endpoint: Endpoint | None = Field(
        None, description="Server and vision-language model that `classification ask` asks."
    )
    prompts: str = Field(
        "classification/asked/templates",
        description="Folder of the prompts; if it does not exist, the folder of this name in "
        "the package.",
    )
    prompt_version: int = Field(
        1, ge=1, description="Version of the prompts: files are named <name>-<version>.md."
    )
    finetuning: FineTuning = Field(
        default_factory=FineTuning,
        description="Further training of the ImageNet encoder on pictures with classes.",
    )
    pretraining: Pretraining = Field(
        default_factory=Pretraining, description="Training of an encoder without labels."
    )
    baselines: PictureBaselines = Field(
        default_factory=PictureBaselines,
        description="Networks trained for `snakemake bench_classification_baselines`.",
    )
