"""Replies of a model: JSON among words, refusals, and faults to send back to the model."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from pydantic import ValidationError

from micrographia.io.endpoint.ledger import Reply

Answer = TypeVar("Answer")

#: Longest account of faults [characters].
_MOST_WORDS = 600
_NO_JSON_YET = "it was cut short before any JSON"
#: Braces that are tried, at most: words in braces are few.
_MOST_BRACES = 300
_FENCE = re.compile(r"```[a-zA-Z]*\s*\n?(.*?)```", re.DOTALL)
#: What servers call the end of an answer that is refused: `finish_reason` of OpenAI and Azure,
#: `stop_reason` of Anthropic, `finishReason` of Google, as gateways hand them on.
REFUSALS = frozenset(
    {"refusal", "content_filter", "safety", "prohibited_content", "blocklist", "spii"}
)
#: How models decline in prose; only looked for where an answer begins and holds no brace.
_NO = r"cannot|can ?not|can't|won't|will not|unable|not (?:able|allowed|permitted|comfortable)"
_TO_ANSWER = (
    r"assist|help|comply|fulfil|process|discuss|engage|describe|analy[sz]e|answer|provide|do that|"
    r"continue|view|respond"
)
_DECLINES = re.compile(
    rf"\b(?:I|we)\b[^.!?]{{0,40}}?\b(?:(?:{_NO})\b[^.!?]{{0,25}}?\b(?:{_TO_ANSWER})"
    r"|(?:decline|refuse)\b)",
    re.IGNORECASE,
)
#: Where prose must decline, and how long it may be [characters].
_BEGINNING, _LONGEST_REFUSAL = 200, 1000


class FormError(Exception):
    """An answer that does not have the form asked for."""


class RefusalError(FormError):
    """An answer that declines to answer: asking again would be charged, and change nothing."""


def read_objects(text: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]], str]:
    """Return the JSON objects of an answer, and what is wrong with the rest.

    Thoughts are left out. Words in braces are no objects and are passed over.

    Returns
    -------
    fenced, others
        Objects in code fences, and all others; of nested ones the outermost.
    fault
        Of the brace that came nearest to an object without being one; empty where all are.

    Examples
    --------
    >>> read_objects('<think>hm {</think> for {this}: ```json\\n{"a": 1}\\n```')[0]
    [{'a': 1}]
    """
    text = text.rpartition("</think>")[2]
    faults: list[tuple[int, str]] = []
    fenced = [found for part in _FENCE.findall(text) for found in _objects(part, faults)]
    others = list(_objects(_FENCE.sub(" ", text) if fenced else text, faults))
    return fenced, others, max(faults)[1] if faults else ""


def _objects(text: str, faults: list[tuple[int, str]]) -> Iterator[dict[str, Any]]:
    """Yield every outermost object; of each brace that begins none, note how far it went."""
    decoder, place = json.JSONDecoder(), text.find("{")
    for _ in range(_MOST_BRACES):
        if place < 0:
            return
        end = place + 1
        try:
            found, end = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            faults.append((error.pos - place, str(error)))
        except RecursionError as error:
            faults.append((0, str(error)))
        else:
            yield found  # it begins with a brace
        place = text.find("{", end)


def _declines(text: str) -> bool:
    """Whether plain words say no, as in "I'm sorry, but I can't help with that"."""
    words = " ".join(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
    if "{" in words or len(words) > _LONGEST_REFUSAL:
        return False
    return _DECLINES.search(words[:_BEGINNING]) is not None


def only_answer(
    reply: Reply, check: Callable[[dict[str, Any]], Answer], names: Iterable[str]
) -> Answer:
    """Return the answer that a reply holds: fences first, then all else; different ones are none.

    Where no object has the form, the fault is that of the one that has most of the names.
    """
    fenced, others, fault = read_objects(reply.content)
    expected = set(names)
    known, worst = 0, FormError("it holds no JSON object")
    for group in (fenced, others):
        answers: list[Answer] = []
        for found in group:
            try:
                answer = check(found)
            except FormError as error:
                has = len(expected & set(found))
                if has > known or (not has and not fault):
                    known, worst = has, error
            else:
                if answer not in answers:
                    answers.append(answer)
        if len(answers) > 1:
            raise FormError(f"it holds {len(answers)} different answers; give one")
        if answers:
            return answers[0]
    if reply.finish in REFUSALS or (reply.finish != "length" and _declines(reply.content)):
        raise RefusalError("it declines to answer")
    if known == 0 and reply.finish == "length":
        raise FormError("the JSON was cut short; use fewer words" if fault else _NO_JSON_YET)
    raise worst if known or not fault else FormError(f"no valid JSON: {fault}")


def checked(model: type[Any], value: Any, where: str = "") -> Any:
    """Return a value as a model of pydantic; raise FormError with every fault."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = [_fault(item, where) for item in error.errors()]
    raise FormError("; ".join(faults)[:_MOST_WORDS])


def object_schema(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of an object with these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _fault(item: Any, where: str) -> str:
    place = ".".join(str(part) for part in (where, *item["loc"]) if part != "")
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
