"""Random changes of pictures: right angles, mirrors, crops."""

from __future__ import annotations

import torch

from micrographia.classification.baselines.pictures.augment import turned, view


def test_a_turned_picture_is_one_of_eight() -> None:
    picture = torch.arange(16.0).reshape(1, 4, 4)
    eight = {
        tuple(torch.rot90(each, angle, dims=(1, 2)).flatten().tolist())
        for each in (picture, picture.flip(2))
        for angle in range(4)
    }
    torch.manual_seed(0)
    batch = picture.expand(200, 1, 4, 4)
    assert {tuple(each.flatten().tolist()) for each in turned(batch)} == eight


def test_a_view_shows_as_much_as_its_area() -> None:
    """A ramp over a fifth of the side is a fifth as steep."""
    ramp = torch.linspace(-1.73, 1.73, 64).expand(64, 64)
    batch = ramp.expand(200, 1, 64, 64)
    torch.manual_seed(0)
    whole = view(batch, (1.0, 1.0)).std(dim=(2, 3)).mean()
    small = view(batch, (0.04, 0.04)).std(dim=(2, 3)).mean()
    assert 0.85 < whole < 1.2 and 0.1 < small < 0.4


def test_a_view_may_be_of_another_side() -> None:
    assert view(torch.randn(3, 1, 64, 64), (0.1, 0.4), 32).shape == (3, 1, 32, 32)
