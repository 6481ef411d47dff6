"""Parse the reply of a model into an answer, or into a fault to send back to the model."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from micrographia.annotation.schema import MAX_TEXT, Attributes, Verdict, Verdicts
from micrographia.io.endpoint.ledger import Reply
from micrographia.io.endpoint.replies import FormError, checked, only_answer
from micrographia.io.vocabulary import ATTRIBUTE_NAMES


class Legibility(BaseModel):
    """Whether text that is burnt into a picture can be read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    has_text: bool
    illegible: bool
    comment: str = ""


def parse_attributes(reply: Reply) -> Attributes:
    """Read the nine attributes; raise FormError with every fault."""

    def check(found: dict[str, Any]) -> Attributes:
        return checked(Attributes, _clipped(found))

    return only_answer(reply, check, ATTRIBUTE_NAMES)


def parse_verdicts(reply: Reply) -> Verdicts:
    """Read the nine verdicts; raise FormError with every fault."""

    def check(found: dict[str, Any]) -> Verdicts:
        missing = [name for name in ATTRIBUTE_NAMES if name not in found]
        extra = [name for name in found if name not in ATTRIBUTE_NAMES]
        if missing or extra:
            raise FormError(
                f"missing: {', '.join(missing) or '-'}; unknown: {', '.join(extra) or '-'}"
            )
        clipped = _clipped(found)
        return {name: checked(Verdict, clipped[name], name) for name in ATTRIBUTE_NAMES}

    return only_answer(reply, check, ATTRIBUTE_NAMES)


def parse_legibility(reply: Reply) -> Legibility:
    """Read whether text can be read; raise FormError with every fault."""
    return only_answer(reply, lambda found: checked(Legibility, found), Legibility.model_fields)


def _clipped(found: dict[str, Any]) -> dict[str, Any]:
    """Shorten free words: their length is no reason to ask again."""
    for entry in found.values():
        if isinstance(entry, dict):
            for name in ("text", "comment"):
                if isinstance(entry.get(name), str):
                    entry[name] = " ".join(entry[name].split())[:MAX_TEXT]
    return found
