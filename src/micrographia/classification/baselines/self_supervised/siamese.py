"""Two views of a picture must have like vectors: losses and heads of `lightly` on a ResNet-18.

Each method differs in what keeps the vectors from becoming all the same: other pictures of the
batch (SimCLR, NNCLR) or of a queue (MoCo), a slow copy (BYOL, MoCo), a halted gradient (SimSiam),
or uncorrelated components (Barlow Twins).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import nn

from micrographia.classification.baselines.baseline import Run
from micrographia.classification.baselines.pictures.augment import view
from micrographia.training.devices import autocast

#: Vectors of ResNet-18, hidden layer of a head, vectors that are compared.
SIZE, _HIDDEN, _COMPARED = 512, 512, 128
#: Negatives or neighbours that are remembered, and the temperature of NT-Xent.
_QUEUE, _TEMPERATURE = 1024, 0.1
#: How slowly a copy follows at the beginning; at the end it stands still (BYOL's schedule).
_MOMENTUM = 0.99


def resnet_encoder() -> nn.Module:
    """Return a ResNet-18 of grey pictures with random weights, without its last layer."""
    import torchvision

    network: nn.Module = torchvision.models.resnet18(weights=None)
    network.conv1 = nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False)
    network.fc = nn.Identity()
    return network


def slow_copy(model: nn.Module) -> nn.Module:
    """Return a copy that gradients do not reach."""
    import copy

    return copy.deepcopy(model).requires_grad_(False)


def follow(slow: nn.Module, model: nn.Module, share: float) -> None:
    """Move the slow copy towards the model: less the more of the budget is spent."""
    import math

    from lightly.models.utils import update_momentum

    keep = 1 - (1 - _MOMENTUM) * (math.cos(math.pi * share) + 1) / 2
    update_momentum(model, slow, keep)


class Siamese(ABC):
    """Task of the loop: pairs of views, to which `compare` of a method gives a loss."""

    size = SIZE

    def __init__(self, run: Run) -> None:
        self.run = run
        self.encoder = resnet_encoder()
        self._heads = nn.ModuleDict(self.heads())
        self.model: nn.Module = nn.ModuleList([self.encoder, self._heads])
        self.model.to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._pictures = torch.from_numpy(run.parts.train.values)[:, None].to(run.device)

    @abstractmethod
    def heads(self) -> dict[str, nn.Module]:
        """Return the heads of the method by name; they are trained with the encoder."""

    @abstractmethod
    def compare(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """Return the loss of two views of the same pictures."""

    def head(self, name: str, vectors: torch.Tensor) -> torch.Tensor:
        """Return what a head makes of vectors."""
        found: torch.Tensor = self._heads[name](vectors)
        return found

    def loss(self, numbers: torch.Tensor) -> torch.Tensor:
        """Return the loss of two random views of these pictures."""
        self.model.train()
        pictures = self._pictures[numbers]
        with autocast(self.run.precision, self.run.device):
            return self.compare(view(pictures), view(pictures))

    def stepped(self, share: float) -> None:  # noqa: B027 - a hook, not a duty
        """Do nothing; methods with a slow copy move it."""

    def score(self) -> None:  # noqa: B027 - a hook, not a duty
        """Return nothing: labels are not used."""


class BarlowTwins(Siamese):
    """Zbontar et al. (2021): components of both views agree, and are uncorrelated."""

    def heads(self) -> dict[str, nn.Module]:
        from lightly.loss import BarlowTwinsLoss
        from lightly.models.modules import BarlowTwinsProjectionHead

        self._loss = BarlowTwinsLoss()
        return {"project": BarlowTwinsProjectionHead(SIZE, _HIDDEN, _HIDDEN)}

    def compare(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        vectors = [self.head("project", self.encoder(each)).float() for each in (one, other)]
        loss: torch.Tensor = self._loss(*vectors)
        return loss


class SimCLR(Siamese):
    """Chen et al. (2020): a view finds its pair among those of the batch."""

    def heads(self) -> dict[str, nn.Module]:
        from lightly.loss import NTXentLoss
        from lightly.models.modules import SimCLRProjectionHead

        self._loss = NTXentLoss(temperature=_TEMPERATURE)
        return {"project": SimCLRProjectionHead(SIZE, _HIDDEN, _COMPARED)}

    def compare(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        vectors = [self.head("project", self.encoder(each)).float() for each in (one, other)]
        loss: torch.Tensor = self._loss(*vectors)
        return loss


class Predicted(Siamese):
    """Methods in which a head predicts the vectors of the other view."""

    def pairs(self, one: torch.Tensor, other: torch.Tensor) -> list[tuple[Any, Any]]:
        """Return predictions of one view beside the vectors of the other, both ways."""
        vectors = [self.head("project", self.encoder(each)) for each in (one, other)]
        guesses = [self.head("predict", each).float() for each in vectors]
        fixed = [each.detach().float() for each in vectors]
        return [(guesses[0], fixed[1]), (guesses[1], fixed[0])]


class SimSiam(Predicted):
    """Chen & He (2021): the vectors that are predicted get no gradient."""

    def heads(self) -> dict[str, nn.Module]:
        from lightly.loss import NegativeCosineSimilarity
        from lightly.models.modules import SimSiamPredictionHead, SimSiamProjectionHead

        self._loss = NegativeCosineSimilarity()
        return {
            "project": SimSiamProjectionHead(SIZE, _HIDDEN, _COMPARED),
            "predict": SimSiamPredictionHead(_COMPARED, _COMPARED // 2, _COMPARED),
        }

    def compare(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        first, second = (self._loss(*pair) for pair in self.pairs(one, other))
        loss: torch.Tensor = (first + second) / 2
        return loss


class NNCLR(Predicted):
    """Dwibedi et al. (2021): the pair of a view is the nearest of earlier vectors."""

    def heads(self) -> dict[str, nn.Module]:
        from lightly.loss import NTXentLoss
        from lightly.models.modules import (
            NNCLRPredictionHead,
            NNCLRProjectionHead,
            NNMemoryBankModule,
        )

        self._loss = NTXentLoss(temperature=_TEMPERATURE)
        self._earlier = NNMemoryBankModule(size=(_QUEUE, _COMPARED)).to(self.run.device)
        return {
            "project": NNCLRProjectionHead(SIZE, _HIDDEN, _COMPARED),
            "predict": NNCLRPredictionHead(_COMPARED, _HIDDEN, _COMPARED),
        }

    def compare(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        (guess, fixed), (other_guess, other_fixed) = self.pairs(one, other)
        found = self._loss(self._earlier(fixed, update=False), guess)
        found = found + self._loss(self._earlier(other_fixed, update=True), other_guess)
        loss: torch.Tensor = found / 2
        return loss


class Slow(Siamese):
    """Methods with a slow copy of encoder and projection."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._slow = slow_copy(nn.Sequential(self.encoder, self._heads["project"]))

    def slowly(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return vectors by the slow copy."""
        with torch.no_grad():
            found: torch.Tensor = self._slow(pictures).float()
        return found

    def stepped(self, share: float) -> None:
        follow(self._slow, nn.Sequential(self.encoder, self._heads["project"]), share)


class BYOL(Slow):
    """Grill et al. (2020): a head predicts what the slow copy makes of the other view."""

    def heads(self) -> dict[str, nn.Module]:
        from lightly.loss import NegativeCosineSimilarity
        from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead

        self._loss = NegativeCosineSimilarity()
        return {
            "project": BYOLProjectionHead(SIZE, _HIDDEN, _COMPARED),
            "predict": BYOLPredictionHead(_COMPARED, _HIDDEN, _COMPARED),
        }

    def compare(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        found = torch.zeros((), device=self.run.device)
        for seen, hidden in ((one, other), (other, one)):
            guess = self.head("predict", self.head("project", self.encoder(seen))).float()
            found = found + self._loss(guess, self.slowly(hidden)) / 2
        return found


class MoCo(Slow):
    """He et al. (2020): a view finds its pair among a queue of vectors by the slow copy."""

    def heads(self) -> dict[str, nn.Module]:
        from lightly.loss import NTXentLoss
        from lightly.models.modules import MoCoProjectionHead

        size = (_QUEUE, _COMPARED)
        self._loss = NTXentLoss(temperature=_TEMPERATURE, memory_bank_size=size)
        self._loss.to(self.run.device)
        return {"project": MoCoProjectionHead(SIZE, _HIDDEN, _COMPARED)}

    def compare(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        guess = self.head("project", self.encoder(one)).float()
        loss: torch.Tensor = self._loss(guess, self.slowly(other))
        return loss
