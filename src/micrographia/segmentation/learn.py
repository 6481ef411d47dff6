"""Training a segmenter: its samples, its loss, how it is judged meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional

from micrographia.config import Network, SegmentationTraining
from micrographia.provenance import versions
from micrographia.segmentation.agreement import agreement
from micrographia.segmentation.augment import draw_crop
from micrographia.segmentation.flow_field import flow_field
from micrographia.segmentation.instances import find
from micrographia.segmentation.networks import NETWORKS, build, load_weights
from micrographia.segmentation.pictures import Shelf, summary, weights_of
from micrographia.training.checkpoint import load_checkpoint
from micrographia.training.loop import Batch, Progress, fit

#: A pixel of an instance smaller or larger than usual counts at most and at least so much.
_HEAVIEST, _LIGHTEST = 4.0, 0.35
#: The flow's share of the loss beside the foreground's.
_FLOW = 3.0
#: Crops that show less foreground than this are drawn again, twice at most.
_LEAST_FOREGROUND = 0.01


class FlowLearner:
    """What the training loop needs to know of flow segmentation.

    Parameters
    ----------
    model
        One of `networks.NETWORKS`.
    rows
        Rows of `schemas.TRAINING_PICTURES`.
    settings
        Crops, shares, number of validation pictures.
    network
        How fields become instances while validating.
    seed
        Seed of all samples.
    """

    #: It moves with every outline, where AP only counts matches.
    score = "PQ@0.5"

    def __init__(
        self,
        model: nn.Module,
        rows: Sequence[Mapping[str, Any]],
        settings: SegmentationTraining,
        network: Network,
        seed: int,
    ) -> None:
        self.model, self.settings, self.network, self.seed = model, settings, network, seed
        table = pd.DataFrame(list(rows))
        self.pictures = table[table["split"] == "train"].reset_index(drop=True)
        weights = weights_of(self.pictures, settings.procedural_share)
        self.cumulated = np.cumsum(weights)
        judged = table[table["split"] == "validation"]
        # Real pictures are what matters, where there are any.
        if (judged["source"] == "real").any():
            judged = judged[judged["source"] == "real"]
        places = np.linspace(0, len(judged) - 1, min(len(judged), settings.validation_pictures))
        self.judged = judged.iloc[places.round().astype(int)]
        self.shelf = Shelf()
        cv2.setNumThreads(1)

    def sample(self, number: int) -> dict[str, np.ndarray]:
        """Return crop `number` of the series with its flow."""
        rng = np.random.default_rng([self.seed, number])
        place = min(int(np.searchsorted(self.cumulated, rng.random())), len(self.pictures) - 1)
        row = self.pictures.iloc[place]
        image, labels = self.shelf.read(row["path"], row["mask_path"])
        for _ in range(3):
            crop = draw_crop(image, labels, float(row["diameter_px"]), self.settings, rng)
            if np.count_nonzero(crop.labels) > _LEAST_FOREGROUND * crop.labels.size:
                break
        return {
            "image": crop.image[None],
            "flow": flow_field(crop.labels).field,
            "weight": instance_weight(crop.labels)[None],
            "inside": crop.inside[None],
        }

    def loss(self, output: torch.Tensor, batch: Batch) -> Batch:
        """Squared error of the flow on instances, and cross entropy of the foreground.

        Pixels of small instances count more (`instance_weight`), since every instance counts
        the same when segmentations are compared.
        """
        output = output.float()
        inside = batch["inside"].float()
        weight = batch["weight"] * inside
        weight = weight * (batch["weight"].gt(0) * inside).sum() / weight.sum().clamp(min=1e-6)
        weight = weight.clamp(max=_HEAVIEST) * weight.gt(0)
        floor = torch.where(weight.gt(0), weight.clamp(min=_LIGHTEST), weight)
        error = (output[:, :2] - batch["flow"]).square().sum(1, keepdim=True)
        flow = (error * floor).sum() / floor.sum().clamp(min=1)
        truth = batch["weight"].gt(0).float()
        entropy = functional.binary_cross_entropy_with_logits(
            output[:, 2:], truth, reduction="none"
        )
        emphasis = torch.where(truth.gt(0), floor, inside)
        foreground = (entropy * emphasis).sum() / emphasis.sum().clamp(min=1)
        return {"loss": _FLOW * flow + foreground, "flow": flow, "foreground": foreground}

    def validate(self, model: nn.Module, device: torch.device) -> dict[str, float]:
        """Mean AP@0.5 and PQ@0.5 over the pictures that training never sees."""
        del device  # the model is on it, and takes its pictures there
        found = []
        for row in self.judged.to_dict("records"):
            image, labels = self.shelf.read(row["path"], row["mask_path"])
            found.append(agreement(labels, find(model, image, self.network)))
        if not found:
            return {"AP@0.5": 0.0, "PQ@0.5": 0.0}
        ap50, pq50 = np.mean(found, axis=0)
        return {"AP@0.5": float(ap50), "PQ@0.5": float(pq50)}


def instance_weight(labels: np.ndarray) -> np.ndarray:
    """Weight of every pixel: one over the square root of its instance's area; 0 on background.

    Examples
    --------
    >>> instance_weight(np.array([[1, 1, 1, 1, 0, 2]])).tolist()
    [[0.5, 0.5, 0.5, 0.5, 0.0, 1.0]]
    """
    # Numbers may have wide gaps; hashing them is ten times as fast as sorting.
    index, _ = pd.factorize(labels.ravel())
    weight = 1 / np.sqrt(np.bincount(index).astype(np.float32))
    return np.where(labels > 0, weight[index].reshape(labels.shape), np.float32(0))


def make_network(settings: SegmentationTraining, seed: int) -> nn.Module:
    """Make the network that is to be trained, from random or from earlier weights."""
    torch.manual_seed(seed)
    model = build(settings.network)
    if settings.network == "vit-b":
        from micrographia.segmentation.vit import VitNet, load_encoder

        assert isinstance(model, VitNet)
        if settings.encoder is not None:
            load_encoder(model, Path(settings.encoder))
        if settings.frozen:
            model.freeze()
    if settings.init is not None:
        load_weights(model, load_checkpoint(settings.init).tensors)
    return model


def train(
    rows: Sequence[Mapping[str, Any]],
    settings: SegmentationTraining,
    network: Network,
    out: Path,
    seed: int,
) -> Progress:
    """Train a segmenter and write its checkpoint.

    Parameters
    ----------
    rows
        What `pictures.collect` returned.
    settings
        Network, crops, length.
    network
        How fields become instances while validating.
    out
        The checkpoint, `.safetensors`; the resumable state lies in the folder `states` beside.
    seed
        Seed of weights and samples.
    """
    model = make_network(settings, seed)
    card = {
        "kind": "segmentation",
        "architecture": {"name": settings.network, "options": NETWORKS[settings.network][1]},
        "data": summary(rows),
        "segmentation": settings.model_dump(mode="json", exclude={"loop", "real"}),
        "versions": versions(),
    }
    learner = FlowLearner(model, rows, settings, network, seed)
    return fit(learner, settings.loop, out, out.parent / "states", seed=seed, card=card)
