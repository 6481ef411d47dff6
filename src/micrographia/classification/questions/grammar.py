"""A grammar of questions: topics with their needs, many wordings, and phrases within them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from micrographia.config.base import Section
from micrographia.io.questions.wording import read_grammar_of, refuse_without

Value = str | int | float | bool
#: Folder of the grammars that are shipped, and which of them is used.
TEMPLATES, VERSION = Path(__file__).with_name("templates"), 1


class Case(Section):
    """What is answered."""

    answers: tuple[str, ...] = Field(min_length=1)
    short: str = Field(min_length=1)
    reasoning: tuple[str, ...] = Field(min_length=1)


class Topic(Section):
    """What is asked, of which pictures, and what is answered.

    Attributes
    ----------
    needs
        Facts that must be known; they are the evidence.
    lacks
        Facts that must not be known; they are the evidence of why there is no answer.
    when
        Values that facts must have, one of several.
    cases
        Answers by the value of the first fact that is needed; one of "" serves for all others.
    answerable
        From picture and context.
    context
        Whether the text that goes with the picture is given with the question: never, where there
        is one it must be, or it does not matter.
    """

    theme: Literal[
        "basics", "morphology", "size", "surface", "composition",
        "contacts", "surroundings", "technique", "function", "context",
    ]  # fmt: skip
    topic: str = Field(min_length=1)
    needs: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    when: dict[str, tuple[Value, ...]] = Field(default_factory=dict)
    questions: tuple[str, ...] = Field(min_length=3)
    cases: dict[str, Case] = Field(min_length=1)
    answerable: bool = True
    context: bool = False

    def case(self, facts: Mapping[str, Any]) -> Case | None:
        """Return what is answered; None where the topic does not suit the picture."""
        if any(facts.get(name) is None for name in self.needs):
            return None
        if any(facts.get(name) is not None for name in self.lacks):
            return None
        if any(facts.get(name) not in allowed for name, allowed in self.when.items()):
            return None
        value = str(facts[self.needs[0]]).lower() if self.needs else ""
        return self.cases.get(value, self.cases.get(""))


class Grammar(Section):
    """All topics, and the phrases that their texts are made of."""

    phrases: dict[str, tuple[str, ...]]
    classes: dict[str, str]
    modalities: dict[str, str]
    topics: tuple[Topic, ...] = Field(min_length=1)


def read_grammar(folder: Path = TEMPLATES, version: int = VERSION) -> tuple[Grammar, str]:
    """Read `facts-<version>.yaml`; return the grammar and its version with digest.

    Raises
    ------
    ConfigError
        The file is absent or is no grammar, or a theme has no topic.
    """
    grammar, digest = read_grammar_of(Grammar, folder, version)
    refuse_without([topic.theme for topic in grammar.topics], folder / f"facts-{version}.yaml")
    return grammar, digest
