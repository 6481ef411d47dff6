"""Networks at the article's size: 224 x 224 px; at 64 px the registry's test runs them."""

from __future__ import annotations

import pytest
import torch

from micrographia.classification.baselines.graphs.lines import GRAPH_NETWORKS
from micrographia.classification.baselines.pictures.supervised import FromLabels
from micrographia.classification.baselines.pictures.transformers import TRANSFORMERS, patch_of
from micrographia.classification.baselines.self_supervised.transformers import SIZE, vit_encoder


@pytest.mark.parametrize("name", [*TRANSFORMERS, "gcn"])
def test_a_picture_of_224_gets_an_answer(name: str) -> None:
    train = {**TRANSFORMERS, **GRAPH_NETWORKS}[name].train
    assert isinstance(train, FromLabels)
    network = train.build(224, 10).eval()
    with torch.inference_mode():
        logits = network(torch.randn(1, 1, 224, 224))
    assert logits.shape == (1, 10) and torch.isfinite(logits).all()


@pytest.mark.parametrize(("side", "patches"), [(64, 64), (224, 196)])
def test_patches_are_small_where_the_picture_is(side: int, patches: int) -> None:
    assert (side // patch_of(side)) ** 2 == patches
    encoder = vit_encoder(side).eval()
    with torch.inference_mode():
        assert encoder(torch.randn(2, 1, side, side)).shape == (2, SIZE)
        # DINO's small crops.
        assert encoder(torch.randn(2, 1, side // 2, side // 2)).shape == (2, SIZE)
