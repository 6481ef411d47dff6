"""Answers that look at no question's picture, or only for the picture most like it."""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from micrographia.errors import TableError
from micrographia.io.facts.claims import refuses
from micrographia.io.schemas.rows import AssistantAnswerRow, InstructionRow
from micrographia.language.instruction.sampling import centred

_PICTURE = re.compile(
    r"\b(?:this|the) (?:picture|image|(?:electron )?micrograph)\b", re.IGNORECASE
)
#: Names of the baselines.
Baseline = Literal["majority", "nearest"]


def majority_answers(
    questions: Sequence[InstructionRow], part: str = "test"
) -> Iterator[AssistantAnswerRow]:
    """Answer each question with the most frequent answer of the training to such questions.

    "Such" are those of the same text, whatever it calls the picture, else of the same task, theme
    and form. Nothing of the picture is known.

    Parameters
    ----------
    questions
        Rows of `schemas.INSTRUCTIONS`.
    part
        Which are answered.

    Raises
    ------
    TableError
        There is nothing to learn from, or nothing to answer.
    """
    known = _Majority(questions)
    for row in _of_part(questions, part):
        started = time.perf_counter()
        text = known.answer(row)
        yield _answer(row, "majority", text, time.perf_counter() - started)


def nearest_answers(
    questions: Sequence[InstructionRow],
    embeddings: Iterable[Mapping[str, Any]],
    part: str = "test",
) -> Iterator[AssistantAnswerRow]:
    """Answer each question as it was answered for the most alike training picture.

    Where no training picture was asked the same text, the majority's answer is given.

    Parameters
    ----------
    questions, part
        As of `majority_answers`.
    embeddings
        Rows of `schemas.EMBEDDINGS` of one encoder, of all pictures.

    Raises
    ------
    TableError
        As `majority_answers`, or no picture has a vector.
    """
    known = _Majority(questions)
    good = [row for row in embeddings if row["failure"] is None and row["vector"] is not None]
    place = {str(row["image_id"]): number for number, row in enumerate(good)}
    if not place:
        raise TableError("No picture has a vector", remedy="Run `classification embed` on them")
    vectors = centred([row["vector"] for row in good])
    answers: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for row in _of_part(questions, "train"):
        if row["image_id"] in place:
            answers[_asked(row), row["form"]].setdefault(row["image_id"], row["answer"])
    for row in _of_part(questions, part):
        started = time.perf_counter()
        pool = answers.get((_asked(row), row["form"]), {})
        text = known.answer(row)
        if pool and row["image_id"] in place:
            names = list(pool)
            own = vectors[place[row["image_id"]]]
            cosines = vectors[[place[name] for name in names]] @ own
            text = pool[names[int(np.argmax(cosines))]]
        yield _answer(row, "nearest", text, time.perf_counter() - started)


class _Majority:
    """The most frequent answers of the training."""

    def __init__(self, questions: Sequence[InstructionRow]) -> None:
        self._counts: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for row in _of_part(questions, "train"):
            for key in _keys(row):
                self._counts[key][row["answer"]] += 1

    def answer(self, row: InstructionRow) -> str:
        """Return the most frequent answer to such a question; of equals, the first by name."""
        for key in _keys(row):
            if key in self._counts:
                counts = self._counts[key]
                return min(counts, key=lambda text: (-counts[text], text))
        return "That cannot be told."


def _keys(row: InstructionRow) -> list[tuple[str, ...]]:
    """What questions have in common, the most first; nothing that tells the answer."""
    return [
        ("text", _asked(row), row["form"]),
        ("theme", row["task"], row["theme"], row["form"]),
    ]


def _asked(row: InstructionRow) -> str:
    """The text of a question, whatever it calls the picture."""
    return _PICTURE.sub("it", row["question"]).casefold()


def _of_part(questions: Sequence[InstructionRow], part: str) -> list[InstructionRow]:
    found = [row for row in questions if row["split"] == part and row["failure"] is None]
    if not found:
        raise TableError(
            f"The table has no questions of the part '{part}'",
            seen=", ".join(sorted({row["split"] for row in questions})),
            remedy="Split them: `language instructions` without --part, or join the parts' facts",
        )
    return found


def _answer(row: InstructionRow, method: str, text: str, seconds: float) -> AssistantAnswerRow:
    return {
        "question_id": row["question_id"],
        "image_id": row["image_id"],
        "method": method,
        "text": text,
        "template": None,
        "slots": None,
        "refused": refuses(text),
        "seconds": seconds,
        "failure": None,
    }
