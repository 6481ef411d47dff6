"""Encoders: the ImageNet weights know a cat, checkpoints come back, errors say what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from needed import needs, skip_without

from micrographia.classification.encoders import vit
from micrographia.classification.encoders.registry import load_encoder
from micrographia.classification.pretrain import pretrain, view
from micrographia.config import Pretraining, Training
from micrographia.errors import CheckpointError, MicrographiaError
from micrographia.training.checkpoint import save_checkpoint


def test_an_unknown_encoder_names_the_choices() -> None:
    with pytest.raises(CheckpointError, match="no such encoder; saw 'resnet'; allowed: efficient"):
        load_encoder("resnet")


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    skip_without("transformers")
    with pytest.raises(CheckpointError, match=r"holds no encoder; allowed: a folder with config"):
        load_encoder(str(tmp_path))


@needs("transformers")
def test_a_model_of_transformers_by_path_gives_its_class_token(tmp_path: Path) -> None:
    from transformers import ViTConfig, ViTModel

    torch.manual_seed(0)
    small = ViTConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        image_size=32, patch_size=8,
    )  # fmt: skip
    model = ViTModel(small).eval()
    model.save_pretrained(tmp_path)
    encoder = load_encoder(str(tmp_path))
    assert (encoder.side, encoder.size) == (32, 32) and encoder.name.startswith("vit:")
    grey = np.random.default_rng(0).normal(size=(2, 32, 32)).astype(np.float32)
    pixels = torch.from_numpy(grey)[:, None] / 4 + 0.5
    with torch.inference_mode():
        theirs = model(pixel_values=(pixels.clamp(0, 1).expand(-1, 3, -1, -1) - 0.5) / 0.5)
    assert encoder.encode(grey) == pytest.approx(theirs.last_hidden_state[:, 0].numpy(), abs=1e-5)


@needs("EfficientNet-Lite0")
def test_the_imagenet_weights_know_a_cat() -> None:
    """Layers matched by order are right: the network names the animal of scikit-image."""
    import cv2
    from skimage import data

    from micrographia.classification.encoders.efficientnet import imagenet_network

    colours = cv2.resize(data.chelsea()[:, 75:375], (224, 224), interpolation=cv2.INTER_AREA)
    pixels = torch.from_numpy(colours.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
    with torch.inference_mode():
        best = imagenet_network()(pixels).topk(3).indices[0].tolist()
    assert set(best) == {281, 282, 285}  # tabby, tiger cat, Egyptian cat


@needs("EfficientNet-Lite0")
def test_folding_the_normalisations_changes_nothing() -> None:
    import timm

    from micrographia.classification.encoders.efficientnet import fold_normalisation

    torch.manual_seed(0)
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.running_mean, 0, 0.3)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.3)
    network.eval().requires_grad_(False)
    pictures = torch.randn(2, 3, 64, 64)
    before = network(pictures)
    fold_normalisation(network)
    assert network(pictures).numpy() == pytest.approx(before.numpy(), rel=1e-3, abs=1e-4)
    left = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert not left


@needs("EfficientNet-Lite0")
def test_vectors_are_means_and_deviations_of_four_stages() -> None:
    encoder = load_encoder("efficientnet-lite0")
    assert (encoder.side, encoder.size) == (224, 2 * (40 + 112 + 320 + 1280))
    batch = np.random.default_rng(0).normal(size=(2, 224, 224)).astype(np.float32)
    vectors = encoder.encode(batch)
    assert encoder.maps is not None
    maps, again = encoder.maps(torch.from_numpy(batch)[:, None])
    assert vectors == pytest.approx(again.numpy(), abs=1e-4)
    assert vectors[:, -2560:-1280] == pytest.approx(maps.mean(dim=(2, 3)).numpy(), abs=1e-4)
    deviation = maps.flatten(2).numpy().std(axis=2)
    assert vectors[:, -1280:] == pytest.approx(deviation, abs=1e-3)


def test_a_checkpoint_of_the_transformer_comes_back_and_another_is_refused(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = vit.SmallViT().eval()
    card = {"kind": vit.KIND, "side": 224}
    save_checkpoint(tmp_path / "a.safetensors", model.state_dict(), card, half=False)
    encoder = load_encoder(str(tmp_path / "a.safetensors"))
    batch = np.random.default_rng(0).normal(size=(3, 224, 224)).astype(np.float32)
    with torch.inference_mode():
        theirs = model.vectors(torch.from_numpy(batch)[:, None])
    assert encoder.encode(batch) == pytest.approx(theirs.numpy(), abs=1e-5)
    save_checkpoint(tmp_path / "b.safetensors", model.state_dict(), {"kind": "flow"})
    with pytest.raises(CheckpointError, match="no encoder of pictures; saw 'flow'"):
        load_encoder(str(tmp_path / "b.safetensors"))


def test_attention_is_a_mean_over_what_a_token_sees() -> None:
    torch.manual_seed(2)
    model = vit.SmallViT().eval()
    with torch.inference_mode():
        _, layers = model.attended(torch.randn(2, 1, 224, 224))
    assert len(layers) == vit.LAYERS and layers[0].shape == (2, 50, 50)
    assert layers[-1].sum(dim=-1) == pytest.approx(1, abs=1e-5)


def test_views_are_z_scored_but_for_noise_and_differ() -> None:
    small = np.random.default_rng(0).normal(size=(256, 256)).astype(np.float32)
    generator = np.random.default_rng(1)
    one, other = (view(small, generator, Pretraining()) for _ in range(2))
    assert one.shape == (224, 224) and abs(one.mean()) < 0.01 and 0.99 < one.std() < 1.02
    assert np.abs(one - other).mean() > 0.1


@needs("lightly")
def test_training_without_labels_learns_to_find_the_other_view(
    make_set: Callable[..., Path], tmp_path: Path
) -> None:
    paths = sorted(map(str, make_set(10).rglob("*.png")))
    (tmp_path / "damaged.png").write_bytes(b"none")
    loop = Training(steps=12, batch=6, validate_every=12, save_every=12, precision="fp32")
    settings = Pretraining(loop=loop, held_out=0.3)
    progress, failures = pretrain(
        [*paths, str(tmp_path / "damaged.png")], settings, tmp_path / "vit.safetensors", seed=0
    )
    assert len(failures) == 1 and "damaged.png" in failures[0]
    losses = [row["value"] for row in progress.history if row["metric"] == "loss"]
    # Among 2 x 6 views the loss of an encoder that knows nothing is ln(11).
    assert losses[-1] < np.log(11)
    assert load_encoder(str(tmp_path / "vit.safetensors")).size == vit.WIDTH


def test_a_batch_of_one_pair_is_refused() -> None:
    """NT-Xent of one pair is 0 whatever the network does."""
    settings = Pretraining(loop=Training(batch=1))
    with pytest.raises(MicrographiaError, match=r"saw 1; allowed: loop\.batch of at least 2"):
        pretrain([], settings, Path("x.safetensors"), seed=0)
