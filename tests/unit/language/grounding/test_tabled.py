"""Questions of a table: from tables of facts, or from tools with what an author states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from unit.language.grounding.pictures import COLLOIDS, Given, row

from micrographia.io.schemas import INSTRUCTIONS
from micrographia.io.schemas.rows import blank
from micrographia.language.grounding.assistant import Assistant
from micrographia.language.grounding.embedded import EmbeddedWriter
from micrographia.language.grounding.tabled import answers_of, measured, tabled

ASSISTANT = Assistant(EmbeddedWriter(0.3), 0.02)
FACTS = [{**row(name, value), "image_id": "a"} for name, value in COLLOIDS.items()]


def question(text: str, **more: Any) -> Any:
    """A row of `schemas.INSTRUCTIONS`."""
    found: Any = blank(INSTRUCTIONS)
    found.update(
        question_id=text, image_id="a", path="a.png", task="question", form="long", shown=[],
        question=text, split="test",
    )  # fmt: skip
    return {**found, **more}


def test_a_table_of_facts_answers() -> None:
    asked = [question("How many particles are there?"), question("What is it made of?")]
    first, second = answers_of(asked, ASSISTANT, tabled(FACTS))
    assert "155" in str(first["text"]) and "particle_count" in (first["slots"] or ())
    assert second["refused"] and second["failure"] is None
    assert first["method"] == ASSISTANT.writer.name


def test_a_picture_without_facts_is_answered_with_the_reason() -> None:
    rows = [question("How many particles are there?", image_id="b")]
    (answer,) = answers_of(rows, ASSISTANT, tabled(FACTS))
    assert answer["refused"] and answer["failure"] is None


def test_what_shows_several_pictures_is_a_failure() -> None:
    rows = [question("Which are alike?", shown=["b.png"])]
    (answer,) = answers_of(rows, ASSISTANT, tabled(FACTS))
    assert answer["text"] is None and "several pictures" in str(answer["failure"])


def test_a_caption_is_asked_for_as_one() -> None:
    rows = [question("Describe this picture.", task="caption")]
    (answer,) = answers_of(rows, ASSISTANT, tabled(FACTS))
    assert "155 particles were found" in str(answer["text"])


def test_tools_measure_and_the_author_states_the_material() -> None:
    stated = [{**row("material", "Au"), "image_id": "a"}, *FACTS]
    opened = measured(stated, lambda path, size: Given({"particle_count": (3.0, None)}))
    picture = opened("a", Path("a.png"))
    found = {one["name"]: one for one in picture.facts(["material", "particle_count"])}
    assert found["material"]["words"] == "Au"
    assert found["particle_count"]["number"] == 3.0
