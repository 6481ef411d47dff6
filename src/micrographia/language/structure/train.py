"""Training of the network that writes structures: likelihood of the next word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from micrographia.config import StructureText
from micrographia.language.structure.invented import invent
from micrographia.language.structure.model import KIND, Writer, parameters_of
from micrographia.language.structure.samples import Series, crystals_of, sample_of, show
from micrographia.language.structure.tokens import PAD, PROMPT, RANGES
from micrographia.language.structure.variants import Crystal
from micrographia.provenance import code_digest, digest, versions
from micrographia.training.loop import Batch, Progress, fit

#: Pictures that are judged at once.
_BATCH = 32
#: Of so many invented crystals one is held out.
_HELD = 20


class StructureLearner:
    """The network, its samples and its scores, for the training loop.

    Parameters
    ----------
    model
        The network.
    rows
        Rows of CRYSTAL_TEXTS; those of the test are not looked at.
    settings
        Section `language.structure`.
    seed
        Of the samples.
    """

    score = "likelihood of a word"

    def __init__(
        self, model: Writer, rows: Sequence[Mapping[str, Any]], settings: StructureText, seed: int
    ) -> None:
        self.model: nn.Module = model
        by_split = {
            split: crystals_of([row for row in rows if row["split"] == split])
            for split in ("train", "validation")
        }
        invented: list[Crystal] = []
        for number in range(settings.variants.invented):
            crystal = invent(np.random.default_rng([seed, number, 3]))
            (invented if (number + 1) % _HELD else by_split["validation"]).append(crystal)
        self.series = Series(by_split["train"], invented, settings, seed)
        self.judged = _judged(by_split["validation"], settings, seed)

    def sample(self, number: int) -> Mapping[str, np.ndarray]:
        """Return sample `number` of the series."""
        return self.series.sample(number)

    def loss(self, output: torch.Tensor, batch: Batch) -> Batch:
        """Cross entropy of the next word of the answer, and that of the cell's words."""
        text = batch["text"][:, 1 : output.shape[1] + 1]
        entropy = _entropy(output, text)
        answer = (text != PAD) & (torch.arange(text.shape[1], device=text.device) >= PROMPT - 1)
        cell = entropy[:, PROMPT - 1 : PROMPT + 5]
        return {"loss": (entropy * answer).sum() / answer.sum(), "cell": cell.mean()}

    def validate(self, model: nn.Module, device: torch.device) -> dict[str, float]:
        """Judge the network on pictures of crystals that it did not learn from, formula told.

        Returns
        -------
        `likelihood of a word`: geometric mean over all words of the answers. `a right`: share of
        pictures in which the most likely words for a, each after the true ones, are within 1 Å
        and 0.02 Å of the truth.
        """
        total, words, right = 0.0, 0, 0
        for start in range(0, len(self.judged["text"]), _BATCH):
            batch = {
                name: values[start : start + _BATCH].to(device)
                for name, values in self.judged.items()
            }
            output = model(batch["image"], batch["text"])
            text = batch["text"][:, 1 : output.shape[1] + 1]
            here = text[:, PROMPT - 1 :] != PAD
            total += float((_entropy(output, text)[:, PROMPT - 1 :] * here).sum())
            words += int(here.sum())
            cell = slice(PROMPT - 1, PROMPT + 1)
            right += int(_near(output[:, cell].float(), text[:, cell]).sum())
        likelihood = float(np.exp(-total / words))
        return {self.score: likelihood, "a right": right / len(self.judged["text"])}


def _entropy(output: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(output.float().transpose(1, 2), text, reduction="none")


def _near(said: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Whether ångström and decimals of a length are said right (batch,)."""
    parts = []
    for place, name in enumerate(("angstrom", "decimals")):
        span = RANGES[name].span()
        parts.append(said[:, place, span.start : span.stop].argmax(-1) + span.start)
    return (parts[0] == true[:, 0]) & ((parts[1] - true[:, 1]).abs() <= 2)


def _judged(crystals: Sequence[Any], settings: StructureText, seed: int) -> Batch:
    """Pictures of the validation's crystals, none made up."""
    images, texts = [], []
    for number in range(settings.judged):
        generator = np.random.default_rng([seed, number, 1])
        shown = show(crystals[number % len(crystals)], settings.pictures, generator)
        sample = sample_of(shown, "formula")
        images.append(sample["image"])
        texts.append(sample["text"])
    return {
        "image": torch.from_numpy(np.stack(images)),
        "text": torch.from_numpy(np.stack(texts)),
    }


def train(
    rows: Sequence[Mapping[str, Any]], settings: StructureText, out: Path, seed: int
) -> Progress:
    """Train a network and write its checkpoint; an interrupted call is resumed.

    Parameters
    ----------
    rows
        Rows of CRYSTAL_TEXTS.
    settings
        Network, samples, length.
    out
        The checkpoint, `.safetensors`; the resumable state lies in the folder `states` beside.
    seed
        Of weights and samples.
    """
    torch.manual_seed(seed)
    model = Writer(settings.model)
    learner = StructureLearner(model, rows, settings, seed)
    counts = {
        split: sum(row["split"] == split for row in rows)
        for split in ("train", "validation", "test")
    }
    texts = [[row["structure_id"], row["split"], row["text"]] for row in rows]
    card = {
        "kind": KIND,
        "architecture": settings.model.model_dump(mode="json"),
        "parameters": parameters_of(model),
        "data": {"crystals": counts, "digest": digest(texts)},
        "language": settings.model_dump(
            mode="json", include={"pictures", "variants", "told", "judged"}
        ),
        "code": code_digest("language.structure.train"),
        "versions": versions(),
    }
    return fit(learner, settings.loop, out, out.parent / "states", seed=seed, card=card)
