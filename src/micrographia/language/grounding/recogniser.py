"""What a question asks: its likeness to known wordings, by pieces of words."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

#: Lengths of the pieces of words that are compared [characters].
_PIECES = (3, 4, 5)
#: How much whole words count beside pieces of them.
_WHOLE = 2.0
#: What frames a question and says nothing of what is asked.
_PICTURE = (
    r"(?:(?:this|the|that|a|an|given) )*(?:electron |scanning |sem |tem |stem |grey )*"
    r"(?:pictures?|images?|micrographs?|photos?|photographs?|figures?|frames?)"
)
_FRAMES = re.compile(
    r"\b(?:please|kindly|could you|can you|would you|tell me|i (?:would like|want|need) to know|"
    r"do you (?:know|think|see)|let me know|hello|hi|hey|thanks?(?: you)?|"
    rf"(?:in|on|of|at|from|within|by) {_PICTURE}(?: alone)?|{_PICTURE}|"
    r"(?:shown|seen|visible|depicted|imaged)(?: here)?|as far as (?:can be|you can) (?:seen|tell|"
    r"told)|looking closely|in short|briefly|exactly|precisely|actually|approximately|roughly)\b"
)
_SPELLINGS = (
    (r"nanometers?|nanometres?", "nanometre"), (r"micrometers?|micrometres?|microns?",
     "micrometre"), (r"colou?rs?", "colour"), (r"fibers?|fibres?", "fibre"),
    (r"(?:nano|micro)-?particles?|nps?\b", "particle"), (r"grains?|objects?|instances?|crystals?|"
     r"crystallites?|spheres?|units?|dots?|blobs?|specks?|beads?|balls?|discs?|nanocrystals?",
     "particle"), (r"acquired|recorded|captured|produced|obtained|collected", "taken"),
    (r"grey|gray", "grey"), (r"whats|what's", "what is"), (r"centre|center", "centre"),
    (r"big\b", "large"),
)  # fmt: skip
_SPELT = [(re.compile(rf"\b(?:{form})"), word) for form, word in _SPELLINGS]
_WORD = re.compile(r"[a-zåµ]+(?:'s)?")
#: Words that nearly every question has: they count little beside what is asked.
_COMMON = frozenset(
    word
    for line in (
        "a an the is are was were be it its they them their this that these those do does did of",
        "in on at to from by for with and or what which how there here have has had one you i we",
        "me my can could would will should may might any all some so see give tell say estimate",
        "make out call display appear seem show little each both very quite just also then than",
        "about up show your he she his her us our get got take look find found if no not yes s",
    )
    for word in line.split()
)
#: Endings that do not tell what is asked.
_ENDING = re.compile(r"(?<=[a-z]{4})(?:ations?|ated|ates?|ating|ings?|ed|es|ly|ion|e|s)$")


class Likeness(NamedTuple):
    """A topic, and how like a question is to its likest wordings, 0…1."""

    topic: str
    score: float


class Recogniser:
    """Finds the topics whose wordings are most like a question.

    Parameters
    ----------
    wordings
        Topic → wordings of its questions.

    Notes
    -----
    Likeness is the cosine between vectors of whole words and of pieces of words, weighted by
    their rarity among the wordings (TF-IDF). Pieces that no wording has lengthen the question's
    vector, so that words that nobody expected make it unlike all of them.
    """

    def __init__(self, wordings: Mapping[str, Sequence[str]]) -> None:
        self._topics = [topic for topic, texts in wordings.items() for _ in texts]
        counted = [_terms(text) for texts in wordings.values() for text in texts]
        seen = Counter(term for each in counted for term in each)
        self._rarity = {term: math.log((1 + len(counted)) / (1 + n)) for term, n in seen.items()}
        self._unseen = math.log(1.0 + len(counted))
        self._postings: dict[str, list[tuple[int, float]]] = {}
        for number, each in enumerate(counted):
            for term, weight in self._weighted(each).items():
                self._postings.setdefault(term, []).append((number, weight))

    def strange(self, question: str) -> float:
        """Return the share of a question's telling words that no wording has, 0…1."""
        told = [_stem(word) for word in _words(question) if word not in _COMMON]
        return sum(f"={stem}" not in self._rarity for stem in told) / len(told) if told else 0.0

    def rank(self, question: str) -> list[Likeness]:
        """Return all topics, the likest first; a topic counts by the best of its wordings."""
        scores: dict[int, float] = {}
        for term, weight in self._weighted(_terms(question)).items():
            for number, other in self._postings.get(term, ()):
                scores[number] = scores.get(number, 0.0) + weight * other
        best: dict[str, float] = dict.fromkeys(self._topics, 0.0)
        for number, score in scores.items():
            topic = self._topics[number]
            best[topic] = max(best[topic], score)
        ranked = (Likeness(topic, score) for topic, score in best.items())
        return sorted(ranked, key=lambda one: -one.score)

    def _weighted(self, terms: Mapping[str, float]) -> dict[str, float]:
        raw = {term: n * self._rarity.get(term, self._unseen) for term, n in terms.items()}
        length = math.sqrt(sum(value * value for value in raw.values()))
        return {term: value / length for term, value in raw.items()} if length > 0 else {}


def _terms(text: str) -> dict[str, float]:
    """Return the words of a question and the pieces of them, with their weights."""
    words = _words(text)
    weights: dict[str, float] = {}
    for word in words:
        common = 0.25 if word in _COMMON else 1.0
        pieces = [f" {word} "[i : i + n] for n in _PIECES for i in range(len(word) + 3 - n)]
        for piece in pieces:
            weights[piece] = weights.get(piece, 0.0) + common / math.sqrt(len(pieces))
        stem = _stem(word)
        weights[f"={stem}"] = weights.get(f"={stem}", 0.0) + _WHOLE * common
    for first, second in pairwise(words):
        weights[f"={first}={second}"] = 0.5 * _WHOLE
    return weights


def _stem(word: str) -> str:
    return _ENDING.sub("", word)


def _words(text: str) -> list[str]:
    plain = text.lower().replace("μ", "µ").replace("’", "'")
    framed = _FRAMES.sub(" ", plain)
    plain = framed if _WORD.search(framed) else plain
    for form, word in _SPELT:
        plain = form.sub(word, plain)
    return _WORD.findall(plain)


def clauses(question: str) -> list[str]:
    """Return the parts of a question that may ask for different things.

    Examples
    --------
    >>> clauses("How many rods are there, and how long are they? Are they smooth?")
    ['How many rods are there', 'how long are they', 'Are they smooth']
    """
    parts: Iterable[str] = re.split(
        r"[?;!]\s*|\.\s+(?=[A-Z])|,?\s+\b(?i:and|also)\b\s+(?=(?i:what|which|how|are|is|do|does|who|when|"
        r"where|why|give|tell|describe|name|count|measure)\b)|,\s+(?=(?i:what|which|how|are|is|do)\b)",
        question,
    )
    return [part.strip(" .,") for part in parts if _WORD.search(part.lower())]
