"""A segmenter learns: its pictures, its crops, its loss, and a toy that it really masters."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.draw import disk

from micrographia.benchmarks.segmentation.matching import (
    average_precision,
    count,
    panoptic_quality,
)
from micrographia.cli import main
from micrographia.config import LabelledPictures, Network, SegmentationTraining
from micrographia.errors import MicrographiaError
from micrographia.io.images import read_labels, write_labels
from micrographia.io.label_masks import overlaps
from micrographia.io.schemas import TRAINING_HISTORY, TRAINING_PICTURES
from micrographia.io.tables import read_table
from micrographia.segmentation.learning.train import FlowLearner
from micrographia.segmentation.networks.flow_networks import NETWORKS
from micrographia.segmentation.networks.unet import UNet
from micrographia.segmentation.registry import build
from micrographia.segmentation.samples.agreement import agreement
from micrographia.segmentation.samples.augment import draw_crop
from micrographia.segmentation.samples.pictures import collect, weights_of
from micrographia.training.checkpoint import load_checkpoint


def draw(seed, size=128, count=7):
    """Bright discs that touch, some of them, on a dark noisy ground."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((size, size), np.int32)
    for number in range(1, count + 1):
        place = disk(rng.uniform(10, size - 10, 2), rng.uniform(9, 16), shape=labels.shape)
        if not labels[place].any():
            labels[place] = number
    image = rng.normal(60, 8, labels.shape) + 110 * (labels > 0)
    return image.clip(0, 255).astype(np.uint8), labels


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("pictures")
    for name in ("images", "masks"):
        (place / name).mkdir()
    lines = ["filename,doi"]
    for number in range(20):
        image, labels = draw(number)
        Image.fromarray(image).save(place / "images" / f"{number:02d}.png")
        write_labels(place / "masks" / f"{number:02d}.png", labels)
        lines.append(f"{number:02d}.png,10.1/{number // 2}")
    (place / "articles.csv").write_text("\n".join(lines))
    return place


def source(folder, **changed):
    named = {
        "images": str(folder / "images"),
        "masks": str(folder / "masks"),
        "articles": str(folder / "articles.csv"),
        "licence": "MIT",
    }
    return LabelledPictures(**{**named, **changed})


@pytest.fixture
def rows(folder):
    return collect([source(folder)], [], 0.3, seed=1)


def test_articles_are_divided_whole_and_the_same_each_time(folder, rows):
    sides = {}
    for row in rows:
        sides.setdefault(row["group"], set()).add(row["split"])
    assert all(len(side) == 1 for side in sides.values())
    assert sum(row["split"] == "validation" for row in rows) == 6
    assert collect([source(folder)], [], 0.3, seed=1) == rows
    other = collect([source(folder)], [], 0.3, seed=2)
    assert [row["split"] for row in other] != [row["split"] for row in rows]
    labels = draw(3)[1]
    assert rows[3]["n_instances"] == len(np.unique(labels)) - 1
    areas = np.bincount(labels.ravel())[1:]
    expected = np.median(2 * np.sqrt(areas[areas > 0] / np.pi))
    assert rows[3]["diameter_px"] == pytest.approx(expected)


def test_a_picture_of_no_article_is_a_fault(folder, tmp_path):
    (tmp_path / "articles.csv").write_text("filename,doi\n00.png,10.1/0\n")
    with pytest.raises(MicrographiaError, match=r"01\.png is not listed in"):
        collect([source(folder, articles=str(tmp_path / "articles.csv"))], [], 0.3, 1)
    (tmp_path / "articles.csv").write_text("name,doi\n")
    with pytest.raises(MicrographiaError, match="columns filename, doi"):
        collect([source(folder, articles=str(tmp_path / "articles.csv"))], [], 0.3, 1)


