"""YOLO11n-seg, from random weights, with ultralytics' own loss in the project's loop.

ultralytics is AGPL-3 and is imported inside functions only; the extra `text-detection` has it.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import nn

from micrographia.arrays import Float32Array, FloatImage
from micrographia.segmentation.baselines.detections import DetectorLearner, with_least_score
from micrographia.segmentation.baselines.patches import SIDE, Patches, instances_of
from micrographia.segmentation.inference.tiling import framed
from micrographia.training.devices import autocast
from micrographia.training.loop import Batch
from micrographia.training.yolo import quiet

ARCHITECTURE = "yolo11n-seg.yaml"
#: Coarsest stride of the network: sides are padded to a multiple of it [px].
_STRIDE = 32
#: Side of a pixel of the prototypes, of which masks are sums [px].
_FINE = 4
#: Boxes that overlap more than this are taken for one instance; ultralytics' own figure.
_MOST_IOU = 0.7
#: Masks are read out for so many instances at a time.
_AT_ONCE = 256


def build() -> nn.Module:
    """Make the network with random weights, for grey pictures and one class."""
    quiet("YOLO baselines", "take another baseline")
    from ultralytics.cfg import get_cfg
    from ultralytics.nn.tasks import SegmentationModel

    model: nn.Module = SegmentationModel(ARCHITECTURE, ch=1, nc=1, verbose=False)
    # Gains of the loss, and that a mask is stored as the numbers of its instances.
    model.args = get_cfg()
    return with_least_score(model)


class Learner(DetectorLearner):
    """Teaches boxes and masks with ultralytics' segmentation loss."""

    @cached_property
    def _criterion(self) -> Any:
        from ultralytics.utils.loss import v8SegmentationLoss

        return v8SegmentationLoss(self.model)

    def sample(self, number: int) -> dict[str, np.ndarray]:
        """Return crop `number` of the series with its labels."""
        crop = self.crop(number)
        return {"image": crop.image[None], "labels": crop.labels}

    def loss(self, output: Any, batch: Batch) -> Batch:
        """Ultralytics' losses of boxes, masks, class and edges."""
        side = batch["labels"].shape[-1]
        boxes, indices = zip(*(instances_of(labels) for labels in batch["labels"]), strict=True)
        corners = torch.cat(boxes) / side
        number = torch.cat([torch.full((len(b),), float(n)) for n, b in enumerate(boxes)])
        middle, size = (corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]
        truth = {
            "batch_idx": number,
            "cls": torch.zeros(len(number)),
            "bboxes": torch.cat([middle, size], dim=1).cpu(),
            "masks": torch.stack(indices)[:, _FINE // 2 :: _FINE, _FINE // 2 :: _FINE],
        }
        parts, named = self._criterion(output, truth)
        kept = {name: named[f"{name}_loss"] for name in ("box", "seg", "cls", "dfl")}
        return {"loss": parts.sum() / len(boxes), **kept}

    def detect(
        self, network: nn.Module, image: FloatImage, threshold: float, precision: str
    ) -> Patches:
        """Return every instance of at least the score `threshold` in a tile."""
        return detect(network, image, threshold, precision)


def detect(network: nn.Module, image: FloatImage, threshold: float, precision: str) -> Patches:
    """Return every instance of at least the score `threshold` in a tile."""
    from torchvision.ops import nms

    height, width = image.shape
    device = next(network.parameters()).device
    with torch.inference_mode(), autocast(precision, device):
        (found, prototypes), _ = network(framed(image, _STRIDE, device))
    rows = found[0].float().T
    rows = rows[rows[:, 4] >= threshold]
    corners = torch.cat([rows[:, :2] - rows[:, 2:4] / 2, rows[:, :2] + rows[:, 2:4] / 2], dim=1)
    limits = torch.tensor([width, height, width, height], device=device)
    corners = torch.minimum(corners.clamp(min=0), limits)
    large = ((corners[:, 2:] - corners[:, :2]) >= 1).all(dim=1)
    rows, corners = rows[large], corners[large]
    kept = nms(corners, rows[:, 4], _MOST_IOU)
    rows, corners = rows[kept], corners[kept]
    masks = _masks(prototypes.float(), corners, rows[:, 5:])
    return Patches(
        corners.cpu().numpy().astype(float), masks, rows[:, 4].cpu().numpy().astype(float)
    )


def _masks(
    prototypes: torch.Tensor, corners: torch.Tensor, coefficients: torch.Tensor
) -> Float32Array:
    """Sums of the prototypes within each box, as probabilities, shape (n, 28, 28)."""
    from torchvision.ops import roi_align

    parts = [np.zeros((0, SIDE, SIDE), np.float32)]
    for first in range(0, len(corners), _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        cut = roi_align(
            prototypes, [corners[some]], SIDE, 1 / _FINE, sampling_ratio=1, aligned=True
        )
        sums = torch.einsum("nchw,nc->nhw", cut, coefficients[some])
        parts.append(sums.float().sigmoid().cpu().numpy())  # bf16 where training validates in it
    return np.concatenate(parts)
