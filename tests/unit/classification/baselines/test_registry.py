"""Every baseline is built, trained for two steps at 64 x 64 px, and answers."""

from __future__ import annotations

import numpy as np
import pytest

from micrographia.classification.baselines.budget import Budget
from micrographia.classification.baselines.parts import Parts
from micrographia.classification.baselines.registry import BASELINES, find_baseline
from micrographia.classification.baselines.run import train_baseline
from micrographia.config import Classification
from micrographia.errors import ConfigError
from micrographia.io.schemas import CLASSIFIED
from micrographia.method_names import PICTURE_BASELINES

#: Published numbers of weights for 1000 classes (torchvision's pages), and those of one class.
WEIGHTS = {
    "alexnet": (61_100_840, 4097),
    "densenet": (7_978_856, 1025),
    "resnet": (11_689_512, 513),
    "vgg": (132_868_840, 4097),
    "googlenet": (6_624_904, 1025),
    "squeezenet": (1_235_496, 513),
}


@pytest.mark.parametrize("name", PICTURE_BASELINES)
def test_each_trains_and_answers(name: str, parts: Parts) -> None:
    found = train_baseline(name, parts, Budget(steps=2), Classification(), seed=1)
    assert found.card["steps"] == 2 and found.card["family"] == BASELINES[name].family
    assert found.card["trained_on"] == 24 and found.card["tested_on"] == len(found.rows) == 18
    for row in found.rows:
        assert set(row) == set(CLASSIFIED.names) and row["method"] == name
        assert sorted(row["ranked"]) == sorted(parts.classes) and row["failure"] is None
        assert np.isfinite(row["probabilities"]).all()
        assert sum(row["probabilities"]) == pytest.approx(1)
        assert row["probabilities"] == sorted(row["probabilities"], reverse=True)
    if name in WEIGHTS:
        total, each = WEIGHTS[name]
        assert found.card["parameters"] == total - (1000 - len(parts.classes)) * each


def test_the_article_s_families_are_whole() -> None:
    """GDL-NMID: 6 ConvNets, 6 + 3 methods without labels, 15 graph networks, 4 of contrast."""
    families = [each.family for each in BASELINES.values()]
    counts = {family: families.count(family) for family in dict.fromkeys(families)}
    assert counts.pop("Transformers") >= 11
    assert counts == {
        "ConvNets": 6,
        "Self-supervised": 9,
        "Graph networks": 15,
        "Graph contrast": 4,
    }


def test_an_unknown_name_is_told_the_valid_ones() -> None:
    with pytest.raises(ConfigError, match=r"saw 'rsnet'; allowed: alexnet, .*, infograph"):
        find_baseline("rsnet")
