"""Names of everything that settings, command lines and rules choose from, each written once.

A name that is added here must be added to its registry too, and to no third place: a test
compares every list with the registry that serves it.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

#: Networks that predict a flow; `segmentation.networks.flow_networks.NETWORKS` builds them.
FlowNetwork = Literal["unet-small", "unet-large", "vit-b"]
FLOW_NETWORKS: Final[tuple[FlowNetwork, ...]] = get_args(FlowNetwork)

#: Their peers; `segmentation.baselines.registry.BASELINES` builds them.
BaselineNetwork = Literal["stardist", "yolo-seg", "mask-rcnn"]
BASELINE_NETWORKS: Final[tuple[BaselineNetwork, ...]] = get_args(BaselineNetwork)

#: The module that serves each, for digests: nothing of the others runs where one does.
BASELINE_MODULES: Final[dict[BaselineNetwork, str]] = {
    "stardist": "segmentation.baselines.star",
    "yolo-seg": "segmentation.baselines.yolo",
    "mask-rcnn": "segmentation.baselines.mask_rcnn",
}

#: What `segmentation train` can train.
TrainedNetwork = Literal[FlowNetwork, BaselineNetwork]
TRAINED_NETWORKS: Final[tuple[TrainedNetwork, ...]] = get_args(TrainedNetwork)

#: What the workflow can segment with.
WorkflowSegmenter = Literal["watershed", FlowNetwork]

#: What `segmentation predict --method` takes; `segmentation.predict.METHODS` runs them.
Segmenter = Literal["watershed", TrainedNetwork]
SEGMENTERS: Final[tuple[Segmenter, ...]] = get_args(Segmenter)

#: What the comparison of segmenters compares.
Contestant = Literal["watershed", "unet-small", BaselineNetwork]
CONTESTANTS: Final[tuple[Contestant, ...]] = get_args(Contestant)

#: Engines of STEM images; `stem.simulate.ENGINES` runs them.
Engine = Literal["phase-object", "multislice", "prism", "convolution", "incoherent"]
ENGINES: Final[tuple[Engine, ...]] = get_args(Engine)

#: Engines of the pictures that the language room learns from: all that take milliseconds.
PictureEngine = Literal["convolution", "incoherent", "phase-object"]
PICTURE_ENGINES: Final[tuple[PictureEngine, ...]] = get_args(PictureEngine)

#: Engines that take seconds or minutes for a crystal; they image those that are named.
SLOW_ENGINES: Final[frozenset[Engine]] = frozenset({"multislice", "prism"})

#: Interatomic potentials; `energy.calculators.CALCULATORS` loads them.
Calculator = Literal["chgnet", "mattersim", "emt"]
CALCULATORS: Final[tuple[Calculator, ...]] = get_args(Calculator)

#: Kinds of annotators that read with weights of their own; `annotation learn` trains them.
TrainedAnnotatorKind = Literal["measured", "texture"]
TRAINED_ANNOTATOR_KINDS: Final[tuple[TrainedAnnotatorKind, ...]] = get_args(TrainedAnnotatorKind)

#: Kinds of annotators; `annotation.registry.KINDS` makes them.
AnnotatorKind = Literal[TrainedAnnotatorKind, "endpoint"]
ANNOTATOR_KINDS: Final[tuple[AnnotatorKind, ...]] = get_args(AnnotatorKind)

#: Classes of nanomaterials that are drawn; `synthesis.kinds.picture.CLASSES` draws them.
KindClass = Literal[
    "biological",
    "fibres",
    "films_coated_surface",
    "mems_devices_electrodes",
    "nanowires",
    "particles",
    "patterned_surface",
    "porous_sponge",
    "powder",
    "tips",
]
KIND_CLASSES: Final[tuple[KindClass, ...]] = get_args(KindClass)
#: What may be drawn: these, and pictures of none of them.
DrawnClass = Literal[KindClass, "other"]

#: How demonstrations are chosen; `classification.identify.demonstrations` does it.
Choice = Literal["random", "likeness"]
CHOICES: Final[tuple[Choice, ...]] = get_args(Choice)

#: Methods that identify from frozen vectors; `classification.identify.methods.METHODS` runs them.
EmbeddedMethod = Literal["prototypes", "neighbours", "probe"]
EMBEDDED_METHODS: Final[tuple[EmbeddedMethod, ...]] = get_args(EmbeddedMethod)

#: Who writes questions about pictures; `classification.questions` holds them.
QuestionMaker = Literal["facts", "endpoint"]
QUESTION_MAKERS: Final[tuple[QuestionMaker, ...]] = get_args(QuestionMaker)

#: Who puts the assistant's answers into words; `language.grounding.writers` makes them.
AssistantWriter = Literal["embedded", "network", "endpoint"]
ASSISTANT_WRITERS: Final[tuple[AssistantWriter, ...]] = get_args(AssistantWriter)

#: From what `classification.alignment.align` learns to judge generated pictures.
Judge = Literal["reference", "both"]
JUDGES: Final[tuple[Judge, ...]] = get_args(Judge)

#: How pictures are held out; `classification.splits.make` does it.
Split = Literal["grouped", "stratified", "hard"]
SPLITS: Final[tuple[Split, ...]] = get_args(Split)

#: Families of the baselines of classification.
BaselineFamily = Literal[
    "ConvNets", "Transformers", "Self-supervised", "Graph networks", "Graph contrast"
]

#: Baselines of classification; `classification.baselines.registry.BASELINES` trains them.
PictureBaseline = Literal[
    "alexnet",
    "densenet",
    "resnet",
    "vgg",
    "googlenet",
    "squeezenet",
    "vit",
    "deit",
    "swin",
    "cait",
    "crossvit",
    "convit",
    "levit",
    "pit",
    "visformer",
    "nest",
    "cct",
    "pvt",
    "coat",
    "tnt",
    "barlow-twins",
    "simclr",
    "byol",
    "moco",
    "nnclr",
    "simsiam",
    "dino",
    "mae",
    "simmim",
    "appnp",
    "agnn",
    "arma",
    "dna",
    "gat",
    "gated-graph",
    "graphconv",
    "gcn2",
    "cheb",
    "gcn",
    "graph-unet",
    "mpnn",
    "residual-gated",
    "supergat",
    "tag",
    "gbt",
    "grace",
    "bgrl",
    "infograph",
]
PICTURE_BASELINES: Final[tuple[PictureBaseline, ...]] = get_args(PictureBaseline)
