"""The question: demonstrations with their classes, then the picture to identify."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from micrographia.config import Endpoint
from micrographia.io.endpoint.client import Question, picture_part, text_part
from micrographia.io.endpoint.ledger import Reply
from micrographia.io.endpoint.pictures import QUALITY, data_url, read_sent
from micrographia.io.endpoint.prompts import Prompt
from micrographia.io.endpoint.replies import FormError, checked, object_schema, only_answer

Row = Mapping[str, Any]

#: Most classes that an answer ranks, and most characters of its comment.
RANKED, _COMMENT = 5, 300
#: The form of an answer, shown where the server cannot be told it as a schema.
EXAMPLE = json.dumps({"ranked": ["..."], "probability": 0.0, "none": False, "comment": "..."})


class Identification(BaseModel):
    """What a model answers.

    Attributes
    ----------
    ranked
        Classes, the most probable first.
    probability
        That the first is right, 0 … 1.
    none
        Whether the picture shows none of the classes.
    comment
        What decided.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    ranked: tuple[str, ...] = Field(min_length=1)
    probability: float = Field(ge=0, le=1)
    none: bool = False
    comment: str = ""


@dataclass(frozen=True)
class Shown:
    """A picture that the model is shown, by its row of `schemas.EMBEDDINGS`."""

    image_id: str
    path: str
    label: str | None

    @classmethod
    def of(cls, row: Row) -> Shown:
        """Return the picture of a row."""
        return cls(str(row["image_id"]), str(row["path"]), row["label"])


def question(
    prompt: Prompt,
    classes: Sequence[str],
    demonstrations: Sequence[Shown],
    query: Shown,
    endpoint: Endpoint,
) -> Question:
    """Return the question about one picture.

    Parameters
    ----------
    prompt
        With the open place `$classes`.
    classes
        That the answer may name.
    demonstrations
        Labelled pictures, in the order in which they are shown.
    query
        The picture to identify; its label is not told.
    endpoint
        Says how large pictures are sent.
    """
    text = prompt.fill(classes="\n".join(f"- `{name}`" for name in classes))

    def content() -> list[dict[str, Any]]:
        parts = [text_part(text)]
        for number, each in enumerate(demonstrations, 1):
            parts += [
                text_part(f"Example {number}, kind `{each.label}`:"),
                _picture(each, endpoint),
            ]
        return [*parts, text_part("The picture to identify:"), _picture(query, endpoint)]

    identity = {
        "demonstrations": [[each.image_id, each.label] for each in demonstrations],
        "query": query.image_id,
        "max_side": endpoint.max_side,
        "jpeg": QUALITY,
    }
    schema = answer_schema(classes)
    count = len(demonstrations) + 1
    return Question(query.image_id, prompt.name, text, schema, identity, content, count)


def _picture(shown: Shown, endpoint: Endpoint) -> dict[str, Any]:
    return picture_part(data_url(read_sent(shown.path), endpoint.max_side))


def answer_schema(classes: Sequence[str]) -> dict[str, Any]:
    """Return the JSON schema of an answer."""
    properties = {
        "ranked": {"type": "array", "items": {"type": "string", "enum": list(classes)}},
        "probability": {"type": "number"},
        "none": {"type": "boolean"},
        "comment": {"type": "string"},
    }
    return object_schema(properties)


def parse_identification(reply: Reply, classes: Sequence[str]) -> Identification:
    """Read an answer; raise FormError with every fault."""

    def check(found: dict[str, Any]) -> Identification:
        if isinstance(found.get("comment"), str):
            found["comment"] = " ".join(found["comment"].split())[:_COMMENT]
        answer: Identification = checked(Identification, found)
        strangers = [name for name in answer.ranked if name not in classes]
        if strangers:
            raise FormError(
                f"ranked names {', '.join(map(repr, strangers))}, allowed: {', '.join(classes)}"
            )
        if len(set(answer.ranked)) < len(answer.ranked):
            raise FormError("ranked names a kind twice")
        return answer

    return only_answer(reply, check, Identification.model_fields)
