"""Peers of the flow networks, by name: how each is built, taught and asked.

They learn from the same crops of the same pictures as the flow networks, in the same loop; what
differs is what they are taught, the scale they look at and how their answers become instances.
Each is a module that is read when its name is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from torch import nn

from micrographia.arrays import FloatImage
from micrographia.segmentation.baselines.detections import Detections


class Detector(Protocol):
    """Finds the instances of a picture that is no larger than a tile."""

    def __call__(
        self, network: nn.Module, image: FloatImage, threshold: float, precision: str
    ) -> Detections:
        """Return what has at least the probability `threshold`."""


class Baseline(NamedTuple):
    """A peer: makes its network with random weights, names its learner and its detector."""

    build: Callable[[], nn.Module]
    learner: Callable[[], type[Any]]
    detector: Callable[[], Detector]


def _star() -> Any:
    from micrographia.segmentation.baselines import star

    return star


def _yolo() -> Any:
    from micrographia.segmentation.baselines import yolo

    return yolo


def _mask_rcnn() -> Any:
    from micrographia.segmentation.baselines import mask_rcnn

    return mask_rcnn


def _baseline(module: Callable[[], Any]) -> Baseline:
    return Baseline(lambda: module().build(), lambda: module().Learner, lambda: module().detect)


#: Peers by the names that `segmentation.training.architecture` and `--method` take.
BASELINES: dict[str, Baseline] = {
    "stardist": _baseline(_star),
    "yolo-seg": _baseline(_yolo),
    "mask-rcnn": _baseline(_mask_rcnn),
}
