"""Questions and answers from facts: what an answer says, a fact says."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np

from micrographia.config.language.instruction import Instruction
from micrographia.io.facts.phrases import PHRASES, phrase_of
from micrographia.io.facts.slots import fill, places
from micrographia.io.facts.vocabulary import FACT_KINDS
from micrographia.io.questions.themes import THEMES
from micrographia.io.questions.wording import drawn_order, expand, sentence
from micrographia.io.schemas import INSTRUCTIONS
from micrographia.io.schemas.rows import InstructionRow, blank
from micrographia.language.instruction.grammar import Grammar, Known, Line, Topic
from micrographia.language.instruction.pictures import Subject
from micrographia.language.instruction.sampling import CHOICES, Gallery, Neighbour

#: What `maker` says of questions made here.
MAKER = "facts"
FORMS: tuple[Literal["short", "long"], ...] = ("short", "long")
#: Places that an answer keeps: they are filled from facts.
_KEPT = {name: f"{{{name}}}" for name in FACT_KINDS}


@dataclass(frozen=True)
class Made:
    """A question that was chosen, and what it is about.

    Attributes
    ----------
    topic
        From the grammar.
    shown
        Pictures that go before.
    """

    topic: Topic
    shown: Sequence[Neighbour] = ()


def instructions_from_facts(
    subjects: Iterable[Subject],
    grammar: Grammar,
    version: str,
    settings: Instruction,
    seed: int,
    gallery: Gallery | None = None,
) -> Iterator[InstructionRow]:
    """Yield rows of `schemas.INSTRUCTIONS`, picture by picture; a failure is a row.

    Parameters
    ----------
    subjects
        Pictures and what is known of them.
    grammar, version
        Of `grammar.read_grammar`.
    settings
        How many questions, and how often one without an answer.
    seed
        Of topics and wordings; what is asked of a picture does not depend on the others. How an
        answer is worded follows from the wording of the question alone.
    gallery
        Pictures to show beside; None: no questions with several pictures.
    """
    for subject in subjects:
        row = blank_row(subject, MAKER, version)
        if subject.failure is not None:
            row["failure"] = subject.failure
            yield row
            continue
        for made, rng in _chosen(subject, grammar, settings, seed, gallery):
            yield from _asked(subject, row, grammar, made, rng)


def blank_row(subject: Subject, maker: str, version: str) -> InstructionRow:
    """Return a row with what it says of the picture and of who asks."""
    row: InstructionRow = blank(INSTRUCTIONS)
    row["image_id"], row["path"] = subject.image_id or "", subject.path
    row["group"], row["split"] = subject.group, subject.split
    row["maker"], row["version"] = maker, version
    row["shown"], row["slots"] = [], []
    return row


def question_id(row: Mapping[str, Any]) -> str:
    """Return the digest of who asks what of which picture, and in which form."""
    named = ("image_id", "maker", "version", "wording", "form", "question", "context", "shown")
    told = [row[name] for name in named]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()[:16]


def evidence(
    known: Known, told: Sequence[str], missing: Sequence[str], never: Sequence[str]
) -> str:
    """Return what an answer rests on, as JSON; the value null is what is not known."""
    found: list[dict[str, Any]] = []
    for name in told:
        fact = known.facts[name]
        value = fact["words"] if fact["number"] is None else fact["number"]
        found.append({"fact": name, "value": value, "source": fact["source"]})
    for name in missing:
        found.append({"fact": name, "value": None, "source": known.failures[name]})
    for name in never:
        found.append({"fact": name, "value": None, "source": "no tool measures it"})
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _chosen(
    subject: Subject, grammar: Grammar, settings: Instruction, seed: int, gallery: Gallery | None
) -> Iterator[tuple[Made, np.random.Generator]]:
    """Yield the questions that are asked of a picture, each with its source of randomness."""
    fitting = [topic for topic in grammar.topics if topic.fits(subject.known, grammar.phrases)]
    for theme in THEMES:
        rng = _rng(seed, f"{subject.image_id}/{theme}")
        own = [one for one in fitting if one.theme == theme and one.task == "question"]
        weights = [1.0 if one.answerable else settings.unanswerable for one in own]
        kept = [(one, weight) for one, weight in zip(own, weights, strict=True) if weight > 0]
        order = drawn_order([weight for _, weight in kept], rng)
        most = settings.per_theme if any(one.answerable for one, _ in kept) else 1
        for place in order[:most]:
            yield Made(kept[int(place)][0]), rng
    for topic in fitting:
        rng = _rng(seed, f"{subject.image_id}/{topic.task}")
        if topic.task in ("caption", "heterogeneity"):
            yield Made(topic), rng
        elif topic.task in CHOICES and gallery is not None:
            label = str(subject.known.facts["class_name"]["words"])
            beside = gallery.beside(
                str(subject.image_id), label, cast(Any, topic.task), settings.shown
            )
            if beside:
                yield Made(topic, beside), rng


def _rng(seed: int, place: str) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(place.encode())])


def _asked(
    subject: Subject, row: InstructionRow, grammar: Grammar, made: Made, rng: np.random.Generator
) -> Iterator[InstructionRow]:
    """Yield a question with its answer in each form."""
    topic = made.topic
    number = int(rng.integers(len(topic.questions)))
    filled = _question_places(subject, made, rng)
    question = sentence(expand(topic.questions[number], grammar.phrases, filled, rng))
    context = None
    if topic.context:
        material = phrase_of("material", str(subject.known.facts["material"]["words"]))
        context = f"The author states the material: {material}."
    for form in FORMS:
        template = answer_template(topic, form, question, subject.known, grammar)
        told = places(template)
        found: InstructionRow = {
            **row,
            "task": topic.task,
            "shown": [one.path for one in made.shown],
            "theme": topic.theme,
            "form": form,
            "kind": "answerable" if topic.answerable else "unanswerable",
            "wording": f"{topic.topic}/{number}",
            "context": context,
            "question": question,
            "template": template,
            "answer": fill(template, subject.known.facts),
            "slots": told,
            "evidence": evidence(subject.known, told, topic.lacks, topic.never),
        }
        found["question_id"] = question_id(found)
        yield found


def _question_places(subject: Subject, made: Made, rng: np.random.Generator) -> dict[str, str]:
    """Return what fills the places of a question: classes, of others or of the pictures shown."""
    filled: dict[str, str] = {}
    own = subject.known.facts.get("class_name")
    if own is not None:
        others = [one for one in PHRASES["class_name"] if one not in (own["words"], "other")]
        filled["other_class"] = phrase_of("class_name", others[int(rng.integers(len(others)))])
    labels = [
        f"picture {place} shows {phrase_of('class_name', one.label)}"
        for place, one in enumerate(made.shown, 1)
    ]
    filled["labels"] = f"{', '.join(labels)}." if labels else ""
    return filled


def answer_template(topic: Topic, form: str, question: str, known: Known, grammar: Grammar) -> str:
    """Return an answer with places: of each group of lines the one that says most.

    The wording of the answer follows from that of the question, so that it can be learned.

    Parameters
    ----------
    topic, form
        Of the question; `topic.fits` what is known.
    question
        In words.
    known
        What is known of the picture.
    grammar
        Phrases of the lines.
    """
    rng = np.random.default_rng(zlib.crc32(f"{question}/{form}".encode()))
    groups: Sequence[Sequence[Line]] = (topic.short,) if form == "short" else topic.long
    texts = []
    for group in groups:
        fitting = [line for line in group if line.fits(known, grammar.phrases)]
        most = max((len(_facts_in(line)) for line in fitting), default=0)
        fullest = [line for line in fitting if len(_facts_in(line)) == most]
        if fullest:
            text = fullest[int(rng.integers(len(fullest)))].text
            texts.append(expand(text, grammar.phrases, _KEPT, rng))
    return texts[0] if form == "short" else sentence(" ".join(texts))


def _facts_in(line: Line) -> list[str]:
    return [name for name in places(line.text) if name in FACT_KINDS]
