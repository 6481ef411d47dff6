"""Questions of a table, answered one by one: from a table of facts, or from what tools measure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from micrographia.errors import MicrographiaError
from micrographia.io.facts.slots import known
from micrographia.io.facts.vocabulary import FACT_KINDS
from micrographia.io.schemas import ASSISTANT_ANSWERS
from micrographia.io.schemas.rows import AssistantAnswerRow, blank
from micrographia.language.grounding.assistant import Assistant
from micrographia.language.grounding.writer import Answer, Measured

Row = Mapping[str, Any]
_ABSENT = "it was not measured"


class TabledFacts:
    """A picture whose facts a table holds, behind the interface of the tools.

    Parameters
    ----------
    image_id
        Of the picture.
    rows
        Rows of `schemas.FACTS` of this picture.
    """

    def __init__(self, image_id: str, rows: Sequence[Row]) -> None:
        self.image_id = image_id
        self._known = known(rows)
        self._rows = {row["name"]: row for row in rows} | dict(self._known)

    def facts(self, names: Iterable[str]) -> list[dict[str, Any]]:
        """Return rows by their names; what the table does not hold was not measured."""
        blank_row = {"number": None, "unit": None, "words": None, "failure": _ABSENT}
        return [
            dict(self._rows.get(name, {"image_id": self.image_id, "name": name, **blank_row}))
            for name in names
        ]


def tabled(facts: Iterable[Row]) -> Callable[[str, Path], Measured]:
    """Return what opens a picture by its identifier on the facts of tables."""
    of_picture: dict[str, list[Row]] = {}
    for row in facts:
        if row["image_id"] is not None:
            of_picture.setdefault(row["image_id"], []).append(row)
    return lambda image, _: TabledFacts(image, of_picture.get(image, []))


def measured(
    facts: Iterable[Row], tools: Callable[[Path, float | None], Measured]
) -> Callable[[str, Path], Measured]:
    """Return what opens a picture under the tools, which know besides what its author states.

    Parameters
    ----------
    facts
        Rows of `schemas.FACTS`; those that no tool but the text tells are taken.
    tools
        Opens a picture; see `measurement.facts.picture.picture_tools`.
    """
    stated = [row for row in facts if FACT_KINDS[row["name"]].tools == ("text",)]
    told = tabled(stated)
    return lambda image, path: _Told(tools(path, None), told(image, path))


class _Told:
    """A picture under the tools, with what is stated beside it."""

    def __init__(self, picture: Measured, stated: Measured) -> None:
        self._picture, self._stated = picture, stated

    @property
    def image_id(self) -> str:
        return self._picture.image_id

    def facts(self, names: Iterable[str]) -> list[dict[str, Any]]:
        names = list(names)
        by_text = [name for name in names if FACT_KINDS[name].tools == ("text",)]
        others = [name for name in names if name not in by_text]
        return [*self._picture.facts(others), *self._stated.facts(by_text)]


def answers_of(
    questions: Iterable[Row], assistant: Assistant, opened: Callable[[str, Path], Measured]
) -> Iterator[AssistantAnswerRow]:
    """Yield rows of `schemas.ASSISTANT_ANSWERS`; a failure is a row.

    Parameters
    ----------
    questions
        Rows of `schemas.INSTRUCTIONS`; those with pictures shown beside are failures, since no
        writer of ours looks at several.
    assistant
        Who answers.
    opened
        Opens a picture by identifier and path: `tabled`, or the tools.
    """
    picture: tuple[str, Measured] | None = None
    for row in questions:
        answer: AssistantAnswerRow = blank(ASSISTANT_ANSWERS)
        answer["question_id"], answer["image_id"] = row["question_id"], row["image_id"]
        answer["method"] = assistant.writer.name
        try:
            if row["shown"]:
                raise MicrographiaError("It shows several pictures, and one can be looked at")
            path = Path(row["path"])
            if picture is None or picture[0] != row["image_id"]:
                picture = (row["image_id"], opened(row["image_id"], path))
            _take(answer, _asked(assistant, picture[1], path, row))
        except MicrographiaError as error:
            answer["failure"] = str(error)
        yield answer


def _asked(assistant: Assistant, picture: Measured, path: Path, row: Row) -> Answer:
    if row["task"] == "caption" and row["form"] == "long":
        return assistant.caption(picture, path)
    before = f"{row['context']} " if row["context"] else ""
    return assistant.ask(picture, path, before + row["question"], form=row["form"])


def _take(row: AssistantAnswerRow, answer: Answer) -> None:
    row["text"], row["template"] = answer.text, answer.template
    row["slots"], row["refused"] = list(answer.slots), answer.refused
    row["seconds"] = answer.seconds
