"""A request of chat completions: read, checked, and brought to one question about one picture."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from micrographia.config import Serve
from micrographia.io.microscopes.lengths import fault_of
from micrographia.io.vocabulary import ATTRIBUTE_NAMES
from micrographia.language.serving.faults import RequestError, bad

#: Name of the model that this server offers.
MODEL = "micrographia"
#: Most messages and parts of them that are looked at.
_MESSAGES, _PARTS = 200, 64
_URL = re.compile(r"data:image/[a-z0-9.+-]{1,30};base64,", re.IGNORECASE)
_ROLES = {"system", "developer", "user", "assistant", "tool", "function"}
#: Numbers in a request that are longer than this are no numbers.
_LONGEST_NUMBER = 400

Form = Literal["text", "attributes", "verdicts", "answer"]


@dataclass(frozen=True)
class Call:
    """What is asked.

    Attributes
    ----------
    question
        Text of the last message.
    picture
        Bytes of the last picture's file.
    before
        Earlier questions and answers about it.
    form
        "text"; or the JSON that is asked for: the nine attributes, verdicts on them, or an answer
        with whether it refuses.
    pixel_size_nm
        Side of a pixel, where the request states it [nm].
    stream
        Whether the answer is to come as events.
    """

    question: str
    picture: bytes
    before: tuple[tuple[str, str], ...]
    form: Form
    pixel_size_nm: float | None
    stream: bool


def read_call(body: bytes, settings: Serve) -> Call:
    """Read a request.

    Parameters
    ----------
    body
        JSON, of at most `settings.max_bytes`.
    settings
        Limits.

    Raises
    ------
    RequestError
        It is no request that can be answered.
    """
    found = _document(body)
    model = found.get("model", MODEL)
    if model != MODEL:
        said = repr(model)[:80]
        raise RequestError(
            404, f"There is no model {said}; this server offers '{MODEL}'.", "model_not_found",
            "model",
        )  # fmt: skip
    if found.get("n", 1) not in (1, None):
        raise bad("Only one answer is given: leave n out, or set it to 1.", "bad_value", "n")
    turns, url = _turns(found.get("messages"), settings)
    if not turns or turns[-1][0] != "user" or not turns[-1][1]:
        raise bad("The last message must be a user's, with a text.", "no_question", "messages")
    if url is None:
        raise bad(
            "No message has a picture: add a part of type image_url with a data URL.",
            "no_picture", "messages",
        )  # fmt: skip
    question = turns[-1][1]
    return Call(
        question,
        _picture(url, settings),
        _before(turns[:-1]),
        _form(found.get("response_format"), question),
        _pixel_size(found.get("pixel_size_nm")),
        bool(found.get("stream", False)),
    )


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body, parse_int=_whole, parse_constant=_no_number)
    except RecursionError:
        raise bad("The JSON is nested too deeply.", "bad_json") from None
    except ValueError as error:
        raise bad(f"The body is no JSON ({str(error)[:120]}).", "bad_json") from None
    if not isinstance(found, dict):
        raise bad("The body must be a JSON object.", "bad_json")
    return found


def _whole(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError("a number has too many digits")
    return int(digits)


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _turns(messages: Any, settings: Serve) -> tuple[list[tuple[str, str]], str | None]:
    """Return role and text of each message, and the last picture's URL."""
    if not isinstance(messages, list) or not messages or len(messages) > _MESSAGES:
        raise bad(
            f"messages must be a list of 1 to {_MESSAGES} messages.", "bad_value", "messages"
        )
    turns, url, length = [], None, 0
    for place, message in enumerate(messages):
        where = f"messages[{place}]"
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            raise bad(f"{where} needs a role of {', '.join(sorted(_ROLES))}.", "bad_value", where)
        text, seen = _content(message.get("content"), where)
        url = seen or url
        length += len(text)
        if length > settings.max_text:
            raise bad(
                f"The texts are longer than {settings.max_text} characters.", "too_long", where
            )
        turns.append((str(message["role"]), text))
    return turns, url


def _content(content: Any, where: str) -> tuple[str, str | None]:
    if content is None:
        return "", None
    if isinstance(content, str):
        return content.strip(), None
    if not isinstance(content, list) or len(content) > _PARTS:
        raise bad(
            f"{where}.content must be a text, or a list of at most {_PARTS} parts.", "bad_value",
            f"{where}.content",
        )  # fmt: skip
    texts, url = [], None
    for place, part in enumerate(content):
        name = f"{where}.content[{place}]"
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text" and isinstance(part.get("text"), str):
            texts.append(part["text"].strip())
        elif kind == "image_url":
            image = part.get("image_url")
            found = image.get("url") if isinstance(image, dict) else image
            if not isinstance(found, str):
                raise bad(f"{name}.image_url needs a url.", "bad_value", f"{name}.image_url")
            url = found
        else:
            raise bad(f"{name} must be of type text or image_url.", "bad_value", name)
    return "\n".join(filter(None, texts)), url


def _picture(url: str, settings: Serve) -> bytes:
    """Return the bytes of a picture; nothing is ever fetched from elsewhere."""
    head = _URL.match(url[:80])
    if head is None:
        raise bad(
            "A picture must be a data URL, data:image/...;base64,...: nothing is downloaded.",
            "bad_picture_url", "messages",
        )  # fmt: skip
    try:
        found = base64.b64decode(url[head.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise bad("The picture is no valid base64.", "bad_base64", "messages") from None
    if not found:
        raise bad("The picture is empty.", "bad_base64", "messages")
    return found


def _before(turns: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return questions with their answers."""
    pairs, question = [], None
    for role, text in turns:
        if role == "user":
            question = text
        elif role == "assistant" and question is not None:
            pairs.append((question, text))
            question = None
    return tuple(pairs)


def _form(wanted: Any, question: str) -> Form:
    """Return which JSON is asked for, by the schema or else by the words."""
    if wanted is None or (isinstance(wanted, dict) and wanted.get("type") == "text"):
        return _form_of_words(question) or "text"
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "json_object":
        return _form_of_words(question) or "answer"
    given = wanted.get("json_schema") if kind == "json_schema" else None
    schema = given.get("schema") if isinstance(given, dict) else None
    form = _form_of_schema(schema) if isinstance(schema, dict) else None
    if form is None:
        raise bad(
            "This server fills no such form: it answers with text, with {answer, refused}, with "
            "the nine attributes of Micrographia, or with verdicts on them.",
            "unsupported_response_format", "response_format",
        )  # fmt: skip
    return form


def _form_of_schema(schema: Mapping[str, Any]) -> Form | None:
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return None
    if set(properties) == {"answer", "refused"}:
        return "answer"
    if set(properties) != set(ATTRIBUTE_NAMES):
        return None
    inner = next(iter(properties.values()))
    names = inner.get("properties") if isinstance(inner, dict) else None
    return "verdicts" if isinstance(names, dict) and "verdict" in names else "attributes"


def _form_of_words(question: str) -> Form | None:
    """A prompt that names all nine attributes asks for them, whatever form the server was told."""
    if not all(f"`{name}`" in question for name in ATTRIBUTE_NAMES):
        return None
    return "verdicts" if '"verdict"' in question else "attributes"


def _pixel_size(value: Any) -> float | None:
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or fault_of(float(value)):
        raise bad(
            "pixel_size_nm must be the side of a pixel, 0.001 to 10000000 nm.", "bad_value",
            "pixel_size_nm",
        )  # fmt: skip
    return float(value)
