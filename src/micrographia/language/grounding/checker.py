"""The last word on an answer: sentences with a claim that no fact supports are taken out.

Stricter than `io.facts.claims`, which scores answers of all kinds: a number must be that of a fact
which its sentence speaks of, to the digits that are written.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from micrographia.io.facts.claims import refuses
from micrographia.io.facts.materials import materials_in, names_material
from micrographia.io.facts.numbers import Number, numbers_in
from micrographia.io.facts.slots import places, written
from micrographia.io.facts.terms import terms_in, words_of
from micrographia.io.facts.vocabulary import FACT_KINDS

Row = Mapping[str, Any]

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9{\"'(])")
_PLACE = re.compile(r"\{([^{}]*)\}")
#: What a number of a text is of, by the quantity of a fact and its unit.
_QUANTITIES = {
    ("length", "nm"): ("length",), ("length", "px"): ("pixels",), ("count", None): ("plain",),
    ("fraction", None): ("fraction",), ("ratio", None): ("plain",),
    ("density", "1/µm²"): ("density",),
}  # fmt: skip
#: Words by which a sentence says what a number is of; a number beside one must be that fact's.
_CUES = {
    "median_diameter": r"\bmedian (?:diameter|size|of the diameters)|\bD50\b",
    "mean_diameter": r"\bmean\b|\baverage\b",
    "smallest_diameter": r"\bsmallest\b|\bminimum\b",
    "largest_diameter": r"\blargest\b|\bbiggest\b|\bmaximum\b",
    "median_diameter_low": r"\binterval\b",
    "median_diameter_high": r"\binterval\b",
    "neighbour_distance": r"\bdistances?\b|\bspacing\b|\bapart\b|\bseparation\b",
    "field_width": r"\bfield\b|\b(?:picture|image|micrograph) is\b|\bacross\b",
    "pixel_size": r"\bpixels? (?:size|is|has|of)\b|\bper pixel\b|/px",
    "scale_bar": r"\b(?:scale )?bar\b",
    "diameter_spread": r"\b(?:variation|spread|polydispersity|deviation|vary|varies)\b",
    "area_fraction": r"\bcover(?:s|ed|age)?\b|(?<!equal )\barea\b|\bfill",
    "fullest_quarter": r"\bquarter\b",
    "aspect_ratio": r"\bratio\b|\baspect\b|\btimes\b",
    "whole_count": r"\bwhole\b|\bcomplete(?:ly)?\b|\bentire(?:ly)?\b",
    "number_density": r"\bdensity\b|\bper\b",
    "particle_count": r"\bparticles? (?:was|were|are)\b|\bthere (?:are|is)\b",
}
_COMPILED = {name: re.compile(form, re.IGNORECASE) for name, form in _CUES.items()}
#: Shares and ratios can be of anything: without a word that says of what, none is meant.
_SHARES = ("fraction", "ratio")
#: An uncertainty has no fact behind it, and `numbers_in` leaves it out.
_SPREAD = re.compile(r"±|\+/-|\bplus or minus\b", re.IGNORECASE)
#: How much of a sentence behind a number may say what it is of [characters].
_AFTER = 30


class Filled(NamedTuple):
    """A place that was filled: where its text stands, and the fact's name."""

    start: int
    end: int
    name: str


class Checked(NamedTuple):
    """What is left of an answer.

    Attributes
    ----------
    text
        Sentences all of whose claims have facts, places filled; empty where none is left.
    template
        The same with their places.
    slots
        Facts that were filled in.
    dropped
        Claims without a fact.
    """

    text: str
    template: str
    slots: tuple[str, ...]
    dropped: tuple[str, ...]


def check(template: str, facts: Mapping[str, Row], tolerance: float) -> Checked:
    """Fill the places of an answer and take out every sentence that claims what no fact says.

    Parameters
    ----------
    template
        Sentences, with places or without.
    facts
        Rows of `schemas.FACTS` by their names, those that are known.
    tolerance
        Largest difference of a number from its fact, as a share of the fact.

    Examples
    --------
    >>> size = {"name": "median_diameter", "number": 20.66, "unit": "nm", "words": None}
    >>> found = check("Their median size is {median_diameter}. They are gold.",
    ...               {"median_diameter": size}, 0.02)
    >>> found.text, found.dropped
    ('Their median size is 20.7 nm.', ('gold',))
    """
    kept, texts, dropped, slots = [], [], [], []
    for sentence in _SENTENCE.split(template.strip()):
        names = places(sentence)
        missing = [f"{{{name}}}" for name in names if name not in facts]
        if missing:
            dropped += missing
            continue
        text, filled = _filled(sentence, facts)
        faults = unsupported(text, facts, tolerance, filled)
        if faults:
            dropped += faults
            continue
        kept.append(sentence)
        texts.append(text)
        slots += names
    return Checked(" ".join(texts), " ".join(kept), tuple(dict.fromkeys(slots)), tuple(dropped))


