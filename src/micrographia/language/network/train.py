"""Training of the assistant's network: likelihood of the next word of an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from micrographia.config.language.network import AssistantNetwork
from micrographia.language.instruction.grammar import read_grammar
from micrographia.language.network.build import KIND, build
from micrographia.language.network.samples import (
    UNSEEN,
    Samples,
    asked,
    facts_by_picture,
    held_wording,
    usable,
)
from micrographia.language.network.sight import told_loss
from micrographia.language.network.words import own_tokenizer
from micrographia.provenance import code_digest, digest, versions
from micrographia.training.devices import choose_device, choose_precision
from micrographia.training.loop import Batch, Progress, fit

#: Questions that are judged at once, and how much what sight tells counts beside the answer.
_BATCH, _SIGHT = 16, 0.3
#: Batches whose questions are sorted by length together.
_CHUNK = 50

Row = Mapping[str, Any]


class AnswerLearner:
    """The network, its samples and its scores, for the training loop.

    Parameters
    ----------
    model
        The network.
    samples, held
        To learn from, and to validate on.
    settings
        Section `language.network`.
    seed
        Of order and of what is hidden.
    """

    score = "likelihood of a word"

    def __init__(
        self,
        model: nn.Module,
        samples: Samples,
        held: Samples,
        settings: AssistantNetwork,
        seed: int,
    ) -> None:
        self.model = model
        self.samples, self.seed, self._batch = samples, seed, settings.loop.batch
        step = max(1, len(held.rows) // settings.judged)
        chosen = sorted(held.rows[::step][: settings.judged], key=_length)
        self._held = [held.judged(row) for row in chosen]
        self._epoch: tuple[int, np.ndarray] = (-1, np.zeros(0, dtype=np.int64))

    def sample(self, number: int) -> Mapping[str, np.ndarray]:
        """Return sample `number`: each question once before any comes again."""
        count = len(self.samples.rows)
        epoch, place = divmod(number, count)
        if self._epoch[0] != epoch:
            generator = np.random.default_rng([self.seed, epoch])
            lengths = np.array([_length(row) for row in self.samples.rows])
            self._epoch = (epoch, _alike(lengths, self._batch, generator))
        row = self.samples.rows[int(self._epoch[1][place])]
        return self.samples.drawn(row, np.random.default_rng([self.seed, number, 1]))

    def loss(self, output: tuple[torch.Tensor, torch.Tensor], batch: Batch) -> Batch:
        """Cross entropy of the answer's words, and of what sight tells."""
        logits, told = output
        target = batch["target"][:, 1 : logits.shape[1] + 1]
        words = functional.cross_entropy(
            logits.float().transpose(1, 2), target, ignore_index=UNSEEN
        )
        sight = told_loss(told.float(), batch["told"])
        return {"loss": words + _SIGHT * sight, "words": words, "sight": sight}

    def validate(self, model: nn.Module, device: torch.device) -> dict[str, float]:
        """Judge the network on held-out questions, the true words before each told.

        Returns
        -------
        `likelihood of a word`: geometric mean over the words of the answers. `whole answers`:
        share of those whose every word is the likeliest. `words told`: share of the facts in
        words that sight tells right.
        """
        total, words, whole, right, told = 0.0, 0, 0, 0, 0
        for start in range(0, len(self._held), _BATCH):
            rows = self._held[start : start + _BATCH]
            batch = {
                name: torch.from_numpy(np.stack([row[name] for row in rows])).to(device)
                for name in rows[0]
            }
            logits, seen = model(batch["image"], batch["text"])
            target = batch["target"][:, 1 : logits.shape[1] + 1]
            here = target != UNSEEN
            entropy = functional.cross_entropy(
                logits.float().transpose(1, 2), target, ignore_index=UNSEEN, reduction="none"
            )
            total += float(entropy.sum())
            words += int(here.sum())
            whole += int(((logits.argmax(-1) == target) | ~here).all(dim=1).sum())
            hits, count = _told_right(seen.float(), batch["told"])
            right, told = right + hits, told + count
        return {
            self.score: float(np.exp(-total / max(words, 1))),
            "whole answers": whole / len(self._held),
            "words told": right / max(told, 1),
        }


def _length(row: Row) -> int:
    """About how long a question with its answer is [characters]."""
    return len(row["question"]) + len(row["context"] or "") + len(row["template"])


def _alike(lengths: np.ndarray, batch: int, generator: np.random.Generator) -> np.ndarray:
    """Return a random order in which batches hold rows of about one length: less is filled up."""
    order = generator.permutation(len(lengths))
    chunk = _CHUNK * batch
    parts = []
    for start in range(0, len(order), chunk):
        some = order[start : start + chunk]
        some = some[np.argsort(lengths[some], kind="stable")]
        batches = [some[at : at + batch] for at in range(0, len(some), batch)]
        parts += [batches[place] for place in generator.permutation(len(batches))]
    return np.concatenate(parts)


def _told_right(logits: torch.Tensor, codes: torch.Tensor) -> tuple[int, int]:
    from micrographia.language.network.states import TOLD

    right, count = 0, 0
    for place, words in enumerate(TOLD.values()):
        known = codes[:, place] >= 0
        best = logits[known][:, list(words)].argmax(-1) + words[0]
        right += int((best == codes[known, place]).sum())
        count += int(known.sum())
    return right, count


def train(
    questions: Sequence[Row],
    facts: Sequence[Row],
    settings: AssistantNetwork,
    out: Path,
    seed: int,
) -> Progress:
    """Train a network and write its checkpoint; an interrupted call is resumed.

    Parameters
    ----------
    questions
        Rows of `schemas.INSTRUCTIONS`; those of the test are not looked at.
    facts
        Rows of `schemas.FACTS` of their pictures.
    settings
        Section `language.network`.
    out
        The checkpoint, `.safetensors`; the resumable state lies in the folder `states` beside.
    seed
        Of weights, order and what is hidden.

    Raises
    ------
    MicrographiaError
        There is nothing to learn from, or nothing to validate on.
    CheckpointError
        The language model cannot be loaded.
    """
    by_picture = facts_by_picture(facts)
    grammar, version = read_grammar()
    trained = [
        row for row in usable(questions, by_picture, "train") if not held_wording(row, grammar)
    ]
    held = usable(questions, by_picture, "validation")
    templates = sorted({row["template"] for row in trained})
    own = None
    if settings.base == "scratch":
        own = own_tokenizer([*templates, *sorted({asked(row) for row in trained})])
    torch.manual_seed(seed)
    device = choose_device(settings.loop.device)
    half = choose_precision(settings.loop.precision, device) == "bf16"
    model, words, card = build(
        settings, own, templates, dtype=torch.bfloat16 if half else torch.float32
    )
    series = [
        Samples(rows, by_picture, words, card["said"], grammar, settings.longest)
        for rows in (trained, held)
    ]
    learner = AnswerLearner(model, series[0], series[1], settings, seed)
    texts = [[row["question_id"], row["template"]] for row in (*trained, *held)]
    card |= {
        "kind": KIND,
        "data": {
            "questions": {"train": len(trained), "validation": len(held)},
            "pictures": len({row["image_id"] for row in trained}),
            "grammar": version,
            "digest": digest(texts),
        },
        "code": code_digest("language.network.train"),
        "versions": versions(),
    }
    return fit(learner, settings.loop, out, out.parent / "states", seed=seed, card=card)
