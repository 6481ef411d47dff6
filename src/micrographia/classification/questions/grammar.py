"""A grammar of questions: topics with their needs, many wordings, and phrases within them."""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml
from pydantic import Field, ValidationError

from micrographia.classification.questions.themes import THEMES
from micrographia.config.base import Section
from micrographia.errors import ConfigError

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
    path = folder / f"facts-{version}.yaml"
    try:
        text = path.read_text(encoding="utf-8")
        grammar = Grammar.model_validate(yaml.safe_load(text))
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read ({error.strerror})",
            allowed=", ".join(sorted(one.name for one in folder.glob("facts-*.yaml"))),
        ) from None
    except (yaml.YAMLError, ValidationError) as error:
        raise ConfigError(f"{path} is no grammar of questions: {error}") from None
    missing = set(THEMES) - {topic.theme for topic in grammar.topics}
    if missing:
        raise ConfigError(f"{path} has no topic of {', '.join(sorted(missing))}")
    return grammar, f"v{version}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def expand(
    text: str,
    phrases: Mapping[str, tuple[str, ...]],
    slots: Mapping[str, str],
    rng: np.random.Generator,
) -> str:
    """Return a text with its places filled, on one line.

    A place is filled from the picture, else by a phrase at random, which may have places too.

    Raises
    ------
    ConfigError
        A place is neither.
    """
    for _, name, _, _ in string.Formatter().parse(text):
        if name is None:
            continue
        if name in slots:
            value = slots[name]
        elif name in phrases:
            chosen = phrases[name][int(rng.integers(len(phrases[name])))]
            value = expand(chosen, phrases, slots, rng)
        else:
            raise ConfigError(
                f"The grammar of questions has no place {{{name}}}",
                allowed=", ".join(sorted({*slots, *phrases})),
            )
        text = text.replace(f"{{{name}}}", value, 1)
    return re.sub(r"\s+([,.?;:])", r"\1", " ".join(text.split()))


def sentence(text: str) -> str:
    """Return a text with capitals where sentences begin.

    Examples
    --------
    >>> sentence("it is open. one sees 5 nm. yes")
    'It is open. One sees 5 nm. Yes'
    """
    return re.sub(r"(^|[.?!] )([a-z])", lambda found: found[1] + found[2].upper(), text)
