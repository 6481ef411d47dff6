"""Paths, shards and lists of names of a run."""

from __future__ import annotations

from micrographia.config import WorkflowConfig, validate
from micrographia.workflow.names import Names, one_of, results_folder, room_folder


def names(**settings: object) -> Names:
    return Names(validate(settings).resolved())


def test_paths_lie_below_the_results_of_the_settings() -> None:
    made = names(results="results/mine")
    assert made.results("a", "b.json") == "results/mine/a/b.json"
    assert made.logs("step", "{shard}") == "results/mine/logs/step/{shard}.log"
    assert made.times("step") == "results/mine/times/step.tsv"
    assert made.round_folder(2, "x") == "results/mine/segmentation/rounds/2/x"
    assert made.scaling_folder("real-30") == "results/mine/segmentation/scaling/real-30"


def test_shards_have_three_digits_and_multislice_has_its_own() -> None:
    made = names(shards={"micrographs": 2, "structures": 3}, stem={"multislice": []})
    assert made.shards("micrographs") == ["000", "001"]
    assert made.picture_shards() == ["000", "001", "002"]
    drawn = names(shards={"structures": 1}, stem={"multislice": [], "multislice_sample": 2})
    assert drawn.picture_shards() == ["000", "multislice"]


def test_the_learning_curve_has_no_training_on_nothing() -> None:
    curve = {"real": [0, 30, None], "procedural": [False, True]}
    made = names(segmentation={"scaling": curve})
    assert made.scaling_runs() == ["real-30", "real-all", "mixed-0", "mixed-30", "mixed-all"]


def test_annotators_judges_and_who_judges_nobody() -> None:
    endpoint = {"base_url": "http://127.0.0.1:9/v1", "model": "m"}
    annotators = [
        {"name": "seen", "kind": "measured"},
        {"name": "asked", "kind": "endpoint", "endpoint": endpoint},
    ]
    made = names(annotation={"annotators": annotators})
    assert made.annotators(embedded=True) == ["seen"]
    assert made.annotators(embedded=False) == ["asked"]
    assert made.judges(embedded=True) == ["seen"]
    named = names(annotation={"annotators": annotators, "judges": ["asked"]})
    assert named.judges(embedded=True) == [] and named.judges(embedded=False) == ["asked"]
    # One annotator alone has nobody to judge.
    assert names(annotation={"annotators": annotators[:1]}).judges(embedded=True) == []


def test_answers_are_known_of_pictures_that_were_made_and_described() -> None:
    assert Names(WorkflowConfig().resolved()).answers_known()
    assert not names(annotation={"annotators": []}).answers_known()


def test_a_wildcard_of_no_names_matches_nothing() -> None:
    assert one_of(["a", "b"]) == "a|b" and one_of([]) == "(?!)"


def test_folders_of_outputs() -> None:
    assert room_folder(None, ["results/annotation/a.parquet"]) == "results/annotation"
    assert results_folder(None, ["results/report"]) == "results"


def test_all_contestants_but_the_watershed_learn() -> None:
    trained = names().trained_contestants()
    assert "watershed" not in trained and "unet-small" in trained
