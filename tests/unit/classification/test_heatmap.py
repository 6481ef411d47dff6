"""Heat maps: what decides is where the heat is."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from micrographia.classification.encoders.encoder import Encoder
from micrographia.classification.encoders.vit import SmallViT
from micrographia.classification.heatmap import heat_of, overlay, rolled_out
from micrographia.errors import MicrographiaError


def bright_maps(pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Two maps, of what is bright and of what is dark, and their means."""
    coarse = torch.nn.functional.avg_pool2d(pictures, 8)
    maps = torch.cat([coarse.clamp(min=0), (-coarse).clamp(min=0)], dim=1)
    return maps, maps.mean(dim=(2, 3))


def test_grad_cam_points_at_what_the_class_is_made_of() -> None:
    picture = np.full((120, 160), 100, np.uint8)
    picture[80:110, 20:60] = 250
    encoder = Encoder("bright", 64, 2, "0" * 64, lambda p: bright_maps(p)[1], bright_maps)
    heat = heat_of(encoder, picture, np.array([1.0, 0.0]))
    assert heat.shape == picture.shape and heat.max() == pytest.approx(1)
    y, x = np.unravel_index(int(heat.argmax()), heat.shape)
    assert 80 <= y < 110 and 20 <= x < 60
    assert heat[80:110, 20:60].mean() > 5 * heat[:60].mean()
    # Where nothing speaks for the class there is no heat.
    assert heat_of(encoder, np.full((64, 64), 9, np.uint8), np.array([1.0, 0.0])).max() == 0
    assert overlay(picture, heat).shape == (120, 160, 3)


def test_the_heat_of_a_long_picture_lies_where_its_squares_have_it() -> None:
    picture = np.full((64, 400), 100, np.uint8)
    picture[20:40, 330:360] = 250
    encoder = Encoder("bright", 64, 2, "0" * 64, lambda p: bright_maps(p)[1], bright_maps)
    heat = heat_of(encoder, picture, np.array([1.0, 0.0]))
    y, x = np.unravel_index(int(heat.argmax()), heat.shape)
    assert heat.shape == (64, 400) and 20 <= y < 40 and 330 <= x < 360


def test_roll_out_follows_the_class_token_through_two_layers() -> None:
    """The token sees patch 2 of 4 only, which saw patch 0: worked out by hand."""
    first, second = torch.eye(5), torch.eye(5)
    first[3] = torch.tensor([0.0, 1.0, 0.0, 0.0, 0.0])
    second[0] = torch.tensor([0.0, 0.0, 0.0, 1.0, 0.0])
    heat = rolled_out([first[None], second[None]])
    # Half of what comes from patch 2 came to it from patch 0.
    assert heat == pytest.approx(np.array([[0.5, 0.0], [0.5, 0.0]]))


def test_a_transformer_has_attention_and_another_encoder_says_that_it_has_none() -> None:
    torch.manual_seed(0)
    model = SmallViT().eval()
    picture = np.random.default_rng(0).integers(0, 255, (90, 70)).astype(np.uint8)
    encoder = Encoder("vit", 224, 128, "0" * 64, model.vectors,
                      attention=lambda p: model.attended(p)[1])  # fmt: skip
    assert heat_of(encoder, picture, np.zeros(128)).shape == (90, 70)
    with pytest.raises(MicrographiaError, match="rings has no heat maps"):
        heat_of(Encoder("rings", 32, 1, "0" * 64, model.vectors), picture, np.zeros(1))
