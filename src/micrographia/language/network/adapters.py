"""The network's adapters for plain `peft`: those of its language model alone."""

from __future__ import annotations

from pathlib import Path

from micrographia.config.language.adapters import Adapters
from micrographia.errors import CheckpointError, ConfigError
from micrographia.io.atomic import atomic_directory
from micrographia.training.checkpoint import load_checkpoint

_BASE, _SET = "base.", ".default"


def export_adapters(weights: Path, out: Path, rank: int | None = None) -> int:
    """Write the adapters of a network as a folder that `peft` loads; return their rank.

    They fit the language model that the card names. Without the blocks of cross-attention it does
    not see the picture: what is written is for merging, comparing and fitting further.

    Parameters
    ----------
    weights
        Checkpoint of `language train-assistant`.
    out
        Folder to write.
    rank
        Rank to cut them to, of those that they were trained at; None: the highest.

    Raises
    ------
    CheckpointError
        The network has no adapters.
    ConfigError
        They were not trained at this rank.
    """
    from peft import LoraConfig
    from safetensors.torch import save_file

    checkpoint = load_checkpoint(weights)
    found = {
        name.removeprefix(_BASE): tensor
        for name, tensor in checkpoint.tensors.items()
        if name.startswith(_BASE) and ".lora_" in name
    }
    card = checkpoint.card
    if not found:
        raise CheckpointError(
            f"The network {weights} has no adapters",
            seen=card.get("architecture", {}).get("base"),
            remedy="Train one on a language model of others: language.network.base: smollm2",
        )
    settings = Adapters.model_validate(card["architecture"]["adapters"])
    least, most = settings.least_rank or settings.rank, settings.rank
    chosen = most if rank is None else rank
    if not least <= chosen <= most:
        raise ConfigError(
            "The adapters were not trained at this rank", seen=chosen,
            allowed=f"{least} to {most}",
            remedy="Train them with language.network.adapters.least_rank for more than one",
        )  # fmt: skip
    tensors = {
        name.replace(_SET, ""): (
            tensor[:chosen] if ".lora_A." in name else tensor[:, :chosen]
        ).contiguous()
        for name, tensor in found.items()
    }
    layers = sorted({int(name.partition(".layers.")[2].partition(".")[0]) for name in tensors})
    modules = {name.rpartition(".lora_")[0].rpartition(".")[2] for name in tensors}
    config = LoraConfig(
        r=chosen, lora_alpha=settings.alpha, target_modules=sorted(modules),
        layers_to_transform=layers, task_type="CAUSAL_LM",
        base_model_name_or_path=card["architecture"]["base"], inference_mode=True,
    )  # fmt: skip
    with atomic_directory(out, [weights]) as folder:
        save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
        config.save_pretrained(str(folder))
    return chosen
