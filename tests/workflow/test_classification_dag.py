"""The DAG of classification: run on request only, on drawn or on the user's pictures."""

from __future__ import annotations

import pytest
from workflow.harness import Workflow

pytestmark = pytest.mark.slow


def test_kinds_of_nanomaterials_are_scored_on_demand(fresh: Workflow) -> None:
    assert not {"synthesis_kinds", "bench_classification"} & set(fresh.jobs())
    jobs = fresh.jobs("bench_classification")
    four = {"synthesis_kinds", "classification_embed", "classification_bench"}
    assert jobs == dict.fromkeys(four | {"bench_classification"}, 1)
    (fresh.folder / "mine" / "tips").mkdir(parents=True)
    mine = fresh.overlay("benchmarks: {classification: mine}\n", "mine.yaml")
    jobs = fresh.jobs("bench_classification", "--configfile", mine)
    assert "synthesis_kinds" not in jobs and jobs["classification_embed"] == 1


def test_baselines_of_classification_are_trained_on_demand(fresh: Workflow) -> None:
    few = "classification: {baselines: {names: [resnet, gcn]}}\n"
    jobs = fresh.jobs("bench_classification_baselines", "--configfile", fresh.overlay(few))
    once = {"synthesis_kinds", "classification_embed", "classification_baseline_split"}
    twice = {"classification_baseline", "classification_baseline_scores"}
    assert jobs == dict.fromkeys(once | {"bench_classification_baselines"}, 1) | dict.fromkeys(
        twice, 2
    )
    one = fresh.jobs("bench_classification_barlow_twins")
    assert one["classification_baseline"] == one["classification_baseline_scores"] == 1


def test_pictures_to_add_are_drawn_and_embedded(fresh: Workflow) -> None:
    (fresh.folder / "mine" / "tips").mkdir(parents=True)
    extra = "benchmarks: {classification: mine, classification_extra: procedural}\n"
    jobs = fresh.jobs("bench_classification", "--configfile", fresh.overlay(extra, "extra.yaml"))
    assert jobs["synthesis_kinds"] == jobs["classification_embed_extra"] == 1


def test_the_same_pictures_are_held_out_in_three_ways(fresh: Workflow) -> None:
    jobs = fresh.jobs("bench_classification_splits")
    both = ("classification_split", "classification_bench_split")
    assert [jobs[name] for name in both] == [3, 3] and "classification_bench" not in jobs
    assert jobs["synthesis_kinds"] == jobs["bench_classification_splits"] == 1
