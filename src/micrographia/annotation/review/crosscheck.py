"""Cross-check: combine answers and verdicts into one value per attribute, or ask a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from micrographia.annotation.schema import Reading
from micrographia.io.schemas import ATTRIBUTES_FINAL, REVIEW_QUEUE
from micrographia.io.vocabulary import ATTRIBUTE_NAMES, UNKNOWN

Row = Mapping[str, Any]
#: image_id and attribute.
Place = tuple[str, str]


@dataclass(frozen=True)
class Decision:
    """Final value of one attribute of one picture.

    Attributes
    ----------
    value
        The word.
    text
        Free words with it.
    source
        "reviewed", "agreed", "single", "disputed" or "none".
    """

    value: str
    text: str
    source: str


@dataclass
class Evidence:
    """All answers and verdicts on one attribute of one picture.

    Attributes
    ----------
    answers
        Readings by annotator; those who cannot tell are left out.
    verdicts
        Verdict and comment by judge and annotator judged.
    """

    answers: dict[str, Reading] = field(default_factory=dict)
    verdicts: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def objections(self) -> list[tuple[str, str, str]]:
        """Return judge, annotator judged and comment of every "no"."""
        return [
            (judge, annotator, comment)
            for (judge, annotator), (verdict, comment) in self.verdicts.items()
            if verdict == "no"
        ]

    def accepted(self, judge: str, annotator: str) -> bool:
        """Whether a judge said "yes"."""
        return self.verdicts.get((judge, annotator), ("", ""))[0] == "yes"


def gather(answers: Iterable[Row], verdicts: Iterable[Row]) -> dict[Place, Evidence]:
    """Sort rows of ATTRIBUTES and CROSSCHECK by picture and attribute; failures are left out."""
    evidence: dict[Place, Evidence] = defaultdict(Evidence)
    for row in answers:
        if row["failure"] is not None:
            continue
        for name in ATTRIBUTE_NAMES:
            if row[name] != UNKNOWN:
                evidence[row["image_id"], name].answers[row["annotator"]] = Reading(
                    value=row[name],
                    text=row[f"{name}_text"] or "",
                    confidence=row[f"{name}_confidence"],
                )
    for row in verdicts:
        if row["verdict"] is not None:
            found = evidence[row["image_id"], row["attribute"]]
            found.verdicts[row["judge"], row["annotator"]] = (
                row["verdict"],
                row["comment"] or "",
            )
    return evidence


def decide(found: Evidence, order: Sequence[str]) -> Decision:
    """Return the decision on an attribute that no person has reviewed.

    Parameters
    ----------
    found
        Answers and verdicts.
    order
        Annotators, the most trusted first; ties are broken by it.

    Returns
    -------
    Decision
        "disputed" where a judge rejects an answer, or where answers differ and not all who
        differ accept one another's; its word is the one with most support: one vote for each
        annotator that says it, one for each "yes" of a judge that says another or none, less
        one for each "no".
    """
    if not found.answers:
        return Decision(UNKNOWN, "", "none")
    value = max(
        dict.fromkeys(_ranked(found, order)),
        key=lambda word: _support(found, word),
    )
    text = next(
        found.answers[name].text for name in _by_rank(found, order)
        if found.answers[name].value == value
    )  # fmt: skip
    if found.objections() or not _compatible(found):
        return Decision(value, text, "disputed")
    confirmed = len(found.answers) > 1 or any(
        verdict == "yes" for verdict, _ in found.verdicts.values()
    )
    return Decision(value, text, "agreed" if confirmed else "single")


def conclude(
    pictures: Iterable[Row],
    evidence: Mapping[Place, Evidence],
    order: Sequence[str],
    reviewed: Mapping[Place, tuple[str, str]],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of ATTRIBUTES_FINAL and of REVIEW_QUEUE.

    Parameters
    ----------
    pictures
        Rows of MICROGRAPHS that take part.
    evidence
        Of `gather`.
    order
        Annotators, the most trusted first.
    reviewed
        Word and text by picture and attribute, as people decided.
    """
    final: list[dict[str, Any]] = []
    queue: list[dict[str, Any]] = []
    for picture in pictures:
        row: dict[str, Any] = dict.fromkeys(ATTRIBUTES_FINAL.names)
        row.update(image_id=picture["image_id"], path=picture["path"], n_disputed=0)
        for name in ATTRIBUTE_NAMES:
            place = (picture["image_id"], name)
            found = evidence.get(place, Evidence())
            decision = decide(found, order)
            if place in reviewed:
                decision = Decision(*reviewed[place], "reviewed")
            elif decision.source == "disputed":
                queue.append(_question(row, name, found, decision, order))
                row["n_disputed"] += 1
            row[name] = decision.value
            row[f"{name}_text"] = decision.text
            row[f"{name}_source"] = decision.source
        final.append(row)
    return final, queue


def _question(
    picture: Row, name: str, found: Evidence, decision: Decision, order: Sequence[str]
) -> dict[str, Any]:
    names = _by_rank(found, order)
    question = {
        "image_id": picture["image_id"],
        "path": picture["path"],
        "attribute": name,
        "annotators": names,
        "values": [found.answers[each].value for each in names],
        "texts": [found.answers[each].text for each in names],
        "objections": [
            f"{judge} on {annotator}: {comment or 'no'}"
            for judge, annotator, comment in sorted(found.objections())
        ],
        "proposal": decision.value,
    }
    return {key: question[key] for key in REVIEW_QUEUE.names}


def _by_rank(found: Evidence, order: Sequence[str]) -> list[str]:
    rank = {name: place for place, name in enumerate(order)}
    return sorted(found.answers, key=lambda name: (rank.get(name, len(rank)), name))


def _ranked(found: Evidence, order: Sequence[str]) -> list[str]:
    return [found.answers[name].value for name in _by_rank(found, order)]


def _support(found: Evidence, word: str) -> int:
    """Votes for a word; a judge that gave the word itself is not counted twice."""
    votes = sum(reading.value == word for reading in found.answers.values())
    for (judge, annotator), (verdict, _) in found.verdicts.items():
        answer = found.answers.get(annotator)
        if answer is None or answer.value != word:
            continue
        own = found.answers.get(judge)
        if verdict == "yes" and (own is None or own.value != word):
            votes += 1
        elif verdict == "no":
            votes -= 1
    return votes


def _compatible(found: Evidence) -> bool:
    """Whether all who differ accept one another's words."""
    names = list(found.answers)
    return all(
        found.answers[one].value == found.answers[other].value
        or (found.accepted(one, other) and found.accepted(other, one))
        for place, one in enumerate(names)
        for other in names[place + 1 :]
    )
