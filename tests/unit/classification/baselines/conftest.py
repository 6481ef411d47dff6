"""A small split in memory: stripes, dots and clouds at 64 x 64 px."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from unit.classification.conftest import KINDS, draw

from micrographia.classification.baselines.baseline import Run
from micrographia.classification.baselines.budget import Budget
from micrographia.classification.baselines.parts import Parts, Pictures
from micrographia.classification.encoders.encoder import z_scored
from micrographia.io.schemas import LABELLED

SIDE = 64


def pictures(first: int, count: int) -> Pictures:
    """Return `count` pictures of each kind; those of other `first` are other pictures."""
    rows, values, labels = [], [], []
    for number in range(first, first + count):
        for label, kind in enumerate(KINDS):
            known = {"path": f"{kind}-{number}.png", "label": kind}
            rows.append(dict.fromkeys(LABELLED.names) | known)
            values.append(z_scored(draw(kind, number), SIDE))
            labels.append(label)
    return Pictures(rows, np.stack(values), np.array(labels, dtype=np.int64))


@pytest.fixture(scope="session")
def parts() -> Parts:
    """8 pictures of each kind to train on, 4 to validate, 6 to test."""
    return Parts(KINDS, pictures(0, 8), pictures(100, 4), pictures(200, 6), [])


@pytest.fixture
def run(parts: Parts) -> Run:
    """A run of two steps in single precision."""
    return Run(parts, SIDE, Budget(steps=2), torch.device("cpu"), "fp32", 3)
