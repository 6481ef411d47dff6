"""Training of a flow segmenter: samples, loss and validation."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from micrographia.arrays import FloatImage, LabelMask
from micrographia.config import Network, SegmentationTraining
from micrographia.provenance import code_digest, versions
from micrographia.segmentation.baselines.registry import BASELINES
from micrographia.segmentation.flow.field import flow_field
from micrographia.segmentation.inference.candidates import choose, rate
from micrographia.segmentation.inference.instances import candidates_of, find
from micrographia.segmentation.learning.quality import fit_quality
from micrographia.segmentation.networks.flow_networks import NETWORKS
from micrographia.segmentation.registry import build, load_network, load_weights
from micrographia.segmentation.samples.agreement import agreement
from micrographia.segmentation.samples.crops import CropLearner
from micrographia.segmentation.samples.pictures import summary
from micrographia.segmentation.samples.weights import HEAVIEST, LIGHTEST, instance_weight
from micrographia.training.checkpoint import load_checkpoint, save_checkpoint, sha256_of
from micrographia.training.devices import choose_device
from micrographia.training.loop import Batch, Progress, fit

logger = logging.getLogger(__name__)

#: Least qualities that are tried while validating.
_LEAST = (0.2, 0.4, 0.6, 0.75)
#: The flow's share of the loss beside the foreground's.
_FLOW = 3.0


class FlowLearner(CropLearner):
    """Learner of flow segmentation for the training loop: crops with their flow fields."""

    def sample(self, number: int) -> dict[str, np.ndarray]:
        """Return crop `number` of the series with its flow."""
        crop = self.crop(number)
        return {
            "image": crop.image[None],
            "flow": flow_field(crop.labels).field,
            "weight": instance_weight(crop.labels)[None],
            "inside": crop.inside[None],
        }

    def find(self, model: nn.Module, image: FloatImage) -> LabelMask:
        """Return the label mask that the model finds in a normalised picture."""
        return find(model, image, self.network)

    def validate(self, model: nn.Module, device: torch.device) -> dict[str, float]:
        """Return the mean AP@0.5 and PQ@0.5 over the held-out pictures.

        While nothing is known yet of what the model's candidates are worth, a young network would
        find nothing by the measure of an old one: the best of a few least qualities counts.
        """
        if getattr(model, "quality", None) is not None or self.network.least_quality is not None:
            return super().validate(model, device)
        scores = np.zeros((len(_LEAST), 2))
        for row in self.judged.to_dict("records"):
            image, labels = self.shelf.read(row["path"], row["mask_path"])
            masks, tables = candidates_of(model, image, self.network)
            for number, least in enumerate(_LEAST):
                ratings = [rate(table, None, least) for table in tables]
                scores[number] += agreement(labels, choose(masks, ratings)[0])
        ap50, pq50 = scores[int(np.argmax(scores[:, 1]))] / len(self.judged)
        return {"AP@0.5": float(ap50), "PQ@0.5": float(pq50)}

    def loss(self, output: torch.Tensor, batch: Batch) -> Batch:
        """Squared error of the flow on instances, and cross entropy of the foreground.

        Pixels of small instances count more (`instance_weight`), since every instance counts
        the same when segmentations are compared.
        """
        output = output.float()
        inside = batch["inside"].float()
        weight = batch["weight"] * inside
        weight = weight * (batch["weight"].gt(0) * inside).sum() / weight.sum().clamp(min=1e-6)
        weight = weight.clamp(max=HEAVIEST) * weight.gt(0)
        floor = torch.where(weight.gt(0), weight.clamp(min=LIGHTEST), weight)
        error = (output[:, :2] - batch["flow"]).square().sum(1, keepdim=True)
        flow = (error * floor).sum() / floor.sum().clamp(min=1)
        truth = batch["weight"].gt(0).float()
        entropy = functional.binary_cross_entropy_with_logits(
            output[:, 2:], truth, reduction="none"
        )
        emphasis = torch.where(truth.gt(0), floor, inside)
        foreground = (entropy * emphasis).sum() / emphasis.sum().clamp(min=1)
        return {"loss": _FLOW * flow + foreground, "flow": flow, "foreground": foreground}


def make_network(settings: SegmentationTraining, seed: int) -> nn.Module:
    """Make the network that is to be trained, from random or from earlier weights."""
    torch.manual_seed(seed)
    model = build(settings.architecture)
    if settings.architecture == "vit-b":
        from micrographia.segmentation.networks.vit import VitNet, load_encoder

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
        How the network's answers become instances while validating.
    out
        The checkpoint, `.safetensors`; the resumable state lies in the folder `states` beside.
    seed
        Seed of weights and samples.
    """
    model = make_network(settings, seed)
    options = None if settings.architecture in BASELINES else NETWORKS[settings.architecture][1]
    card = {
        "kind": "segmentation",
        "architecture": {"name": settings.architecture, "options": options},
        "data": summary(rows),
        "segmentation": settings.model_dump(mode="json", exclude={"loop", "real"}),
        # A state is only gone on from where all of this is as it was: see `fit`.
        "validation": network.model_dump(mode="json", exclude={"checkpoint", "device"}),
        "started from": _sources(settings),
        "code": code_digest("segmentation.learning.train"),
        "versions": versions(),
    }
    taught = BASELINES[settings.architecture].learner() if options is None else FlowLearner
    learner = taught(model, rows, settings, network, seed)
    progress = fit(learner, settings.loop, out, out.parent / "states", seed=seed, card=card)
    if settings.architecture not in BASELINES:
        _add_quality(out, learner, network, seed)
    return progress


def _add_quality(out: Path, learner: CropLearner, network: Network, seed: int) -> None:
    """Fit what the best weights' candidates are worth; score them again and say so in the card.

    Made-up pictures have not the debris of real ones: where nothing real was learnt from, nothing
    is fitted, and the plain rule of `candidates.rate` holds.
    """
    drawn = learner.pictures[np.diff(learner.cumulated, prepend=0.0) > 0]
    if not (drawn["source"] == "real").any():
        return
    checkpoint = load_checkpoint(out)
    device = choose_device(network.device)
    model = load_network(checkpoint).to(device)
    quality = fit_quality(model, drawn, network, seed)
    if quality is None:
        return
    model.quality = quality  # type: ignore[assignment]
    scores = learner.validate(model, device)
    card = checkpoint.card | {"quality": quality.to_card(), "metrics": scores}
    save_checkpoint(out, checkpoint.tensors, card)
    logger.info("with fitted quality of instances, minimum %.2f: %s", quality.least, scores)


def _sources(settings: SegmentationTraining) -> dict[str, str]:
    """SHA-256 of the weights that the training begins with: a path may come to hold others."""
    named = {"init": settings.init, "encoder": settings.encoder}
    return {name: sha256_of(path) for name, path in named.items() if path is not None}
