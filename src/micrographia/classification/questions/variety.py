"""How varied a table of questions is, and whether every answer says what it rests on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from micrographia.io.questions.themes import THEMES


def variety(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return counts of a table of questions.

    Parameters
    ----------
    rows
        Of `schemas.QUESTIONS`.

    Returns
    -------
    dict
        `pictures`, `failed`, `questions`, `without_evidence` (answers whose evidence is empty, or
        names no value although the question can be answered), and `themes`: for each theme `n`,
        `questions` and `answers` (distinct texts), `topics`, `wordings` (distinct templates of
        questions), and `unanswerable`.
    """
    kept = list(rows)
    asked = [row for row in kept if row["failure"] is None]
    themes = {}
    for theme in THEMES:
        own = [row for row in asked if row["theme"] == theme]
        themes[theme] = {
            "n": len(own),
            "topics": len({row["topic"] for row in own}),
            "wordings": len({row["wording"] for row in own} - {None}),
            "questions": len({row["question"] for row in own}),
            "answers": len({row["answer"] for row in own}),
            "unanswerable": sum(not row["answerable"] for row in own),
        }
    return {
        "pictures": len({row["path"] for row in kept}),
        "failed": len({row["path"] for row in kept if row["failure"] is not None}),
        "questions": len(asked),
        "without_evidence": sum(not _supported(row) for row in asked),
        "themes": themes,
    }


def _supported(row: Mapping[str, Any]) -> bool:
    """Whether an answer names the facts that it rests on, or those that are missing."""
    evidence = json.loads(row["evidence"])
    values = [one["value"] for one in evidence]
    known = any(value is not None for value in values)
    return bool(evidence) and (known if row["answerable"] else True)
