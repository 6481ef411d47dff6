"""The vision transformers of the article, by `timm`, or the nearest that it has; random weights.

Sizes are the smallest of each kind. Where the picture is small, patches are of 8 px instead of 16,
so that a picture of 64² has 64 of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn

from micrographia.classification.baselines.baseline import Baseline
from micrographia.classification.baselines.loop import Pace
from micrographia.classification.baselines.pictures.supervised import Builder, FromLabels

_PACE = Pace(5e-4)
#: Pictures of at least this side keep the patches of 16 px that networks have by default [px].
_LARGE = 128


def patch_of(side: int) -> int:
    """Return the side of a transformer's patch for a picture [px]."""
    return 16 if side >= _LARGE else 8


def _of(name: str, sized: bool = True, small: dict[str, Any] | None = None) -> Builder:
    """Return the builder of a network of `timm`.

    `sized`: it must be told the side of its pictures; `small`: options for small pictures.
    """

    def build(side: int, outputs: int) -> nn.Module:
        import timm

        options: dict[str, Any] = {"img_size": side} if sized else {}
        if small and side < _LARGE:
            options |= small
        network: nn.Module = timm.create_model(
            name, pretrained=False, in_chans=1, num_classes=outputs, **options
        )
        return network

    return build


def _crossvit(side: int, outputs: int) -> nn.Module:
    from timm.models.crossvit import CrossVit

    # Built by hand: timm's recipe resizes every picture to 240².
    patch = patch_of(side)
    network: nn.Module = CrossVit(
        img_size=side,
        img_scale=(1.0, 1.0),
        patch_size=(patch, 2 * patch),
        in_chans=1,
        num_classes=outputs,
        embed_dim=(96, 192),
        depth=((1, 3, 0),) * 3,
        num_heads=(3, 3),
        mlp_ratio=(3.0, 3.0, 1.0),
    )
    return network


def _cct(side: int, outputs: int) -> nn.Module:
    from timm.models.vision_transformer import VisionTransformer
    from timm.models.vision_transformer_hybrid import ConvStem, HybridEmbed

    # Hassani et al. (2021): convolutions make the tokens, and attention pools them at the end.
    # `ConvStem` halves the side three times.
    stem: Callable[..., nn.Module] = partial(
        HybridEmbed,
        backbone=ConvStem(
            in_chans=1, depth=3, channels=(48, 96, 192), kernel_size=3, stride=(2, 2, 2), padding=1
        ),
    )
    network: nn.Module = VisionTransformer(
        img_size=side,
        patch_size=1,
        in_chans=1,
        num_classes=outputs,
        embed_dim=192,
        depth=6,
        num_heads=3,
        class_token=False,
        global_pool="map",
        embed_layer=stem,
    )
    return network


def _line(stands_for: str, library: str, build: Builder) -> Baseline:
    return Baseline("Transformers", f"timm {library}", stands_for, FromLabels(build, _PACE))


def _plain(stands_for: str, name: str, **options: Any) -> Baseline:
    return _line(stands_for, name, _of(name, **options))


_PATCH = {"patch_size": 8}

TRANSFORMERS = {
    "vit": _plain("VanillaViT", "vit_tiny_patch16_224", small=_PATCH),
    "deit": _plain(
        "Distillation (its token, no teacher)", "deit_tiny_distilled_patch16_224", small=_PATCH
    ),
    "swin": _plain("SwinT", "swin_tiny_patch4_window7_224", small={"window_size": 4}),
    "cait": _plain("CaiT", "cait_xxs24_224", small=_PATCH),
    "crossvit": _line("CrossViT", "CrossVit", _crossvit),
    "convit": _plain("ConViT", "convit_tiny", small=_PATCH),
    "levit": _plain("LeViT", "levit_128s"),
    "pit": _plain("PiT", "pit_ti_224", small={"patch_size": 8, "stride": 4}),
    "visformer": _plain("Visformer", "visformer_tiny"),
    "nest": _plain("NesT", "nest_tiny"),
    "cct": _line("CCT (built of timm's parts)", "ConvStem, VisionTransformer", _cct),
    "pvt": _plain("PVTC (pyramid transformer v2)", "pvt_v2_b0", sized=False),
    "coat": _plain("CVT (nearest: convolutions within attention)", "coat_lite_tiny"),
    "tnt": _plain("T2TViT (nearest: tokens made of inner tokens)", "tnt_s_patch16_224"),
}
