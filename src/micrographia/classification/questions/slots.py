"""Facts as words that fit into sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from micrographia.classification.questions.grammar import Grammar

#: Shares of the side, and the names of their places.
_LENGTHS = ("diameter", "pitch", "length", "pore_spacing", "fringes")
#: Ranges of a number, in words.
_COUNTS = {"1-9": "fewer than 10", "10-99": "between 10 and 99", "100+": "100 or more"}
#: Standard deviations of the logarithm of sizes up to which they are nearly equal, or similar.
_EQUAL, _SIMILAR = 0.08, 0.25


def slots_of(facts: Mapping[str, Any], grammar: Grammar) -> dict[str, str]:
    """Return the words for the places of a picture's questions and answers."""
    found = {name: _plain(value) for name, value in facts.items()}
    for name in ("class", "second", "also_shown", "other"):
        if name in facts:
            found[name] = grammar.classes.get(str(facts[name]), _plain(facts[name]))
    if "modality" in facts:
        found["modality_name"] = grammar.modalities.get(str(facts["modality"]), found["modality"])
    if "object" in facts:
        found["noun"] = _without_article(str(facts["object"]))
    if "countable" in facts:
        found["number"] = _COUNTS.get(str(facts["countable"]), str(facts["countable"]))
    if "size_spread" in facts:
        spread = float(facts["size_spread"])
        found["spread"] = (
            "nearly equal" if spread < _EQUAL else "similar" if spread < _SIMILAR else "different"
        )
    field = facts.get("field_of_view_nm")
    if field is not None:
        found["field"] = nanometres(float(field))
    if field is not None and "bar" in facts:
        found["bar_share"] = percent(_bar_nm(str(facts["bar"])) / float(field))
    if "burnt_in" in facts:
        found["burnt_in"] = ", ".join(str(facts["burnt_in"]).split(" | "))
    for name in _LENGTHS:
        if name in facts:
            found[f"{name}_share"] = percent(float(facts[name]))
            if field is not None:
                found[f"{name}_nm"] = nanometres(float(facts[name]) * float(field))
    return found


def percent(share: float) -> str:
    """Return a share of one in percent, to two digits.

    Examples
    --------
    >>> percent(0.0148), percent(0.25), percent(1.2)
    ('1.5 %', '25 %', '120 %')
    """
    return f"{_two_digits(100 * share)} %"


def nanometres(length: float) -> str:
    """Return a length in nm or µm, to two digits.

    Examples
    --------
    >>> nanometres(3.21), nanometres(999.0), nanometres(28170.0)
    ('3.2 nm', '1 µm', '28 µm')
    """
    rounded = float(f"{length:.2g}")
    if rounded >= 1000:
        return f"{_two_digits(rounded / 1000)} µm"
    return f"{_two_digits(rounded)} nm"


def _bar_nm(text: str) -> float:
    """Return the length of a bar by its text, such as "2 um" [nm]."""
    return float(text[:-2]) * (1000 if text.endswith("um") else 1)


def _two_digits(value: float) -> str:
    return f"{float(f'{value:.2g}'):.10g}"


def _plain(value: Any) -> str:
    return str(value).replace("_", " ") if isinstance(value, str) else f"{value}"


def _without_article(text: str) -> str:
    return next((text[len(a) :] for a in ("a ", "an ", "the ") if text.startswith(a)), text)
