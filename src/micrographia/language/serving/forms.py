"""Answers as JSON of a form: the nine attributes of a picture, and verdicts on others'."""

from __future__ import annotations

import json
from typing import Any

from micrographia.io.endpoint.replies import read_objects
from micrographia.io.vocabulary import ATTRIBUTE_NAMES, UNKNOWN
from micrographia.language.grounding.writer import Measured

#: What is told of how sure a word is that a definition gives, such as a number's.
_DEFINED = 0.95
#: From how sure a word another one is rejected, as the embedded judges do.
_REJECTS = 0.8


def attributes(picture: Measured) -> dict[str, Any]:
    """Return the nine attributes, each with value, text and confidence; "unknown" where not."""
    found: dict[str, Any] = {}
    for row in picture.facts(ATTRIBUTE_NAMES):
        if row["failure"] is not None or row["words"] is None:
            told: dict[str, Any] = {
                "value": UNKNOWN, "text": str(row["failure"] or ""), "confidence": 0.0
            }  # fmt: skip
        else:
            sure = row["certain"]
            told = {
                "value": row["words"],
                "text": str(row["evidence"]),
                "confidence": round(_DEFINED if sure is None else float(sure), 4),
            }
        told["text"] = told["text"][:300]
        found[row["name"]] = told
    return found


def verdicts(picture: Measured, question: str) -> dict[str, Any] | None:
    """Judge an answer that a question quotes; None where it quotes none.

    Returns
    -------
    dict or None
        Attribute → verdict and comment: "yes" for the same word, "no" for another where one is
        sure, else "abstain".
    """
    judged = _quoted(question)
    if judged is None:
        return None
    own = attributes(picture)
    return {name: _verdict(own[name], judged.get(name)) for name in ATTRIBUTE_NAMES}


def _verdict(own: dict[str, Any], other: Any) -> dict[str, str]:
    value = other.get("value") if isinstance(other, dict) else None
    if value in (None, UNKNOWN) or own["value"] == UNKNOWN:
        return {"verdict": "abstain", "comment": ""}
    if value == own["value"]:
        return {"verdict": "yes", "comment": ""}
    said = f"{own['value']} ({own['confidence']:.2f})"
    if own["confidence"] >= _REJECTS:
        return {"verdict": "no", "comment": f"reads {said}"}
    return {"verdict": "abstain", "comment": f"rather {said}"}


def _quoted(question: str) -> dict[str, Any] | None:
    """The first JSON object of a text that has the nine attributes with a value each."""
    fenced, others, _ = read_objects(question)
    for found in (*fenced, *others):
        named = [found.get(name) for name in ATTRIBUTE_NAMES]
        if all(isinstance(one, dict) and "value" in one for one in named):
            return dict(found)
    return None


def as_json(value: Any) -> str:
    """Return JSON with characters as they are."""
    return json.dumps(value, ensure_ascii=False)
