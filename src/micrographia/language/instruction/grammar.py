"""A grammar of questions and answers with places for facts: topics, lines, phrases."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from micrographia.config.base import Section
from micrographia.io.facts.slots import places
from micrographia.io.facts.vocabulary import FACT_KINDS
from micrographia.io.questions.wording import read_grammar_of, refuse_without

#: Folder of the grammars that are shipped, and which of them is used.
TEMPLATES, VERSION = Path(__file__).with_name("templates"), 1


@dataclass(frozen=True)
class Known:
    """What is known of a picture, and what is known not to be.

    Attributes
    ----------
    facts
        Rows of `schemas.FACTS` by their names.
    failures
        Reasons of those that could not be measured.
    """

    facts: Mapping[str, Mapping[str, Any]]
    failures: Mapping[str, str] = field(default_factory=dict)


class Condition(Section):
    """Which pictures a line or a topic suits.

    Attributes
    ----------
    when, unless
        Words that facts must have, one of several; words that they must not have.
    least, most
        Numbers that facts must reach, and must not exceed.
    units
        Units that facts must have.
    """

    when: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    unless: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    least: dict[str, float] = Field(default_factory=dict)
    most: dict[str, float] = Field(default_factory=dict)
    units: dict[str, str] = Field(default_factory=dict)

    def suits(self, known: Known) -> bool:
        """Whether the facts of a picture keep it; a fact that is not known keeps no condition."""

        def value(name: str, column: str) -> Any:
            return known.facts[name][column] if name in known.facts else None

        return (
            all(value(name, "words") in words for name, words in self.when.items())
            and all(value(name, "words") not in words for name, words in self.unless.items())
            and all(
                (found := value(name, "number")) is not None and found >= number
                for name, number in self.least.items()
            )
            and all(
                (found := value(name, "number")) is not None and found <= number
                for name, number in self.most.items()
            )
            and all(value(name, "unit") == unit for name, unit in self.units.items())
        )


class Line(Condition):
    """A text of an answer, and which pictures it suits: those whose facts fill its places too."""

    text: str = Field(min_length=1)

    def fits(self, known: Known, phrases: Collection[str]) -> bool:
        """Whether all of its places can be filled and its conditions are kept."""
        named = [name for name in places(self.text) if name not in phrases]
        return all(name in known.facts for name in named) and self.suits(known)


def _line(given: Any) -> Any:
    return {"text": given} if isinstance(given, str) else given


#: A line, which stands in the file as a text or with its conditions.
AnyLine = Annotated[Line, BeforeValidator(_line)]


class Topic(Condition):
    """What is asked, of which pictures, and what is answered.

    Attributes
    ----------
    needs
        Facts that must be known.
    lacks
        Facts of which it must be known that they cannot be: they are why there is no answer.
    never
        What no tool measures, in words: why there is no answer for any picture.
    context
        Whether the text that goes with the picture is given with the question.
    short, long
        Answers in a few words, and in sentences: groups of lines, of each one that fits; the first
        group must have one.
    """

    theme: Literal[
        "basics", "morphology", "size", "surface", "composition",
        "contacts", "surroundings", "technique", "function", "context",
    ]  # fmt: skip
    topic: str = Field(min_length=1)
    task: Literal["question", "caption", "alike", "across", "within", "heterogeneity"] = "question"
    needs: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    context: bool = False
    questions: tuple[str, ...] = Field(min_length=3)
    short: tuple[AnyLine, ...] = Field(min_length=1)
    long: tuple[tuple[AnyLine, ...], ...] = Field(min_length=1)

    @property
    def answerable(self) -> bool:
        """Whether there is an answer."""
        return not (self.lacks or self.never)

    def fits(self, known: Known, phrases: Collection[str]) -> bool:
        """Whether it can be asked of a picture, and answered in both forms."""
        return (
            all(name in known.facts for name in self.needs)
            and all(name in known.failures for name in self.lacks)
            and self.suits(known)
            and all(
                any(line.fits(known, phrases) for line in group)
                for group in (self.short, self.long[0])
            )
        )


class Grammar(Section):
    """All topics, and the phrases that their texts are made of."""

    phrases: dict[str, tuple[str, ...]]
    topics: tuple[Topic, ...] = Field(min_length=1)


def read_grammar(folder: Path = TEMPLATES, version: int = VERSION) -> tuple[Grammar, str]:
    """Read `facts-<version>.yaml`; return the grammar and its version with digest.

    Raises
    ------
    ConfigError
        The file is absent or is no grammar, a theme has no topic, or a name is no fact.
    """
    grammar, digest = read_grammar_of(Grammar, folder, version)
    path = folder / f"facts-{version}.yaml"
    refuse_without([topic.theme for topic in grammar.topics], path)
    refuse_unknown(grammar, path)
    return grammar, digest


def refuse_unknown(grammar: Grammar, path: Path) -> None:
    """Refuse a grammar whose topics name what is no fact.

    Raises
    ------
    ConfigError
        There is such a name.
    """
    from micrographia.errors import ConfigError

    for topic in grammar.topics:
        named = {*topic.needs, *topic.lacks}
        for part in (topic, *topic.short, *(line for group in topic.long for line in group)):
            conditions = (part.when, part.unless, part.least, part.most, part.units)
            named |= {name for one in conditions for name in one}
        if unknown := sorted(named - set(FACT_KINDS)):
            raise ConfigError(
                f"{path}: topic '{topic.topic}' names what is no fact",
                seen=", ".join(unknown),
                allowed=", ".join(FACT_KINDS),
            )