def test_broken_pictures_are_left_out(folder, tmp_path, caplog):
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    image, labels = draw(0)
    for name in ("fine", "good", "torn", "odd", "lone"):
        Image.fromarray(image).save(tmp_path / "images" / f"{name}.png")
        write_labels(tmp_path / "masks" / f"{name}.png", labels)
    (tmp_path / "images" / "torn.png").write_bytes(b"\x89PNG")
    write_labels(tmp_path / "masks" / "odd.png", labels[:-1])
    (tmp_path / "masks" / "lone.png").unlink()
    found = collect([source(tmp_path, articles=None)], [], 0.5, 1)
    assert [row["group"] for row in found] == ["fine", "good"]
    for name in ("torn", "odd", "lone"):
        assert f"{name}.png" in caplog.text


def test_nothing_to_train_on():
    with pytest.raises(MicrographiaError, match=r"segmentation\.training\.real"):
        collect([], [], 0.2, 1)


def test_nothing_to_validate_on(folder, tmp_path):
    """Else the first weights would be kept, whatever was learned after them."""
    (tmp_path / "one.csv").write_text(
        "\n".join(["filename,doi", *(f"{number:02d}.png,10.1/0" for number in range(20))])
    )
    with pytest.raises(MicrographiaError, match=r"validation: 0\.3 of 20 pictures in 1 groups"):
        collect([source(folder, articles=str(tmp_path / "one.csv"))], [], 0.3, 1)


def test_sources_and_densities_are_balanced(rows):
    import pandas as pd

    table = pd.DataFrame(rows)
    table["n_instances"] = [5] * 16 + [500] * 4
    table["source"] = ["real", "procedural"] * 10
    weight = weights_of(table, 0.25)
    assert weight.sum() == pytest.approx(1)
    assert weight[1::2].sum() == pytest.approx(0.25)
    dense, sparse = weight[16::2].sum(), weight[0:16:2].sum()
    assert dense / sparse == pytest.approx(np.sqrt(2 / 8))  # of 1/4 of the pictures, 1/2 as many
    with pytest.raises(MicrographiaError, match="chance to be drawn"):
        weights_of(table[table["source"] == "real"].reset_index(drop=True), 1.0)


def test_crops_keep_labels_on_their_pixels():
    """A picture that is its own label mask stays so however it is turned and enlarged."""
    labels = np.kron(np.arange(1, 17).reshape(4, 4), np.ones((40, 40))).astype(np.int32)
    image = (labels / 16).astype(np.float32)
    settings = SegmentationTraining(crop=128, zoom=(0.8, 1.5), diameters=(32, 60))

    seen = set()
    for seed in range(12):
        rng = np.random.default_rng(seed)
        crop = draw_crop(image, labels, 40.0, settings, rng)
        assert crop.image.shape == crop.labels.shape == (128, 128)
        assert not crop.labels[~crop.inside].any() and not crop.image[~crop.inside].any()
        seen |= set(np.unique(crop.labels)) - {0}
        inner = crop.inside & (crop.labels > 0)
        # Grey still follows the label, up to one monotonous exposure and its noise.
        means = [crop.image[crop.labels == n].mean() for n in np.unique(crop.labels[inner])]
        order = np.corrcoef(np.arange(len(means)), means)[0, 1] if len(means) > 3 else 1
        assert abs(order) > 0.8
    assert len(seen) == 16


def test_crops_differ_and_repeat(rows):
    learner = make_learner(rows)
    first, again, other = learner.sample(5), learner.sample(5), learner.sample(6)
    for name, value in first.items():
        np.testing.assert_array_equal(value, again[name])
    assert (first["image"] != other["image"]).any()
    assert {name: value.shape for name, value in first.items()} == {
        "image": (1, 64, 64), "flow": (2, 64, 64), "weight": (1, 64, 64), "inside": (1, 64, 64),
    }  # fmt: skip
    length = np.hypot(*first["flow"])
    assert not length[first["weight"][0] == 0].any() and length.max() == pytest.approx(1, abs=1e-4)


SETTINGS = SegmentationTraining(
    crop=64, zoom=(0.9, 1.1), validation_pictures=4, procedural_share=0,
    loop={"steps": 90, "batch": 4, "validate_every": 45, "save_every": 1000,
          "learning_rate": 0.004, "average": 0.8, "milestones": [0.7],
          "device": "cpu", "precision": "fp32"},
)  # fmt: skip


