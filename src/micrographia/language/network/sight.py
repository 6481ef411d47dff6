"""Sight: a vision transformer whose attention widens from near patches to the whole picture.

As the paper of MAEMI has it: patches of 32 × 32 pixels, a class token, and levels of attention
from local to global.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from micrographia.arrays import FloatArray
from micrographia.language.network.states import STATES, TOLD

#: Side of the picture that is seen, and of its patches [px].
SIDE, PATCH = 224, 32
_ROW = SIDE // PATCH
PATCHES = _ROW**2


class Sight(nn.Module):
    """Pictures (batch, 1, 224, 224) to states (batch, 50, width): the class token, the patches.

    Parameters
    ----------
    width, heads
        Of the transformer.
    reaches
        For each layer how many patches far it looks; None: over the whole picture.
    """

    masks: torch.Tensor

    def __init__(self, width: int, heads: int, reaches: tuple[int | None, ...]) -> None:
        super().__init__()
        # Two steps to a patch, since edges are learned in far fewer pictures by small filters.
        self.stem = nn.Sequential(
            nn.Conv2d(1, 32, 8, stride=4, padding=2), nn.GELU(),
            nn.Conv2d(32, 64, 4, stride=2, padding=1), nn.GELU(),
            nn.Conv2d(64, width, PATCH // 8, stride=PATCH // 8),
        )  # fmt: skip
        self.first = nn.Parameter(0.02 * torch.randn(1, 1, width))
        self.places = nn.Parameter(0.02 * torch.randn(1, PATCHES + 1, width))
        self.layers = nn.ModuleList([_Layer(width, heads) for _ in reaches])
        self.norm = nn.LayerNorm(width)
        self.tell = nn.Linear(width, len(STATES))
        masks = torch.stack([within(reach) for reach in reaches])
        self.register_buffer("masks", masks, persistent=False)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the states of pictures."""
        patches = self.stem(image).flatten(2).transpose(1, 2)
        states = torch.cat([self.first.expand(len(image), -1, -1), patches], dim=1) + self.places
        for layer, mask in zip(self.layers, self.masks, strict=True):
            states = layer(states, mask)
        out: torch.Tensor = self.norm(states)
        return out

    def told(self, states: torch.Tensor) -> torch.Tensor:
        """Return the logits (batch, states) of what the class token tells in words."""
        logits: torch.Tensor = self.tell(states[:, 0])
        return logits


class _Layer(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before = nn.LayerNorm(width)
        self.mix = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.feed = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(),
            nn.Linear(4 * width, width),
        )  # fmt: skip

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        batch, count, width = states.shape
        shape = (batch, count, 3, self.heads, width // self.heads)
        query, key, value = self.mix(self.before(states)).view(shape).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        states = states + self.out(seen.transpose(1, 2).reshape(batch, count, width))
        fed: torch.Tensor = states + self.feed(states)
        return fed


def within(reach: int | None) -> torch.Tensor:
    """Return which state sees which, (50, 50): the class token sees all and is seen by all.

    Parameters
    ----------
    reach
        Patches along a row or a column; None: all are seen.
    """
    if reach is None:
        return torch.ones(PATCHES + 1, PATCHES + 1, dtype=torch.bool)
    place = torch.arange(PATCHES)
    row, column = place // _ROW, place % _ROW
    far = torch.maximum((row[:, None] - row[None]).abs(), (column[:, None] - column[None]).abs())
    mask = torch.ones(PATCHES + 1, PATCHES + 1, dtype=torch.bool)
    mask[1:, 1:] = far <= reach
    return mask


def told_loss(logits: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    """Cross entropy of the words that sight tells, over those that are known.

    Parameters
    ----------
    logits
        (batch, states), as `Sight.told` returns them.
    codes
        True codes (batch, facts in words); below 0: not known.
    """
    losses = []
    for place, words in enumerate(TOLD.values()):
        known = codes[:, place] >= 0
        if known.any():
            own = logits[known][:, list(words)]
            losses.append(
                functional.cross_entropy(own, codes[known, place] - words[0], reduction="none")
            )
    return torch.cat(losses).mean() if losses else logits.sum() * 0.0


def standard(picture: FloatArray) -> FloatArray:
    """Return a picture of values 0..1 with mean 0 and spread 1; one grey level stays 0."""
    spread = picture.std()
    scaled: FloatArray = (picture - picture.mean()) / max(float(spread), 1e-3)
    return scaled
