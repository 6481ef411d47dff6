"""Training loop for any network and samples; an interrupted run resumes to the same result.

The result of a step depends only on the random seed, the number of the step and the weights:
sample `i` of step `s` is number `s * batch + i` of an endless series, the learning rate is a
function of the step, and torch is seeded again for each step. A state on disk therefore holds only
the weights, the optimizer's moments and a number.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DataLoaderConfiguration
from torch import nn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from micrographia.config import Training
from micrographia.errors import MicrographiaError
from micrographia.provenance import digest
from micrographia.training.average import Average
from micrographia.training.checkpoint import load_state, refuse_name, save_checkpoint, save_state
from micrographia.training.devices import choose_device, choose_precision, seed_everything
from micrographia.training.schedule import learning_rate

LOG = logging.getLogger(__name__)

Batch = dict[str, torch.Tensor]


class Learner(Protocol):
    """Interface between a room and the training loop.

    Attributes
    ----------
    model
        The network; it is called with `batch["image"]`, and with `batch["text"]` after it where
        samples have one.
    score
        Which entry of `validate` is to be as large as possible.
    """

    model: nn.Module
    score: str

    def sample(self, number: int) -> Mapping[str, np.ndarray]:
        """Return sample `number` of the series; a function of the number alone."""

    def loss(self, output: Any, batch: Batch) -> Batch:
        """Return the loss under the name 'loss', and its parts by theirs."""

    def validate(self, model: nn.Module, device: torch.device) -> dict[str, float]:
        """Return the scores of a network on held-out data."""


@dataclass
class Progress:
    """How far a run is; everything in it is plain JSON.

    Attributes
    ----------
    step
        Updates made.
    history
        Rows of `schemas.TRAINING_HISTORY`.
    best
        Scores of the best validation, with its `step`; empty before the first.
    sums, counted
        Losses since the last row of the history, and of how many steps.
    """

    step: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, float] = field(default_factory=dict)
    sums: dict[str, float] = field(default_factory=dict)
    counted: int = 0


def fit(
    learner: Learner,
    settings: Training,
    checkpoint: Path,
    states: Path,
    *,
    seed: int,
    card: Mapping[str, Any],
) -> Progress:
    """Train, validate and keep the best weights; resume an interrupted earlier call.

    Parameters
    ----------
    learner
        Network, samples, loss, validation.
    settings
        Length, schedule, precision.
    checkpoint
        Where the best weights so far are written, with `card`, the settings and the scores.
    states
        Folder of the resumable state; its name carries a digest of settings, seed and card, so
        that the state of another training is never taken for this one's.
    seed
        From which everything random follows.
    card
        What the checkpoint is: `kind`, `architecture`, `data`, `versions` ...

    Raises
    ------
    MicrographiaError
        The loss is not a finite number.
    """
    refuse_name(checkpoint)
    return _Run(learner, settings, checkpoint, states, seed, dict(card)).go()


class _Series(Dataset[Mapping[str, np.ndarray]]):
    """The learner's samples behind torch's interface."""

    def __init__(self, learner: Learner) -> None:
        self.learner = learner

    def __getitem__(self, number: int) -> Mapping[str, np.ndarray]:
        return self.learner.sample(number)


class _Run:
    """One call of `fit`."""

    def __init__(
        self,
        learner: Learner,
        settings: Training,
        checkpoint: Path,
        states: Path,
        seed: int,
        card: dict[str, Any],
    ) -> None:
        self.learner, self.settings, self.checkpoint = learner, settings, checkpoint
        self.seed = seed
        self.card = card | {"settings": settings.model_dump(mode="json"), "seed": seed}
        self.state_file = states / f"{checkpoint.stem}-{digest(self.card)}.safetensors"
        device = choose_device(settings.device)
        precision = choose_precision(settings.precision, device)
        seed_everything(seed, device)
        # Accelerate remembers the first precision of a process; a second training may differ.
        AcceleratorState._reset_state(reset_partial_state=True)
        self.accelerator = Accelerator(
            cpu=device.type == "cpu",
            mixed_precision="bf16" if precision == "bf16" else "no",
            dataloader_config=DataLoaderConfiguration(split_batches=True),
            rng_types=[],
        )
        LOG.info("training on %s in %s", self.accelerator.device, precision)
        # A convolution on a processor is fastest with the channels last in memory.
        plain = learner.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        trained = [weight for weight in plain.parameters() if weight.requires_grad]
        optimizer = torch.optim.AdamW(
            trained, lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        # Copied before Accelerate wraps it: the copy is validated, and must not call the original.
        self.average = Average(plain, settings.average, self.accelerator.device)
        self.model, self.optimizer = self.accelerator.prepare(plain, optimizer)
        self.plain = self.accelerator.unwrap_model(self.model)
        self.kept: Batch = {}
        self.progress = Progress()

    def go(self) -> Progress:
        settings = self.settings
        if self.state_file.is_file():
            self._resume()
        bar = tqdm(total=settings.steps, initial=self.progress.step, unit="step", disable=None)
        for batch in self._batches():
            if self._is_over():
                break
            self._update(batch)
            bar.update()
            step = self.progress.step
            last = step == settings.steps
            if last or step % settings.validate_every == 0:
                self._validate()
            if last or step % settings.save_every == 0 or step % settings.validate_every == 0:
                self._save()
        bar.close()
        self._write_checkpoint()
        return self.progress

    def _batches(self) -> Iterator[Batch]:
        size = self.settings.batch
        loader: DataLoader[Mapping[str, np.ndarray]] = DataLoader(
            _Series(self.learner),
            batch_size=size,
            sampler=range(self.progress.step * size, self.settings.steps * size),
            num_workers=self.settings.workers,
            # Else the loader draws a number from the generator that the network uses.
            generator=torch.Generator().manual_seed(self.seed),
            pin_memory=self.accelerator.device.type == "cuda",
        )
        yield from self.accelerator.prepare(loader)

    def _update(self, batch: Batch) -> None:
        progress, settings = self.progress, self.settings
        torch.manual_seed((self.seed << 32) + progress.step)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(progress.step, settings)
        self.model.train()
        text = (batch["text"],) if "text" in batch else ()
        output = self.model(batch["image"].contiguous(memory_format=torch.channels_last), *text)
        losses = self.learner.loss(output, batch)
        self.optimizer.zero_grad()
        self.accelerator.backward(losses["loss"])
        self.accelerator.clip_grad_norm_(self.model.parameters(), settings.max_norm)
        self.optimizer.step()
        self.average.update(self.plain, progress.step)
        progress.step += 1
        progress.counted += 1
        for name, value in losses.items():
            progress.sums[name] = progress.sums.get(name, 0.0) + float(value.detach())
        if not np.isfinite(progress.sums["loss"]):
            raise MicrographiaError(
                f"The loss is not a finite number after step {progress.step}",
                seen=progress.sums["loss"],
                remedy="Lower training.learning_rate, or set training.precision to fp32",
            )

    def _validate(self) -> None:
        progress = self.progress
        rows = {name: value / progress.counted for name, value in sorted(progress.sums.items())}
        rows["learning rate"] = learning_rate(progress.step - 1, self.settings)
        progress.sums, progress.counted = {}, 0
        model = self.average.model.eval()
        with torch.no_grad(), self.accelerator.autocast():
            scores = self.learner.validate(model, self.accelerator.device)
        for split, values in (("train", rows), ("validation", scores)):
            progress.history += [
                {"step": progress.step, "split": split, "metric": name, "value": value}
                for name, value in values.items()
            ]
        told = {name: round(value, 4) for name, value in {**rows, **scores}.items()}
        LOG.info("step %d of %d: %s", progress.step, self.settings.steps, told)
        score = self.learner.score
        if not progress.best or scores[score] > progress.best[score]:
            progress.best = scores | {"step": progress.step}
            self.kept = {
                name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()
            }
            self._write_checkpoint()

    def _is_over(self) -> bool:
        """Whether the score has not risen for as many validations as patience lasts."""
        progress, patience = self.progress, self.settings.patience
        if not patience or not progress.best:
            return False
        since = [
            row
            for row in progress.history
            if row["metric"] == self.learner.score and row["step"] > progress.best["step"]
        ]
        return len(since) >= patience

    def _write_checkpoint(self) -> None:
        if self.accelerator.is_main_process:
            best = dict(self.progress.best)
            step = int(best.pop("step"))
            save_checkpoint(
                self.checkpoint, self.kept, self.card | {"metrics": best, "step": step}
            )

    def _save(self) -> None:
        if not self.accelerator.is_main_process:
            return
        tensors = {f"model.{name}": value for name, value in self.plain.state_dict().items()}
        tensors |= {
            f"average.{name}": value for name, value in self.average.model.state_dict().items()
        }
        tensors |= {f"kept.{name}": value for name, value in self.kept.items()}
        for number, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{name}": value for name, value in moments.items()}
        save_state(self.state_file, tensors, vars(self.progress))

    def _resume(self) -> None:
        tensors, notes = load_state(self.state_file)
        self.progress = Progress(**notes)
        self.plain.load_state_dict(_part(tensors, "model."))
        self.average.model.load_state_dict(_part(tensors, "average."))
        self.kept = _part(tensors, "kept.")
        moments: dict[int, Batch] = {}
        for name, value in _part(tensors, "optimizer.").items():
            number, _, key = name.partition(".")
            moments.setdefault(int(number), {})[key] = value
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": moments, "param_groups": groups})
        LOG.info("resumed after step %d of %d", self.progress.step, self.settings.steps)


def _part(tensors: Batch, prefix: str) -> Batch:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
