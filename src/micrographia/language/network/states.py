"""Facts as the network sees them: for each fact one state, never a value.

The network is told whether a number is known and in which unit, whether particles are none, one
or several, and which word a category has. A number's value is not among its inputs: it could not
write one if it wanted to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from micrographia.arrays import IntArray
from micrographia.io.facts.phrases import PHRASES
from micrographia.io.facts.vocabulary import FACT_KINDS, NUMBERS

#: Facts in the order of their codes.
NAMES: tuple[str, ...] = tuple(FACT_KINDS)
#: Counts from which grammars tell "one", "several" and "enough for a spread" apart.
_STEPS = (1, 2, 3, 5)
UNSEEN, FAILED, KNOWN = "unseen", "failed", "known"
_COUNTED = ("0", *(f"from {step}" for step in _STEPS))
_WORDS = tuple(f"{name}={word}" for name, words in PHRASES.items() for word in words)
#: States in the order of their codes: not asked for; could not be measured; known; lengths and
#: densities by unit; counts by size; categories by word.
STATES: tuple[str, ...] = (UNSEEN, FAILED, KNOWN, "nm", "px", "1/µm²", *_COUNTED, *_WORDS)
_CODES = {state: code for code, state in enumerate(STATES)}


def codes_of(
    known: Mapping[str, Mapping[str, Any]], failed: Collection[str], hidden: Collection[str] = ()
) -> IntArray:
    """Return the codes of all facts, (28,).

    Parameters
    ----------
    known
        Rows of `schemas.FACTS` by their names.
    failed
        Names of facts that could not be measured.
    hidden
        Names of facts that are not to be seen, known or not.
    """
    found = np.zeros(len(NAMES), dtype=np.int64)
    for place, name in enumerate(NAMES):
        if name in hidden:
            continue
        if name in known:
            found[place] = _CODES[_state(name, known[name])]
        elif name in failed:
            found[place] = _CODES[FAILED]
    return found


def _state(name: str, row: Mapping[str, Any]) -> str:
    if name not in NUMBERS:
        word = f"{name}={row['words']}"
        return word if word in _CODES else KNOWN
    if FACT_KINDS[name].quantity == "count":
        reached = [step for step in _STEPS if row["number"] >= step]
        return f"from {reached[-1]}" if reached else "0"
    unit = row["unit"]
    return unit if unit in _CODES else KNOWN


#: Facts that sight tells, each with the codes of its words.
TOLD: Mapping[str, tuple[int, ...]] = {
    name: tuple(_CODES[f"{name}={word}"] for word in words) for name, words in PHRASES.items()
}
