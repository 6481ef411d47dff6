"""Mask R-CNN of torchvision with a light trunk: ResNet-18 and a feature pyramid of 128 channels.

Random weights, grey pictures, one class. Heads are a quarter of the usual width, anchors as
small as the instances are at the scale at which they are looked at, and as many instances are
kept as a dense picture may have.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import torch
from torch import nn

from micrographia.arrays import FloatImage
from micrographia.segmentation.baselines.detections import DetectorLearner, with_least_score
from micrographia.segmentation.baselines.patches import Patches, instances_of
from micrographia.segmentation.inference.tiling import framed
from micrographia.training.devices import autocast, choose_precision
from micrographia.training.loop import Batch

_CHANNELS = 128
#: Sides of the anchors at strides 4, 8, 16, 32 and 64 [px].
_ANCHORS = ((12,), (24,), (48,), (96,), (160,))
#: Most instances of a tile, and proposals for them.
_MOST, _PROPOSALS = 2500, 4000
_STRIDE = 32


class Net(nn.Module):
    """Torchvision's Mask R-CNN without its resizing of pictures.

    In training it gives the features alone: proposals and heads need the truth, and follow in
    `Learner.loss`.
    """

    def __init__(self) -> None:
        super().__init__()
        from torchvision.models.detection import MaskRCNN
        from torchvision.models.detection.anchor_utils import AnchorGenerator
        from torchvision.models.detection.faster_rcnn import TwoMLPHead
        from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor

        whole = MaskRCNN(
            _trunk(),
            num_classes=None,
            rpn_anchor_generator=AnchorGenerator(_ANCHORS, ((0.5, 1.0, 2.0),) * len(_ANCHORS)),
            rpn_pre_nms_top_n_train=1000,
            rpn_pre_nms_top_n_test=_PROPOSALS,
            rpn_post_nms_top_n_train=500,
            rpn_post_nms_top_n_test=_PROPOSALS,
            box_head=TwoMLPHead(_CHANNELS * 7 * 7, 256),
            box_predictor=_predictor(256),
            box_detections_per_img=_MOST,
            box_batch_size_per_image=64,
            mask_head=MaskRCNNHeads(_CHANNELS, (64, 64), 1),
            mask_predictor=MaskRCNNPredictor(64, 64, 2),
        )
        self.backbone, self.rpn, self.heads = whole.backbone, whole.rpn, whole.roi_heads

    def forward(self, x: torch.Tensor) -> Any:
        """Return the features (training) or the instances of each picture."""
        features = self.backbone(x)
        if self.training:
            return features
        images = _listed(x)
        features = OrderedDict((name, value.float()) for name, value in features.items())
        with torch.autocast(x.device.type, enabled=False):
            proposals, _ = self.rpn(images, features)
            found, _ = self.heads(features, proposals, images.image_sizes)
        return found


def _trunk() -> nn.Module:
    from torchvision.models import resnet18
    from torchvision.models.detection.backbone_utils import BackboneWithFPN
    from torchvision.ops.feature_pyramid_network import LastLevelMaxPool

    body = resnet18(weights=None)
    body.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    layers = {f"layer{number + 1}": str(number) for number in range(4)}
    widths = [64, 128, 256, 512]
    return BackboneWithFPN(body, layers, widths, _CHANNELS, LastLevelMaxPool())


def _predictor(width: int) -> nn.Module:
    from torchvision.models.detection.faster_rcnn import FastRCNNPredictor

    return FastRCNNPredictor(width, 2)


def _listed(x: torch.Tensor) -> Any:
    from torchvision.models.detection.image_list import ImageList

    return ImageList(x, [(int(x.shape[-2]), int(x.shape[-1]))] * len(x))


def build() -> nn.Module:
    """Make the network with random weights."""
    return with_least_score(Net())


class Learner(DetectorLearner):
    """Teaches proposals, boxes and masks with torchvision's losses."""

    def sample(self, number: int) -> dict[str, np.ndarray]:
        """Return crop `number` of the series with its labels."""
        crop = self.crop(number)
        return {"image": crop.image[None], "labels": crop.labels}

    def loss(self, output: Any, batch: Batch) -> Batch:
        """Losses of proposals, boxes and masks."""
        targets = [_target(labels) for labels in batch["labels"]]
        images, device = _listed(batch["image"]), batch["image"].device
        net: Any = self.model
        precision = choose_precision(self.settings.loop.precision, device)
        with autocast(precision, device):
            proposals, first = net.rpn(images, output, targets)
            _, second = net.heads(output, proposals, images.image_sizes, targets)
        losses = {name.removeprefix("loss_"): value for name, value in (first | second).items()}
        return {"loss": torch.stack(list(losses.values())).sum(), **losses}

    def detect(
        self, network: nn.Module, image: FloatImage, threshold: float, precision: str
    ) -> Patches:
        """Return every instance of at least the score `threshold` in a tile."""
        return detect(network, image, threshold, precision)


def _target(labels: torch.Tensor) -> dict[str, torch.Tensor]:
    boxes, index = instances_of(labels)
    numbers = torch.arange(1, len(boxes) + 1, device=labels.device)
    return {
        "boxes": boxes,
        "labels": torch.ones(len(boxes), dtype=torch.int64, device=labels.device),
        "masks": (index == numbers[:, None, None]).to(torch.uint8),
    }


def detect(network: nn.Module, image: FloatImage, threshold: float, precision: str) -> Patches:
    """Return every instance of at least the score `threshold` in a tile."""
    device = next(network.parameters()).device
    net: Any = network
    net.heads.score_thresh = threshold
    with torch.inference_mode(), autocast(precision, device):
        found = net(framed(image, _STRIDE, device))[0]
    sides = found["boxes"][:, 2:] - found["boxes"][:, :2]
    large = (sides >= 1).all(dim=1)
    found = {name: value[large].float().cpu().numpy() for name, value in found.items()}
    return Patches(
        found["boxes"].astype(float), found["masks"][:, 0], found["scores"].astype(float)
    )
