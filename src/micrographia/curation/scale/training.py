"""Training of the reader of labels: the same network in torch, and the loop that all share."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from micrographia.config import Training
from micrographia.curation.scale.readers.network import ALPHABET, LAYERS, decode, load_reader
from micrographia.curation.scale.samples import find_fonts, sample
from micrographia.provenance import versions
from micrographia.training.loop import Progress, fit

_LONGEST = 16
#: Numbers of the validation's samples start here; training never gets so far.
_APART, _VALIDATION = 10**12, 256


class Layer(nn.Module):
    """Convolution, normalisation, rectifier, pooling."""

    def __init__(
        self, before: int, shape: tuple[int, int, int, int, int, tuple[int, int]]
    ) -> None:
        super().__init__()
        after, tall, broad, high, wide, self.pool = shape
        self.conv = nn.Conv2d(before, after, (tall, broad), padding=(high, wide), bias=False)
        self.norm = nn.BatchNorm2d(after)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Apply the layer."""
        return functional.max_pool2d(functional.relu(self.norm(self.conv(values))), self.pool)


class Network(nn.Module):
    """The reader; `scale_network.Reader` runs its weights without torch."""

    def __init__(self) -> None:
        super().__init__()
        widths = [1, *(shape[0] for shape in LAYERS)]
        self.layers = nn.ModuleList(
            Layer(before, shape) for before, shape in zip(widths, LAYERS, strict=False)
        )
        self.last = nn.Conv2d(widths[-1], len(ALPHABET) + 1, 1)

    def forward(self, lines: torch.Tensor) -> torch.Tensor:
        """Return logits (lines, classes, steps) of lines (lines, 1, HEIGHT, WIDTH)."""
        for layer in self.layers:
            lines = layer(lines)
        logits: torch.Tensor = self.last(lines)
        return logits[:, :, 0]


class LabelLearner:
    """What the training loop needs to know of the reader."""

    score = "lines read"

    def __init__(self, fonts: Sequence[Path], seed: int) -> None:
        self.model: nn.Module = Network()
        self.fonts, self.seed = fonts, seed

    def sample(self, number: int) -> Mapping[str, np.ndarray]:
        """Return rendered line `number`."""
        line, target = sample(np.random.default_rng((self.seed, number)), self.fonts)
        padded = np.zeros(_LONGEST, np.int64)
        length = min(len(target), _LONGEST)
        padded[:length] = target[:length]
        return {"image": line[None], "target": padded, "length": np.array(length, np.int64)}

    def loss(
        self, output: torch.Tensor, batch: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """Return the connectionist temporal classification loss."""
        scores = functional.log_softmax(output.float(), dim=1).permute(2, 0, 1)
        steps = torch.full((scores.shape[1],), scores.shape[0])
        lost = functional.ctc_loss(
            scores, batch["target"], steps, batch["length"], zero_infinity=True
        )
        return {"loss": lost}

    @cached_property
    def _kept(self) -> tuple[torch.Tensor, list[str]]:
        cases = [self.sample(_APART + number) for number in range(_VALIDATION)]
        texts = [
            "".join(ALPHABET[index - 1] for index in case["target"][: int(case["length"])])
            for case in cases
        ]
        return torch.from_numpy(np.stack([case["image"] for case in cases])), texts

    def validate(self, model: nn.Module, device: torch.device) -> dict[str, float]:
        """Return the share of unseen lines that are read without a fault."""
        images, texts = self._kept
        output = model(images.to(device)).float()
        scores = functional.log_softmax(output, dim=1).permute(0, 2, 1).cpu().double().numpy()
        right = [decode(steps).text == text for steps, text in zip(scores, texts, strict=True)]
        return {self.score: float(np.mean(right))}


def train(
    folders: Sequence[str],
    settings: Training,
    out: Path,
    seed: int,
    start: Path | None = None,
) -> Progress:
    """Train the reader on rendered lines; the best weights go to `out`, with a card beside it.

    Parameters
    ----------
    folders
        Where fonts are searched.
    settings
        Length and schedule.
    out
        A `.safetensors` file.
    seed
        From which weights and lines follow.
    start
        Weights of a reader to start from; default: random ones.
    """
    torch.manual_seed(seed)
    fonts = find_fonts(folders)
    learner = LabelLearner(fonts, seed)
    card: dict[str, Any] = {
        "kind": "scale-reader",
        "architecture": {"alphabet": ALPHABET, "layers": [list(shape) for shape in LAYERS]},
        "data": {"rendered lines in the fonts": sorted(font.name for font in fonts)},
        "versions": versions(),
    }
    if start is not None:
        load_reader(start)  # says what is wrong with a file that is none
        learner.model.load_state_dict(load_file(start))
        card["start_sha256"] = hashlib.sha256(start.read_bytes()).hexdigest()
    return fit(learner, settings, out, out.parent / "states", seed=seed, card=card)
