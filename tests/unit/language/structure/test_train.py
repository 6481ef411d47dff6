"""Training: a loss that falls, an interruption that leaves no trace, loss and scores by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ase.build import mx2
from tests.unit.language.structure.test_canonical import layer, oblique

from micrographia.config import StructureModel, StructureText, Training
from micrographia.errors import CheckpointError, StructureError
from micrographia.io.structures import to_cif
from micrographia.language.structure.model import Writer, load_writer, parameters_of
from micrographia.language.structure.seen.features import HINT, NUMBERS, ROWS
from micrographia.language.structure.seen.repeats import GRID
from micrographia.language.structure.tokens import LONGEST, PAD, PROMPT, VOCABULARY
from micrographia.language.structure.train import StructureLearner, train
from micrographia.training.checkpoint import load_checkpoint

SMALL = StructureModel(width=64, encoder_layers=1, decoder_layers=1, heads=4)


def rows() -> list[dict[str, Any]]:
    """Three crystals to learn from, one to be judged by, one of the test."""
    crystals = [
        layer(mx2(f"Mo{x}2", "2H", a=a, thickness=3.2)) for x, a in (("S", 3.18), ("Se", 3.3))
    ]
    crystals += [layer(oblique()), layer(mx2("WS2", "2H", a=3.19, thickness=3.1))]
    crystals.append(layer(mx2("TaS2", "1T", a=3.36, thickness=3.0)))
    splits = ("train", "train", "train", "validation", "test")
    return [
        {"structure_id": str(k), "split": split, "text": str(k), "cif": to_cif(atoms)}
        for k, (split, atoms) in enumerate(zip(splits, crystals, strict=True))
    ]


def settings(steps: int) -> StructureText:
    loop = Training(
        steps=steps, batch=4, learning_rate=3e-3, warmup=0.1, average=0.5, validate_every=4,
        save_every=2, precision="fp32", device="cpu",
    )  # fmt: skip
    return StructureText(model=SMALL, judged=8, loop=loop)


def test_the_default_network_has_the_size_that_is_asked_of_it() -> None:
    assert 5e6 <= parameters_of(Writer(StructureModel())) <= 20e6


def test_the_loss_falls_and_the_card_says_what_was_learned(tmp_path: Path) -> None:
    out = tmp_path / "writer.safetensors"
    progress = train(rows(), settings(24), out, seed=1)
    losses = [
        row["value"] for row in progress.history
        if row["metric"] == "loss" and row["split"] == "train"
    ]  # fmt: skip
    assert losses[0] > 3 and losses[-1] < losses[0] - 1
    model, checkpoint = load_writer(out)
    assert checkpoint.card["data"]["crystals"] == {"train": 3, "validation": 1, "test": 1}
    assert checkpoint.card["parameters"] == parameters_of(model)
    assert 0 < checkpoint.card["metrics"]["likelihood of a word"] < 1


class InterruptedRunError(Exception):
    """Stands for the end of a process."""


def test_a_run_that_was_ended_resumes_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parts = tmp_path / "whole.safetensors", tmp_path / "a" / "whole.safetensors"
    train(rows(), settings(8), whole, seed=1)
    plain = StructureLearner.sample

    def ends(self: StructureLearner, number: int) -> Mapping[str, np.ndarray]:
        if number >= 4 * 5:
            raise InterruptedRunError
        return plain(self, number)

    with monkeypatch.context() as patch:
        patch.setattr(StructureLearner, "sample", ends)
        with pytest.raises(InterruptedRunError):
            train(rows(), settings(8), parts, seed=1)
    asked: list[int] = []

    def counts(self: StructureLearner, number: int) -> Mapping[str, np.ndarray]:
        asked.append(number)
        return plain(self, number)

    with monkeypatch.context() as patch:
        patch.setattr(StructureLearner, "sample", counts)
        train(rows(), settings(8), parts, seed=1)
    assert min(asked) == 4 * 4  # the last saved state is that of step 4
    assert whole.read_bytes() == parts.read_bytes()


def test_the_loss_is_of_the_answer_alone() -> None:
    """Even scores: the logarithm of the vocabulary, whatever the prompt and the filling say."""
    learner = StructureLearner(Writer(SMALL), rows(), settings(1), seed=3)
    text = torch.from_numpy(np.stack([learner.sample(k)["text"] for k in range(3)]))
    longest = int((text != PAD).sum(dim=1).max())
    output = torch.zeros(3, longest - 1, VOCABULARY)
    output[:, : PROMPT - 1] = torch.randn(3, PROMPT - 1, VOCABULARY)
    losses = learner.loss(output, {"text": text})
    assert float(losses["loss"]) == pytest.approx(np.log(VOCABULARY), rel=1e-5)
    assert float(losses["cell"]) == pytest.approx(np.log(VOCABULARY), rel=1e-5)


class Oracle(torch.nn.Module):
    """Knows the words, and says each with a probability of nearly 1, a off by `error` decimals."""

    def __init__(self, error: int) -> None:
        super().__init__()
        self.error = error

    def forward(self, image: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
        assert image.shape[1:] == (1, ROWS, GRID + HINT + NUMBERS)
        longest = int((text != PAD).sum(dim=1).max())
        said = text[:, 1:longest].clone()
        said[:, PROMPT] += self.error
        return 30.0 * torch.nn.functional.one_hot(said, VOCABULARY)


def test_who_knows_the_words_scores_one() -> None:
    learner = StructureLearner(Writer(SMALL), rows(), settings(1), seed=3)
    right = learner.validate(Oracle(0), torch.device("cpu"))
    assert right == pytest.approx({"likelihood of a word": 1.0, "a right": 1.0})
    wrong = learner.validate(Oracle(5), torch.device("cpu"))
    assert wrong["a right"] == 0 and wrong["likelihood of a word"] < 0.6


def test_a_word_does_not_see_those_after_it() -> None:
    torch.manual_seed(0)
    writer = Writer(SMALL).eval()
    image = torch.randn(1, 1, ROWS, GRID + HINT + NUMBERS)
    text = torch.randint(10, VOCABULARY, (1, LONGEST))
    other = text.clone()
    other[:, 30:] = torch.randint(10, VOCABULARY, (1, LONGEST - 30))
    with torch.no_grad():
        one, two = writer(image, text), writer(image, other)
    torch.testing.assert_close(one[:, :30], two[:, :30])
    assert not torch.allclose(one[:, 30:], two[:, 30:])


def test_faults_are_told(tmp_path: Path) -> None:
    with pytest.raises(StructureError, match="no crystals to learn from"):
        train([row for row in rows() if row["split"] != "train"], settings(1),
              tmp_path / "a.safetensors", 1)  # fmt: skip
    from micrographia.training.checkpoint import save_checkpoint

    save_checkpoint(tmp_path / "b.safetensors", {"w": torch.zeros(2)}, {"kind": "segmentation"})
    assert load_checkpoint(tmp_path / "b.safetensors").card["kind"] == "segmentation"
    with pytest.raises(CheckpointError, match="does not write structures; saw 'segmentation'"):
        load_writer(tmp_path / "b.safetensors")
