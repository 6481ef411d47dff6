"""Settings of structure as text."""

from __future__ import annotations

from pydantic import Field

from micrographia.config.base import Section
from micrographia.config.training import Training
from micrographia.method_names import PictureEngine
from micrographia.physics.conditions import ImagingConditions


class PictureDials(Section):
    """How a picture is drawn, and what spoils it; each draws its own, from 0 to the maximum."""

    engine: PictureEngine = Field(
        "convolution",
        description="Image model: convolution (Gaussians of weight Z^1.7, the pictures of "
        "MicroscopyGPT), incoherent (HAADF) or phase-object (iDPC).",
    )
    conditions: ImagingConditions = Field(
        default_factory=ImagingConditions,
        description="Imaging conditions of the engines incoherent, whose detector is always "
        "haadf, and phase-object.",
    )
    rotation: float = Field(
        0.0,
        ge=0,
        le=180,
        description="Maximum angle between the rows of the picture and the vector a, in either "
        "direction [degree]; 0: the pictures of MicroscopyGPT.",
    )
    blur: float = Field(
        0.1, ge=0, le=2, description="Maximum further blur, standard deviation [Å]."
    )
    noise: float = Field(
        0.3,
        ge=0,
        le=10,
        description="Maximum standard deviation of Gaussian noise, as a fraction of that of the "
        "picture.",
    )
    drift: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Maximum relative change of the intensity over the picture, for each of five "
        "terms: x, y, x², xy, y².",
    )


class Variants(Section):
    """Crystals made up from known ones, so that no training runs out of crystals."""

    share: float = Field(
        0.7, ge=0, le=1, description="Fraction of the samples that show a made-up crystal."
    )
    invented: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="Number of invented crystals (layer groups, elements, distances drawn at "
        "random) that are learned from beside the known ones; one of twenty is held out.",
    )
    known: float = Field(
        0.4,
        ge=0,
        le=1,
        description="Fraction of the samples that show a known crystal, or one made up from it, "
        "where there are invented ones.",
    )
    substitution: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Probability that an element of a made-up crystal is replaced by one of its "
        "group, or by a neighbour in its row.",
    )
    scale: float = Field(
        0.06,
        ge=0,
        le=0.3,
        description="Maximum relative change of all lengths of a made-up crystal.",
    )
    strain: float = Field(
        0.06,
        ge=0,
        le=0.3,
        description="Maximum strain along any direction of a quarter of the made-up crystals.",
    )


class StructureModel(Section):
    """Size of the network that writes structures."""

    width: int = Field(256, ge=32, le=2048, multiple_of=32, description="Width of all layers.")
    encoder_layers: int = Field(3, ge=1, le=48, description="Layers of the encoder's transformer.")
    decoder_layers: int = Field(4, ge=1, le=48, description="Layers of the decoder.")
    heads: int = Field(8, ge=1, le=64, description="Attention heads of a layer.")


class LookAgain(Section):
    """Beyond writing answers: more of them are asked for, and each is drawn again."""

    cells: int = Field(
        1,
        ge=1,
        le=8,
        description="Cells that are offered to the network for a picture: the one that was "
        "measured, then superlattices whose waves are seen.",
    )
    units: int = Field(
        3,
        ge=0,
        le=13,
        description="Numbers of formula units that are asked for on each cell, where the formula "
        "is told; 0: only what the network likes.",
    )
    each: int = Field(
        1, ge=1, le=100, description="Answers for each of these numbers of formula units."
    )
    hold: bool = Field(
        True,
        description="Whether these are written on the measured cell, and not on one that the "
        "network likes.",
    )
    move: bool = Field(
        True,
        description="Whether the atoms of answers are also moved to where the picture shows them.",
    )
    picture: float = Field(
        3.0,
        ge=0,
        le=100,
        description="Weight of the picture in the ranking, beside the mean logarithm of the "
        "probabilities of words: of minus the logarithm of the share of the picture's variance "
        "that an answer, drawn again, does not explain. 0: no answer is drawn.",
    )
    amounts: float = Field(
        0.6,
        ge=0,
        le=100,
        description="Weight in the ranking of the logarithm of the probability that the network "
        "gives the number of formula units.",
    )
    area: float = Field(
        0.6,
        ge=0,
        le=100,
        description="Weight in the ranking of how usual the cell's area is for its atoms.",
    )
    further: float = Field(
        1.6,
        ge=0,
        le=100,
        description="What an answer loses in the ranking for each cell that was offered before "
        "its own.",
    )


class StructureText(Section):
    """Structure as text: a network writes the crystal that a STEM picture shows."""

    test: float = Field(
        0.1, gt=0, lt=1, description="Fraction of the crystals that are held out for the scores."
    )
    validation: float = Field(
        0.03, gt=0, lt=1, description="Fraction of the crystals that choose the best weights."
    )
    model: StructureModel = Field(
        default_factory=StructureModel, description="Size of the network."
    )
    pictures: PictureDials = Field(
        default_factory=PictureDials,
        description="How pictures are drawn, and what spoils them.",
    )
    variants: Variants = Field(default_factory=Variants, description="Made-up crystals.")
    told: tuple[float, float, float] = Field(
        (0.6, 0.25, 0.15),
        description="Relative numbers of training samples in which the formula is told, the "
        "formula and the Bravais lattice, and nothing.",
    )
    judged: int = Field(
        256, ge=8, le=10_000, description="Pictures of validation crystals that are judged."
    )
    loop: Training = Field(
        Training(
            steps=12_000,
            batch=32,
            learning_rate=6e-4,
            milestones=(0.5, 0.65, 0.8, 0.9),
            decay=0.5,
            weight_decay=0.02,
            validate_every=500,
            save_every=200,
        ),
        description="Length and schedule of the training.",
    )
    samples: int = Field(
        5, ge=1, le=100, description="Number of structures that are written for a picture."
    )
    temperature: float = Field(
        0.7,
        gt=0,
        le=10,
        description="Temperature at which structures after the first are drawn.",
    )
    again: LookAgain = Field(
        default_factory=LookAgain,
        description="Further answers, and their ranking by the picture.",
    )
    checkpoint: str | None = Field(
        None,
        description="Weights to use: a .safetensors file written by `language train-structure`; "
        "null: on the command line the shipped ones, in the workflow those that it trains.",
    )
    device: str = Field(
        "auto", pattern="^(auto|cpu|cuda)$", description="'auto': a GPU if there is one."
    )