def unsupported(
    text: str, facts: Mapping[str, Row], tolerance: float, filled: Sequence[Filled] = ()
) -> list[str]:
    """Return the claims of a sentence that no fact supports.

    In a sentence that says what cannot be told, words are no claims; numbers always are. What a
    fact filled in (`filled`) is wrong only where the words around it speak of another fact.
    """
    numbers = numbers_in(text)
    found = []
    for place, one in enumerate(numbers):
        owners = {each.name for each in filled if each.start < one.end and one.start < each.end}
        if owners:
            right = _in_place(owners, _cued(_near(text, numbers, place)), text)
        else:
            right = _supported(text, numbers, place, facts, tolerance)
        if not right:
            found.append(text[one.start : one.end])
    found += [match[0] for match in _SPREAD.finditer(text)]
    if refuses(text):
        return found
    words = words_of(facts)
    found += [one.text for one in terms_in(text) if not one.holds(words)]
    stated = words.get("material", ())
    found += [
        one.text
        for one in materials_in(text)
        if not any(names_material(one, each) for each in stated)
    ]
    return found


def _filled(sentence: str, facts: Mapping[str, Row]) -> tuple[str, list[Filled]]:
    """Return a sentence with its places filled, and where each stands."""
    parts, filled, end = [], [], 0
    for number, part in enumerate(_PLACE.split(sentence)):
        text = written(facts[part]) if number % 2 else part
        if number % 2:
            filled.append(Filled(end, end + len(text), part))
        parts.append(text)
        end += len(text)
    return "".join(parts), filled


def _in_place(owners: set[str], near: set[str], text: str) -> bool:
    """Whether the words near a filled number, or its sentence, speak of its fact, or of none."""
    wordy = any(_kind(name) == "words" for name in owners)
    return wordy or not near or bool(owners & (near | _cued(text)))


def _supported(
    text: str, numbers: Sequence[Number], place: int, facts: Mapping[str, Row], tolerance: float
) -> bool:
    number = numbers[place]
    alike = [
        name
        for name, row in facts.items()
        if row["number"] is not None
        and number.quantity in _QUANTITIES.get((FACT_KINDS[name].quantity, row["unit"]), ())
    ]
    spoken = _spoken_of(text, numbers, place)
    # Of what the words say, if they say it; a fact of another kind cannot be meant.
    meant = [name for name in alike if name in spoken]
    if not meant and not any(_kind(name) == _kind(one) for name in spoken for one in alike):
        meant = [name for name in alike if _kind(name) not in _SHARES]
    values = [float(facts[name]["number"]) for name in meant]
    written = text[number.start : number.end]
    if not math.isfinite(number.high - number.low):
        return any(number.low <= value <= number.high for value in values)
    if number.vague:
        return any(number.low <= value <= number.high for value in values)
    return all(
        any(_is(end, value, written, tolerance) for value in values)
        for end in {number.low, number.high}
    )


def _kind(name: str) -> str:
    return FACT_KINDS[name].quantity


def _spoken_of(text: str, numbers: Sequence[Number], place: int) -> set[str]:
    """Names of the facts that the words around a number speak of."""
    # What stands in the number's own part of the sentence tells; else what comes before it.
    return _cued(_near(text, numbers, place)) or _cued(_before(text, numbers, place))


def _before(text: str, numbers: Sequence[Number], place: int) -> str:
    return text[numbers[place - 1].end if place else 0 : numbers[place].start]


def _near(text: str, numbers: Sequence[Number], place: int) -> str:
    """The words around a number in its own part of the sentence."""
    end = numbers[place].end
    stop = numbers[place + 1].start if place + 1 < len(numbers) else len(text)
    after = text[end : min(end + _AFTER, stop)]
    before = re.split(r"[,;:(]", _before(text, numbers, place))[-1]
    return f"{before} {re.split(r'[,;:)]', after)[0]}"


def _cued(text: str) -> set[str]:
    return {name for name, cue in _COMPILED.items() if cue.search(text)}


def _is(written: float, value: float, text: str, tolerance: float) -> bool:
    """Whether a number is a fact's, or the fact rounded to the digits that are written."""
    if abs(written - value) <= tolerance * abs(value):
        return True
    digits = [len(re.sub(r"\D", "", one).lstrip("0")) for one in re.findall(r"[\d.,]*\d", text)]
    if not digits or value == 0:
        return abs(written - value) < 0.5 and value == 0
    rounded = float(f"{value:.{max(1, max(digits)) - 1}e}")
    return math.isclose(written, rounded, rel_tol=1e-6)
