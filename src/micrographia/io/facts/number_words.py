"""Numbers that are written out: twenty-five, one hundred and twenty, two thirds, dozens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_VALUES = {word: float(value) for value, word in enumerate(_UNITS)}
_VALUES |= {word: 10.0 * (2 + place) for place, word in enumerate(_TENS)}
_FACTORS = {"hundred": 100.0, "dozen": 12.0, "thousand": 1e3, "million": 1e6}
#: What parts are called, and what they are of one.
_PARTS = {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fifth": 5, "tenth": 10}
#: Words of an order of magnitude, and where they end.
_CROWDS = {
    "dozens": (12.0, 120.0), "hundreds": (100.0, 1000.0), "thousands": (1e3, 1e4),
    "millions": (1e6, 1e7),
}  # fmt: skip
_WORD = "|".join(sorted([*_VALUES, *_FACTORS], key=len, reverse=True))
_PART = "|".join(_PARTS)
_SEQUENCE = re.compile(
    rf"\b(?:an?\s+(?=hundred|thousand|million|dozen))?(?:{_WORD})\b"
    rf"(?:(?:[\s-]+and[\s-]+|[\s-]+)(?:{_WORD})\b)*(?:\s+point(?:\s+(?:{'|'.join(_UNITS)})\b)+)?",
    re.IGNORECASE,
)
_FRACTION = re.compile(
    rf"\b(?:(?P<n>{'|'.join(_UNITS)}|an?)[\s-]+(?P<part>{_PART})s?|(?P<half>half))\b",
    re.IGNORECASE,
)
_CROWD = re.compile(rf"\b(?:{'|'.join(_CROWDS)})\b", re.IGNORECASE)
#: "One" is a number beside what can be counted; else a pronoun, as in "one another".
_COUNTED = re.compile(
    r"\s+(?:[\w-]+\s+)?(?:(?:nano|micro)?particles?|objects?|grains?|spheres?|rods?|fib(?:er|re)s?|"
    r"crystals?|cubes?|instances?|wires?|nm|px|pixels?|percent|nanomet|micromet)\b",
    re.IGNORECASE,
)  # fmt: skip


class Spelt(NamedTuple):
    """A number that is written out, from `start` to `end` of a text.

    Attributes
    ----------
    fraction
        Whether it is a part of one, such as two thirds.
    """

    start: int
    end: int
    low: float
    high: float
    fraction: bool = False


def spelt_numbers(text: str) -> Iterator[Spelt]:
    """Yield the numbers of a text that are written out, in their order.

    What is joined to another word by a hyphen, such as two-dimensional, is none, unless that word
    is a unit; ordinals are none.

    Examples
    --------
    >>> [one.low for one in spelt_numbers("Twenty-five rods on a hundred and two spheres")]
    [25.0, 102.0]
    >>> list(spelt_numbers("one sees two-dimensional crystals on one another, the third kind"))
    []
    """
    taken: list[Spelt] = []
    for match in _FRACTION.finditer(text):
        count = (match["n"] or "a").lower()
        part = _PARTS[(match["part"] or match["half"]).lower()]
        value = (1.0 if count in ("a", "an") else _VALUES[count]) / part
        if not _joined(text, match.end()):
            taken.append(Spelt(match.start(), match.end(), value, value, True))
    for match in _CROWD.finditer(text):
        taken.append(Spelt(match.start(), match.end(), *_CROWDS[match[0].lower()]))
    for match in _SEQUENCE.finditer(text):
        inside = any(one.start < match.end() and match.start() < one.end for one in taken)
        if inside or _joined(text, match.end()):
            continue
        if match[0].lower() == "one" and not _COUNTED.match(text, match.end()):
            continue
        value = _value(match[0])
        taken.append(Spelt(match.start(), match.end(), value, value))
    yield from sorted(taken)


def _joined(text: str, end: int) -> bool:
    """Whether a hyphen joins what ends here to a word that is no unit."""
    joined = re.match(r"-(?!(?:nm|µm|um|nanomet|micromet|micron|pixel|px|percent)\w*)[a-z]",
                      text[end:], re.IGNORECASE)  # fmt: skip
    return joined is not None


def _value(words: str) -> float:
    """Return what a sequence of number words says."""
    whole, _, decimals = words.lower().partition(" point ")
    total = current = 0.0
    for word in re.split(r"[\s-]+", whole):
        if word in _FACTORS:
            current = max(current, 1.0) * _FACTORS[word]
            if _FACTORS[word] >= 1000:
                total, current = total + current, 0.0
        else:
            current += _VALUES.get(word, 0.0)
    digits = "".join(str(int(_VALUES[word])) for word in decimals.split())
    return total + current + (float(f"0.{digits}") if digits else 0.0)
