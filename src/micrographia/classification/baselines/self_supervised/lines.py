"""Lines of the registry: encoders that learn without labels."""

from __future__ import annotations

from collections.abc import Callable

from micrographia.classification.baselines.baseline import Baseline, Run
from micrographia.classification.baselines.loop import Pace
from micrographia.classification.baselines.self_supervised import siamese, transformers
from micrographia.classification.baselines.self_supervised.probe import Pretext, probed

_RESNET, _TRANSFORMER = Pace(1e-3), Pace(5e-4)


def _line(stands_for: str, make: Callable[[Run], Pretext], pace: Pace, network: str) -> Baseline:
    return Baseline("Self-supervised", f"lightly, {network}", stands_for, probed(make, pace))


def _resnet(stands_for: str, make: Callable[[Run], Pretext]) -> Baseline:
    return _line(stands_for, make, _RESNET, "ResNet-18")


def _vit(stands_for: str, make: Callable[[Run], Pretext]) -> Baseline:
    return _line(stands_for, make, _TRANSFORMER, "timm vit_tiny_patch16_224")


SELF_SUPERVISED = {
    "barlow-twins": _resnet("Barlowtwins", siamese.BarlowTwins),
    "simclr": _resnet("SimCLR", siamese.SimCLR),
    "byol": _resnet("byol", siamese.BYOL),
    "moco": _resnet("moco", siamese.MoCo),
    "nnclr": _resnet("nnclr", siamese.NNCLR),
    "simsiam": _resnet("simsiam", siamese.SimSiam),
    "dino": _vit("Dino", transformers.DINO),
    "mae": _vit("MA (masked autoencoder)", transformers.MAE),
    "simmim": _vit("SMIM", transformers.SimMIM),
}
