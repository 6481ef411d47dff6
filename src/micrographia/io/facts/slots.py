"""Answers with places for facts: a number is never written, it is filled in.

A place is a fact's name in braces: `The particles have a median diameter of {median_diameter}.`
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from micrographia.errors import MicrographiaError
from micrographia.io.facts.phrases import phrase_of
from micrographia.io.facts.vocabulary import FACT_KINDS

_PLACE = re.compile(r"\{([^{}]*)\}")
#: Units of lengths that are written, and how many nm they are.
_LENGTHS = (("nm", 1.0), ("µm", 1e3), ("mm", 1e6))


def places(template: str) -> list[str]:
    """Return the names of a template's places, each once, in their order.

    Examples
    --------
    >>> places("{particle_count} particles of {median_diameter}, all {particle_count} round")
    ['particle_count', 'median_diameter']
    """
    return list(dict.fromkeys(_PLACE.findall(template)))


def known(facts: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return a picture's facts by name, those that are known alone.

    Parameters
    ----------
    facts
        Rows of `schemas.FACTS` of one picture; of two that say the same fact, the first counts.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for row in facts:
        if row["failure"] is None and (row["number"] is not None or row["words"]):
            found.setdefault(row["name"], row)
    return found


def fill(template: str, facts: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a template with its places filled from facts.

    Parameters
    ----------
    template
        Text with places.
    facts
        Rows of `schemas.FACTS` by their names, as `known` returns them.

    Raises
    ------
    MicrographiaError
        A place has no fact: nothing is made up.
    """
    missing = [name for name in places(template) if name not in facts]
    if missing:
        raise MicrographiaError(
            f"The answer has places that no fact fills: {', '.join(missing)}",
            seen=template,
            allowed=", ".join(sorted(facts)) or "no fact is known",
            remedy="Measure them, or say that they are not known",
        )
    return _PLACE.sub(lambda place: written(facts[place[1]]), template)


def written(fact: Mapping[str, Any]) -> str:
    """Return how a fact stands in a sentence: a number to three digits with its unit, or words.

    Parameters
    ----------
    fact
        Row of `schemas.FACTS` that holds a number or words.

    Examples
    --------
    >>> written({"name": "median_diameter", "number": 1234.5, "unit": "nm", "words": None})
    '1.23 µm'
    >>> written({"name": "area_fraction", "number": 0.2345, "unit": None, "words": None})
    '23.4 %'
    >>> written({"name": "particle_count", "number": 1200.0, "unit": None, "words": None})
    '1200'
    >>> written({"name": "colour_profile", "number": None, "unit": None, "words": "even"})
    'about as bright as the background'
    """
    name, number = fact["name"], fact["number"]
    if number is None:
        return phrase_of(name, str(fact["words"]))
    quantity = FACT_KINDS[name].quantity
    if quantity == "count":
        return str(round(number))
    if quantity == "fraction":
        return f"{three_digits(100 * number)} %"
    if quantity == "density":
        return f"{three_digits(number)} per µm²"
    if quantity == "ratio":
        return three_digits(number)
    return f"{three_digits(number)} px" if fact["unit"] == "px" else length(number)


def length(nanometres: float) -> str:
    """Return a length in nm, µm or mm, to three digits.

    Examples
    --------
    >>> length(3.214), length(999.9), length(28170.0)
    ('3.21 nm', '1 µm', '28.2 µm')
    """
    rounded = float(f"{nanometres:.3g}")
    unit, size = max((one for one in _LENGTHS if rounded >= one[1]), key=lambda one: one[1],
                     default=_LENGTHS[0])  # fmt: skip
    return f"{three_digits(rounded / size)} {unit}"


def three_digits(value: float) -> str:
    """Return a number to three digits, without an exponent.

    Examples
    --------
    >>> three_digits(0.012345), three_digits(123456.0), three_digits(2.0)
    ('0.0123', '123000', '2')
    """
    text = f"{float(f'{value:.3g}'):.10f}"
    return text.rstrip("0").rstrip(".")
