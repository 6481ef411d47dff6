"""The writer behind any OpenAI-compatible endpoint: its words, the tools' values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from micrographia.config import Endpoint
from micrographia.io.endpoint.client import Client, Question, picture_part, text_part
from micrographia.io.endpoint.ledger import Ledger, Reply
from micrographia.io.endpoint.pictures import QUALITY, data_url, read_sent
from micrographia.io.endpoint.prompts import read_prompt
from micrographia.io.endpoint.replies import checked, only_answer
from micrographia.io.facts.vocabulary import FACT_KINDS
from micrographia.language.grounding.embedded import EmbeddedWriter
from micrographia.language.grounding.writer import CAPTION, Asked, Draft

#: Folder of the prompts, their version, and the setting that a remedy names.
PROMPTS, VERSION = Path(__file__).with_name("templates"), 1
_SETTING = "language.assistant"
#: What is asked for a caption.
_CAPTION = "What does the picture show? Describe it in one to three sentences."
_EXAMPLE = json.dumps({"answer": "...", "refused": False})


class Written(BaseModel):
    """What a model answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answer: str = Field(min_length=2, max_length=4000)
    refused: bool


class EndpointWriter:
    """Writes answers by a language model on a server.

    Parameters
    ----------
    endpoint
        Address, model, patience, limits.
    ledger
        File of all calls: the same question is never paid for twice.
    alike
        As of `EmbeddedWriter`, which recognises what is to be measured.

    Raises
    ------
    EndpointError
        The key is not in the environment.
    """

    captions = CAPTION

    def __init__(self, endpoint: Endpoint, ledger: Path, alike: float) -> None:
        self._endpoint = endpoint
        self._recogniser = EmbeddedWriter(alike)
        self._prompt = read_prompt(
            PROMPTS, "answer", VERSION, {"example": _EXAMPLE},
            ("known", "unknown", "question", "before"), _SETTING,
        )  # fmt: skip
        correction = read_prompt(PROMPTS, "correction", VERSION, {}, ("fault",), _SETTING)
        self._client = Client(endpoint.model, endpoint, Ledger(ledger), correction)
        self.name = f"{endpoint.model}-{self._prompt.sha}"

    def close(self) -> None:
        """Close connections and ledger."""
        self._client.close()

    def needs(self, question: str) -> tuple[str, ...]:
        """Return what the recognised topics need; of a question that none is like, all facts."""
        found = self._recogniser.needs(question)
        known = bool(self._recogniser.topics(question))
        return found if known else tuple(name for name in FACT_KINDS if name != "material")

    def write(self, asked: Asked) -> Draft:
        """Let the model write an answer; raises EndpointError where it gives none."""
        text = self._prompt.fill(
            known=_listed({name: FACT_KINDS[name].meaning for name in asked.known}, "{%s}"),
            unknown=_listed(asked.unknown, "%s"),
            question=asked.question,
            before="\n".join(f"Earlier: {one}\nAnswer: {other}" for one, other in asked.before),
        )
        side = self._endpoint.max_side
        image = next((str(row["image_id"]) for row in asked.known.values()), str(asked.path))

        def content() -> list[dict[str, Any]]:
            return [text_part(text), picture_part(data_url(read_sent(asked.path), side))]

        identity = {"query": image, "max_side": side, "jpeg": QUALITY}
        question = Question(image, self._prompt.name, text, answer_schema(), identity, content)
        found = self._client.ask(question, parse_answer)
        return Draft(" ".join(found.answer.split()), refused=found.refused)

    def caption(self, asked: Asked) -> Draft:
        """Let the model describe the picture; raises EndpointError where it does not."""
        return self.write(Asked(asked.path, _CAPTION, asked.known, asked.unknown, asked.before))


def answer_schema() -> dict[str, Any]:
    """Return the JSON schema of an answer."""
    return {
        "type": "object",
        "properties": {"answer": {"type": "string"}, "refused": {"type": "boolean"}},
        "required": ["answer", "refused"],
        "additionalProperties": False,
    }


def parse_answer(reply: Reply) -> Written:
    """Read an answer; raise FormError with every fault."""

    def check(found: dict[str, Any]) -> Written:
        answer: Written = checked(Written, found)
        return answer

    return only_answer(reply, check, Written.model_fields)


def _listed(entries: Mapping[str, str], form: str) -> str:
    return "\n".join(f"- {form % name}: {text}" for name, text in entries.items()) or "- none"
