"""What is found at several scales competes; the model behind it is learnt from pictures."""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from scipy import ndimage
from skimage.draw import disk
from torch import nn

from micrographia.config import Network
from micrographia.segmentation.flow.field import flow_field
from micrographia.segmentation.inference.candidates import (
    FEATURES,
    Quality,
    choose,
    describe,
    rate,
    settle,
)
from micrographia.segmentation.inference.instances import find
from micrographia.segmentation.learning.quality import fit_quality
from micrographia.segmentation.samples.agreement import agreement


def test_the_best_candidate_takes_its_pixels_and_the_rest_goes_to_others() -> None:
    whole = np.array([[0, 0, 0, 0, 0, 0, 0], [0, 1, 1, 1, 1, 0, 0]], np.int32)
    parts = np.array([[3, 0, 0, 0, 0, 0, 0], [0, 1, 1, 2, 2, 0, 4]], np.int32)
    labels, sources, worth = choose(
        [whole, parts], [np.array([0.9]), np.array([0.8, 0.8, 0.7, -1.0])]
    )
    assert labels.tolist() == [[1, 0, 0, 0, 0, 0, 0], [0, 2, 2, 2, 2, 0, 0]]
    assert sources.tolist() == [1, 0] and worth.tolist() == [0.7, 0.9]
    labels, _, _ = choose([whole, parts], [np.array([0.7]), np.array([0.8, 0.8, -1.0, -1.0])])
    assert labels.tolist() == [[0] * 7, [0, 1, 1, 2, 2, 0, 0]]


def test_nothing_good_enough_is_nothing() -> None:
    mask = np.array([[1, 1, 0, 2]], np.int32)
    labels, sources, _ = choose([mask, mask], [np.array([-1.0, -1.0])] * 2)
    assert not labels.any() and not len(sources)


def test_where_nothing_is_sure_the_best_of_the_picture_counts() -> None:
    # The first feature alone decides: the quality is about the logistic function of it.
    quality = Quality((0.0,) * 7, (1.0,) * 7, (1.0,) + (0.0,) * 6, bias=0.0, least=0.9)
    mask = np.array([[1, 1, 1, 0, 2, 2, 0, 3]], np.int32)

    def kept(*worth: float, least: float | None = None) -> int:
        table = np.zeros((3, len(FEATURES)))
        table[:, 0] = np.log(np.array(worth) / (1 - np.array(worth)))
        labels, sources = settle([mask], [table], quality, least)
        assert len(sources) == labels.max()
        return int(labels.max())

    assert kept(0.99, 0.95, 0.88) == 2  # 0.9 * 0.99 is the bar
    assert kept(0.85, 0.8, 0.72) == 2
    assert kept(0.75, 0.72, 0.69) == 2  # the floor
    assert kept(0.85, 0.8, 0.72, least=0.9) == 0  # somebody said so
    assert kept(0.69, 0.2, 0.1) == 0


def test_a_mask_that_does_not_flow_as_its_field_is_seen() -> None:
    labels = np.zeros((60, 90), np.int32)
    labels[disk((30, 25), 14)] = 1
    labels[disk((30, 50), 14)] = 2
    truth = flow_field(labels)
    field = np.concatenate([truth.field, 0.9 * truth.foreground[None]]).astype(np.float32)
    right = describe(field, labels, 0.5)
    assert right.shape == (2, len(FEATURES))
    assert right[:, 0] == pytest.approx(0.9, abs=1e-6)
    # The centre itself, where the flow ends, agrees with nothing.
    assert right[:, 1] == pytest.approx(1, abs=0.01)
    assert right[:, 2] == pytest.approx(0, abs=1e-6)
    assert np.exp(right[:, 3]) == pytest.approx(14, rel=0.06)
    assert not right[:, 6].any()
    joined = describe(field, (labels > 0).astype(np.int32), 0.5)
    assert joined[0, 1] < right[:, 1].min() - 0.1
    assert rate(right, None).tolist() == pytest.approx([0.9, 0.9], abs=0.01)
    assert rate(right, None, least=0.95).tolist() == [-1, -1]
    shifted = describe(field, np.roll(labels, -12, axis=1), 1.0)
    assert shifted[:, 6].tolist() == [1, 0]


def test_the_model_goes_through_a_card() -> None:
    ones = (1.0,) * len(FEATURES)
    quality = Quality(ones, ones, ones, 0.5, 0.7)
    assert Quality.of({"quality": quality.to_card()}) == quality
    assert Quality.of({}) is None
    other = quality.to_card() | {"features": ["another"]}
    assert Quality.of({"quality": other}) is None
    assert quality.rate(np.ones((1, len(FEATURES)))) == pytest.approx(1 / (1 + np.exp(-0.5)))


class Dreamer(nn.Module):
    """Sees bright discs rightly, and is nearly as sure of grey debris, whose flow it dreams."""

    stride = 1

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        image = x[0, 0].numpy()
        truth = flow_field(ndimage.label(image > -0.5)[0].astype(np.int32))
        grey = (image > -0.5) & (image < 0.5)
        flow = np.where(grey, 0.5 * truth.field, truth.field)
        logit = np.where(grey, 2.5, np.where(image > -0.5, 3.0, -5.0))[None]
        return torch.from_numpy(np.concatenate([flow, logit]).astype(np.float32))[None]


def test_what_is_learnt_keeps_instances_and_drops_debris(tmp_path) -> None:
    rng = np.random.default_rng(3)
    rows = []
    for number in range(6):
        image, labels = np.zeros((160, 160), np.uint8), np.zeros((160, 160), np.int32)
        for place, (y, x) in enumerate(np.ndindex(4, 4)):
            true = rng.random() < 0.5
            pixels = disk((20 + 40 * y, 20 + 40 * x), rng.uniform(8, 14))
            image[pixels] = 255 if true else 110
            labels[pixels] = (place + 1) * true
        paths = [str(tmp_path / f"{kind}{number}.png") for kind in ("image", "mask")]
        cv2.imwrite(paths[0], image)
        cv2.imwrite(paths[1], labels.astype(np.uint16))
        rows.append({"path": paths[0], "mask_path": paths[1], "source": "procedural"})
    settings = Network(scales=(1.0, 0.5))
    model = Dreamer()
    image = cv2.imread(rows[0]["path"], cv2.IMREAD_GRAYSCALE).astype(np.float32) / 127.5 - 1
    truth = cv2.imread(rows[0]["mask_path"], cv2.IMREAD_UNCHANGED).astype(np.int32)
    assert (
        agreement(
            truth, find(model, image, settings.model_copy(update={"least_quality": 0.2}))
        ).ap50
        < 0.8
    )
    model.quality = fit_quality(model, pd.DataFrame(rows), settings, seed=1)
    assert agreement(truth, find(model, image, settings)).ap50 == 1
    assert fit_quality(model, pd.DataFrame(rows), settings, seed=1) == model.quality
