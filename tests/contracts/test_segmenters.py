"""What every segmenter must do, whatever it is: one that joins the registry is tested here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from skimage.draw import disk

from micrographia.config import Network, Segmentation
from micrographia.errors import CheckpointError, ImageError
from micrographia.method_names import TRAINED_NETWORKS
from micrographia.segmentation.baselines.registry import BASELINES
from micrographia.segmentation.predict import METHODS
from micrographia.segmentation.registry import build
from micrographia.training.checkpoint import save_checkpoint

#: Networks whose weights are in the package; the others are tested with random weights.
SHIPPED = {"unet-small"}
#: Sizes with which a network without weights is tested in less time; its own where none is named.
SMALLER: dict[str, dict[str, Any]] = {
    "unet-large": {"widths": [4, 8, 8]},
    "vit-b": {"width": 48, "depth": 3, "heads": 3, "global_at": [1], "size": 96},
}
#: Scores above which random detectors find some tens of instances in the picture below.
LEAST_SCORES = {"yolo-seg": 0.0005, "mask-rcnn": 0.61}

Run = Callable[[np.ndarray], np.ndarray]


def picture(height: int = 81, width: int = 107, seed: int = 0) -> np.ndarray:
    """Bright discs on a noisy ground, 0…1, with at least one pixel of 0 and one of 1."""
    image = np.random.default_rng(seed).normal(0.3, 0.03, (height, width))
    for y in range(20, height - 10, 34):
        for x in range(20 + y % 7, width - 10, 36):
            image[disk((y, x), 13, shape=image.shape)] += 0.4
    image[0, 0], image[-1, -1] = 0, 1
    return image.clip(0, 1).astype(np.float32)


def save_random(name: str, folder: Path) -> Path:
    """Write a checkpoint with random weights that find something."""
    torch.manual_seed(0)
    options = SMALLER.get(name)
    network = build(name, options)
    if name in BASELINES:
        network.least_score.fill_(LEAST_SCORES.get(name, 0.5))
    else:
        torch.nn.init.normal_(network.head.weight, std=0.5)
    card = {"kind": "segmentation", "architecture": {"name": name, "options": options}}
    path = folder / f"{name}.safetensors"
    save_checkpoint(path, network.state_dict(), card)
    return path


@pytest.fixture(scope="module", params=METHODS)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A segmenter with its settings, as the workflow calls it."""
    name = request.param
    own: dict[str, Any] = {"device": "cpu", "precision": "fp32"}
    if name in TRAINED_NETWORKS and name not in SHIPPED:
        own["checkpoint"] = str(save_random(name, tmp_path_factory.mktemp("weights")))
        own["least_quality"] = 0.0  # of random weights nothing else would be left
    settings = Segmentation(network=Network(**own))
    return lambda image: METHODS[name](image, settings)


def check_mask(labels: np.ndarray, shape: tuple[int, ...]) -> None:
    """A label mask: int32, of the picture's shape, 0 and 1…n without gaps."""
    assert labels.dtype == np.int32 and labels.shape == shape
    found = np.unique(labels)
    assert labels.min() >= 0
    assert found[found > 0].tolist() == list(range(1, int(labels.max()) + 1))


def test_the_mask_is_labelled_without_gaps(run: Run) -> None:
    labels = run(picture())
    check_mask(labels, (81, 107))
    assert labels.max() > 1  # else there is nothing to check


def test_the_same_picture_gives_the_same_mask_and_stays_as_it_is(run: Run) -> None:
    image = picture()
    before = image.copy()
    first = run(image)
    run(picture(50, 120, seed=4))  # what was seen between leaves nothing behind
    assert np.array_equal(run(image), first)
    assert np.array_equal(image, before)


def test_a_part_of_an_array_is_a_picture_like_its_copy(run: Run) -> None:
    part = picture(90, 180)[3:-3, ::2].T
    assert np.array_equal(run(part), run(np.ascontiguousarray(part)))


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (16, 16), (17, 33), (33, 150)])
def test_small_odd_and_long_pictures(run: Run, shape: tuple[int, int]) -> None:
    image = np.random.default_rng(1).random(shape).astype(np.float32)
    check_mask(run(image), shape)


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0, np.nan, np.inf])
def test_constant_pictures(run: Run, value: float) -> None:
    check_mask(run(np.full((64, 80), value, np.float32)), (64, 80))


def test_what_is_not_finite_counts_as_the_darkest_or_the_brightest(run: Run) -> None:
    image, broken = picture(), picture()
    for row, (value, meant) in enumerate([(np.nan, 0), (np.inf, 1), (-np.inf, 0)]):
        broken[40 + row, 50:90], image[40 + row, 50:90] = value, meant
    assert np.array_equal(run(broken), run(image))


@pytest.mark.parametrize("shape", [(0, 5), (7,), (20, 20, 3)])
def test_what_is_no_grey_picture_is_refused(run: Run, shape: tuple[int, ...]) -> None:
    with pytest.raises(ImageError, match=r"no grey picture; saw 'shape \("):
        run(np.zeros(shape, np.float32))


@pytest.mark.parametrize("name", TRAINED_NETWORKS)
def test_absent_weights_are_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / "none.safetensors"
    settings = Segmentation(network=Network(checkpoint=str(path)))
    with pytest.raises(CheckpointError, match=rf"{path} does not exist"):
        METHODS[name](picture(), settings)
