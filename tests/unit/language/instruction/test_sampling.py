"""Pictures beside a picture: alike, alike of other classes, unlike of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from micrographia.config import Instruction
from micrographia.language.instruction.grammar import Known, read_grammar
from micrographia.language.instruction.make import instructions_from_facts
from micrographia.language.instruction.pictures import Subject
from micrographia.language.instruction.sampling import Gallery

#: Name → class, direction of its vector [degree].
PICTURES = {
    "a0": ("fibres", 0), "a1": ("fibres", 5), "a2": ("fibres", 60), "a3": ("fibres", 170),
    "b0": ("powder", 10), "b1": ("powder", 12), "c0": ("tips", 20), "c1": ("tips", 250),
    "d0": ("particles", 200), "d1": ("particles", 300),
}  # fmt: skip


def row(name: str) -> dict[str, Any]:
    label, angle = PICTURES[name]
    turned = np.deg2rad(angle)
    return {"path": f"{name}.png", "label": label, "image_id": name, "failure": None,
            "vector": [float(np.cos(turned)), float(np.sin(turned))]}  # fmt: skip


def gallery(shown: str = "a0 a1 a2 a3 b0 b1 c0 c1 d0 d1", **groups: str) -> Gallery:
    failed = row("a1") | {"image_id": "broken", "failure": "damaged", "vector": None}
    return Gallery([failed, *map(row, PICTURES)], shown.split(), groups)


def names(found: Any) -> list[str]:
    return [one.path.removesuffix(".png") for one in found]


def test_the_most_alike_come_first_and_never_the_picture_itself() -> None:
    assert names(gallery().beside("a0", "fibres", "alike", 3)) == ["a1", "b0", "b1"]


def test_across_takes_each_other_class_once() -> None:
    found = gallery().beside("a0", "fibres", "across", 3)
    assert names(found)[:2] == ["b0", "c0"]
    assert [one.label for one in found] == ["powder", "tips", "particles"]
    cosines = [one.cosine for one in found]
    assert cosines == sorted(cosines, reverse=True)


def test_within_takes_the_least_alike_of_the_class() -> None:
    found = gallery().beside("a0", "fibres", "within", 2)
    assert names(found) == ["a3", "a2"] and {one.label for one in found} == {"fibres"}


def test_only_training_pictures_of_other_articles_are_shown() -> None:
    assert names(gallery("b0 b1 c0").beside("a0", "fibres", "alike", 3)) == ["b0", "b1", "c0"]
    found = gallery(a0="x", a1="x", b0="x").beside("a0", "fibres", "alike", 2)
    assert names(found) == ["b1", "c0"]


def test_too_few_are_none() -> None:
    assert gallery().beside("a0", "fibres", "within", 4) == []
    assert gallery().beside("unknown", "fibres", "alike", 1) == []
    assert Gallery([], [], {}).beside("a0", "fibres", "alike", 1) == []


def test_questions_name_the_pictures_that_are_shown() -> None:
    fact = {"name": "class_name", "number": None, "unit": None, "words": "fibres",
            "source": "test"}  # fmt: skip
    one = Subject("a0", "a0.png", "g", "train", Known({"class_name": fact}))
    grammar, version = read_grammar()
    settings = Instruction(shown=2)
    rows = list(instructions_from_facts([one], grammar, version, settings, 1, gallery()))
    tasks = {row["task"]: row for row in rows if row["form"] == "long"}
    assert tasks["alike"]["shown"] == ["a1.png", "b0.png"]
    assert "icture 1 shows fibres, picture 2 shows powder." in tasks["alike"]["question"]
    assert tasks["across"]["shown"] == ["b0.png", "c0.png"]
    assert tasks["within"]["shown"] == ["a3.png", "a2.png"]
    assert tasks["alike"]["slots"] == ["class_name"] and "fibres" in tasks["within"]["answer"]
