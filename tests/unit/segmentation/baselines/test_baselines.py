"""Peers of the flow networks: each learns a tiny set by heart, and finds its instances."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.draw import disk, ellipse

from micrographia.cli import main
from micrographia.config import Network, SegmentationTraining
from micrographia.errors import CheckpointError
from micrographia.io.images import read_labels, write_labels
from micrographia.io.schemas import PREDICTIONS, TRAINING_PICTURES
from micrographia.io.tables import read_table, write_table
from micrographia.segmentation.baselines import mask_rcnn, star, yolo
from micrographia.segmentation.baselines.detections import find_with, with_least_score
from micrographia.segmentation.baselines.patches import Patches, instances_of
from micrographia.segmentation.baselines.registry import BASELINES
from micrographia.segmentation.registry import build, load_network
from micrographia.segmentation.samples.agreement import agreement
from micrographia.training.checkpoint import load_checkpoint

ROOT = Path(__file__).parents[4]
#: Steps and learning rates with which each learns two pictures by heart in seconds.
LENGTHS = {"stardist": (120, 0.005), "yolo-seg": (120, 0.003), "mask-rcnn": (60, 0.0015)}


def shapes() -> np.ndarray:
    """Convex instances that touch, of several sizes."""
    labels = np.zeros((64, 64), np.int32)
    labels[disk((16, 16), 11)] = 1
    labels[disk((21, 38), 11)] = 2
    labels[ellipse(47, 30, 10, 24)] = 3
    return labels


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Two pictures of bright instances, both learned from and judged on."""
    folder = tmp_path_factory.mktemp("tiny")
    found = []
    for number in range(2):
        labels = shapes()[:, ::-1] if number else shapes()
        noise = np.random.default_rng(number).normal(60, 6, labels.shape)
        image = (noise + 90 * (labels > 0)).clip(0, 255).astype(np.uint8)
        Image.fromarray(image).save(folder / f"{number}.png")
        (folder / "masks").mkdir(exist_ok=True)
        write_labels(folder / "masks" / f"{number}.png", labels)
        for split in ("train", "validation"):
            found.append(
                {
                    "path": str(folder / f"{number}.png"),
                    "mask_path": str(folder / "masks" / f"{number}.png"),
                    "source": "real", "licence": "MIT", "group": str(number), "split": split,
                    "n_instances": 3, "diameter_px": 22.0,
                }
            )  # fmt: skip
    return found


