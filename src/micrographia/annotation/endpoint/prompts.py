"""Prompts: versioned files with placeholders for vocabulary, answer to judge and fault."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from micrographia.annotation.annotator import AnnotationError
from micrographia.io.vocabulary import QUESTIONS, VOCABULARY


@dataclass(frozen=True)
class Prompt:
    """One prompt file.

    Attributes
    ----------
    name, version
        As in its file name, `<name>-<version>.md`.
    text
        With the vocabulary filled in; `$answer` and `$fault` still open.
    sha
        Version and digest of that text: what answers are recorded with.
    """

    name: str
    version: int
    text: str
    sha: str

    def fill(self, **values: str) -> str:
        """Return the text with its open places filled in."""
        return Template(self.text).safe_substitute(values)


def load_prompt(folder: Path, name: str, version: int) -> Prompt:
    """Read `<name>-<version>.md`.

    Raises
    ------
    AnnotationError
        The file is absent, or has a place that nothing fills.
    """
    path = folder / f"{name}-{version}.md"
    try:
        raw = path.read_text(encoding="utf-8")
    except OSError as error:
        found = sorted(file.name for file in folder.glob("*.md"))
        raise AnnotationError(
            f"Prompt {path} cannot be read ({error.strerror})",
            allowed=", ".join(found) or "no prompts",
            remedy="Check annotation.prompts and annotation.prompt_version",
        ) from None
    template = Template(raw)
    known = {"vocabulary", "example", "answer", "fault"}
    if not template.is_valid() or not set(template.get_identifiers()) <= known:
        raise AnnotationError(
            f"Prompt {path} contains an unknown placeholder",
            seen=", ".join(sorted(set(template.get_identifiers()) - known)) or "a lone $",
            allowed=", ".join(f"${place}" for place in sorted(known)),
            remedy="Write $$ for a dollar sign",
        )
    example = json.dumps(_EXAMPLES.get(name, {}), indent=1)
    text = template.safe_substitute(vocabulary=vocabulary_text(), example=example)
    return Prompt(name, version, text, f"v{version}-{_digest(text)}")


def vocabulary_text() -> str:
    """Return all attributes with their words and meanings, as lines for a prompt."""
    lines: list[str] = []
    for name, words in VOCABULARY.items():
        lines.append(f"- `{name}`: {QUESTIONS[name]}")
        lines += [f"  - `{word}`: {meaning}" for word, meaning in words.items()]
    return "\n".join(lines)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _each(form: Mapping[str, Any]) -> dict[str, Any]:
    return {name: form for name in VOCABULARY}


#: The form of an answer, shown where the server cannot be told it as a schema.
_EXAMPLES: dict[str, Mapping[str, Any]] = {
    "attributes": _each({"value": "...", "text": "...", "confidence": 0.0}),
    "judge": _each({"verdict": "...", "comment": "..."}),
    "legible": {"has_text": False, "illegible": False, "comment": ""},
}
