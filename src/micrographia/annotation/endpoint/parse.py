"""Parse the reply of a model into an answer, or into a fault to send back to the model."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from micrographia.annotation.endpoint.ledger import Reply
from micrographia.annotation.schema import MAX_TEXT, Attributes, Verdict, Verdicts
from micrographia.io.vocabulary import ATTRIBUTE_NAMES

#: Longest account of faults [characters].
_MOST_WORDS = 600


class FormError(Exception):
    """An answer that does not have the form asked for."""


class Legibility(BaseModel):
    """Whether text that is burnt into a picture can be read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    has_text: bool
    illegible: bool
    comment: str = ""


def parse_attributes(reply: Reply) -> Attributes:
    """Read the nine attributes; raise FormError with every fault."""
    return _checked(Attributes, _clipped(read_object(reply)))


def parse_verdicts(reply: Reply) -> Verdicts:
    """Read the nine verdicts; raise FormError with every fault."""
    found = _clipped(read_object(reply))
    missing = [name for name in ATTRIBUTE_NAMES if name not in found]
    extra = [name for name in found if name not in ATTRIBUTE_NAMES]
    if missing or extra:
        raise FormError(
            f"missing: {', '.join(missing) or '-'}; unknown: {', '.join(extra) or '-'}"
        )
    return {name: _checked(Verdict, found[name], name) for name in ATTRIBUTE_NAMES}


def parse_legibility(reply: Reply) -> Legibility:
    """Read whether text can be read; raise FormError with every fault."""
    return _checked(Legibility, read_object(reply))


def read_object(reply: Reply) -> dict[str, Any]:
    """Return the JSON object in a reply; thoughts and code fences around it are left out.

    Examples
    --------
    >>> read_object(Reply('<think>hm {</think> ```json\\n{"a": 1}\\n```', "stop"))
    {'a': 1}
    """
    text = reply.content.rpartition("</think>")[2]
    start = text.find("{")
    cut = reply.finish == "length"
    if start < 0:
        raise FormError("it was cut short before any JSON" if cut else "it holds no JSON object")
    try:
        found, _ = json.JSONDecoder().raw_decode(text[start:])
    except (json.JSONDecodeError, RecursionError) as error:
        words = "the JSON was cut short; use fewer words" if cut else f"no valid JSON: {error}"
        raise FormError(words) from None
    if not isinstance(found, dict):  # pragma: no cover - it begins with a brace
        raise FormError("it is no JSON object")
    return found


def _clipped(found: dict[str, Any]) -> dict[str, Any]:
    """Shorten free words: their length is no reason to ask again."""
    for entry in found.values():
        if isinstance(entry, dict):
            for name in ("text", "comment"):
                if isinstance(entry.get(name), str):
                    entry[name] = " ".join(entry[name].split())[:MAX_TEXT]
    return found


def _checked(model: type[Any], value: Any, where: str = "") -> Any:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = [_fault(item, where) for item in error.errors()]
    raise FormError("; ".join(faults)[:_MOST_WORDS])


def _fault(item: Any, where: str) -> str:
    place = ".".join(str(part) for part in (where, *item["loc"]) if part != "")
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
