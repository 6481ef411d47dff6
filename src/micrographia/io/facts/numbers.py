"""Numbers in a text, with their units: what an answer claims to have counted or measured."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from micrographia.io.facts.number_words import spelt_numbers

#: What a number of a text can be of; `other`: of a unit that no fact has.
Claimed = Literal["length", "pixels", "fraction", "density", "plain", "other"]

_DIGITS = (
    r"(?:[1-9]\d{0,2}(?:[, \u00a0\u2009\u202f]\d{3})+(?![\d,])(?:\.\d+)?|\d+(?:[.,]\d+)?|\.\d+)"
)
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--")
_POWER = r"(?:\s?[x×·*]\s?10(?:\^\s?\(?([-−]?\d+)\)?|([⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+))|[eE]([-+]?\d+))?"
#: Not within a word such as TiO2, nor the rest of another number.
_NUMBER = re.compile(rf"(?:(?<![\w.,_^])|(?<=\b[xX]))({_DIGITS}){_POWER}")
_METRE = r"met(?:re|er)s?"
_LENGTHS: tuple[tuple[str, float], ...] = (
    (rf"nm|nano-?{_METRE}", 1.0),
    (rf"[µμu]m|microns?|micro-?{_METRE}", 1e3),
    (rf"mm|milli-?{_METRE}", 1e6),
    (rf"cm|centi-?{_METRE}", 1e7),
    (rf"pm|pico-?{_METRE}", 1e-3),
    (r"Å|Å|[aå]ngstr[oö]ms?", 0.1),
)
_SPACE = r"[\s\u00a0\u202f-]{0,2}"
_SQUARES = tuple(
    (re.compile(
        rf"(?:\s+[A-Za-z-]+){{0,3}}?(?:\s*(?:per|/)\s?(?:(?:square|sq\.?)\s+(?:{unit})|(?:{unit})"
        rf"(?:²|\^?2))|{_SPACE}(?:{unit})(?:⁻²|\^?[-−]2))(?![\w²])", re.IGNORECASE),
     1e6 / size**2)
    for unit, size in _LENGTHS
)  # fmt: skip
_UNITS = tuple(
    (re.compile(rf"{_SPACE}(?:{unit})(?![\w²³⁻^/])", re.IGNORECASE), size)
    for unit, size in _LENGTHS
)
_PIXELS = re.compile(rf"{_SPACE}(?:px|pixels?)(?![\w²³/])(?!\s+(?:per|size)\b)", re.IGNORECASE)
_PERCENT = re.compile(rf"{_SPACE}(?:%|percent\b|per\s+cent\b)", re.IGNORECASE)
_TIMES = re.compile(r"\s?:\s?1(?![\d.])|\s*(?:times|-?fold)\b")
#: No number of the picture: 2D, 3rd, 5th, figure 3.
_NO_NUMBER = re.compile(r"-?D\b|(?:st|nd|rd|th)\b|-dimensional\b")
_LABEL = re.compile(r"(?:fig(?:ure|\.)?|table|panel|image|picture|step|no\.)\s*$", re.IGNORECASE)
_OTHER = re.compile(
    r"\s?(?:kV|keV|eV|V|°\s?[CF]?|degrees?|K|[kM]?Pa|GPa|[mk]?g|seconds?|minutes?|hours?|"
    r"days?|years?|dpi|Hz|kx|mM|mol|wt|m[²2]|[nµμ]m(?:²|³|\^?[23]))(?![a-z])|[A-Za-zΩ×]+|\s?×"
)
_MAGNIFIED = re.compile(r"[×x]\s?$")
_RANGE = re.compile(r"\s*(?:-|–|—|\bto\b|\bthrough\b)\s*$", re.IGNORECASE)
_AND = re.compile(r"\s*\band\s*$", re.IGNORECASE)
_BETWEEN = re.compile(r"\bbetween\s*(?:about|approximately|~|≈)?\s*$", re.IGNORECASE)
_SPREAD = re.compile(r"\s*(?:±|\+/-|\+-|plus or minus)\s*$", re.IGNORECASE)
_LIST = re.compile(r"\s*(?:,|,?\s*\b(?:and|or)\b|[x×]|\bby\b)\s*$", re.IGNORECASE)
_BELOW = re.compile(
    r"(?:\b(?:(?:less|fewer|smaller) than|below|under|up to|at most)|<|≤)\s*$", re.IGNORECASE
)
_ABOVE = re.compile(
    r"(?:\b(?:(?:more|larger|greater) than|over|above|at least|exceeding)|>|≥)\s*$", re.IGNORECASE
)


@dataclass(frozen=True)
class Number:
    """A number that a text claims.

    Attributes
    ----------
    start, end
        Where it stands with its unit.
    low, high
        Ends of a range, equal for one number: lengths in nm, pixels in px, fractions of one,
        densities in 1/µm². Infinite where only one side is claimed, as of "below 10 nm".
    quantity
        What it is of.
    vague
        Whether it is an order of magnitude, such as hundreds.
    """

    start: int
    end: int
    low: float
    high: float
    quantity: Claimed
    vague: bool = False


def numbers_in(text: str) -> list[Number]:
    """Return the numbers that a text claims, in their order.

    Ranges are one number, "20 ± 3 nm" is 20 nm, and in lists units are those of the last.

    Examples
    --------
    >>> [(one.low, one.quantity) for one in numbers_in("1,200 discs of 0.3 µm cover 23 % of it")]
    [(1200.0, 'plain'), (300.0, 'length'), (0.23, 'fraction')]
    >>> [(one.low, one.high) for one in numbers_in("between ten and 20 nm of TiO2, in 2D")]
    [(10.0, 20.0)]
    """
    found: list[Number] = []
    for one in sorted([*_in_digits(text), *_spelt(text)], key=lambda one: one.start):
        if not found or one.start >= found[-1].end:  # the 1 of 2:1 is no second number
            found.append(one)
    return [_bounded(text, one) for one in _joined(text, found)]


def _in_digits(text: str) -> Iterator[Number]:
    for match in _NUMBER.finditer(text):
        power = next((one for one in match.groups()[1:] if one), None)
        value = _parsed(match[1])
        if power is not None:
            value *= 10.0 ** int(power.translate(_SUPERSCRIPT))
        if _NO_NUMBER.match(text, match.end()) or _LABEL.search(text, 0, match.start()):
            continue
        yield _with_unit(text, match.start(), match.end(), value, value)


def _spelt(text: str) -> Iterator[Number]:
    for one in spelt_numbers(text):
        if one.fraction:
            yield Number(one.start, one.end, one.low, one.high, "fraction")
        else:
            found = _with_unit(text, one.start, one.end, one.low, one.high)
            yield replace(found, vague=one.low != one.high)


def _parsed(digits: str) -> float:
    """Return the value of digits: 1,200 and 1 200 are thousands, 0,3 is a decimal comma."""
    if re.fullmatch(r"[1-9]\d{0,2}(?:[, \u00a0\u2009\u202f]\d{3})+(?:\.\d+)?", digits):
        return float(re.sub(r"[, \u00a0\u2009\u202f]", "", digits))
    return float(digits.replace(",", "."))


def _with_unit(text: str, start: int, end: int, low: float, high: float) -> Number:
    def number(match: re.Match[str], quantity: Claimed, factor: float = 1.0) -> Number:
        return Number(start, match.end(), low * factor, high * factor, quantity)

    for pattern, factor in _SQUARES:
        if match := pattern.match(text, end):
            return number(match, "density", factor)
    for pattern, factor in _UNITS:
        if match := pattern.match(text, end):
            return number(match, "length", factor)
    if match := _PIXELS.match(text, end):
        return number(match, "pixels")
    if match := _PERCENT.match(text, end):
        return number(match, "fraction", 0.01)
    if match := _TIMES.match(text, end):
        return number(match, "plain")
    if match := _OTHER.match(text, end):
        return number(match, "other")
    quantity: Claimed = "other" if _MAGNIFIED.search(text, 0, start) else "plain"
    return Number(start, end, low, high, quantity)


def _joined(text: str, found: list[Number]) -> list[Number]:
    """Join ranges, and give numbers of a list the unit of the last."""
    kept: list[Number] = []
    for one in reversed(found):
        after = kept[-1] if kept else None
        if after is None:
            kept.append(one)
            continue
        gap = text[one.end : after.start]
        bare = one.quantity == "plain" and after.quantity not in ("plain", "other")
        alike = one.quantity == after.quantity or bare
        factor = _factor(text, after) if bare else 1.0
        low = one.low * factor
        spread = _SPREAD.fullmatch(gap)
        between = _AND.fullmatch(gap) and _BETWEEN.search(text, 0, one.start)
        if alike and (spread or _RANGE.fullmatch(gap) or between):
            high = low if spread else max(after.high, low)
            kept[-1] = replace(after, start=one.start, low=low, high=high)
        elif bare and _LIST.fullmatch(gap):
            kept.append(replace(one, quantity=after.quantity, low=low, high=one.high * factor))
        else:
            kept.append(one)
    return kept[::-1]


def _factor(text: str, number: Number) -> float:
    """Return what the unit of a number multiplies its digits by."""
    one = _with_unit(f"1{text[_end_of_digits(text, number) : number.end]}", 0, 1, 1.0, 1.0)
    return one.low


def _end_of_digits(text: str, number: Number) -> int:
    match = _NUMBER.match(text, number.start)
    if match:
        return match.end()
    spelt = next((s for s in spelt_numbers(text) if s.start == number.start), None)
    return number.end if spelt is None else spelt.end


def _bounded(text: str, number: Number) -> Number:
    """Return a number with one side open where the words before it say so."""
    if number.low != number.high:
        return number
    if _BELOW.search(text, 0, number.start):
        return replace(number, low=-math.inf)
    if _ABOVE.search(text, 0, number.start):
        return replace(number, high=math.inf)
    return number
