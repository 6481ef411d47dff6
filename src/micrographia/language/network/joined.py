"""The network: a causal language model that looks at picture and facts between its layers.

As in Flamingo (Alayrac et al. 2022) and MAEMI: before every few layers of the language model a
block of cross-attention, behind a gate that is closed at first, so that training begins from the
language model as it is. The language model is frozen; adapters of low rank may fit it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from micrographia.config.language.network import AssistantNetwork
from micrographia.language.network.sight import Sight
from micrographia.language.network.states import NAMES, STATES
from micrographia.language.tuning.ranks import DrawnRank

#: Codes at the beginning of a row of `text`: how long an answer is to be, then the facts.
LEADING = 1 + len(NAMES)
FORMS = ("short", "long")
#: What fills up a row of `text`.
PAD = -1
#: Parts of the network's names that are the language model's own.
_BASE = "base."


class Joined(nn.Module):
    """Sight, facts, language model.

    Parameters
    ----------
    base
        Causal language model of `transformers`, with adapters or without.
    said
        Tokens that may be written (n,); others are read only.
    places
        Number of places for facts, whose tokens follow those of the language model.
    settings
        Sizes.
    ranks
        Of adapters that are trained at many ranks: one is drawn for each update.

    Attributes
    ----------
    rank
        Rank of such adapters when it is not trained: at first the highest.
    """

    said: torch.Tensor

    def __init__(
        self,
        base: Any,
        said: torch.Tensor,
        places: int,
        settings: AssistantNetwork,
        ranks: DrawnRank | None = None,
    ) -> None:
        super().__init__()
        self.base, self.ranks = base, ranks
        self.rank = 0 if ranks is None else ranks.most
        own = inner(base)
        self.vocabulary, width = own.get_input_embeddings().weight.shape
        self.sight = Sight(settings.sight_width, settings.sight_heads, settings.reaches)
        memory = settings.sight_width
        self.forms = nn.Embedding(len(FORMS), memory)
        self.names = nn.Embedding(len(NAMES), memory)
        self.states = nn.Embedding(len(STATES), memory)
        rows = own.get_input_embeddings().weight.detach()
        spread = float(rows.float().std())
        self.places = nn.Parameter(spread * torch.randn(places, width))
        self.scale = nn.Parameter(torch.zeros(()))
        layers = list(own.model.layers)[settings.above :]
        self.above = settings.above
        self.blocks = nn.ModuleList(
            [Gated(width, memory, settings) for _ in layers[:: settings.every]]
        )
        self.register_buffer("said", said, persistent=False)
        for block, layer in zip(self.blocks, layers[:: settings.every], strict=True):
            layer.register_forward_pre_hook(block.before, with_kwargs=True)

    def forward(
        self, image: torch.Tensor, text: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logits of each next token, and what sight tells.

        Parameters
        ----------
        image
            Pictures (batch, 1, 224, 224).
        text
            Codes (batch, 29 + n): form, facts, tokens; `PAD` where a row has ended.

        Returns
        -------
        logits
            (batch, n - 1, tokens that may be written and places).
        told
            (batch, states), see `Sight.told`.
        """
        if self.ranks is not None:
            # The loop seeds torch for each step, so the rank follows from seed and step.
            self.ranks.rank = self.rank
            if self.training:
                self.ranks.rank = int(torch.randint(self.ranks.least, self.ranks.most + 1, ()))
        longest = int((text[:, LEADING:] != PAD).sum(dim=1).max())
        tokens = text[:, LEADING : LEADING + longest - 1]
        seen = self.sight(image)
        self.look(self.memory(seen, text[:, :LEADING]))
        hidden = inner(self.base).model(inputs_embeds=self.embed(tokens), use_cache=False)
        return self.logits(hidden.last_hidden_state), self.sight.told(seen)

    def memory(self, seen: torch.Tensor, leading: torch.Tensor) -> torch.Tensor:
        """Return what the blocks look at, (batch, 50 + 29, width): picture, form, facts."""
        facts = self.names.weight + self.states(leading[:, 1:])
        return torch.cat([seen, self.forms(leading[:, :1]), facts], dim=1)

    def look(self, memory: torch.Tensor) -> None:
        """Set what the blocks look at until further notice."""
        for block in self.blocks:
            block.memory = memory

    def embed(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return the vectors of tokens and places; of what fills up, any."""
        table = inner(self.base).get_input_embeddings()
        word = table(tokens.clamp(0, self.vocabulary - 1))
        # What is written trains the places; read as words they would open all layers to gradients.
        rows = self.places.detach() if self.above else self.places
        place = rows[(tokens - self.vocabulary).clamp(min=0)].to(word.dtype)
        return torch.where((tokens >= self.vocabulary)[..., None], place, word)

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return the logits of tokens that may be written, then of places."""
        head = inner(self.base).get_output_embeddings().weight
        rows = torch.cat([head[self.said], self.places.to(head.dtype)])
        # The language model's own logits are as large as it was trained to make them.
        return functional.linear(hidden.to(rows.dtype), rows) * self.scale.exp().to(rows.dtype)

    def trained(self) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield what a checkpoint holds: all but the language model's own weights."""
        for name, tensor in super().state_dict().items():
            if not name.startswith(_BASE) or "lora_" in name or self._own():
                yield name, tensor

    def _own(self) -> bool:
        """Whether the language model is ours: trained from scratch, with the rest."""
        return bool(getattr(self.base, "from_scratch", False))

    def state_dict(self, *_: Any, **__: Any) -> dict[str, Any]:  # type: ignore[override]
        """Return what a checkpoint holds."""
        return dict(self.trained())

    def load_state_dict(
        self, tensors: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> None:
        """Take what `state_dict` returned.

        Raises
        ------
        RuntimeError
            Weights are missing, or are of another network.
        """
        wanted = set(self.state_dict())
        if strict and wanted != set(tensors):
            odd = sorted(wanted ^ set(tensors))
            raise RuntimeError(f"{len(odd)} weights are missing or unknown, such as {odd[0]}")
        super().load_state_dict(tensors, strict=False, assign=assign)


class Gated(nn.Module):
    """Cross-attention to the memory and a small feed-forward layer, each behind a gate."""

    memory: torch.Tensor

    def __init__(self, width: int, memory: int, settings: AssistantNetwork) -> None:
        super().__init__()
        inside, self.heads = settings.sight_width, settings.sight_heads
        self.norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, inside)
        self.read = nn.Linear(memory, 2 * inside)
        self.out = nn.Linear(inside, width)
        self.feed = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, inside), nn.GELU(), nn.Linear(inside, width)
        )
        self.gates = nn.Parameter(torch.zeros(2))

    def before(self, _: nn.Module, args: Any, kwargs: Any) -> tuple[Any, Any]:
        """Look before a layer of the language model: its hook."""
        return (self(args[0]), *args[1:]), kwargs

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return hidden states (batch, n, width) with what was looked up."""
        gates = self.gates.tanh().to(hidden.dtype)
        real = self.norm.weight.dtype
        hidden = hidden + gates[0] * self._looked(hidden.to(real)).to(hidden.dtype)
        return hidden + gates[1] * self.feed(hidden.to(real)).to(hidden.dtype)

    def _looked(self, hidden: torch.Tensor) -> torch.Tensor:
        batch, count, _ = hidden.shape
        query = self.query(self.norm(hidden)).view(batch, count, self.heads, -1).transpose(1, 2)
        read = self.read(self.memory).view(batch, self.memory.shape[1], 2, self.heads, -1)
        key, value = read.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value)
        looked: torch.Tensor = self.out(seen.transpose(1, 2).reshape(batch, count, -1))
        return looked


def inner(base: Any) -> Any:
    """Return the language model inside its adapters."""
    return base.get_base_model() if hasattr(base, "get_base_model") else base
