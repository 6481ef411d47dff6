"""Topics of questions: wordings, the facts that an answer rests on, and answers with places."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from micrographia.config.base import Section
from micrographia.errors import ConfigError
from micrographia.io.facts.vocabulary import FACT_KINDS

#: Folder of the topics, and their version.
FOLDER, VERSION = Path(__file__).parent, 1


class Topic(Section):
    """What can be asked and measured.

    Attributes
    ----------
    topic, theme
        Name, and one of the ten themes.
    needs
        Facts, the most important one first.
    wordings
        How it is asked.
    answers
        Of which the first is given whose facts are all known.
    also
        Sentences each of which is added where its facts are known.
    one, none
        What is answered where one particle was found, or none.
    pixels
        Whether the answer says why lengths are in pixels, where they are.
    unknown
        What is answered where no answer fits; `{why}` is the reason of the first fact.
    """

    topic: str
    theme: str
    needs: tuple[str, ...] = Field(min_length=1)
    wordings: tuple[str, ...] = Field(min_length=5)
    answers: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    one: str | None = None
    none: str | None = None
    pixels: bool = False
    unknown: str = ""


class Unanswerable(Section):
    """What is asked and no tool can know: what it is, and why."""

    topic: str
    theme: str
    what: str
    because: str
    wordings: tuple[str, ...] = Field(min_length=5)

    @property
    def refusal(self) -> str:
        """The answer."""
        return f"I cannot tell {self.what} from this picture, because {self.because}."


class Topics(Section):
    """All topics, and the digest of their files."""

    answerable: dict[str, Topic]
    unanswerable: dict[str, Unanswerable]
    version: str

    def wordings(self) -> dict[str, tuple[str, ...]]:
        """Return the wordings by topic."""
        known: dict[str, Topic | Unanswerable] = {**self.answerable, **self.unanswerable}
        return {name: topic.wordings for name, topic in known.items()}


@cache
def read_topics(folder: Path = FOLDER, version: int = VERSION) -> Topics:
    """Read `answerable-<version>.yaml` and `unanswerable-<version>.yaml`.

    Raises
    ------
    ConfigError
        A file is absent or has another form, or a topic needs a fact that does not exist.
    """
    texts = {}
    for name in ("answerable", "unanswerable"):
        path = folder / f"{name}-{version}.yaml"
        try:
            texts[name] = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"{path} cannot be read ({error.strerror})") from None
    digest = hashlib.sha256("".join(texts.values()).encode()).hexdigest()[:12]
    try:
        known = [Topic.model_validate(one) for one in _list(texts["answerable"])]
        others = [Unanswerable.model_validate(one) for one in _list(texts["unanswerable"])]
    except (yaml.YAMLError, ValidationError) as error:
        raise ConfigError(f"The topics in {folder} have another form: {error}") from None
    strange = {name for topic in known for name in topic.needs} - FACT_KINDS.keys()
    if strange:
        raise ConfigError(
            f"The topics in {folder} need facts that do not exist",
            seen=", ".join(sorted(strange)),
            allowed=", ".join(FACT_KINDS),
        )
    return Topics(
        answerable={one.topic: one for one in known},
        unanswerable={one.topic: one for one in others},
        version=f"v{version}-{digest}",
    )


def _list(text: str) -> list[Any]:
    found = yaml.safe_load(text)
    return found if isinstance(found, list) else []
