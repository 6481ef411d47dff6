"""Pictures of any size: tiles blend to what the whole gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from micrographia.segmentation.inference.tiling import _places, normalise, predict_field
from micrographia.segmentation.registry import build


@pytest.fixture(scope="module")
def network():
    """A network with a small field of view whose answer depends on the picture."""
    torch.manual_seed(0)
    made = build("unet-small", {"widths": [8, 8]})
    nn.init.normal_(made.head.weight, std=0.3)
    made(torch.randn(8, 1, 64, 64))
    return made.eval()


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).normal(0, 0.5, (230, 305)).astype(np.float32)


@pytest.mark.parametrize("shape", [(1, 1), (1, 70), (63, 65), (64, 64), (100, 333)])
def test_any_size(network, shape):
    picture = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    for tile in (64, 1024):
        field = predict_field(network, picture, tile=tile, overlap=20)
        assert field.shape == (3, *shape) and field.dtype == np.float32
        assert np.isfinite(field).all() and (field[2] >= 0).all() and (field[2] <= 1).all()


def test_tiles_give_what_the_whole_gives(network, image):
    whole = predict_field(network, image, tile=512)
    tiled = predict_field(network, image, tile=128, overlap=64)
    # Near its rim, where a tile counts for little, the network misses what lies beyond.
    assert np.abs(tiled - whole).max() < 0.02 * whole.std()
    careless = predict_field(network, image, tile=128, overlap=4)
    assert np.abs(careless - whole).max() > 0.1 * whole.std()


def test_weights_sum_to_one():
    for length in (1, 99, 128, 129, 300, 1000):
        total = np.zeros(length)
        for first, last, weight in _places(length, 128, 32, 8):
            assert 0 <= first < last <= length and last - first < 128 + 8
            assert first % 8 == 0 and (weight > 0).all()
            total[first:last] += weight
        np.testing.assert_allclose(total, 1, atol=1e-6)


def test_normalised_pictures_do_not_depend_on_exposure(image):
    np.testing.assert_allclose(normalise(image), normalise(image * 3 + 7), atol=1e-4)
    assert np.percentile(normalise(image), (1, 99)) == pytest.approx([-1, 1], abs=1e-3)
    assert not normalise(np.full((5, 5), 3, np.float32)).any()
    large = np.tile(image, (10, 10))  # percentiles are taken of a part
    assert np.percentile(normalise(large), (1, 99)) == pytest.approx([-1, 1], abs=0.02)
