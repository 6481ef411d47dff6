"""How varied a table of questions is, and whether every answer says what it rests on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from micrographia.io.facts.numbers import numbers_in
from micrographia.io.questions.themes import THEMES

_PLACE = "\N{REPLACEMENT CHARACTER}"


def variety(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return counts of a table of questions.

    Parameters
    ----------
    rows
        Of `schemas.INSTRUCTIONS`.

    Returns
    -------
    dict
        `pictures`, `failed`, `questions`, `without_evidence` (answers that name no fact that they
        rest on), `written_numbers` (answers whose template states a number outside a place),
        `splits`, `tasks`, `forms` (counts by name), and for each theme `n`, `wordings`,
        `questions`, `answers` (distinct texts) and `unanswerable`.
    """
    kept = list(rows)
    asked = [row for row in kept if row["failure"] is None]
    themes = {}
    for theme in THEMES:
        own = [row for row in asked if row["theme"] == theme]
        themes[theme] = {
            "n": len(own),
            "wordings": len({row["wording"] for row in own} - {None}),
            "questions": len({row["question"] for row in own}),
            "answers": len({row["answer"] for row in own}),
            "unanswerable": sum(row["kind"] == "unanswerable" for row in own),
        }
    return {
        "pictures": len({row["path"] for row in kept}),
        "failed": len({row["path"] for row in kept if row["failure"] is not None}),
        "questions": len(asked),
        "without_evidence": sum(not json.loads(row["evidence"]) for row in asked),
        "written_numbers": sum(bool(written_numbers(row["template"])) for row in asked),
        "splits": dict(Counter(row["split"] for row in asked)),
        "tasks": dict(Counter(row["task"] for row in asked)),
        "forms": dict(Counter(row["form"] for row in asked)),
        "themes": themes,
    }


def written_numbers(template: str) -> list[str]:
    """Return the numbers that a template states itself, instead of leaving a place for a fact.

    Examples
    --------
    >>> written_numbers("{particle_count} particles of {median_diameter}, twelve of them round")
    ['twelve']
    """
    bare = _without_places(template)
    return [bare[one.start : one.end] for one in numbers_in(bare)]


def _without_places(template: str) -> str:
    text, depth = [], 0
    for letter in template:
        depth += letter == "{"
        if not depth:
            text.append(letter)
        elif letter == "}":
            depth -= 1
            text.append(_PLACE)
    return "".join(text)
