"""Answers without a network: what is said, what is measured for it, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.language.grounding.pictures import COLLOIDS, Given, unscaled

from micrographia.io.facts.claims import claims_in, refuses
from micrographia.io.facts.slots import known
from micrographia.language.grounding.assistant import Assistant
from micrographia.language.grounding.embedded import EmbeddedWriter
from micrographia.language.grounding.topics import Topic, read_topics
from micrographia.language.grounding.writer import CAPTION, Answer, Asked, Draft

PATH = Path("picture.png")
ASSISTANT = Assistant(EmbeddedWriter(0.3), 0.02)


def ask(question: str, picture: Given | None = None) -> Answer:
    """An answer about the colloids."""
    return ASSISTANT.ask(picture or Given(), PATH, question)


def test_sizes_come_with_their_interval_and_number() -> None:
    answer = ask("How large are the particles?")
    assert answer.text == (
        "The particles have a median diameter of 20.7 nm (confidence interval 20.2 nm to 21.2 nm),"
        " from 150 that are whole in the picture; diameters go from 7.16 nm to 34.2 nm."
    )
    assert "{median_diameter}" in answer.template and "20" not in answer.template
    assert answer.slots[0] == "median_diameter" and not answer.refused and not answer.dropped
    evidence = {row["name"]: row for row in answer.evidence}
    assert evidence["median_diameter"]["evidence"] == "given"


def test_without_a_scale_sizes_are_in_pixels_and_it_is_said() -> None:
    answer = ask("How large are the particles?", unscaled())
    assert "median diameter of 68.2 px" in answer.text and " nm" not in answer.text
    assert answer.text.endswith(
        "Sizes are in pixels, since the pixel size is not known: neither the file nor a scale bar "
        "that can be read tells it."
    )
    assert ask("What is the pixel size?", unscaled()).refused


def test_only_what_a_question_needs_is_measured() -> None:
    picture = Given()
    ask("How many particles are there?", picture)
    assert set(picture.asked) == {"particle_count", "whole_count"}
    picture = Given()
    assert ask("What is it made of?", picture).refused
    assert picture.asked == []


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_particles_are_spoken_of_as_such(count: int) -> None:
    facts = {
        **COLLOIDS,
        "particle_count": (float(count), None),
        "whole_count": (float(count), None),
    }
    text = ask("How many particles are there?", Given(facts)).text
    assert (
        text
        == {
            0: "No particles were found.",
            1: "1 particle was found.",
            2: "2 particles were found, 2 of them whole within the picture.",
        }[count]
    )
    assert "circle of equal area" in ASSISTANT.caption(Given(facts), PATH).text or count != 1


def test_a_reason_never_says_what_is_not_believed() -> None:
    """A tool's reason names what it read: "SEM" must not stand in the answer."""
    facts = {name: value for name, value in COLLOIDS.items() if name != "microscopy_type"}
    answer = ask("Which microscope was used?", Given(facts))
    assert answer.refused and "SEM" not in answer.text and "TEM" not in answer.text
    assert refuses(answer.text)


@pytest.mark.parametrize("topic", read_topics().unanswerable.values(), ids=lambda one: one.topic)
def test_refusals_are_understood_as_refusals_and_claim_nothing(topic: object) -> None:
    refusal = str(getattr(topic, "refusal"))  # noqa: B009
    assert refuses(refusal)
    assert ask(topic.wordings[0]).text == refusal  # type: ignore[attr-defined]


@pytest.mark.parametrize("topic", read_topics().answerable.values(), ids=lambda one: one.topic)
def test_no_answer_has_a_claim_without_a_fact(topic: Topic) -> None:
    for picture in (Given(), unscaled(), Given({})):
        answer = ask(topic.wordings[0], picture)
        assert answer.dropped == (), answer
        assert answer.text
        facts = known([row for row in answer.evidence if "number" in row])
        assert all(one.supported for one in claims_in(answer.text, facts)), answer.text
    assert ask(topic.wordings[0], Given({})).refused


def test_a_caption_has_at_most_three_sentences_of_facts() -> None:
    picture = Given()
    answer = ASSISTANT.caption(picture, PATH)
    assert answer.text.startswith("The picture, taken with a transmission electron microscope")
    assert answer.text.count(". ") == 2 and "155 particles" in answer.text
    assert set(picture.asked) == set(CAPTION)
    assert ASSISTANT.caption(Given({}), PATH).refused


class Boaster:
    """A writer that states what nobody measured."""

    name = "boaster"

    def needs(self, question: str) -> tuple[str, ...]:
        """One fact."""
        return ("particle_count",)

    def write(self, asked: Asked) -> Draft:
        """One true sentence, if it was not told to boast alone."""
        true = "" if "only" in asked.question else "There are {particle_count} particles. "
        return Draft(f"{true}They are gold of 42 nm, made at 300 °C.")

    def caption(self, asked: Asked) -> Draft:
        """The same."""
        return self.write(asked)


def test_another_writers_inventions_are_taken_out() -> None:
    assistant = Assistant(Boaster(), 0.02)
    answer = assistant.ask(Given(), PATH, "How many?")
    assert answer.text == "There are 155 particles." and not answer.refused
    assert {"gold", "42 nm", "300 °C"} <= set(answer.dropped)
    empty = assistant.ask(Given(), PATH, "boast only")
    assert empty.refused and "nothing that was measured" in empty.text


def test_a_caption_does_without_the_number_of_whole_particles() -> None:
    facts = {name: value for name, value in COLLOIDS.items() if name != "whole_count"}
    answer = ASSISTANT.caption(Given(facts), PATH)
    assert "{median_diameter}" in answer.template and "whole" not in answer.text
