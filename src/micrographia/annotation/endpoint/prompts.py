"""Prompts of the annotation room: the vocabulary and the form of an answer filled in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from micrographia.io.endpoint.prompts import Prompt, read_prompt
from micrographia.io.vocabulary import QUESTIONS, VOCABULARY


def load_prompt(folder: Path, name: str, version: int) -> Prompt:
    """Read `<name>-<version>.md`; `$answer` and `$fault` stay open.

    Raises
    ------
    EndpointError
        The file is absent, or has a place that nothing fills.
    """
    example = json.dumps(_EXAMPLES.get(name, {}), indent=1)
    filled = {"vocabulary": vocabulary_text(), "example": example}
    return read_prompt(folder, name, version, filled, ("answer", "fault"), "annotation")


def vocabulary_text() -> str:
    """Return all attributes with their words and meanings, as lines for a prompt."""
    lines: list[str] = []
    for name, words in VOCABULARY.items():
        lines.append(f"- `{name}`: {QUESTIONS[name]}")
        lines += [f"  - `{word}`: {meaning}" for word, meaning in words.items()]
    return "\n".join(lines)


def _each(form: Mapping[str, Any]) -> dict[str, Any]:
    return {name: form for name in VOCABULARY}


#: The form of an answer, shown where the server cannot be told it as a schema.
_EXAMPLES: dict[str, Mapping[str, Any]] = {
    "attributes": _each({"value": "...", "text": "...", "confidence": 0.0}),
    "judge": _each({"verdict": "...", "comment": "..."}),
    "legible": {"has_text": False, "illegible": False, "comment": ""},
}
