"""Questions and answers written by a vision-language model: its numbers are places for facts."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from micrographia.config import Endpoint
from micrographia.config.language.instruction import Instruction
from micrographia.errors import EndpointDownError, ImageError, MicrographiaError
from micrographia.io.endpoint.client import Client
from micrographia.io.endpoint.ledger import Ledger, Reply
from micrographia.io.endpoint.pictures import question_about
from micrographia.io.endpoint.prompts import read_prompt
from micrographia.io.endpoint.replies import FormError, checked, object_schema, only_answer
from micrographia.io.facts.claims import claims_in
from micrographia.io.facts.slots import fill, places, written
from micrographia.io.facts.vocabulary import FACT_KINDS
from micrographia.io.questions.themes import THEMES
from micrographia.io.schemas.rows import InstructionRow
from micrographia.language.instruction.grammar import Known
from micrographia.language.instruction.make import blank_row, evidence, question_id
from micrographia.language.instruction.pictures import Subject
from micrographia.language.instruction.variety import written_numbers

LOG = logging.getLogger(__name__)

#: The form of an answer, shown where the server cannot be told it as a schema.
EXAMPLE = json.dumps(
    {
        "questions": [
            {
                "theme": "size",
                "form": "long",
                "question": "...",
                "template": "... {median_diameter} ...",
                "answerable": True,
                "reason": "...",
            }
        ]
    }
)


class Asked(BaseModel):
    """A question with its answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    theme: str
    form: Literal["short", "long"]
    question: str = Field(min_length=5)
    template: str = Field(min_length=2)
    answerable: bool
    reason: str = Field(min_length=2)


class InstructionSet(BaseModel):
    """All questions about a picture."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    questions: tuple[Asked, ...] = Field(min_length=1)


class Instructor:
    """Has questions written by a vision-language model; close it after use.

    Parameters
    ----------
    settings
        How many questions of a theme, and the version of the prompts.
    endpoint
        Address, model, patience, limits.
    cache
        File of all calls of all runs.
    prompts
        Folder of the prompts.
    again
        Ask again where earlier answers ended in a failure.
    """

    def __init__(
        self,
        settings: Instruction,
        endpoint: Endpoint,
        cache: Path,
        prompts: Path,
        again: bool = False,
    ) -> None:
        self._endpoint, self._per_theme = endpoint, settings.per_theme
        version, section = settings.prompt_version, "language.instruction"
        filled = {
            "example": EXAMPLE,
            "count": str(settings.per_theme),
            "themes": "\n".join(f"- `{name}`: {what}" for name, what in THEMES.items()),
        }
        self._prompt = read_prompt(prompts, "instructions", version, filled, ("facts",), section)
        correction = read_prompt(prompts, "correction", version, {}, ("fault",), section)
        self._client = Client(endpoint.model, endpoint, Ledger(cache), correction, again)

    def close(self) -> None:
        """Close connections and ledger."""
        self._client.close()

    def instructions(self, subjects: Iterable[Subject]) -> Iterator[InstructionRow]:
        """Yield rows of `schemas.INSTRUCTIONS`, in the order of the pictures; a failure is a row.

        Raises
        ------
        EndpointDownError
            The endpoint serves nobody; answers so far are kept in its ledger.
        """
        for rows in self._client.each(self._of_picture, subjects):
            yield from rows

    def _of_picture(self, subject: Subject) -> list[InstructionRow]:
        row = blank_row(subject, self._endpoint.model, self._prompt.sha)
        try:
            if subject.failure is not None:
                raise ImageError(subject.failure)
            found = self._ask(subject)
        except EndpointDownError:
            raise
        except MicrographiaError as error:
            LOG.warning("%s: %s", subject.path, error)
            return [{**row, "failure": str(error)}]
        return list(_rows(row, subject, found.questions))

    def _ask(self, subject: Subject) -> InstructionSet:
        text, name = self._prompt.fill(facts=told_facts(subject.known)), str(subject.image_id)
        asked = question_about(
            subject.path, name, self._prompt.name, text, answer_schema(), self._endpoint.max_side
        )
        return self._client.ask(
            asked, lambda reply: parse_instructions(reply, self._per_theme, subject.known)
        )


def told_facts(known: Known) -> str:
    """Return what the model is told of a picture: facts by their places, and what is not known."""
    lines = [
        f"- `{{{name}}}`: {FACT_KINDS[name].meaning} ({written(fact)})"
        for name, fact in known.facts.items()
    ]
    lines += [
        f"- {FACT_KINDS[name].meaning}: not known, because {reason}"
        for name, reason in known.failures.items()
    ]
    return "\n".join(lines) or "- nothing is known"


def _rows(
    row: InstructionRow, subject: Subject, questions: Sequence[Asked]
) -> Iterator[InstructionRow]:
    for one in questions:
        told = places(one.template)
        missing = [] if one.answerable else list(subject.known.failures)
        found: InstructionRow = {
            **row,
            "task": "question",
            "theme": one.theme,
            "form": one.form,
            "kind": "answerable" if one.answerable else "unanswerable",
            "question": one.question,
            "template": one.template,
            "answer": fill(one.template, subject.known.facts),
            "slots": told,
            "evidence": evidence(subject.known, told, missing, [] if told else [one.reason]),
        }
        found["question_id"] = question_id(found)
        yield found


def answer_schema() -> dict[str, Any]:
    """Return the JSON schema of an answer."""
    text = {"type": "string"}
    properties: dict[str, Any] = {
        "theme": {"type": "string", "enum": list(THEMES)},
        "form": {"type": "string", "enum": ["short", "long"]},
        "question": text,
        "template": text,
        "answerable": {"type": "boolean"},
        "reason": text,
    }
    questions = {"type": "array", "items": object_schema(properties)}
    return object_schema({"questions": questions})


def parse_instructions(reply: Reply, per_theme: int, known: Known) -> InstructionSet:
    """Read an answer; raise FormError with every fault.

    Each theme must have its number of questions. An answer may leave places for known facts alone,
    and must not state a number, a class, an attribute or a material that no fact supports.
    """

    def check(found: dict[str, Any]) -> InstructionSet:
        answer: InstructionSet = checked(InstructionSet, found)
        counts = Counter(one.theme for one in answer.questions)
        faults = [f"unknown theme {name!r}" for name in counts if name not in THEMES]
        faults += [
            f"{counts[name]} questions of {name}, wanted {per_theme}"
            for name in THEMES
            if counts[name] != per_theme
        ]
        for one in answer.questions:
            faults += _faults(one, known)
        if faults:
            raise FormError("; ".join(faults))
        return answer

    return only_answer(reply, check, InstructionSet.model_fields)


def _faults(one: Asked, known: Known) -> list[str]:
    """Return what is wrong with an answer: unknown places, numbers of its own, invented facts."""
    unknown = [name for name in places(one.template) if name not in known.facts]
    if unknown:
        return [f"no fact fills {{{name}}} in {one.template!r}" for name in unknown]
    numbers = written_numbers(one.template)
    faults = [f"write a place instead of {text!r} in {one.template!r}" for text in numbers]
    answer = fill(one.template, known.facts)
    faults += [
        f"no fact says {claim.text!r} in {one.template!r}"
        for claim in claims_in(answer, known.facts)
        if claim.kind != "number" and not claim.supported
    ]
    return faults
