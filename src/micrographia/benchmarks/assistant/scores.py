"""Answers beside their references: a row for each question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from micrographia.benchmarks.assistant.facts import Facts, fact_scores
from micrographia.benchmarks.assistant.texts import TEXT_SCORES, TextScorer
from micrographia.errors import TableError
from micrographia.io.facts.claims import refuses
from micrographia.io.facts.slots import known
from micrographia.io.schemas import ASSISTANT_SCORES
from micrographia.io.schemas.rows import AssistantAnswerRow, InstructionRow


def score_answers(
    questions: Sequence[InstructionRow],
    answers: Iterable[AssistantAnswerRow],
    facts: Iterable[Mapping[str, Any]],
    measured: Iterable[Mapping[str, Any]],
    texts: TextScorer,
) -> list[dict[str, Any]]:
    """Score every question that was to be answered, by every method.

    Parameters
    ----------
    questions
        Rows of `schemas.INSTRUCTIONS`, all of those that were to be answered; failures are left
        out.
    answers
        Rows of `schemas.ASSISTANT_ANSWERS`, of one or several methods.
    facts
        Rows of `schemas.FACTS`: the true ones.
    measured
        The same as the assistant measured them: what it says from them is not invented, even
        where it is wrong.
    texts
        Compares texts.

    Returns
    -------
    Rows of `schemas.ASSISTANT_SCORES`. A question without an answer is a failure: its texts score
    0 and its facts are not stated.

    Raises
    ------
    TableError
        There is no question, no answer, or a question is answered twice by one method.
    """
    asked = {row["question_id"]: row for row in questions if row["failure"] is None}
    by_method: dict[str, dict[str, AssistantAnswerRow]] = defaultdict(dict)
    for answer in answers:
        own = by_method[answer["method"]]
        if answer["question_id"] in own:
            raise TableError(
                f"{answer['method']} answers a question twice", seen=answer["question_id"]
            )
        own[answer["question_id"]] = answer
    if not asked or not by_method:
        raise TableError(
            "There is nothing to score",
            seen=f"{len(asked)} questions, answers of {len(by_method)} methods",
            remedy="Give the questions of `language instructions` and answers to them",
        )
    truth, seen = _by_picture(facts), _by_picture([*facts, *measured])
    return [
        _row(row, method, own.get(name), truth, seen, texts)
        for method, own in by_method.items()
        for name, row in asked.items()
    ]


def _by_picture(facts: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in facts:
        found[str(row["image_id"])].append(row)
    return found


def _row(
    question: InstructionRow,
    method: str,
    answer: AssistantAnswerRow | None,
    truth: Mapping[str, list[Mapping[str, Any]]],
    seen: Mapping[str, list[Mapping[str, Any]]],
    texts: TextScorer,
) -> dict[str, Any]:
    failure = "there is no answer" if answer is None else answer["failure"]
    text = "" if answer is None else answer["text"] or ""
    picture = question["image_id"]
    row: dict[str, Any] = dict.fromkeys(ASSISTANT_SCORES.names)
    row.update({name: question[name] for name in _COPIED})  # type: ignore[literal-required]
    row.update(
        method=method,
        text=text or None,
        refused=bool(answer is not None and (answer["refused"] or refuses(text))),
        seconds=None if answer is None else answer["seconds"],
        failure=failure if failure is not None or text else "the answer is empty",
    )
    if text:
        row.update(texts.score(text, question["answer"]))
    else:
        row.update({name: 0.0 for name in TEXT_SCORES if _defined(name, texts)})
    asked = question["slots"] if question["kind"] == "answerable" else []
    row.update(fact_scores(text, asked, known(truth.get(picture, ())), _all(seen, picture)))
    return row


_COPIED = ("question_id", "image_id", "group", "task", "theme", "form", "kind")


def _defined(name: str, texts: TextScorer) -> bool:
    return name != "meteor" or texts.without_meteor is None


def _all(seen: Mapping[str, list[Mapping[str, Any]]], picture: str) -> Facts:
    """Return every fact that supports a claim; of one name there may be several."""
    found = [
        row
        for row in seen.get(picture, ())
        if row["failure"] is None and (row["number"] is not None or row["words"])
    ]
    return {f"{place}/{row['name']}": row for place, row in enumerate(found)}
