"""Adapters of low rank (LoRA; Hu et al. 2021) through `peft`: added, counted, merged."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import torch

from micrographia.config import Tuning
from micrographia.config.language.adapters import Adapters
from micrographia.errors import CheckpointError, ConfigError
from micrographia.io.atomic import atomic_directory
from micrographia.language.tuning.models import load_model, load_processor
from micrographia.language.tuning.ranks import freeze_first

#: Modules whose weights may be tied to others: merging an adapter there changes both.
_TIED = ("embed_tokens", "lm_head", "wte")

# peft imports bitsandbytes where it is installed, which then misses a kernel for processors.
logging.getLogger("bitsandbytes.backends.cpu").setLevel(logging.ERROR)


def add_adapters(
    model: Any, settings: Adapters, checkpointing: bool = False, above: int = 0
) -> Any:
    """Return the model with adapters of random weights whose product is zero; all else is frozen.

    Parameters
    ----------
    model
        Of `transformers`.
    settings
        Ranks, scale, modules.
    checkpointing
        Compute activations again instead of holding them.
    above
        Layers at the bottom that take none.

    Raises
    ------
    ConfigError
        The model has none of the modules named, or they are embeddings.
    """
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    if getattr(model, "is_quantized", False):
        model = prepare_model_for_kbit_training(  # type: ignore[no-untyped-call]
            model, use_gradient_checkpointing=False
        )
    if checkpointing:
        model.activation_checkpointing_enable({"use_reentrant": False})
    targets = settings.targets
    tied = sorted(set(targets).intersection(_TIED)) if isinstance(targets, tuple) else []
    if tied:
        raise ConfigError(
            "Embeddings cannot take adapters: they may be tied to others",
            seen=f"language.tuning.targets: {', '.join(tied)}",
            allowed="'all-linear', or names of linear modules such as q_proj",
        )
    if above and isinstance(targets, str):
        # peft takes layers by number only where modules are named.
        targets = tuple(sorted(_linear(model)))
    low = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=targets if isinstance(targets, str) else list(targets),
        task_type="CAUSAL_LM",
        layers_to_transform=list(range(above, model.config.num_hidden_layers)) if above else None,
    )
    try:
        adapted = get_peft_model(model, low)
    except ValueError as error:
        raise ConfigError(
            "The model has no modules for the adapters",
            seen=f"language.tuning.targets: {targets}",
            allowed="'all-linear', or names of linear modules of the model",
        ) from error
    if settings.frozen:
        freeze_first(adapted)
    return adapted


def _linear(model: Any) -> set[str]:
    """Names of the linear modules inside the layers of a model."""
    return {
        name.rpartition(".")[2]
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and ".layers." in f".{name}."
    }


def share_of(model: Any) -> tuple[int, int]:
    """Return how many weights are trained, and how many there are; packed ones counted singly."""
    trained, whole = model.get_nb_trainable_parameters()
    return int(trained), int(whole)


def load_adapted(name: str, adapters: str | Path, settings: Tuning) -> Any:
    """Load a model with adapters that `train` or plain `peft` wrote.

    Raises
    ------
    CheckpointError
        The folder holds no adapters, or they are of a model with other modules.
    """
    from peft import PeftModel, get_peft_model_state_dict, load_peft_weights

    if not (Path(adapters) / "adapter_config.json").is_file():
        raise CheckpointError(
            f"{adapters} holds no adapters",
            allowed="a folder with adapter_config.json",
            remedy="Train them with `micrographia language tune`",
        )
    model = load_model(name, settings)
    misfit = CheckpointError(
        f"The adapters in {adapters} do not fit {name}",
        remedy="Name the model that they were trained on: card.json says which",
    )
    try:
        adapted = PeftModel.from_pretrained(model, adapters)
    except (ValueError, RuntimeError) as error:
        raise misfit from error
    # peft only warns of adapters that it cannot place, and answers as if there were none.
    if set(load_peft_weights(str(adapters), device="cpu")) != set(
        get_peft_model_state_dict(adapted)
    ):
        raise misfit
    return adapted


def merge(name: str, adapters: str | Path, out: Path, settings: Tuning) -> None:
    """Write a model with its adapters merged into the weights, and its processor, to a folder.

    The weights are loaded whole, whatever `settings.quantise` says: added to weights of four
    bits, a small change would be rounded away.

    Raises
    ------
    CheckpointError
        As `load_adapted`.
    """
    whole = load_adapted(name, adapters, settings.model_copy(update={"quantise": "none"}))
    with atomic_directory(out, [name, adapters]) as folder:
        whole.merge_and_unload().save_pretrained(folder)
        load_processor(name).save_pretrained(folder)