def settings(name: str) -> dict:
    steps, rate = LENGTHS[name]
    return {
        "training": {
            "architecture": name, "crop": 64, "zoom": [0.9, 1.1], "diameters": None,
            "procedural_share": 0, "validation_pictures": 2,
            "loop": {
                "steps": steps, "batch": 2, "validate_every": steps, "save_every": 10_000,
                "learning_rate": rate, "average": 0.8, "milestones": [0.7],
                "device": "cpu", "precision": "fp32",
            },
        },
        "network": {"diameter": None},
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", BASELINES)
def test_it_learns_a_tiny_set_by_heart(name, rows, tmp_path):
    """By the command; its checkpoint then finds the instances of the same pictures."""
    table, out = tmp_path / "pictures.parquet", tmp_path / f"{name}.safetensors"
    write_table(rows, table, TRAINING_PICTURES, {})
    words = ["--settings", json.dumps(settings(name))]
    train = ["segmentation", "train", "--pictures", str(table), "--threads", "1"]
    assert main([*train, "--out", str(out), *words]) == 0
    card = load_checkpoint(out).card
    assert card["architecture"]["name"] == name
    assert card["metrics"]["AP@0.5"] > 0.7
    assert 0.04 < float(load_checkpoint(out).tensors["least_score"]) < 0.71
    predict = ["segmentation", "predict", "--held-out", str(table), "--method", name]
    found = tmp_path / "found"
    assert main([*predict, "--checkpoint", str(out), "--out", str(found), *words]) == 0
    told = read_table(found / "predictions.parquet", PREDICTIONS)
    assert told["failure"].isna().all() and set(told["method"]) == {name}
    truth, masks = shapes(), [read_labels(found / f"{number}.png") for number in range(2)]
    assert agreement(truth, masks[0]).ap50 > 0.7
    assert agreement(truth[:, ::-1], masks[1]).ap50 > 0.7
    other = next(other for other in BASELINES if other != name)
    with pytest.raises(CheckpointError, match=rf"saw '{name} \(segmentation\)'"):
        load_network(load_checkpoint(out), other)


@pytest.mark.parametrize("name", BASELINES)
def test_equal_seeds_give_equal_bytes_of_weights(name, rows):
    """Of the same crops, too: those that a flow network is given."""
    from micrographia.segmentation.learning.train import FlowLearner, make_network

    parsed = SegmentationTraining(**settings(name)["training"])
    first, again = (make_network(parsed, 3).state_dict() for _ in range(2))
    assert all(torch.equal(value, again[key]) for key, value in first.items())
    assert any(
        not torch.equal(v, first[k]) for k, v in make_network(parsed, 4).state_dict().items()
    )
    ours = BASELINES[name].learner()(build(name), rows, parsed, Network(), 5)
    flow = FlowLearner(build("unet-small"), rows, parsed, Network(), 5)
    for number in (0, 7):
        np.testing.assert_array_equal(ours.sample(number)["image"], flow.sample(number)["image"])


@pytest.mark.parametrize("name", BASELINES)
def test_crops_without_an_instance_can_be_learned_from(name, rows):
    parsed = SegmentationTraining(**settings(name)["training"])
    learner = BASELINES[name].learner()(build(name), rows, parsed, Network(), 0)
    learner.shelf.kept = {
        row["path"]: (np.zeros((64, 64), np.float32), np.zeros((64, 64), np.int32)) for row in rows
    }
    batch = {key: torch.from_numpy(value)[None] for key, value in learner.sample(0).items()}
    batch = {key: torch.cat([value] * 2) for key, value in batch.items()}
    losses = learner.loss(learner.model.train()(batch["image"]), batch)
    losses["loss"].backward()
    assert torch.isfinite(losses["loss"])


@pytest.mark.parametrize("name", BASELINES)
def test_training_in_half_precision_validates_in_it(name, rows):
    parsed = SegmentationTraining(**settings(name)["training"])
    learner = BASELINES[name].learner()(build(name), rows, parsed, Network(diameter=None), 0)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        scores = learner.validate(learner.model.eval(), torch.device("cpu"))
    assert set(scores) == {"AP@0.5", "PQ@0.5"}


def test_stars_bring_convex_instances_back():
    """Truth to distances to polygons to labels; touching and overlapping ones stay apart."""
    labels = shapes()
    distances = star.measure(labels, star.GRID)
    middle = star.probability(distances, labels[:: star.GRID, :: star.GRID])
    assert middle.min() == 0 and middle.max() == 1
    y, x = np.nonzero(middle > 0.5)
    every = star.Stars(
        np.stack([y, x], 1) * float(star.GRID), distances[:, y, x].T.astype(float), middle[y, x]
    )
    thinned = every.thinned()
    assert len(every.scores) > 50 and len(thinned.scores) == 3
    found = thinned.render(labels.shape, 20)
    assert agreement(labels, found).pq50 > 0.93
    areas = np.sort(np.bincount(labels.ravel())[1:])
    np.testing.assert_allclose(np.sort(thinned.diameters()) ** 2 * np.pi / 4, areas, rtol=0.08)
    twice = thinned.moved(0, 0, 2.0).render((128, 128), 20)
    assert agreement(np.kron(labels, np.ones((2, 2), np.int32)), twice).pq50 > 0.93
    assert thinned.render(labels.shape, 500).max() == (areas >= 500).sum()


def test_rays_of_a_disc_are_its_radius():
    labels = np.zeros((61, 61), np.int32)
    labels[disk((30, 30), 20.5)] = 7
    rays = star.measure(labels, 2)[:, 15, 15]
    assert np.abs(rays - 20.5).max() < 1


def test_patches_are_drawn_where_their_boxes_are():
    mask = np.zeros((2, 28, 28), np.float32)
    mask[0], mask[1, :, :14] = 1, 1
    boxes = np.array([[2.0, 4.0, 12.0, 8.0], [8.0, 0.0, 28.0, 10.0]])
    found = Patches(boxes, mask, np.array([0.9, 0.8]))
    labels = found.render((12, 30), 1)
    assert (labels == 1).sum() == 40 and (labels[4:8, 2:12] == 1).all()
    assert (labels[0:4, 8:18] == 2).all() and not labels[:, 18:].any()
    np.testing.assert_allclose(found.diameters() ** 2 * np.pi / 4, [40, 100])
    # The second keeps 92 of its pixels, a third that lies in the first keeps too few.
    third = found.joined(Patches(boxes[:1] + 1, mask[:1], np.array([0.5])))
    assert third.render((12, 30), 1).max() == 2
    assert found.joined(found.moved(0.2, 0.2, 1.0)).thinned().scores.tolist() == [0.9, 0.8]


def test_boxes_and_numbers_of_instances():
    labels = torch.zeros(6, 8, dtype=torch.int32)
    labels[1:3, 2:7], labels[4, 0] = 9, 30
    boxes, index = instances_of(labels)
    assert boxes.tolist() == [[2, 1, 7, 3], [0, 4, 1, 5]]
    assert index[1, 2] == 1 and index[4, 0] == 2 and (index > 0).sum() == 11
    assert instances_of(labels[:1])[0].shape == (0, 4)
    assert instances_of(torch.full((2, 2), 5))[0].tolist() == [[0, 0, 2, 2]]


class Bright(torch.nn.Module):
    """Stands for a network on whose device tiles are put; finds nothing by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))


def test_tiles_find_what_the_whole_finds():
    """A detector that sees each bright component, whole or cut by its tile."""
    from skimage.measure import label, regionprops

    def detect(network, image, threshold, precision):
        regions = regionprops(label(image > 0.5))
        boxes = [[r.bbox[1], r.bbox[0], r.bbox[3], r.bbox[2]] for r in regions]
        return Patches(
            np.array(boxes, float).reshape(-1, 4),
            np.ones((len(boxes), 28, 28), np.float32), np.ones(len(boxes)),
        )  # fmt: skip

    image = np.zeros((300, 420), np.float32)
    for y in range(8, 290, 24):
        for x in range(8, 410, 24):
            image[y : y + 9, x : x + 9] = 1
    network = with_least_score(Bright())
    whole = find_with(detect, network, image, Network(tile=512, diameter=None))
    tiled = find_with(detect, network, image, Network(tile=128, overlap=32, diameter=None))
    assert whole.max() == tiled.max() == label(image > 0.5).max()
    np.testing.assert_array_equal(whole > 0, tiled > 0)


def test_yolo_needs_no_home_and_no_weights(tmp_path):
    """Built in a process of its own, it writes nothing into the user's home."""
    kept = {"YOLO_CONFIG_DIR", "YOLO_OFFLINE", "XDG_CONFIG_HOME"}
    clean = {key: value for key, value in os.environ.items() if key not in kept}
    subprocess.run(
        [
            sys.executable,
            "-c",
            "from micrographia.segmentation.baselines.yolo import build; build()",
        ],
        env={**clean, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "src")},
        check=True,
    )
    assert not [path for path in tmp_path.rglob("*") if "ltralytics" in path.name]


def test_networks_are_of_the_size_that_is_stated():
    """Docs name these numbers, in millions."""
    sizes = {
        name: sum(w.numel() for w in module.build().parameters()) / 1e6
        for name, module in (("stardist", star), ("yolo-seg", yolo), ("mask-rcnn", mask_rcnn))
    }
    assert sizes["stardist"] == pytest.approx(2.7, abs=0.1)
    assert sizes["yolo-seg"] == pytest.approx(2.8, abs=0.1)
    assert sizes["mask-rcnn"] == pytest.approx(13.7, abs=0.5)
