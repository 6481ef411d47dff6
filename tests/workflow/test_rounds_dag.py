"""Rounds of pseudo-labels in the workflow."""

from __future__ import annotations

import pytest
from workflow.harness import Workflow

pytestmark = pytest.mark.slow


def test_rounds_follow_one_another_and_are_asked_for_by_name(fresh: Workflow) -> None:
    assert not {"segmentation_round", "segmentation_pseudo"} & set(fresh.jobs())
    three = fresh.overlay("segmentation: {rounds: {count: 3}}\n", "rounds.yaml")
    jobs = fresh.jobs("segmentation_rounds", "--configfile", three)
    assert jobs["segmentation_network"] == jobs["segmentation_rounds"] == 1
    assert jobs["segmentation_round"] == 3 and jobs["segmentation_pseudo"] == 3 * 4
