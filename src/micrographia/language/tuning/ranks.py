"""Adapters that are trained at many ranks at once, and whose first matrix may stay as it is.

An adapter adds (alpha / r) · B A x to a layer. LoRA-FA (Zhang et al. 2023) trains B alone: half
the moments in the optimizer, and of the inputs only A x is kept for the gradient. DyLoRA (Valipour
et al. 2022) draws a rank b in every step and takes the first b rows of A and columns of B, with
alpha / b: any rank of the range can be cut out afterwards. MAEMI calls both together, on weights
of eight bits, DyQLoRA-FA.

peft 0.21.2 has an optimizer of LoRA-FA's name, which corrects the gradient as LoRA-Pro does, in
bfloat16, and fails where an adapter has no gradient in a step. Here A is frozen, and any optimizer
will do.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from micrographia.config.language.adapters import Adapters
from micrographia.errors import CheckpointError, ConfigError
from micrographia.io.atomic import atomic_directory


def freeze_first(model: Any) -> None:
    """Keep A of every adapter as it was drawn."""
    for name, weight in model.named_parameters():
        if ".lora_A." in name:
            weight.requires_grad_(False)


class DrawnRank:
    """The rank that all adapters of a model have for the moment.

    Parameters
    ----------
    model
        With adapters of the highest rank, all alike.
    settings
        Range of ranks.
    seed
        Of the draws.
    """

    def __init__(self, model: Any, settings: Adapters, seed: int) -> None:
        assert settings.least_rank is not None
        self.least, self.most = settings.least_rank, settings.rank
        self._seed = seed
        self.rank = self.most
        for name, module in model.named_modules():
            if ".lora_A." in name:
                module.register_forward_hook(self._cut)

    def draw(self, step: int) -> int:
        """Set the rank of a step, a function of seed and step alone, and return it."""
        generator = np.random.default_rng((self._seed, step))
        self.rank = int(generator.integers(self.least, self.most + 1))
        return self.rank

    def restore(self) -> None:
        """Set the highest rank, at which a model is judged."""
        self.rank = self.most

    def _cut(self, module: Any, inputs: Any, output: torch.Tensor) -> torch.Tensor:
        kept = torch.arange(output.shape[-1], device=output.device) < self.rank
        return output * kept * (self.most / self.rank)


def drawing(ranks: DrawnRank) -> Any:
    """Return the callback that draws a rank for each step of a trainer of `transformers`."""
    from transformers import TrainerCallback

    class Drawing(TrainerCallback):  # type: ignore[misc]
        """Draws before a step, and is back at the highest rank after it."""

        def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            ranks.draw(state.global_step)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            ranks.restore()

    return Drawing()


def cut(adapters: str | Path, rank: int, out: Path) -> None:
    """Write adapters of a lower rank, for plain `peft`: its first rows and columns.

    Parameters
    ----------
    adapters
        Folder with adapters that were trained at many ranks.
    rank
        Wanted rank.
    out
        Folder to write.

    Raises
    ------
    CheckpointError
        The folder holds no adapters.
    ConfigError
        They were not trained at this rank.
    """
    from safetensors.torch import load_file, save_file

    source = Path(adapters)
    files = [source / name for name in ("adapter_config.json", "card.json")]
    weights = source / "adapter_model.safetensors"
    for needed in (*files, weights):
        if not needed.is_file():
            raise CheckpointError(
                f"{source} holds no adapters of `language tune`", seen=f"no {needed.name}",
                remedy="Train them with `micrographia language tune`",
            )  # fmt: skip
    config, card = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    most, least = config["r"], card["settings"]["least_rank"]
    if not (least or most) <= rank <= most:
        raise ConfigError(
            "The adapters were not trained at this rank", seen=rank,
            allowed=f"{least or most} to {most}",
            remedy="Train them with language.tuning.least_rank for more than one",
        )  # fmt: skip
    kept = {
        name: (tensor[:rank] if ".lora_A." in name else tensor[:, :rank]).contiguous()
        for name, tensor in load_file(weights).items()
    }
    card["cut"] = {"from": most, "to": rank}
    with atomic_directory(out, [source]) as folder:
        save_file(kept, folder / weights.name, metadata={"format": "pt"})
        for file, content in zip(files, (config | {"r": rank}, card), strict=True):
            text = json.dumps(content, indent=2, sort_keys=True) + "\n"
            (folder / file.name).write_text(text, encoding="utf-8")
