"""The network: gates, training, checkpoints, answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from micrographia.cli import main
from micrographia.errors import CheckpointError, ConfigError, MicrographiaError
from micrographia.io.facts.slots import known, places
from micrographia.language.network.adapters import export_adapters
from micrographia.language.network.answer import write
from micrographia.language.network.build import build, load_network
from micrographia.language.network.joined import LEADING, PAD, inner
from micrographia.language.network.states import NAMES, codes_of
from micrographia.language.network.train import train
from micrographia.language.network.words import own_tokenizer

from .conftest import SMALL, small

TEMPLATES = ["The particles have a median diameter of {median_diameter}.", "cannot be told"]


def built(**more: Any) -> Any:
    """A small network with random weights, its tokens, its card."""
    own = own_tokenizer(TEMPLATES) if more.get("base", "scratch") == "scratch" else None
    torch.manual_seed(3)
    return build(small(**more), own, TEMPLATES)


def text_of(words: Any, question: str, answer: str) -> torch.Tensor:
    """A row of codes."""
    tokens = [*words.prompt(question), *words.answer(answer)]
    return torch.tensor([[0] * LEADING + tokens + [PAD] * 4])


def test_with_closed_gates_it_is_the_language_model(language_model: Path) -> None:
    model, words, card = built(base=str(language_model), adapters=None)
    text = text_of(words, "How large?", "many")
    model.eval()
    with torch.no_grad():
        ours, _ = model(torch.randn(1, 1, 224, 224), text)
        tokens = text[:, LEADING:-5]
        theirs = inner(model.base)(tokens).logits[..., card["said"]]
    assert torch.allclose(ours[..., : len(card["said"])], theirs, atol=1e-5)


def test_open_gates_look_at_picture_and_facts() -> None:
    model, words, _ = built()
    model.eval()
    for block in model.blocks:
        torch.nn.init.constant_(block.gates, 0.5)
    text = text_of(words, "How large?", "many")
    image = torch.randn(1, 1, 224, 224)
    with torch.no_grad():
        first, _ = model(image, text)
        other, _ = model(-image, text)
        told = text.clone()
        told[0, 1 + NAMES.index("median_diameter")] = 3
        third, _ = model(image, told)
    assert float((first - other).abs().max()) > 1e-4
    assert float((first - third).abs().max()) > 1e-4


def test_only_what_is_fitted_is_trained_and_written(language_model: Path) -> None:
    model, words, card = built(base=str(language_model), above=2)
    names = set(model.state_dict())
    fitted = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert not any(name.startswith("base.") and "lora_" not in name for name in names)
    assert {name.partition("layers.")[2][0] for name in names if "lora_" in name} == {"2", "3"}
    assert not any("lora_A" in name for name in fitted)
    model.train()
    logits, _ = model(torch.randn(1, 1, 224, 224), text_of(words, "How?", TEMPLATES[0]))
    logits.sum().backward()
    missing = [
        name for name, weight in model.named_parameters()
        if weight.requires_grad and weight.grad is None and not name.startswith("sight.tell")
    ]  # fmt: skip
    assert missing == []
    assert card["parameters"] == sum(
        weight.numel() for weight in model.parameters() if weight.requires_grad
    )


def test_the_rank_is_drawn_in_training_and_is_the_highest_after_it(language_model: Path) -> None:
    model, words, _ = built(base=str(language_model))
    text = text_of(words, "How?", TEMPLATES[0])
    ranks = set()
    for seed in range(30):
        torch.manual_seed(seed)
        model.train()
        model(torch.zeros(1, 1, 224, 224), text)
        ranks.add(model.ranks.rank)
    assert min(ranks) >= 4 and max(ranks) <= 16 and len(ranks) > 6
    model.eval()
    model(torch.zeros(1, 1, 224, 224), text)
    assert model.ranks.rank == 16


@pytest.mark.parametrize("present", [(), ("median_diameter",)])
def test_a_place_without_a_fact_is_never_written(present: tuple[str, ...]) -> None:
    rng = np.random.default_rng(1)
    for seed in range(6):
        torch.manual_seed(seed)
        model, words, _ = build(small(), own_tokenizer(TEMPLATES), TEMPLATES)
        model.eval()
        for block in model.blocks:
            torch.nn.init.constant_(block.gates, 1.0)
        image = rng.normal(size=(224, 224)).astype(np.float32)
        found, least = write(
            model, words, image, codes_of({}, ()), "How large?", "long", present, 24
        )
        assert 0 < least <= 1
        assert set(places(found)) <= set(present)
        assert not any(letter.isdigit() for letter in found)


@pytest.fixture(scope="module")
def trained(asked: Path, drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network trained for a while on the drawn set, by the command."""
    out = tmp_path_factory.mktemp("trained") / "assistant.safetensors"
    loop = {
        "steps": 240,
        "batch": 16,
        "learning_rate": 5e-3,
        "validate_every": 120,
        "precision": "fp32",
    }
    command = ["language", "train-assistant", str(asked), "--facts", str(drawn / "facts.parquet")]
    settings = json.dumps(SMALL | {"loop": loop})
    assert main([*command, "--out", str(out), "--settings", settings]) == 0
    return out


