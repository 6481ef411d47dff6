"""Which jobs the benchmarks of classification have, by their settings."""

from __future__ import annotations

from workflow.harness import Workflow


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