def make_learner(rows, settings=SETTINGS):
    torch.manual_seed(0)
    return FlowLearner(build("unet-small", {"widths": [8, 16, 32]}), rows, settings, Network(), 0)


def test_the_truth_costs_least(rows):
    learner = make_learner(rows)
    batch = {name: torch.from_numpy(value)[None] for name, value in learner.sample(0).items()}
    truth = torch.cat([batch["flow"], 20 * batch["weight"].gt(0) - 10.0], 1)
    assert learner.loss(truth, batch)["loss"] < 1e-3
    for channel, name in ((0, "flow"), (1, "flow"), (2, "foreground")):
        wrong = truth.clone()
        wrong[:, channel] *= -1
        assert learner.loss(wrong, batch)[name] > 0.3
    outside = truth.clone()
    outside[~batch["inside"].expand_as(truth)] = 99.0
    assert learner.loss(outside, batch)["loss"] < 1e-3  # nothing is known there


def test_scores_are_those_of_the_benchmark():
    rng = np.random.default_rng(0)
    for _ in range(60):
        true = rng.integers(0, 4, (6, 6)) * 7
        found = np.where(rng.random((6, 6)) < 0.85, true, rng.integers(0, 5, (6, 6)))
        counts = count(overlaps(true, found), 0.5)
        assert agreement(true, found) == pytest.approx(
            (average_precision(counts), panoptic_quality(counts))
        )
    nothing = np.zeros((3, 3), int)
    assert agreement(nothing, nothing) == (1, 1) and agreement(nothing, nothing + 1) == (0, 0)


def test_it_masters_a_toy(folder, tmp_path, monkeypatch):
    """Trained for real by the command, then used by `predict` on pictures it has not seen."""
    monkeypatch.setitem(NETWORKS, "unet-small", (UNet, {"widths": [8, 16, 32]}))
    settings = {
        "training": SETTINGS.model_dump(mode="json")
        | {"real": [source(folder).model_dump(mode="json")], "validation": 0.3},
        "network": {"checkpoint": str(tmp_path / "toy.safetensors")},
    }
    words = ["--settings", json.dumps(settings)]
    out = str(tmp_path / "toy.safetensors")
    assert main(["segmentation", "train", "--out", out, "--threads", "1", *words]) == 0
    history = read_table(tmp_path / "toy-history.parquet", TRAINING_HISTORY)
    losses = history[history["metric"] == "loss"]["value"].tolist()
    assert losses[-1] < 0.6 * losses[0]
    card = load_checkpoint(out).card
    assert card["metrics"]["AP@0.5"] > 0.8
    assert card["data"]["pictures"] == {"real train": 14, "real validation": 6}
    assert card["data"]["licences"] == ["MIT"]
    assert len(read_table(tmp_path / "toy-pictures.parquet", TRAINING_PICTURES)) == 20
    assert (tmp_path / "toy-curves.png").read_bytes()[:4] == b"\x89PNG"
    image, labels = draw(99, size=150)
    Image.fromarray(image).save(tmp_path / "new.png")
    predict = ["segmentation", "predict", str(tmp_path / "new.png"), "--method", "unet-small"]
    assert main([*predict, "--out", str(tmp_path / "found"), *words]) == 0
    found = read_labels(tmp_path / "found" / "new.png")
    assert agreement(labels, found).ap50 > 0.8


def test_warm_start_begins_where_the_weights_are(rows, tmp_path):
    from micrographia.segmentation.learning.train import make_network
    from micrographia.training.checkpoint import save_checkpoint

    network = build("unet-small")
    save_checkpoint(tmp_path / "a.safetensors", network.state_dict(), {"kind": "segmentation"})
    settings = SETTINGS.model_copy(update={"init": str(tmp_path / "a.safetensors")})
    begun = make_network(settings, 1)
    assert torch.equal(begun.stem.weight, network.stem.weight.half().float())
    fresh = make_network(SETTINGS, 1)
    assert not torch.equal(fresh.stem.weight, network.stem.weight)