def test_training_learns_and_the_card_says_what_it_is(trained: Path) -> None:
    card = json.loads(trained.with_suffix(".json").read_text(encoding="utf-8"))
    assert card["kind"] == "assistant"
    assert card["metrics"]["likelihood of a word"] > 0.1  # of 1 / 250 at random
    assert card["data"]["questions"]["train"] > card["data"]["questions"]["validation"] > 0
    model, _, _ = load_network(trained)
    assert sum(weight.numel() for weight in model.parameters()) >= card["parameters"]


def test_a_trained_network_answers_a_table(
    trained: Path, asked: Path, drawn: Path, tmp_path: Path, facts: list[Any]
) -> None:
    from micrographia.io.schemas import ASSISTANT_ANSWERS
    from micrographia.io.tables import read_rows

    out = tmp_path / "answers.parquet"
    settings = {"language": {"assistant": {"writer": "network", "weights": str(trained)}}}
    command = ["language", "answers", str(asked), "--facts", str(drawn / "facts.parquet")]
    assert main([*command, "--out", str(out), "--settings", json.dumps(settings)]) == 0
    rows = read_rows(out, ASSISTANT_ANSWERS)
    assert rows and all(row["failure"] is None for row in rows)
    assert all(row["method"].startswith("network-scratch-") for row in rows)
    for row in rows:
        told = known(one for one in facts if one["image_id"] == row["image_id"])
        assert set(row["slots"]) <= set(told)


def test_adapters_load_into_plain_peft_at_any_rank(
    language_model: Path, questions: list[Any], facts: list[Any], tmp_path: Path
) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    loop = {"steps": 4, "batch": 4, "learning_rate": 1e-2, "precision": "fp32"}
    settings = small(base=str(language_model), above=2, loop=loop)
    weights = tmp_path / "assistant.safetensors"
    train(questions, facts, settings, weights, 7)
    model, _, _ = load_network(weights)
    model.look(torch.zeros(1, 1, 16))
    tokens = torch.tensor([[3, 5, 8, 13]])
    for rank in (16, 5):
        folder = tmp_path / f"rank-{rank}"
        assert export_adapters(weights, folder, rank) == rank
        plain = PeftModel.from_pretrained(
            AutoModelForCausalLM.from_pretrained(language_model), str(folder)
        ).merge_and_unload()
        model.ranks.rank = rank
        for block in model.blocks:
            torch.nn.init.zeros_(block.gates)
        with torch.no_grad():
            ours = inner(model.base)(tokens).logits
            theirs = plain(tokens).logits
            bare = AutoModelForCausalLM.from_pretrained(language_model)(tokens).logits
        assert torch.allclose(ours, theirs, atol=2e-3)  # weights are written in half precision
        assert float((theirs - bare).abs().max()) > 1e-4
    with pytest.raises(ConfigError, match="not trained at this rank"):
        export_adapters(weights, tmp_path / "no", 2)


def test_what_is_no_network_is_refused(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="has no adapters"):
        export_adapters(trained, tmp_path / "none")
    other = tmp_path / "other.safetensors"
    other.write_bytes(trained.read_bytes())
    card = json.loads(trained.with_suffix(".json").read_text(encoding="utf-8"))
    other.with_suffix(".json").write_text(json.dumps(card | {"kind": "denoiser"}))
    with pytest.raises(CheckpointError, match="is no assistant"):
        load_network(other)
    with pytest.raises(CheckpointError, match="no causal language model"):
        build(small(base=str(tmp_path / "absent")), None, TEMPLATES)


def test_nothing_to_learn_from_is_told(questions: list[Any], tmp_path: Path) -> None:
    with pytest.raises(MicrographiaError, match="no question of the part 'train'"):
        train(questions, [], small(), tmp_path / "a.safetensors", 1)
