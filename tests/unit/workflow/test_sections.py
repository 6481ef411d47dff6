"""What of the settings a step is handed: all that it reads, and nothing else."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from micrographia.config import Classification, Segmentation, parse_section, validate
from micrographia.workflow.sections import Sections


def sections(**settings: object) -> Sections:
    return Sections(validate(settings))


def test_a_section_is_canonical_and_parts_can_be_left_out() -> None:
    text = sections().section("curation", without=("text", "scale"))
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    assert not {"text", "scale"} & set(json.loads(text))
    assert json.loads(sections().section("curation", "text"))["detect"] is True


@pytest.mark.parametrize(
    ("method", "read", "unread"),
    [("watershed", "watershed", "network"), ("unet-small", "network", "watershed")],
)
def test_a_segmenter_is_handed_its_own_method(method: str, read: str, unread: str) -> None:
    handed = json.loads(sections(segmentation={"method": method}).for_segmenter())
    assert read in handed and unread not in handed and "training" not in handed


def test_only_the_encoder_makes_vectors() -> None:
    made = sections(classification={"encoder": "mine", "folds": 7})
    assert json.loads(made.for_embedding()) == {"encoder": "mine"}


def test_a_baseline_does_not_follow_which_others_are_trained() -> None:
    few = {"baselines": {"names": ["gcn"], "how": "grouped", "share": 0.2}, "folds": 7}
    assert sections(classification=few).for_baselines() == sections().for_baselines()
    longer = sections(classification={"baselines": {"minutes": 7.5}})
    handed = parse_section(longer.for_baselines(), Classification)
    assert handed.baselines.minutes == 7.5 and handed.coverage == 0.9


def test_pictures_to_learn_from_do_not_follow_the_kinds() -> None:
    other = sections(synthesis={"kinds": {"per_class": 7}})
    assert other.training_pictures() == sections().training_pictures()


def test_a_training_does_not_read_what_the_workflow_segments_with() -> None:
    one = sections(segmentation={"method": "watershed", "network": {"checkpoint": "a"}})
    other = sections(segmentation={"method": "unet-small", "network": {"checkpoint": "b"}})
    assert one.for_training("rounds") == other.for_training("rounds")
    longer = sections(segmentation={"rounds": {"count": 5}})
    assert longer.for_training() == sections().for_training()
    sharper = sections(segmentation={"network": {"min_area": 44}})
    assert sharper.for_training() != sections().for_training()


def wildcards(**values: str) -> Any:
    return SimpleNamespace(**values)


def test_a_contestant_trains_as_its_budget_says() -> None:
    made = sections(segmentation={"baselines": {"yolo_seg": {"steps": 7, "learning_rate": 0.5}}})
    handed = parse_section(made.for_contestant(wildcards(method="yolo-seg")), Segmentation)
    assert handed.training.architecture == "yolo-seg"
    assert (handed.training.loop.steps, handed.training.loop.learning_rate) == (7, 0.5)
    # Another contestant's budget is no matter to it.
    other = sections(segmentation={"baselines": {"stardist": {"steps": 9}}})
    same = other.for_contestant(wildcards(method="yolo-seg"))
    assert same == sections().for_contestant(wildcards(method="yolo-seg"))
    assert "training" not in json.loads(made.for_contestant(wildcards(method="watershed")))


def test_pictures_to_learn_from_have_a_number_and_a_size_of_their_own() -> None:
    made = sections(segmentation={"training": {"procedural": 9, "procedural_size": 128}})
    handed = json.loads(made.training_pictures())
    assert (handed["count"], handed["size"]) == (9, 128)
    learn = {"sets": [{"seed": 5, "pictures": 30}], "size": 100}
    handed = json.loads(sections(annotation={"learn": learn}).learn_pictures(wildcards(seed="5")))
    assert (handed["count"], handed["size"]) == (30, 100)


def test_an_annotator_is_handed_itself_alone() -> None:
    both = [{"name": "a", "kind": "measured"}, {"name": "b", "kind": "texture"}]
    made = sections(annotation={"annotators": both, "judges": ["b"]})
    handed = json.loads(made.for_annotator(wildcards(annotator="a")))
    assert [one["name"] for one in handed["annotators"]] == ["a"] and handed["judges"] is None
