"""Questions and answers from facts, through the grammar: none says what no fact says."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from micrographia.classification.questions.grammar import Case, Grammar, Topic
from micrographia.classification.questions.slots import slots_of
from micrographia.errors import ImageError
from micrographia.io.images import image_id, read_micrograph
from micrographia.io.questions.subjects import Subject
from micrographia.io.questions.themes import THEMES
from micrographia.io.questions.wording import drawn_order, expand, sentence
from micrographia.io.schemas import QUESTIONS

Row = dict[str, Any]
#: What `maker` says of questions made here.
MAKER = "facts"
#: How often a question without answer is asked, beside one that can be answered.
_RARELY = 0.2


def questions_from_facts(
    subjects: Iterable[Subject],
    grammar: Grammar,
    version: str,
    per_theme: int,
    seed: int,
) -> Iterator[Row]:
    """Yield rows of `schemas.QUESTIONS`, in the order of the pictures; a failure is a row.

    Parameters
    ----------
    subjects
        Pictures and what is known of them.
    grammar, version
        Of `read_grammar`.
    per_theme
        Most questions of each theme about a picture; topics are drawn at random among those that
        suit it.
    seed
        Of topics and wordings; what is asked of a picture does not depend on the others.
    """
    for subject in subjects:
        row = blank(subject, MAKER, version)
        try:
            if subject.failure is not None:
                raise ImageError(subject.failure)
            row["image_id"] = image_id(read_micrograph(subject.path).pixels)
        except ImageError as error:
            yield row | {"failure": str(error)}
            continue
        yield from _of_picture(subject, row, grammar, per_theme, seed)


def blank(subject: Subject, maker: str, version: str) -> Row:
    """Return a row with what it says of the picture and of who asks."""
    return dict.fromkeys(QUESTIONS.names) | {
        "path": subject.path,
        "label": subject.label,
        "group": subject.group,
        "maker": maker,
        "version": version,
    }


def question_id(row: Mapping[str, Any]) -> str:
    """Return the digest of who asks what of which picture."""
    told = [row[name] for name in ("image_id", "maker", "version", "topic", "question", "context")]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()[:16]


def evidence(facts: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return facts as JSON: a list of names and values, null for what is not known."""
    found = [{"fact": name, "value": facts.get(name)} for name in names]
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _of_picture(
    subject: Subject, row: Row, grammar: Grammar, per_theme: int, seed: int
) -> Iterator[Row]:
    for theme in THEMES:
        place = zlib.crc32(f"{row['image_id']}/{theme}".encode())
        rng = np.random.default_rng([seed, place])
        facts = _with_another(subject, grammar, rng)
        fitting = [
            (topic, case)
            for topic in grammar.topics
            if topic.theme == theme
            and (subject.context is not None or not topic.context)
            and (case := topic.case(facts)) is not None
        ]
        weights = [1.0 if topic.answerable else _RARELY for topic, _ in fitting]
        for number in drawn_order(weights, rng)[:per_theme]:
            topic, case = fitting[int(number)]
            yield _asked(subject, facts, row, grammar, (topic, case), rng)


def _asked(
    subject: Subject,
    facts: Mapping[str, Any],
    row: Row,
    grammar: Grammar,
    chosen: tuple[Topic, Case],
    rng: np.random.Generator,
) -> Row:
    topic, case = chosen
    slots = slots_of(facts, grammar)
    wording = int(rng.integers(len(topic.questions)))

    def told(text: str) -> str:
        return sentence(expand(text, grammar.phrases, slots, rng))

    def one_of(texts: Sequence[str]) -> str:
        return told(texts[int(rng.integers(len(texts)))])

    found = row | {
        "theme": topic.theme,
        "topic": topic.topic,
        "wording": f"{topic.topic}/{wording}",
        "context": subject.context if topic.context else None,
        "question": told(topic.questions[wording]),
        "answer": one_of(case.answers),
        "short": expand(case.short, grammar.phrases, slots, rng),
        "reasoning": one_of(case.reasoning),
        "evidence": evidence(facts, [*topic.needs, *topic.lacks]),
        "answerable": topic.answerable,
    }
    return found | {"question_id": question_id(found)}


def _with_another(subject: Subject, grammar: Grammar, rng: np.random.Generator) -> dict[str, Any]:
    """Add a class that the picture surely does not show, for questions with a false premise."""
    facts = dict(subject.facts)
    own = {facts.get(name) for name in ("class", "second", "also_shown")}
    others = [name for name in grammar.classes if name not in own]
    mixed = any(facts.get(name) is not None for name in ("also_shown", "foreign", "second"))
    certain = facts.get("source") == "drawn" or facts.get("sure") is True
    if facts.get("class") in grammar.classes and certain and not mixed:
        facts["other"] = others[int(rng.integers(len(others)))]
    return facts
