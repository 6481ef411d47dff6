"""Training of the small transformer without labels: two views of a picture are one (NT-Xent).

Chen et al., A Simple Framework for Contrastive Learning (SimCLR, 2020), as GDL-NMID uses it; the
loss is that of `lightly`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from micrographia.arrays import FloatImage
from micrographia.classification.encoders.encoder import z_scored
from micrographia.classification.encoders.vit import KIND, SIDE, SmallViT
from micrographia.config import Pretraining
from micrographia.errors import CheckpointError, ImageError, MicrographiaError, install_hint
from micrographia.io.images import read_micrograph
from micrographia.provenance import code_digest, versions
from micrographia.training.loop import Batch, Progress, fit

#: Pictures that are kept in memory, and their side [px].
_HELD, _KEPT_SIDE = 4096, 256
#: Exponents of grey levels, and deviations of noise that are added, at most.
_GAMMA, _NOISE = (0.6, 1.6), 0.15
#: Of the first view of a held-out picture; the second's is one more.
_VALIDATION_SEED = 10_000_019


class ContrastLearner:
    """Learner of NT-Xent for the training loop: pairs of views of pictures.

    Parameters
    ----------
    trained, held
        Paths of readable pictures to train on, and to validate on.
    settings
        Temperature and crops.
    seed
        From which all views follow.
    """

    score = "retrieval"

    def __init__(
        self, trained: Sequence[str], held: Sequence[str], settings: Pretraining, seed: int
    ) -> None:
        if find_spec("lightly") is None:
            raise CheckpointError(
                "Training without labels needs a package that is not installed",
                seen="lightly",
                remedy=install_hint("classification"),
            )
        from lightly.loss import NTXentLoss

        torch.manual_seed(seed)
        self.model: nn.Module = SmallViT()
        self._trained, self._held = list(trained), list(held)
        self._settings, self._seed = settings, seed
        self._loss = NTXentLoss(temperature=settings.temperature)

    def sample(self, number: int) -> Mapping[str, np.ndarray]:
        """Return two views of a picture, shape (2, side, side)."""
        generator = np.random.default_rng((self._seed, number))
        path = self._trained[int(generator.integers(len(self._trained)))]
        views = [view(_small(path), generator, self._settings) for _ in range(2)]
        return {"image": np.stack(views)}

    def loss(self, output: torch.Tensor, batch: Batch) -> Batch:
        """Return NT-Xent of a batch of pairs, shape (n, 2, d)."""
        return {"loss": self._loss(output[:, 0].float(), output[:, 1].float())}

    def validate(self, model: nn.Module, device: torch.device) -> dict[str, float]:
        """Return how often a view finds its pair among those of all held-out pictures."""
        vectors = [self._vectors(model, device, offset) for offset in range(2)]
        cosines = vectors[0] @ vectors[1].T
        found = cosines.argmax(dim=1) == torch.arange(len(cosines), device=cosines.device)
        return {"retrieval": float(found.float().mean())}

    def _vectors(self, model: nn.Module, device: torch.device, offset: int) -> torch.Tensor:
        views = []
        for number, path in enumerate(self._held):
            generator = np.random.default_rng((_VALIDATION_SEED + offset, number))
            views.append(view(_small(path), generator, self._settings))
        found = []
        for start in range(0, len(views), 64):
            batch = torch.from_numpy(np.stack(views[start : start + 64]))[:, None]
            found.append(model(batch.to(device))[:, 0].float())
        return nn.functional.normalize(torch.cat(found), dim=1)


def view(small: FloatImage, generator: np.random.Generator, settings: Pretraining) -> FloatImage:
    """Return a random view: a crop, turned and mirrored, of other tone, with noise.

    Parameters
    ----------
    small
        Z-scored picture, square.
    generator
        Of all that is random.
    settings
        Smallest area of a crop.

    Returns
    -------
    ndarray
        Z-scored, shape (side, side) of the encoder.
    """
    share = np.sqrt(generator.uniform(settings.smallest_crop, 1.0))
    aspect = np.exp(generator.uniform(-0.2, 0.2))
    height, width = (
        min(len(small), max(32, round(len(small) * share * factor)))
        for factor in (aspect, 1 / aspect)
    )
    top = int(generator.integers(len(small) - height + 1))
    left = int(generator.integers(len(small) - width + 1))
    part = np.rot90(small[top : top + height, left : left + width], int(generator.integers(4)))
    if generator.random() < 0.5:
        part = part[:, ::-1]
    low, high = float(part.min()), float(part.max())
    tone = (part - low) / max(high - low, 1e-6)
    tone = tone ** generator.uniform(*_GAMMA)
    whole = z_scored(np.ascontiguousarray(tone, dtype=np.float32), SIDE)
    noise = generator.normal(0.0, generator.uniform(0, _NOISE), whole.shape)
    return np.asarray(whole + noise, dtype=np.float32)


@lru_cache(maxsize=_HELD)
def _small(path: str) -> FloatImage:
    return z_scored(read_micrograph(path).pixels, _KEPT_SIDE).astype(np.float16)


def pretrain(
    paths: Sequence[str], settings: Pretraining, out: Path, seed: int
) -> tuple[Progress, list[str]]:
    """Train an encoder on pictures without labels and write its checkpoint.

    Parameters
    ----------
    paths
        Pictures; unreadable ones are left out.
    settings
        Views, loss, length and schedule.
    out
        The checkpoint, `.safetensors`; the resumable state lies in `states` beside it.
    seed
        Seed of weights and views.

    Returns
    -------
    progress, failures
        Why each unreadable picture was left out.

    Raises
    ------
    MicrographiaError
        There are too few pictures, or a batch holds less than two: of one pair the loss is 0.
    """
    if settings.loop.batch < 2:
        raise MicrographiaError(
            "Contrast needs several pictures in a batch",
            seen=settings.loop.batch,
            allowed="loop.batch of at least 2",
        )
    readable, failures = _readable(paths)
    order = np.random.default_rng(seed).permutation(len(readable))
    count = max(2, round(settings.held_out * len(readable)))
    if len(readable) < count + 2:
        raise MicrographiaError(
            "Too few readable pictures to train an encoder on", seen=len(readable),
            allowed="at least 4",
        )  # fmt: skip
    held, trained = order[:count], order[count:]
    learner = ContrastLearner(
        [readable[place] for place in trained], [readable[place] for place in held], settings, seed
    )
    card: dict[str, Any] = {
        "kind": KIND,
        "architecture": "vit",
        "side": SIDE,
        "data": {"trained": len(trained), "held_out": len(held)},
        "pretraining": settings.model_dump(mode="json"),
        "versions": versions(),
        "code": code_digest("classification.pretrain"),
    }
    return fit(learner, settings.loop, out, out.parent / "states", seed=seed, card=card), failures


def _readable(paths: Sequence[str]) -> tuple[list[str], list[str]]:
    good, failures = [], []
    for path in paths:
        try:
            _small(path)
            good.append(path)
        except ImageError as error:
            failures.append(str(error))
    return good, failures
