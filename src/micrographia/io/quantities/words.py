"""Numbers in English words: "twenty-five", "two hundred", "a third", "dozens"."""

from __future__ import annotations

import re

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_VALUES = {word: float(number) for number, word in enumerate(_SMALL)}
_VALUES |= {word: 10.0 * (number + 2) for number, word in enumerate(_TENS)}
_FACTORS = {"dozen": 12.0, "hundred": 1e2, "thousand": 1e3, "million": 1e6}
_SHARES = {
    "half": 1 / 2, "third": 1 / 3, "thirds": 1 / 3, "quarter": 1 / 4, "quarters": 1 / 4,
    "fifth": 1 / 5, "fifths": 1 / 5, "tenth": 1 / 10, "tenths": 1 / 10,
}  # fmt: skip
#: "Dozens" is no number, but it states one: what it says at least.
_VAGUE = {"dozens": 24.0, "hundreds": 200.0, "thousands": 2000.0, "twice": 2.0, "double": 2.0}

#: All words that numbers are made of, as a regular expression.
WORDS = "|".join(sorted([*_VALUES, *_FACTORS, *_SHARES, *_VAGUE], key=len, reverse=True))
#: Before these "one" is no number: "one sees", "one another", "one of the".
_NO_ONE = re.compile(r"\s+(?:another|sees?|can|could|may|might|of|would|should|finds?|has|in)\b")
#: "Second" and "third" before a noun are places in a row.
_ORDINAL = re.compile(r"\s+(?!of\b)[a-z]")


def number_word(text: str, after: str) -> tuple[float | None, int, str]:
    """Read a number in words.

    Parameters
    ----------
    text
        Words of `WORDS`, with blanks, hyphens or "and" between.
    after
        What follows in the sentence.

    Returns
    -------
    value, digits, dimension
        Value, or None where the words are no number; significant digits; "share" of a fraction,
        else "".

    Examples
    --------
    >>> number_word("two hundred and fifty", " grains"), number_word("one", " another")
    ((250.0, 2, ''), (None, 0, ''))
    """
    words = [word for word in re.split(r"[\s-]+", text.lower()) if word != "and"]
    if words == ["one"] and _NO_ONE.match(after):
        return None, 0, ""
    if words[-1] in _SHARES:
        count = _whole(words[:-1]) if words[:-1] else 1.0
        single = words[:-1] == [] and words[-1] != "half"
        if count is None or (single and _ORDINAL.match(after)):
            return None, 0, ""
        return count * _SHARES[words[-1]], 2, "share"
    value = _whole(words)
    return (None, 0, "") if value is None else (value, _digits(value, words), "")


def _whole(words: list[str]) -> float | None:
    """Return the number that words make; None where one of them does not fit."""
    total, current = 0.0, 0.0
    for word in words:
        if word in _VALUES:
            current += _VALUES[word]
        elif word in _VAGUE:
            current = max(current, 1.0) * _VAGUE[word]
        elif word in ("thousand", "million"):
            total, current = total + max(current, 1.0) * _FACTORS[word], 0.0
        elif word in _FACTORS:
            current = max(current, 1.0) * _FACTORS[word]
        else:
            return None
    return total + current


def _digits(value: float, words: list[str]) -> int:
    """Significant digits: "two hundred" has one, "dozens" and its like one."""
    if words[-1] in _VAGUE:
        return 1
    return max(1, len(f"{value:.0f}".rstrip("0")))
