"""Interface of those who put answers into words: they write places for facts, never numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

Row = Mapping[str, Any]

#: Facts that a caption may rest on.
CAPTION: tuple[str, ...] = (
    "class_name", "microscopy_type", "particle_count", "whole_count", "median_diameter",
    "median_diameter_low", "median_diameter_high", "morphology", "colour_profile", "distribution",
    "pixel_size", "field_width",
)  # fmt: skip


class Measured(Protocol):
    """A picture under tools that measure it; see `measurement.facts.picture.PictureFacts`."""

    @property
    def image_id(self) -> str:
        """Identifier of the picture."""
        ...

    def facts(self, names: Iterable[str]) -> list[dict[str, Any]]:
        """Return rows of `schemas.FACTS`; a tool that fails gives a row with its reason."""
        ...


@dataclass(frozen=True)
class Asked:
    """A question about a picture, and what was measured to answer it.

    Attributes
    ----------
    path
        The picture, for writers that look at it.
    question
        In words.
    known
        Rows of `schemas.FACTS` by their names: what may be said.
    unknown
        Names of facts that could not be measured, and why.
    before
        Earlier questions of the conversation with their answers.
    form
        'short': in a few words, where the writer knows such answers; 'long': in sentences.
    """

    path: Path
    question: str
    known: Mapping[str, Row]
    unknown: Mapping[str, str]
    before: tuple[tuple[str, str], ...] = ()
    form: str = "long"


@dataclass(frozen=True)
class Draft:
    """An answer before it is checked.

    Attributes
    ----------
    template
        Sentences with places such as `{median_diameter}`; a writer that writes numbers all the
        same loses the sentences of those that no fact supports.
    topic
        What was taken to be asked; None where the writer does not say.
    theme
        One of the ten themes; None as `topic`.
    refused
        Whether it says that the question cannot be answered.
    """

    template: str
    topic: str | None = None
    theme: str | None = None
    refused: bool = False


class Writer(Protocol):
    """One who writes answers: embedded, a trained network, a model on a server.

    Attributes
    ----------
    name
        Of the writer with its version, as `schemas.ASSISTANT_ANSWERS` has it under `method`.
    captions
        Facts that its captions may rest on.
    """

    name: str
    captions: tuple[str, ...]

    def needs(self, question: str) -> tuple[str, ...]:
        """Return the names of the facts that an answer may rest on; no others are measured."""
        ...

    def write(self, asked: Asked) -> Draft:
        """Return an answer; raise MicrographiaError where none comes."""
        ...

    def caption(self, asked: Asked) -> Draft:
        """Return one to three sentences on what the picture shows; the question is empty."""
        ...


@dataclass(frozen=True)
class Answer:
    """An answer as it is shown.

    Attributes
    ----------
    text
        What is shown: every claim of it has a fact.
    template
        The same with its places.
    slots
        Names of the facts that were filled in.
    evidence
        Rows of `schemas.FACTS` that were known or tried.
    refused
        Whether it says that the question cannot be answered.
    dropped
        Claims that no fact supports: their sentences were taken out.
    topic, theme
        As in `Draft`.
    seconds
        Time that it took [s].
    """

    text: str
    template: str
    slots: tuple[str, ...] = ()
    evidence: tuple[Row, ...] = ()
    refused: bool = False
    dropped: tuple[str, ...] = ()
    topic: str | None = None
    theme: str | None = None
    seconds: float = field(default=0.0, compare=False)
