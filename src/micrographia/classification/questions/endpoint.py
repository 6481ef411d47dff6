"""Questions and answers written by a vision-language model, checked and kept as rows."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from micrographia.classification.questions.make import Row, blank, question_id
from micrographia.config import Endpoint
from micrographia.errors import EndpointDownError, ImageError, MicrographiaError
from micrographia.io.endpoint.client import Client
from micrographia.io.endpoint.ledger import Ledger, Reply
from micrographia.io.endpoint.pictures import question_about
from micrographia.io.endpoint.prompts import read_prompt
from micrographia.io.endpoint.replies import FormError, checked, object_schema, only_answer
from micrographia.io.images import image_id, read_micrograph
from micrographia.io.questions.subjects import Subject
from micrographia.io.questions.themes import THEMES

LOG = logging.getLogger(__name__)

#: The form of an answer, shown where the server cannot be told it as a schema.
EXAMPLE = json.dumps(
    {
        "questions": [
            {
                "theme": "morphology",
                "question": "...",
                "answer": "...",
                "short": "...",
                "reasoning": "...",
                "answerable": True,
                "evidence": [{"fact": "outline", "value": "..."}],
            }
        ]
    }
)


class Seen(BaseModel):
    """What an answer rests on; the value None: it is not there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fact: str = Field(min_length=1)
    value: str | None


class Asked(BaseModel):
    """A question with its answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    theme: str
    question: str = Field(min_length=5)
    answer: str = Field(min_length=2)
    short: str = Field(min_length=1)
    reasoning: str = Field(min_length=2)
    answerable: bool
    evidence: tuple[Seen, ...] = Field(min_length=1)


class QuestionSet(BaseModel):
    """All questions about a picture."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    questions: tuple[Asked, ...] = Field(min_length=1)


class Questioner:
    """Has questions written by a vision-language model; close it after use.

    Parameters
    ----------
    endpoint
        Address, model, patience, limits.
    cache
        File of all calls of all runs.
    prompts, version
        Folder and version of the prompts.
    per_theme
        Questions of each theme about a picture.
    again
        Ask again where earlier answers ended in a failure.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        cache: Path,
        prompts: Path,
        version: int = 1,
        per_theme: int = 1,
        again: bool = False,
    ) -> None:
        self._endpoint = endpoint
        self._per_theme = per_theme
        themes = "\n".join(f"- `{name}`: {what}" for name, what in THEMES.items())
        filled = {"example": EXAMPLE, "themes": themes, "count": str(per_theme)}
        self._prompt = read_prompt(
            prompts, "questions", version, filled, ("known",), "classification"
        )
        correction = read_prompt(prompts, "correction", version, {}, ("fault",), "classification")
        self._client = Client(endpoint.model, endpoint, Ledger(cache), correction, again)

    def close(self) -> None:
        """Close connections and ledger."""
        self._client.close()

    def questions(self, subjects: Iterable[Subject]) -> Iterator[Row]:
        """Yield rows of `schemas.QUESTIONS`, in the order of the pictures; a failure is a row.

        Raises
        ------
        EndpointDownError
            The endpoint serves nobody; answers so far are kept in its ledger.
        """
        for rows in self._client.each(self._of_picture, subjects):
            yield from rows

    def _of_picture(self, subject: Subject) -> list[Row]:
        row = blank(subject, self._endpoint.model, self._prompt.sha)
        try:
            if subject.failure is not None:
                raise ImageError(subject.failure)
            row["image_id"] = image_id(read_micrograph(subject.path).pixels)
            found = self._ask(subject, row["image_id"])
        except EndpointDownError:
            raise
        except MicrographiaError as error:
            LOG.warning("%s: %s", subject.path, error)
            return [row | {"failure": str(error)}]
        return list(_rows(row, subject, found.questions))

    def _ask(self, subject: Subject, name: str) -> QuestionSet:
        text = self._prompt.fill(known=_known(subject))
        asked = question_about(
            subject.path, name, self._prompt.name, text, answer_schema(), self._endpoint.max_side
        )
        return self._client.ask(asked, lambda reply: parse_questions(reply, self._per_theme))


def _known(subject: Subject) -> str:
    """Return what the model is told of the picture."""
    told = [] if subject.label is None else [f"The picture is known to show: {subject.label}."]
    if subject.context is not None:
        told.append(f"The text that goes with it:\n\n{subject.context}\n")
    return " ".join(told)


def _rows(row: Row, subject: Subject, questions: Sequence[Asked]) -> Iterator[Row]:
    """Yield the rows of a picture's questions; each theme's are numbered."""
    numbers: Counter[str] = Counter()
    for one in questions:
        topic = f"{one.theme} {numbers[one.theme]}"
        numbers[one.theme] += 1
        evidence = [seen.model_dump() for seen in one.evidence]
        found = row | {
            "theme": one.theme,
            "topic": topic,
            "context": subject.context,
            "question": one.question,
            "answer": one.answer,
            "short": one.short,
            "reasoning": one.reasoning,
            "evidence": json.dumps(evidence, ensure_ascii=False, separators=(",", ":")),
            "answerable": one.answerable,
        }
        yield found | {"question_id": question_id(found)}


def answer_schema() -> dict[str, Any]:
    """Return the JSON schema of an answer."""
    text = {"type": "string"}
    seen = object_schema({"fact": text, "value": {"type": ["string", "null"]}})
    one = object_schema(
        {
            "theme": {"type": "string", "enum": list(THEMES)},
            "question": text,
            "answer": text,
            "short": text,
            "reasoning": text,
            "answerable": {"type": "boolean"},
            "evidence": {"type": "array", "items": seen},
        }
    )
    return object_schema({"questions": {"type": "array", "items": one}})


def parse_questions(reply: Reply, per_theme: int) -> QuestionSet:
    """Read an answer; raise FormError with every fault.

    Each theme must have its number of questions; an answer must rest on something that was seen,
    and a question without answer on something that was not.
    """

    def check(found: dict[str, Any]) -> QuestionSet:
        answer: QuestionSet = checked(QuestionSet, found)
        counts = Counter(one.theme for one in answer.questions)
        faults = [f"unknown theme {name!r}" for name in counts if name not in THEMES]
        faults += [
            f"{counts[name]} questions of {name}, wanted {per_theme}"
            for name in THEMES
            if counts[name] != per_theme
        ]
        for one in answer.questions:
            seen = any(each.value is not None for each in one.evidence)
            if one.answerable and not seen:
                faults.append(f"no evidence for {one.question!r}")
        if faults:
            raise FormError("; ".join(faults))
        return answer

    return only_answer(reply, check, QuestionSet.model_fields)
