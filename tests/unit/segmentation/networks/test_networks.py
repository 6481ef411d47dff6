"""Networks: shapes, what a checkpoint brings back, and Segment Anything's encoder."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from micrographia.errors import CheckpointError, ConfigError
from micrographia.segmentation.networks import vit
from micrographia.segmentation.networks.flow_networks import NETWORKS
from micrographia.segmentation.registry import build, load_network
from micrographia.training.checkpoint import load_checkpoint, save_checkpoint

TINY_VIT = {"width": 48, "depth": 3, "heads": 3, "global_at": (1,), "size": 96}
TINY = {"unet-small": {"widths": [4, 8, 8]}, "unet-large": {"widths": [4, 8]}, "vit-b": TINY_VIT}


@pytest.mark.parametrize("name", NETWORKS)
def test_three_channels_of_the_same_size(name):
    network = build(name, TINY[name]).eval()
    for height, width in ((96, 96), (64, 160)):
        with torch.no_grad():
            answer = network(torch.randn(2, 1, height, width))
        assert answer.shape == (2, 3, height, width)
        assert height % network.stride == width % network.stride == 0


def test_sizes_of_the_networks():
    weights = {
        name: sum(weight.numel() for weight in build(name).parameters()) for name in NETWORKS
    }
    assert 2e6 < weights["unet-small"] < 8e6 < weights["unet-large"] < 60e6
    assert 85e6 < weights["vit-b"] < 100e6


def test_every_weight_takes_part():
    for name in NETWORKS:
        network = build(name, TINY[name])
        network(torch.randn(1, 1, 64, 64)).square().sum().backward()
        idle = [key for key, weight in network.named_parameters() if weight.grad is None]
        assert not idle, name


def test_there_is_no_such_network():
    with pytest.raises(ConfigError, match=r"saw 'u-net'; allowed: unet-small, "):
        build("u-net")


@pytest.fixture
def checkpoint(tmp_path):
    torch.manual_seed(0)
    network = build("unet-small", TINY["unet-small"])
    network(torch.randn(4, 1, 64, 64))  # so that the running means are not those at the start
    card = {
        "kind": "segmentation",
        "architecture": {"name": "unet-small", "options": TINY["unet-small"]},
    }
    save_checkpoint(tmp_path / "net.safetensors", network.state_dict(), card, half=False)
    return network.eval(), tmp_path / "net.safetensors"


def test_a_checkpoint_brings_the_network_back(checkpoint):
    network, file = checkpoint
    again = load_network(load_checkpoint(file), "unet-small")
    x = torch.randn(1, 1, 64, 64)
    with torch.no_grad():
        assert torch.equal(again(x), network(x))
    assert not again.training


def test_a_checkpoint_of_another_network_is_refused(checkpoint):
    found = load_checkpoint(checkpoint[1])
    with pytest.raises(CheckpointError, match=r"saw 'unet-small \(segmentation\)'.*vit-b"):
        load_network(found, "vit-b")
    found.card["kind"] = "text"
    with pytest.raises(CheckpointError, match="another network"):
        load_network(found)


def test_weights_that_do_not_fit(checkpoint):
    found = load_checkpoint(checkpoint[1])
    found.card["architecture"]["options"] = {"widths": [8, 8, 8]}
    with pytest.raises(CheckpointError, match="do not fit"):
        load_network(found)


def test_encoder_equals_segment_anything_at_its_own_size():
    torch.manual_seed(0)
    network = vit.VitNet(**TINY_VIT).eval()
    torch.nn.init.normal_(network.encoder.pos_embed)
    x = torch.rand(1, 1, 96, 96) * 2 - 1
    grey = (x + 1) * 127.5
    mean, deviation = (torch.tensor(v).view(1, 3, 1, 1) for v in (vit._MEAN, vit._DEVIATION))
    with torch.no_grad():
        expected = network.encoder((grey - mean) / deviation)
        assert torch.allclose(network._encode(x), expected, atol=1e-6)


def test_encoder_weights_are_checked_before_they_are_read(tmp_path):
    network = vit.VitNet(**TINY_VIT)
    with pytest.raises(CheckpointError, match=r"do not exist.*Download"):
        vit.load_encoder(network, tmp_path / "sam_vit_b_01ec64.pth")
    file = tmp_path / "sam_vit_b_01ec64.pth"
    torch.save({"image_encoder.pos_embed": torch.zeros(1)}, file)
    with pytest.raises(CheckpointError, match=f"saw 'sha256 .*allowed: {vit.SHA256}"):
        vit.load_encoder(network, file)


def test_encoder_weights_arrive(tmp_path, monkeypatch):
    torch.manual_seed(1)
    source, network = vit.VitNet(**TINY_VIT), vit.VitNet(**TINY_VIT)
    file = tmp_path / "sam.pth"
    stored = {f"image_encoder.{k}": v for k, v in source.encoder.state_dict().items()}
    torch.save({**stored, "mask_decoder.x": torch.ones(1)}, file)
    monkeypatch.setattr(vit, "SHA256", vit_sha(file))
    vit.load_encoder(network, file)
    for name, value in source.encoder.state_dict().items():
        assert torch.equal(network.encoder.state_dict()[name], value)


def vit_sha(file):
    from micrographia.training.checkpoint import sha256_of

    return sha256_of(file)


def test_a_frozen_encoder_does_not_learn():
    network = vit.VitNet(**TINY_VIT)
    network.freeze()
    network(torch.randn(1, 1, 64, 64)).sum().backward()
    assert all(weight.grad is None for weight in network.encoder.parameters())
    assert np.all([weight.grad is not None for weight in network.up.parameters()])
