"""What the training loop needs to train EfficientNet-Lite0 on classes and their sub-kinds.

First a linear probe, then all of it (Kumar et al., Fine-Tuning can Distort Pretrained Features,
2022): the head begins as the probe of the frozen network, so that the first steps do not spoil
what the network knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import nn

from micrographia.arrays import FloatArray, GreyImage, IntArray
from micrographia.classification.encoders.efficientnet import Pooled
from micrographia.classification.encoders.encoder import z_scored
from micrographia.classification.finetuning.views import view
from micrographia.classification.identify.methods import fit_probe
from micrographia.classification.identify.space import Space
from micrographia.config import FineTuning
from micrographia.io.images import read_micrograph, to_own_range
from micrographia.training.loop import Batch

#: Pictures that are kept in memory, and their side [px]: at most 1 GB.
_HELD, _KEPT_SIDE = 16_384, 256
#: Most pictures of which the first head is fitted, and how many are encoded at once.
_PROBED, _AT_ONCE = 3000, 32


@dataclass(frozen=True)
class Lessons:
    """Pictures and what they show.

    Attributes
    ----------
    paths
        Of n readable pictures.
    kinds
        Sub-kind of each, shape (n,), from 0.
    parents
        Class of each sub-kind, shape (k,), from 0.
    """

    paths: Sequence[str]
    kinds: IntArray
    parents: IntArray

    def part(self, chosen: IntArray) -> Lessons:
        """Return some of the pictures."""
        return Lessons([self.paths[place] for place in chosen], self.kinds[chosen], self.parents)


class Headed(nn.Module):
    """EfficientNet-Lite0, its pooled vector, and a linear head for the sub-kinds.

    Parameters
    ----------
    network
        Of timm, with its normalisations.
    frozen
        First stages that are not trained.
    kinds
        Number of sub-kinds.
    """

    centre: torch.Tensor
    scale: torch.Tensor

    def __init__(self, network: Any, frozen: int, kinds: int) -> None:
        super().__init__()
        self.network = network
        self._pooled = Pooled(network)
        size = sum(2 * width for width in (40, 112, 320, 1280))
        self.register_buffer("centre", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))
        self.head = nn.Linear(size, kinds)
        network.requires_grad_(True)
        if frozen:
            network.conv_stem.requires_grad_(False)
            network.bn1.requires_grad_(False)
        for stage in network.blocks[:frozen]:
            stage.requires_grad_(False)
        network.classifier.requires_grad_(False)

    def train(self, mode: bool = True) -> Headed:
        """Set the mode; the normalisations keep ImageNet's statistics in both.

        Those of batches would differ from what the encoder uses later, and could not be blended.
        """
        super().train(mode)
        for module in self.network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the logits of sub-kinds, shape (n, k), of pictures of shape (n, 1, H, W)."""
        vectors = (self._pooled(pictures).float() - self.centre) / self.scale
        return self.head(vectors.clamp(-5, 5) / vectors.shape[1] ** 0.5)

    @torch.no_grad()
    def begin_with_probe(self, pictures: Lessons, side: int) -> None:
        """Set the head to the linear probe of the network as it is."""
        self.eval()
        found = [
            self._pooled(torch.from_numpy(part)[:, None]).numpy()
            for part in _inputs(pictures.paths, side)
        ]
        vectors: FloatArray = np.concatenate(found).astype(np.float64)
        space = Space.of(vectors)
        present = np.unique(pictures.kinds)
        weights, biases = fit_probe(space(vectors), pictures.kinds)
        self.centre.copy_(torch.from_numpy(space.centre))
        self.scale.copy_(torch.from_numpy(space.scale))
        self.head.weight.zero_()
        self.head.bias.fill_(-10.0)
        self.head.weight[present] = torch.from_numpy(weights).float()
        self.head.bias[present] = torch.from_numpy(biases).float()


class KindLearner:
    """Learner of classes for the training loop.

    Parameters
    ----------
    network
        ImageNet's, of timm.
    trained, held
        Pictures to train on, and to validate on.
    settings
        Views, frozen stages, weight of the sub-kinds.
    seed
        From which all views follow.
    """

    score = "top1"

    def __init__(
        self, network: Any, trained: Lessons, held: Lessons, settings: FineTuning, seed: int
    ) -> None:
        torch.manual_seed(seed)
        model = Headed(network, settings.frozen, len(trained.parents))
        chosen = np.random.default_rng(seed).permutation(len(trained.paths))[:_PROBED]
        model.begin_with_probe(trained.part(chosen), settings.side)
        self.model: nn.Module = model
        self._trained, self._held = trained, held
        self._settings, self._seed = settings, seed
        members = np.arange(trained.parents.max() + 1)[:, None] == trained.parents
        #: Added to logits, shape (classes, k): 0 for the sub-kinds of a class.
        self._others = torch.from_numpy(np.where(members, 0.0, -1e4).astype(np.float32))
        self._parents = torch.from_numpy(trained.parents)

    def sample(self, number: int) -> Mapping[str, np.ndarray]:
        """Return a view of a picture, shape (1, side, side), and its sub-kind."""
        generator = np.random.default_rng((self._seed, number))
        place = int(generator.integers(len(self._trained.paths)))
        settings = self._settings
        pixels = _small(self._trained.paths[place])
        seen = view(pixels, settings.side, settings.smallest_crop, generator)
        return {"image": seen[None], "kind": np.asarray(self._trained.kinds[place])}

    def loss(self, output: torch.Tensor, batch: Batch) -> Batch:
        """Return the cross-entropy of classes, and that of sub-kinds as the settings weigh it."""
        kinds = batch["kind"]
        classes = self._parents.to(kinds.device)[kinds]
        coarse = nn.functional.cross_entropy(self._classes(output), classes)
        fine = nn.functional.cross_entropy(output.float(), kinds)
        total = coarse + self._settings.sub_kinds * fine
        return {"loss": total, "classes": coarse, "sub-kinds": fine}

    def validate(self, model: nn.Module, device: torch.device) -> dict[str, float]:
        """Return the share of held-out pictures whose class is right."""
        found = [
            self._classes(model(torch.from_numpy(part)[:, None].to(device))).argmax(dim=1).cpu()
            for part in _inputs(self._held.paths, self._settings.side)
        ]
        right = torch.cat(found).numpy() == self._held.parents[self._held.kinds]
        return {"top1": float(right.mean())}

    def _classes(self, output: torch.Tensor) -> torch.Tensor:
        """Return the logits of classes: the sum over their sub-kinds, as probabilities are."""
        others = self._others.to(output.device)
        return (output.float()[:, None] + others).logsumexp(dim=2)


def _inputs(paths: Sequence[str], side: int) -> Any:
    """Yield pictures as inputs, shape (m, side, side), unchanged."""
    for start in range(0, len(paths), _AT_ONCE):
        yield np.stack([z_scored(_small(path), side) for path in paths[start : start + _AT_ONCE]])


@lru_cache(maxsize=_HELD)
def _small(path: str) -> GreyImage:
    """Return a picture of 256 px to each side, in its own range of grey levels."""
    import cv2

    grey = to_own_range(read_micrograph(path).pixels)
    shrinks = min(grey.shape) > _KEPT_SIDE
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    small = cv2.resize(grey, (_KEPT_SIDE, _KEPT_SIDE), interpolation=how)
    return np.rint(np.clip(small, 0, 1) * 255).astype(np.uint8)


def readable(path: str) -> None:
    """Read a picture, and keep it for the training.

    Raises
    ------
    ImageError
        It cannot be read.
    """
    _small(path)
