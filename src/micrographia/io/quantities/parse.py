"""Numbers with units in English sentences: found, brought to one unit, compared, written.

One parser for all who judge sentences by their numbers: the checker of answers, and the scores of
benchmarks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from micrographia.io.quantities.words import WORDS, number_word

Part = Literal["value", "low", "high", "uncertainty"]
Bound = Literal["exact", "about", "below", "above"]

#: Dimension, size in the dimension's base unit, and how it is written; by how it is spelt.
UNITS: dict[str, tuple[str, float, str]] = {
    spelling: (dimension, factor, spellings.split("|")[0])
    for dimension, factor, spellings in (
        ("length", 1e-3, "pm|picometer|picometre|picometers|picometres"),
        ("length", 0.1, "Å|Å|angstrom|angstroms|ångström|ångströms|Angstrom|Angstroms"),
        ("length", 1.0, "nm|nanometer|nanometre|nanometers|nanometres"),
        ("length", 1e3, "µm|μm|um|micron|microns|micrometer|micrometre|micrometers|micrometres"),
        ("length", 1e6, "mm|millimeter|millimetre|millimeters|millimetres"),
        ("length", 1e7, "cm|centimeter|centimetre|centimeters|centimetres"),
        ("length", 1e9, "m|meter|metre|meters|metres"),
        ("area", 1e-2, "Å²|Å^2|square angstrom|square angstroms"),
        ("area", 1.0, "nm²|nm^2|nm2|square nanometers|square nanometres"),
        ("area", 1e6, "µm²|μm²|um²|µm^2|μm^2|um^2|µm2|square micrometers|square micrometres"),
        ("area", 1e12, "mm²|mm^2|mm2"),
        ("pixels", 1.0, "px|pixel|pixels"),
        ("area in pixels", 1.0, "px²|px^2|square pixels"),
        ("pixel size", 1e-3, "pm/px|pm per pixel"),
        ("pixel size", 0.1, "Å/px|Å per pixel|Å a pixel|Å/pixel"),
        ("pixel size", 1.0, "nm/px|nm/pixel|nm per pixel|nm a pixel|nanometres per pixel"),
        ("pixel size", 1e3, "µm/px|μm/px|um/px|µm per pixel|µm a pixel|µm/pixel"),
        ("density", 1.0, "per nm²|/nm²|per nm2|per square nanometre"),
        ("density", 1e-6, "per µm²|/µm²|per μm²|per um2|per µm2|per square micrometre"),
        ("density", 1e-12, "per mm²|/mm²"),
        ("share", 0.01, "%|percent|per cent|pct"),
        ("magnification", 1.0, "×|times magnification"),
        ("magnification", 1e3, "k×|kx|kX|K×|KX"),
        ("voltage", 1e-3, "V|volt|volts"),
        ("voltage", 1.0, "kV|keV|kilovolt|kilovolts"),
        ("voltage", 1e3, "MV|MeV"),
        ("angle", 1.0, "°|deg|degree|degrees"),
        ("temperature", 1.0, "°C|℃|degC|K|kelvin|°F"),
        ("time", 1.0, "s|sec|second|seconds"),
        ("time", 60.0, "min|minute|minutes"),
        ("time", 3600.0, "h|hour|hours"),
        ("mass", 1.0, "g|mg|kg|µg|wt%|wt.%|at%|at.%|mol%"),
        ("pressure", 1.0, "Pa|kPa|MPa|GPa|bar|mbar|Torr|atm"),
    )
    for spelling in spellings.split("|")
}
_UNIT = "|".join(re.escape(one) for one in sorted(UNITS, key=len, reverse=True))
_DIGITS = r"(?:\d{1,3}(?:[,\u202f\u2009]\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_POWER = (
    r"(?:\s?[×x·*]\s?10(?:\^|\*\*)?(?P<power>[-−+]?\d+|[⁻⁺]?[⁰¹²³⁴-⁹]+)"
    r"|[eE](?P<exponent>[-+]?\d+))"
)
_NUMBER = re.compile(
    rf"(?P<digits>(?:(?<![\w.,^])|(?<=(?<!\w)[x×]))[-−]?(?:{_DIGITS})(?:{_POWER})?)"
    rf"|(?<![\w-])(?P<words>(?:{WORDS})(?:(?:[\s-]+|\s+and\s+)(?:{WORDS}))*)(?![\w])",
    re.IGNORECASE,
)
_AFTER = re.compile(
    rf"(?:\s|-|\u202f|\u00a0)?(?P<unit>{_UNIT})(?![A-Za-z0-9²^µμÅ])(?!(?<=×)\s*\d)"
)
#: A density names what is counted between the number and its unit.
_PER = re.compile(r"(?:\s+[A-Za-z-]+){1,2}\s*(?P<unit>(?:per\s|/)\s?[nµμum]{1,2}(?:²|\^2|2))")
#: Words between a number and one after it that hand the unit back to the first.
_JOINED = re.compile(r"^\s*(to|and|or|[-–—]|[×x]|±|\+/-|\+-|,)\s*$")
_RANGE, _SPREAD = ("to", "-", "–", "—"), ("±", "+/-", "+-")
_BOUNDS: tuple[tuple[Bound, str], ...] = (
    ("below", r"(?:less|fewer|smaller|lower) than|below|under|up to|at most|no more than|[<≤]"),
    (
        "above",
        r"(?:more|greater|larger|higher) than|above|over|at least|no (?:less|fewer) than|[>≥]",
    ),
    ("about", r"about|approximately|around|roughly|nearly|almost|circa|ca\.|some|[~≈∼]"),
)
_BEFORE = [(bound, re.compile(rf"(?:{text})\s*$", re.IGNORECASE)) for bound, text in _BOUNDS]
#: What a number stands behind or before that is a name, and no amount.
_NAMED = re.compile(
    r"(?:fig(?:ure|\.)?|table|panel|step|no\.|section|ref\.?|type|version)\s*$", re.I
)
_IS_NAME = re.compile(r"^-?[dD](?:imensional)?\b|^(?:st|nd|rd|th)\b|^[A-Za-z]|^_")
_LISTED = re.compile(r"(?:^|[\n.!?])\s*$")
_NOUN = re.compile(r"\s+(?:[a-z-]+\s+){0,2}?(?P<noun>[a-z]+s|particle|grain|object)\b")
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")


@dataclass(frozen=True)
class Quantity:
    """A number as a sentence states it.

    Attributes
    ----------
    value
        In the base unit of its dimension: nm, nm², px, nm/px, 1/nm², kV, degree, s; a share of
        one for percent; as written where there is no unit.
    dimension
        "length", "area", "pixels", "area in pixels", "pixel size", "density", "share",
        "magnification", "voltage", "angle", "temperature", "time", "mass", "pressure"; "" of a
        number without unit, such as a count.
    unit
        As it is usually written; "" for none.
    noun
        What is counted, if a noun follows a number without unit; else "".
    part
        Whether it is a value, an end of a range, or what stands behind "±".
    bound
        "exact", or what the words before it say: "about", "below", "above".
    digits
        Significant digits that are written; numbers in words have all of theirs.
    start, end
        Where it stands in the text, unit included.
    """

    value: float
    dimension: str
    unit: str
    noun: str
    part: Part
    bound: Bound
    digits: int
    start: int
    end: int

    def agrees(self, value: float, tolerance: float = 0.1) -> bool:
        """Whether a value in the same base unit is what this number says, to a share of it.

        Parameters
        ----------
        value
            Value to compare with.
        tolerance
            Largest difference, as a share of `value`. Rounding to the digits that are written
            is always allowed.
        """
        if self.bound == "below":
            return value <= self.value * (1 + tolerance)
        if self.bound == "above":
            return value >= self.value * (1 - tolerance)
        return abs(self.value - value) <= max(tolerance * abs(value), self._rounding())

    def _rounding(self) -> float:
        if self.value == 0:
            return 0.0
        last = math.floor(math.log10(abs(self.value))) - self.digits + 1
        return 0.5 * 10.0**last * (1 + 1e-9)


def quantities(text: str) -> list[Quantity]:
    """Return all numbers of a text, in their order.

    Numbers in words count ("twenty-five"), and fractions ("two thirds"). Numbers that are part of
    a name do not: formulas (MoS2), "2D", "Figure 3", items of a list.

    Parameters
    ----------
    text
        English sentences.

    Examples
    --------
    >>> [(one.value, one.dimension, one.part) for one in quantities("from 0.5 to 2 µm")]
    [(500.0, 'length', 'low'), (2000.0, 'length', 'high')]
    >>> [(one.value, one.noun, one.bound) for one in quantities("about 25 particles of MoS2")]
    [(25.0, 'particles', 'about')]
    """
    found = [one for match in _NUMBER.finditer(text) if (one := _read(text, match))]
    found = _joined(text, found)
    return [one for one in found if not math.isnan(one.value)]


def _read(text: str, match: re.Match[str]) -> Quantity | None:
    start, end = match.span()
    before, after = text[:start], text[end:]
    if _NAMED.search(before):
        return None
    if match["words"] is not None:
        value, digits, dimension = number_word(match["words"], after)
        if value is None:
            return None
    else:
        value, digits = _number(match)
        dimension = ""
    unit, length = _unit_of(after)
    if unit is None and match["digits"] is not None:
        if re.search(r"(?<!\w)[×x]$", before):
            kilo = after[:1] in ("k", "K")
            value *= 1e3 if kilo else 1.0
            return Quantity(
                value, "magnification", "×", "", "value", "exact", digits, start - 1, end + kilo
            )
        if _IS_NAME.match(after) or (_LISTED.search(before) and re.match(r"[.)]\s", after)):
            return None
    bound = next((name for name, form in _BEFORE if form.search(before)), "exact")
    noun = _NOUN.match(after) if unit is None and not dimension else None
    spelt = "" if unit is None else unit
    kind, factor, written = UNITS[spelt] if spelt else (dimension, 1.0, "")
    return Quantity(
        value * factor, kind, written, noun["noun"] if noun else "", "value", bound, digits,
        start, end + length,
    )  # fmt: skip


def _number(match: re.Match[str]) -> tuple[float, int]:
    """Return a number in digits, and how many of them are significant."""
    plain = re.sub(r"[,\u202f\u2009]", "", match["digits"]).replace("−", "-")
    mantissa = re.match(r"-?[\d.]+", plain)
    assert mantissa is not None
    power = (match["power"] or match["exponent"] or "0").translate(_SUPERSCRIPT).replace("−", "-")
    figures = mantissa[0].lstrip("-").replace(".", "").lstrip("0")
    value = float(mantissa[0]) * 10.0 ** min(int(power), 300)
    return value, max(1, len(figures))


def _unit_of(after: str) -> tuple[str | None, int]:
    """Return the unit that a text begins with, by its spelling in `UNITS`, and its length."""
    found = _AFTER.match(after) or _PER.match(after)
    if found is None:
        return None, 0
    spelt = found["unit"]
    if spelt not in UNITS:
        spelt = f"per {re.sub(r'^(per|/)', '', spelt).strip()}".replace("μ", "µ")
        spelt = spelt.replace("^2", "²").replace("m2", "m²").replace("um", "µm")
    return (spelt, found.end()) if spelt in UNITS else (None, 0)


def _joined(text: str, found: Sequence[Quantity]) -> list[Quantity]:
    """Hand units back over "to", "and", "±", and mark ranges and uncertainties."""
    whole = list(found)
    for place in range(len(whole) - 1, 0, -1):
        first, second = whole[place - 1], whole[place]
        link = _JOINED.match(text[first.end : second.start])
        if link is None:
            continue
        word = link[1]
        between = word == "and" and re.search(r"\bbetween\s*$", text[: first.start], re.I)
        if not first.unit and second.unit and not first.noun:
            dimension, factor, unit = UNITS[second.unit]
            first = replace(first, value=first.value * factor, dimension=dimension, unit=unit)
        elif not first.unit and second.noun and not first.noun:
            first = replace(first, noun=second.noun)
        if first.dimension == second.dimension and (word in _RANGE or between):
            first = replace(first, part="low", bound="exact")
            second = replace(second, part="high" if second.part == "value" else second.part)
        elif word in _SPREAD:
            second = replace(second, part="uncertainty")
        whole[place - 1 : place + 1] = [first, second]
    return whole
