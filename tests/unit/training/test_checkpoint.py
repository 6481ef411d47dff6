"""Weights with their card: what was saved is what is read, and anything else is an error."""

from __future__ import annotations

import json

import pytest
import torch

from micrographia.errors import CheckpointError
from micrographia.training.checkpoint import load_checkpoint, save_checkpoint

WEIGHTS = {"a": torch.tensor([0.5, -3.0]), "seen": torch.tensor(7)}


@pytest.fixture
def file(tmp_path):
    save_checkpoint(tmp_path / "net.safetensors", WEIGHTS, {"kind": "test"})
    return tmp_path / "net.safetensors"


def test_round_trip(file):
    found = load_checkpoint(file)
    assert found.card["kind"] == "test"
    assert torch.equal(found.tensors["a"], WEIGHTS["a"]) and found.tensors["a"].dtype.itemsize == 4
    assert torch.equal(found.tensors["seen"], WEIGHTS["seen"])


def test_weights_of_another_training_are_refused(file, tmp_path):
    save_checkpoint(tmp_path / "other.safetensors", {"a": torch.zeros(2)}, {})
    (tmp_path / "other.safetensors").replace(file)
    with pytest.raises(CheckpointError, match="not have the expected checksum; saw 'sha256"):
        load_checkpoint(file)


def test_a_missing_half_is_named(file):
    file.with_suffix(".json").unlink()
    with pytest.raises(CheckpointError, match=r"net\.json does not exist"):
        load_checkpoint(file)


def test_cards_that_are_none(file):
    card = file.with_suffix(".json")
    known = json.loads(card.read_text())
    card.write_text(json.dumps(known | {"format": 99}))
    with pytest.raises(CheckpointError, match="unknown format; saw 99"):
        load_checkpoint(file)
    for text in ("[]", "{"):
        card.write_text(text)
        with pytest.raises(CheckpointError, match="not the card of a checkpoint"):
            load_checkpoint(file)


def test_only_safetensors_are_written(tmp_path):
    with pytest.raises(CheckpointError, match=r"net\.pt; allowed: \.safetensors"):
        save_checkpoint(tmp_path / "net.pt", WEIGHTS, {})
