"""A network that is none: it answers with the truth at whatever scale it is shown.

What is tested is everything around a network: the scales it is asked at, the way back to the
picture's size, tiles, and the errors of the command.
"""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from skimage.draw import disk
from torch import nn

from micrographia.cli import main
from micrographia.config import Network
from micrographia.errors import CheckpointError
from micrographia.method_names import TRAINED_NETWORKS
from micrographia.segmentation import network_segmenter
from micrographia.segmentation.flow.field import flow_field
from micrographia.segmentation.flow.follow import follow
from micrographia.segmentation.inference.instances import find, find_with_field
from micrographia.segmentation.samples.agreement import agreement


class Oracle(nn.Module):
    """Knows the picture's labels and gives their flow at the size that it is shown.

    As a trained network does, it sees nothing of instances smaller than `blind` pixels.
    """

    stride = 1

    def __init__(self, labels: np.ndarray, blind: float = 6.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.labels, self.blind = labels, blind
        self.shapes: list[tuple[int, ...]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shape = tuple(x.shape[2:])
        self.shapes.append(shape)
        seen = cv2.resize(
            self.labels.astype(np.float32), shape[::-1], interpolation=cv2.INTER_NEAREST
        ).astype(np.int32)
        diameter = 2 * np.sqrt(np.bincount(seen.ravel()) / np.pi)
        seen[diameter[seen] < self.blind] = 0
        truth = flow_field(seen)
        logit = truth.foreground[None] * 20 - 10
        return torch.from_numpy(np.concatenate([truth.field, logit]))[None]


def discs(size, radius, step):
    labels = np.zeros((size, size + 30), np.int32)
    for number, (y, x) in enumerate(np.ndindex(size // step, size // step), 1):
        labels[disk((y * step + step // 2, x * step + step // 2), radius, shape=labels.shape)] = (
            number
        )
    return labels


@pytest.mark.parametrize(
    ("size", "radius", "step"), [(1500, 5, 30), (900, 20, 60), (900, 200, 450), (120, 5, 24)]
)
def test_instances_are_found_at_the_scales_that_show_them(size, radius, step):
    labels = discs(size, radius, step)
    oracle = Oracle(labels)
    image = (labels > 0).astype(np.float32)
    found = find(oracle, image, Network(tile=8192, overlap=256))
    assert agreement(labels, found).pq50 > 0.9
    # A copy of less than 48 pixels is not looked at.
    assert [shape[0] for shape in oracle.shapes] == [
        round(size * scale) for scale in (1, 0.5, 0.25, 0.125) if size * scale >= 48
    ]


def test_the_field_that_is_returned_is_that_of_what_is_found():
    labels = discs(400, 30, 100)
    image = (labels > 0).astype(np.float32)
    settings = Network(tile=8192, overlap=256)
    found, field = find_with_field(Oracle(labels), image, settings)
    assert field.shape == (3, *labels.shape)
    followed = follow(field[:2], field[2], min_area=20)
    assert agreement(followed.labels, found).ap50 == 1
    assert np.array_equal(found, find(Oracle(labels), image, settings))


def test_one_scale_takes_the_picture_as_it_is():
    labels = discs(500, 60, 125)
    oracle = Oracle(labels)
    found = find(oracle, (labels > 0).astype(np.float32), Network(scales=(1.0,)))
    assert oracle.shapes == [(500, 530)]
    assert agreement(labels, found).pq50 > 0.99


def test_an_empty_picture_has_nothing():
    oracle = Oracle(np.zeros((700, 900), np.int32))
    assert not find(oracle, np.zeros((700, 900), np.float32), Network()).any()


@pytest.mark.parametrize("method", TRAINED_NETWORKS)
def test_without_a_checkpoint_nothing_is_tried(method, tmp_path, capsys):
    words = ["--settings", '{"network": {"checkpoint": "/not/there.safetensors"}}']
    picture = tmp_path / "a.png"
    cv2.imwrite(str(picture), np.zeros((40, 40), np.uint8))
    out = tmp_path / "out"
    status = main(
        ["segmentation", "predict", str(picture), "--method", method, "--out", str(out), *words]
    )
    assert status == 2 and not out.exists()
    assert "/not/there.safetensors does not exist" in capsys.readouterr().err


def test_checkpoints_are_found_in_the_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # It is there, and is no such network.
    with pytest.raises(CheckpointError, match="belongs to another network"):
        network_segmenter.load(
            Network(checkpoint="curation/scale/weights/scale-reader.safetensors")
        )
    with pytest.raises(CheckpointError, match="does not exist"):
        network_segmenter.load(Network(checkpoint="none.safetensors"))
