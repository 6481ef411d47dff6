"""Adapters of many ranks: what is cut out is what was trained, and half is enough to remember."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError
from tests.miniature_models import write_mllama

from micrographia.config import Tuning
from micrographia.errors import CheckpointError, ConfigError
from micrographia.language.tuning.adapters import add_adapters, load_adapted
from micrographia.language.tuning.conversations import Conversation, training_batch
from micrographia.language.tuning.models import load_model, load_processor
from micrographia.language.tuning.ranks import DrawnRank, cut
from micrographia.language.tuning.train import train

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

MANY = Tuning(
    steps=6, batch=2, accumulate=1, save_every=3, rank=8, least_rank=2, alpha=1, frozen=True,
    learning_rate=1e-2, dropout=0.05,
)  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "mllama"
    torch.manual_seed(3)
    write_mllama(folder)
    return str(folder)


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(5)
    found = []
    for number in range(4):
        path = folder / f"{number}.png"
        Image.fromarray(generator.integers(0, 255, (30, 30), dtype=np.uint8)).save(path)
        found.append(Conversation(str(path), "The formula is MoS2.", f"{number}.18 3.18"))
    return found


@pytest.fixture(scope="module")
def trained(model, asked, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "adapters"
    train(model, asked, [], MANY, folder, 7)
    return folder


@pytest.mark.parametrize("rank", [2, 5, 8])
def test_what_is_cut_out_is_the_network_at_that_rank(rank, model, asked, trained, tmp_path):
    """In plain peft, (alpha / b) B[:, :b] A[:b], written down for one layer as well."""
    cut(trained, rank, tmp_path / "cut")
    batch = training_batch(load_processor(model), asked)
    whole = load_adapted(model, trained, MANY).eval()
    narrow = load_adapted(model, tmp_path / "cut", MANY).eval()
    ranks = DrawnRank(whole, MANY, 0)
    ranks.rank = rank
    with torch.no_grad():
        torch.testing.assert_close(
            whole(**batch).logits, narrow(**batch).logits, rtol=0, atol=1e-5
        )
    layers = [
        next(each for name, each in one.named_modules() if name.endswith("layers.0.mlp.up_proj"))
        for one in (whole, narrow)
    ]
    first, second = layers[0].lora_A["default"].weight, layers[0].lora_B["default"].weight
    x = torch.randn(3, first.shape[1])
    with torch.no_grad():
        wanted = layers[0].base_layer(x) + (x @ first[:rank].T @ second[:, :rank].T) / rank
        torch.testing.assert_close(layers[1](x), wanted, rtol=0, atol=1e-5)


def test_only_half_is_trained_and_the_first_matrix_stays(model, asked, trained):
    torch.manual_seed(7)
    plain = add_adapters(load_model(model, MANY), MANY.model_copy(update={"frozen": False}))
    torch.manual_seed(7)
    frozen = add_adapters(load_model(model, MANY), MANY)
    sizes = [
        sum(weight.numel() for weight in one.parameters() if weight.requires_grad)
        for one in (plain, frozen)
    ]
    second = sum(w.numel() for name, w in plain.named_parameters() if ".lora_B." in name)
    assert sizes[1] == second < sizes[0]
    found = load_adapted(model, trained, MANY)
    moved = dict(found.named_parameters())
    seconds = [w for name, w in moved.items() if ".lora_B." in name]
    assert all(float(weight.abs().max()) > 0 for weight in seconds)


def test_every_rank_is_drawn_as_often_and_by_the_step_alone(model):
    ranks = DrawnRank(add_adapters(load_model(model, MANY), MANY), MANY, 7)
    drawn = [ranks.draw(step) for step in range(1400)]
    counts = np.bincount(drawn, minlength=9)[2:]
    # Seven ranks, 200 each: five standard deviations are 65.
    assert sum(counts) == 1400 and np.abs(counts - 200).max() < 65
    assert [ranks.draw(step) for step in range(50)] == drawn[:50]


def test_ranks_that_were_not_trained_are_refused(trained, model, asked, tmp_path):
    for rank in (1, 9):
        with pytest.raises(ConfigError, match="allowed: 2 to 8"):
            cut(trained, rank, tmp_path / "cut")
    with pytest.raises(CheckpointError, match="holds no adapters"):
        cut(tmp_path, 4, tmp_path / "cut")
    with pytest.raises(ValidationError, match="least_rank must be at most rank"):
        Tuning(rank=4, least_rank=5)
