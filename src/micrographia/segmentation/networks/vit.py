"""UniEM-Net: the image encoder of Segment Anything (ViT-B) under a light decoder.

The encoder is that of the package segment-anything, with windows, relative positions and neck;
only the absolute positions are interpolated, so that pictures need not be 1024 px wide. A few
convolutions lead from 1/16 of the resolution back to it; at 1/8, 1/4 and 1/2 they see features of
the picture itself, since patches of 16 px have forgotten where exactly an edge runs.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from segment_anything.modeling import ImageEncoderViT
from torch import nn
from torch.nn import functional

from micrographia.errors import CheckpointError
from micrographia.training.checkpoint import check_sha256

#: `sam_vit_b_01ec64.pth` (Kirillov et al., Segment Anything, ICCV 2023; Apache-2.0).
SHA256 = "ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912"
#: Mean and standard deviation of grey values that the encoder was trained with (of 255).
_MEAN, _DEVIATION = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
_PREFIX = "image_encoder."


class VitNet(nn.Module):
    """ViT encoder and decoder; the defaults are ViT-B's.

    Parameters
    ----------
    width, depth, heads, global_at
        Size of the transformer, and its blocks that attend to the whole picture.
    size
        Side of the picture that its positions are stored for [px].
    widths
        Channels of the decoder at 1/8, 1/4 and 1/2 of the resolution.

    Attributes
    ----------
    stride
        Height and width must be multiples of it [px].
    """

    stride = 16

    def __init__(
        self,
        width: int = 768,
        depth: int = 12,
        heads: int = 12,
        global_at: tuple[int, ...] = (2, 5, 8, 11),
        size: int = 1024,
        widths: tuple[int, ...] = (128, 64, 32),
    ) -> None:
        super().__init__()
        self.encoder = ImageEncoderViT(
            depth=depth,
            embed_dim=width,
            img_size=size,
            mlp_ratio=4,
            norm_layer=partial(nn.LayerNorm, eps=1e-6),
            num_heads=heads,
            patch_size=16,
            qkv_bias=True,
            use_rel_pos=True,
            global_attn_indexes=global_at,
            window_size=14,
            out_chans=256,
        )
        fine = [_convolution(1, widths[2], 2)]
        fine += [_convolution(widths[2], widths[1], 2), _convolution(widths[1], widths[0], 2)]
        self.fine = nn.ModuleList(fine)
        self.lateral, self.up = nn.ModuleList(), nn.ModuleList()
        for inside, outside in zip((256, *widths), widths, strict=False):
            self.lateral.append(nn.Conv2d(inside, outside, 1, bias=False))
            self.up.append(_convolution(outside, outside, 1))
        self.head = nn.Conv2d(widths[2], 12, 1)
        self.mean: torch.Tensor
        self.deviation: torch.Tensor
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer(
            "deviation", torch.tensor(_DEVIATION).view(1, 3, 1, 1), persistent=False
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return flow and foreground logit, shape (N, 3, H, W)."""
        fine = [x]
        for layer in self.fine:
            fine.append(layer(fine[-1]))
        coarse = self._encode(x)
        for number in range(3):
            coarse = functional.interpolate(self.lateral[number](coarse), scale_factor=2.0)
            coarse = self.up[number](coarse + fine[3 - number])
        return functional.pixel_shuffle(self.head(coarse), 2)

    def _encode(self, x: torch.Tensor) -> torch.Tensor:
        """Features at 1/16 of the resolution, 256 channels."""
        colour = ((x + 1) * 127.5 - self.mean) / self.deviation
        tokens = self.encoder.patch_embed(colour)
        places = self.encoder.pos_embed.permute(0, 3, 1, 2)
        if places.shape[2:] != tokens.shape[1:3]:
            places = functional.interpolate(
                places, size=tokens.shape[1:3], mode="bicubic", align_corners=False
            )
        tokens = tokens + places.permute(0, 2, 3, 1)
        for block in self.encoder.blocks:
            tokens = block(tokens)
        features: torch.Tensor = self.encoder.neck(tokens.permute(0, 3, 1, 2))
        return features

    def freeze(self) -> None:
        """Leave the encoder as it is; only the decoder learns."""
        self.encoder.requires_grad_(False)


def _convolution(inside: int, outside: int, stride: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU()
    )


def load_encoder(network: VitNet, path: Path) -> None:
    """Put Segment Anything's weights into the encoder.

    Parameters
    ----------
    network
        ViT-B, of its own size.
    path
        `sam_vit_b_01ec64.pth`.

    Raises
    ------
    CheckpointError
        The file is absent, or is not that one.
    """
    remedy = "Download sam_vit_b_01ec64.pth from Segment Anything's repository"
    if not path.is_file():
        raise CheckpointError(f"The encoder's weights {path} do not exist", remedy=remedy)
    check_sha256(path, SHA256, remedy)
    stored = torch.load(path, map_location="cpu", weights_only=True)
    weights = {
        name.removeprefix(_PREFIX): value
        for name, value in stored.items()
        if name.startswith(_PREFIX)
    }
    network.encoder.load_state_dict(weights)
