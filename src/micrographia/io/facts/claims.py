"""What a text claims of a picture, and whether facts support it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from micrographia.io.facts.materials import materials_in, names_material
from micrographia.io.facts.numbers import Claimed, Number, numbers_in
from micrographia.io.facts.terms import terms_in, words_of
from micrographia.io.facts.vocabulary import FACT_KINDS

#: Relative difference up to which a number is right.
TOLERANCE = 0.1
#: A range is right that holds a fact and is no wider than this factor.
_WIDEST = 1.5
#: What a number of a text has to be of, by the quantity and unit of a fact.
_CLAIMED: Mapping[tuple[str, str | None], tuple[Claimed, ...]] = {
    ("length", "nm"): ("length",),
    ("length", "px"): ("pixels",),
    ("count", None): ("plain",),
    ("fraction", None): ("fraction", "plain"),
    ("ratio", None): ("plain",),
    ("density", "1/µm²"): ("density",),
}
#: Facts that are ends of a range: a text states them by the range.
_ENDS = frozenset(
    ("smallest_diameter", "largest_diameter", "median_diameter_low", "median_diameter_high")
)
#: What stands in the place of a quote: neither letter nor digit.
_QUOTED = "\N{HORIZONTAL ELLIPSIS}"
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_CANNOT = r"can(?:not|'t|’t| not)|could(?: not|n't)|(?:not |im)possible to|unable to|no way to"
_TELL = (
    r"tell|told|say|said|determined?|know|known|decided?|inferr?(?:ed)?|seen?|measured?|"
    r"answer(?:ed)?|read|stated?|judged?|identif(?:y|ied)|given?|derived?|assess(?:ed)?"
)
_REFUSES = re.compile(
    rf"\b(?:{_CANNOT})\s+(?:be\s+)?(?:\w+ly\s+)?(?:{_TELL})\b"
    r"|\b(?:is|are|remains?|stays?) (?:not known|unknown|open|undecided|not stated)\b"
    r"|\bdo(?:es)? not (?:tell|show|say|reveal|state)\b|\bno(?:t enough)? information\b"
    r"|\bnothing in (?:it|(?:the|this) \w+) (?:tells|shows|says)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Claim:
    """Something that a text says of a picture.

    Attributes
    ----------
    text
        The words that say it.
    kind
        `number`, `term` or `material`.
    supported
        Whether a fact of the picture says the same.
    """

    text: str
    kind: str
    supported: bool


def refuses(text: str) -> bool:
    """Whether a text says that something cannot be told.

    Examples
    --------
    >>> refuses("The composition cannot be told from this picture."), refuses("It is gold.")
    (True, False)
    """
    return _REFUSES.search(text) is not None


def claims_in(text: str, facts: Mapping[str, Mapping[str, Any]]) -> list[Claim]:
    """Return what a text claims, each with whether a fact of the picture supports it.

    Parameters
    ----------
    text
        An answer.
    facts
        Rows of `schemas.FACTS` of the picture by their names, as `slots.known` returns them.

    Returns
    -------
    list of Claim
        What is quoted of the material, then numbers, terms, other materials. In a sentence that
        says what cannot be told, terms and materials are no claims, since it names them to
        decline them. A number counts as supported by any fact of its quantity: which fact it is
        said of is not parsed.

    Examples
    --------
    >>> fact = {"name": "median_diameter", "number": 300.0, "unit": "nm", "words": None}
    >>> [one.supported for one in claims_in("About 0.3 µm, 25 of them", {"median_diameter": fact})]
    [True, False]
    """
    words = words_of(facts)
    text, found = _quotes(text, words.get("material", ()))
    found += [
        Claim(text[one.start : one.end], "number", supports(one, facts.values()))
        for one in numbers_in(text)
    ]
    for sentence in _SENTENCE.split(text):
        if refuses(sentence):
            continue
        found += [Claim(one.text, "term", one.holds(words)) for one in terms_in(sentence)]
        for one in materials_in(sentence):
            stated = any(names_material(one, each) for each in words.get("material", ()))
            found.append(Claim(one.text, "material", stated))
    return found


def _quotes(text: str, materials: Iterable[str]) -> tuple[str, list[Claim]]:
    """Take out what an author says of the material, word by word: its numbers are names' parts."""
    found = []
    for material in sorted(set(materials), key=len, reverse=True):
        text, count = re.subn(re.escape(material), _QUOTED, text, flags=re.IGNORECASE)
        found += [Claim(material, "material", True)] * count
    return text, found


def supports(number: Number, facts: Iterable[Mapping[str, Any]]) -> bool:
    """Whether facts say what a number of a text says.

    One number is right within 10 %; a range whose ends are both right, or that holds a fact and is
    no wider than a factor of 1.5; a bound that a fact keeps; an order of magnitude that holds one.
    """
    values = [
        float(fact["number"])
        for fact in facts
        if fact["number"] is not None
        and number.quantity in _CLAIMED.get((FACT_KINDS[fact["name"]].quantity, fact["unit"]), ())
    ]
    within = any(number.low <= value <= number.high for value in values)
    if number.vague or not math.isfinite(number.high - number.low):
        return within
    ends = all(any(near(end, value) for value in values) for end in (number.low, number.high))
    return ends or (within and number.high <= _WIDEST * number.low)


def near(value: float, true: float) -> bool:
    """Whether a number is right within 10 %.

    Examples
    --------
    >>> near(110, 100), near(89, 100), near(0, 0)
    (True, False, True)
    """
    return abs(value - true) <= TOLERANCE * abs(true) + 1e-12


def says(text: str, fact: Mapping[str, Any]) -> bool:
    """Whether a text states a fact that is a number, within 10 %.

    Examples
    --------
    >>> small = {"name": "smallest_diameter", "number": 4.0, "unit": "nm", "words": None}
    >>> mean = {"name": "mean_diameter", "number": 4.0, "unit": "nm", "words": None}
    >>> [says("They run from 4 nm to 9 nm.", fact) for fact in (small, mean)]
    [True, False]
    """
    numbers = numbers_in(text)
    if fact["name"] in _ENDS:
        numbers = [part for one in numbers for part in _ends(one)]
    return any(supports(one, [fact]) for one in numbers)


def _ends(number: Number) -> list[Number]:
    """Return a range and its two ends; any other number alone."""
    if number.vague or number.low == number.high or not math.isfinite(number.high - number.low):
        return [number]
    low, high = (replace(number, low=end, high=end) for end in (number.low, number.high))
    return [number, low, high]
