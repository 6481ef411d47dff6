"""The small vision transformer that is trained without labels: patches of 32 px, 4 heads, d 128.

Dosovitskiy et al., An Image is Worth 16x16 Words (2021), in the sizes of GDL-NMID (supplement).
The vector of a picture is that of the class token; while training a projection follows it (Chen
et al., SimCLR, 2020).
"""

from __future__ import annotations

import torch
from torch import nn

from micrographia.classification.encoders.encoder import Encoder
from micrographia.training.checkpoint import Checkpoint

NAME = "vit"
#: What a checkpoint of this network says it is.
KIND = "classification-encoder"
SIDE, PATCH, WIDTH, HEADS, LAYERS = 224, 32, 128, 4, 6
_PROJECTED = 64


class SmallViT(nn.Module):
    """Pictures of one channel to vectors; several pictures of a sample are its channels.

    Parameters
    ----------
    side
        Of a picture [px]; a multiple of the patch.
    """

    def __init__(self, side: int = SIDE) -> None:
        super().__init__()
        patches = (side // PATCH) ** 2
        self.embed = nn.Conv2d(1, WIDTH, PATCH, PATCH)
        self.token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.places = nn.Parameter(torch.randn(1, patches + 1, WIDTH) * 0.02)
        self.layers = nn.ModuleList(_Layer() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)
        self.project = nn.Sequential(
            nn.Linear(WIDTH, WIDTH), nn.ReLU(inplace=True), nn.Linear(WIDTH, _PROJECTED)
        )

    def forward(self, views: torch.Tensor) -> torch.Tensor:
        """Return projected vectors, shape (n, views, 64), of views of shape (n, views, H, W)."""
        count, number, height, width = views.shape
        vectors = self.vectors(views.reshape(count * number, 1, height, width))
        return self.project(vectors).reshape(count, number, -1)

    def vectors(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the class tokens, shape (n, 128), of pictures of shape (n, 1, H, W)."""
        return self.attended(pictures)[0]

    def attended(self, pictures: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Return the class tokens, and each layer's attention, shape (n, tokens, tokens)."""
        tokens = self.embed(pictures).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(tokens), -1, -1), tokens], dim=1) + self.places
        found = []
        for layer in self.layers:
            tokens, weights = layer(tokens)
            found.append(weights)
        return self.norm(tokens)[:, 0], found


class _Layer(nn.Module):
    """Attention and a perceptron, each after a normalisation and beside a short cut."""

    def __init__(self) -> None:
        super().__init__()
        self.before_attention, self.before_perceptron = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.perceptron = nn.Sequential(
            nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH)
        )

    def forward(self, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        plain = self.before_attention(tokens)
        # The mean over the heads.
        mixed, weights = self.attention(plain, plain, plain, need_weights=True)
        tokens = tokens + mixed
        return tokens + self.perceptron(self.before_perceptron(tokens)), weights


def load(checkpoint: Checkpoint) -> Encoder:
    """Return the encoder of a checkpoint that `classification pretrain` wrote."""
    side = int(checkpoint.card["side"])
    model = SmallViT(side)
    model.load_state_dict(checkpoint.tensors)
    model.eval().requires_grad_(False)
    return Encoder(
        NAME,
        side,
        WIDTH,
        str(checkpoint.card["weights_sha256"]),
        model.vectors,
        attention=lambda pictures: model.attended(pictures)[1],
    )
