"""Questions on a small drawn set, and small language models with random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from micrographia.cli import main
from micrographia.config.language.network import AssistantNetwork
from micrographia.io.schemas import FACTS, INSTRUCTIONS
from micrographia.io.tables import read_rows

#: A network of the smallest sizes that still has levels of sight and several blocks.
SMALL: dict[str, Any] = {
    "width": 32, "layers": 2, "heads": 2, "every": 1, "sight_width": 16, "sight_heads": 2,
    "reaches": [1, None], "judged": 8,
}  # fmt: skip


@pytest.fixture(scope="session")
def asked(drawn: Path) -> Path:
    """Table of questions on the drawn set."""
    table = drawn / "questions.parquet"
    settings = '{"test": 0.2, "validation": 0.2, "per_theme": 1}'
    command = ["language", "instructions", str(drawn / "facts.parquet"), "--out", str(table)]
    assert main([*command, "--settings", settings]) == 0
    return table


@pytest.fixture(scope="session")
def questions(asked: Path) -> list[Any]:
    """Rows of the table."""
    return read_rows(asked, INSTRUCTIONS)


@pytest.fixture(scope="session")
def facts(drawn: Path) -> list[Any]:
    """Rows of facts of the drawn set."""
    return read_rows(drawn / "facts.parquet", FACTS)


@pytest.fixture(scope="session")
def language_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a Llama of random weights and a tokenizer, as `save_pretrained` writes them."""
    from transformers import LlamaConfig, LlamaForCausalLM

    from micrographia.language.network.words import opened, own_tokenizer

    folder = tmp_path_factory.mktemp("llama")
    texts = ["How large are the particles in this picture?", "The particles are round, and many."]
    tokenizer = opened(own_tokenizer(texts))
    torch.manual_seed(5)
    sizes = {
        "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 4,
        "num_attention_heads": 2, "num_key_value_heads": 2,
    }  # fmt: skip
    LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **sizes)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def small(**more: Any) -> AssistantNetwork:
    """Return settings of a small network."""
    return AssistantNetwork.model_validate(SMALL | more)
