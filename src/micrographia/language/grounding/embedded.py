"""The writer without a network: recognises what is asked, and composes an answer with places."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property

from micrographia.io.facts.claims import claims_in
from micrographia.io.facts.materials import materials_in
from micrographia.io.facts.slots import places
from micrographia.language.grounding.recogniser import Recogniser, clauses
from micrographia.language.grounding.topics import Topic, Unanswerable, read_topics
from micrographia.language.grounding.writer import CAPTION, Asked, Draft, Row

#: Topics whose answer is a number, and things of which no tool measures one.
_NUMERIC = frozenset(
    ("size", "mean", "largest", "smallest", "range", "count", "spread", "coverage", "density",
     "spacing", "aspect", "field")
)  # fmt: skip
_UNMEASURED = re.compile(
    r"\b(?:pores?|cracks?|holes?|layers?|facets?|lines?|defects?|voids?|necks?|boundar(?:y|ies)|"
    r"twins?|agglomerates?|aggregates?|clusters?|tips?|dislocations?|atoms?|columns?|shells?|"
    r"cores?|thickness(?:es)?|heights?|volumes?|depths?|angles?|lengths? of|ligands?|"
    r"elements?|molecules?|pitch|perimeter)\b",
    re.IGNORECASE,
)
#: What is asked whether it is, or which it is, is what a name of a material stands for.
_IS_IT = re.compile(
    r"^\W*(?:is|are|was|were|does|do|which|what)\W+(?:it|this|these|those|that|they|there|the)\b",
    re.IGNORECASE,
)
#: Who orders what is to be said does not ask.
_ORDERED = re.compile(
    r"\b(?:say|answer|reply|respond|claim|pretend|assume|repeat)\s+(?:that|with|it|after)\b|"
    r"\b(?:ignore|disregard|forget)\b",
    re.IGNORECASE,
)
#: Most topics that one question is taken to ask.
_MOST = 3
UNCLEAR = (
    "I cannot answer that from this picture: I did not understand what is to be measured. I can "
    "tell what kind of sample it shows, count and size particles, and tell their shape, spread, "
    "arrangement and surface, the scale, and the kind of microscope, as far as they can be known."
)
_NO_SCALE = "Sizes are in pixels, since the pixel size is not known: {why}."


class EmbeddedWriter:
    """Writes answers without a network.

    Parameters
    ----------
    alike
        Lowest likeness to a known wording; a question that is less like all of them is answered
        by what can be asked.
    """

    captions = CAPTION

    def __init__(self, alike: float) -> None:
        self._alike = alike
        self._topics = read_topics()
        self.name = f"embedded-{self._topics.version}"

    @cached_property
    def _recogniser(self) -> Recogniser:
        return Recogniser(self._topics.wordings())

    def topics(self, question: str) -> list[Topic | Unanswerable]:
        """Return the topics that a question asks for, in its order; empty: none is known."""
        parts = clauses(question)
        found = [self._topic(part) for part in parts]
        if len(parts) > 1 and None in found:
            found = [self._topic(question)]
        kept = list(dict.fromkeys(name for name in found if name is not None))[:_MOST]
        known: Mapping[str, Topic | Unanswerable] = {
            **self._topics.answerable,
            **self._topics.unanswerable,
        }
        return [known[name] for name in kept]

    def _topic(self, question: str) -> str | None:
        if _ORDERED.search(question):
            return "offtopic"
        ranked = self._recogniser.rank(question)
        materials = materials_in(question)
        if materials and _IS_IT.match(question):
            unknown = ranked[0].topic in self._topics.unanswerable
            return ranked[0].topic if unknown and ranked[0].score >= self._alike else "composition"
        if materials:
            # "How large are the gold particles?" asks for their size; that they are gold is left.
            bare = question
            for one in reversed(materials):
                bare = f"{bare[: one.start]} {bare[one.end :]}"
            again = self._recogniser.rank(bare)
            if again[0].topic in self._topics.answerable:
                question, ranked = bare, again
        first = ranked[0]
        if first.score < self._alike:
            return None
        if first.topic in self._topics.answerable and self._recogniser.strange(question) > 0.5:
            return None
        if first.topic in _NUMERIC and _UNMEASURED.search(question):
            return "untooled"
        return first.topic

    def needs(self, question: str) -> tuple[str, ...]:
        """Return the facts that the recognised topics need."""
        topics = self.topics(question)
        names = [name for one in topics if isinstance(one, Topic) for name in one.needs]
        return tuple(dict.fromkeys(names))

    def write(self, asked: Asked) -> Draft:
        """Compose the answers of the recognised topics."""
        topics = self.topics(asked.question)
        if not topics:
            return Draft(UNCLEAR, refused=True)
        drafts = [self._of_topic(one, asked) for one in topics]
        sentences = list(dict.fromkeys(draft.template for draft in drafts))
        return Draft(
            " ".join(sentences),
            "+".join(one.topic for one in topics),
            topics[0].theme,
            all(draft.refused for draft in drafts),
        )

    def _of_topic(self, topic: Topic | Unanswerable, asked: Asked) -> Draft:
        if isinstance(topic, Unanswerable):
            return Draft(topic.refusal, refused=True)
        if topic.topic == "describe":
            draft = self.caption(asked)
            return Draft(draft.template + _note(asked, draft.template), refused=draft.refused)
        chosen = _answer(topic, asked.known)
        if chosen is None:
            why = _why(asked, topic.needs[0])
            return Draft(topic.unknown.replace("{why}", why), refused=True)
        also = [text for text in topic.also if _fits(text, asked.known)]
        whole = " ".join(dict.fromkeys([chosen, *also]))
        return Draft(whole + (_note(asked, whole) if topic.pixels else ""))

    def caption(self, asked: Asked) -> Draft:
        """Compose one to three sentences from the facts that are known."""
        known = asked.known
        sentences = [*_shown(known), *_found(known), *_sizes(known)]
        if not sentences:
            why = _why(asked, "class_name")
            return Draft(
                f"What the picture shows cannot be told with certainty: {why}.", refused=True
            )
        if len(sentences) < 3 and "field_width" in known:
            sentences.append("The picture is {field_width} wide.")
        return Draft(" ".join(sentences[:3]))


def _fits(text: str, known: Mapping[str, Row]) -> bool:
    return all(name in known for name in places(text))


def _answer(topic: Topic, known: Mapping[str, Row]) -> str | None:
    """Return the first answer whose facts are known, by the number of particles."""
    count = _count(known)
    if count == 0 and "particle_count" in topic.needs:
        return topic.none or "No particles were found."
    if _number(known, "whole_count") == 1 and topic.one and _fits(topic.one, known):
        return topic.one
    return next((text for text in topic.answers if _fits(text, known)), None)


def _number(known: Mapping[str, Row], name: str) -> float | None:
    row = known.get(name)
    return None if row is None else float(row["number"])


def _count(known: Mapping[str, Row]) -> float | None:
    return _number(known, "particle_count")


def _why(asked: Asked, name: str) -> str:
    """Return the reason of a fact that is not known, without claims of its own.

    A tool's reason may name what it read and does not believe: that must not be shown as a fact.
    """
    reason = asked.unknown.get(name, "it was not measured").rstrip(".")
    if any(not one.supported for one in claims_in(reason, asked.known)):
        return "what the tools read is not certain enough"
    return reason


def _note(asked: Asked, text: str) -> str:
    """Say why lengths are in pixels, where they are."""
    in_pixels = any(asked.known[name]["unit"] == "px" for name in places(text))
    return " " + _NO_SCALE.replace("{why}", _why(asked, "pixel_size")) if in_pixels else ""


def _shown(known: Mapping[str, Row]) -> list[str]:
    shows, taken = "class_name" in known, "microscopy_type" in known
    if shows and _count(known) == 1 and known["class_name"]["words"] == "particles":
        shows = False  # "particles" would be more than the one that the next sentence tells of
    if shows and taken:
        return ["The picture, taken with {microscopy_type}, shows {class_name}."]
    if shows:
        return ["The picture shows {class_name}."]
    return ["The picture was taken with {microscopy_type}."] if taken else []


def _found(known: Mapping[str, Row]) -> list[str]:
    count = _count(known)
    if count is None or count == 0:
        return []
    single = count == 1
    said = [f"{{{name}}}" for name in ("colour_profile", "distribution") if name in known]
    if single:
        said = [one for one in said if "distribution" not in one]
    text = "{particle_count} particle" + (" was found" if single else "s were found")
    text += "".join(f", {one}" for one in said)
    if "morphology" in known:
        text += ", {morphology} in shape" if single else "; most of them are {morphology}"
    return [text + "."]


def _sizes(known: Mapping[str, Row]) -> list[str]:
    if "median_diameter" not in known:
        return []
    if _count(known) == 1:
        return ["The circle of equal area has a diameter of {median_diameter}."]
    text = "The median diameter is {median_diameter}"
    if "median_diameter_low" in known:
        text += " (confidence interval {median_diameter_low} to {median_diameter_high})"
    whole = _number(known, "whole_count")
    if whole is None:
        return [text + "."]
    if whole == 1:
        return [text.replace("median diameter", "diameter of the one that is whole") + "."]
    return [text + ", from {whole_count} that are whole in the picture."]
