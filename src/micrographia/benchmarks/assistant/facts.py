"""Whether an answer states the facts that were asked for, and none that nobody measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from micrographia.io.facts.claims import claims_in, says
from micrographia.io.facts.materials import materials_in, names_material
from micrographia.io.facts.numbers import numbers_in
from micrographia.io.facts.phrases import phrase_of
from micrographia.io.facts.terms import terms_in

Facts = Mapping[str, Mapping[str, Any]]
#: Facts that are sizes of particles.
SIZES = ("median_diameter", "mean_diameter", "smallest_diameter", "largest_diameter")
COUNT = "particle_count"


def fact_scores(text: str, asked: Sequence[str], truth: Facts, seen: Facts) -> dict[str, Any]:
    """Return how many facts an answer states rightly, and how many it invents.

    Parameters
    ----------
    text
        The answer.
    asked
        Names of the facts that the reference states.
    truth
        True facts of the picture by name.
    seen
        All facts that support a claim: the true ones, and those that the assistant measured.

    Returns
    -------
    dict
        `n_facts` and `n_right` of the facts asked for that are known; `n_sizes`, `n_sizes_right`;
        `count_right` and `count_error` (relative, at most 1; null where no count was asked for);
        `n_claims` and `n_invented` of the claims of the text.
    """
    known = [name for name in asked if name in truth]
    right = {name: states(text, truth[name]) for name in known}
    sizes = [name for name in known if name in SIZES]
    claims = claims_in(text, seen)
    counted = COUNT in known
    return {
        "n_facts": len(known),
        "n_right": sum(right.values()),
        "n_sizes": len(sizes),
        "n_sizes_right": sum(right[name] for name in sizes),
        "count_right": right[COUNT] if counted else None,
        "count_error": count_error(text, truth[COUNT]["number"]) if counted else None,
        "n_claims": len(claims),
        "n_invented": sum(not claim.supported for claim in claims),
    }


def states(text: str, fact: Mapping[str, Any]) -> bool:
    """Whether a text states a fact: its number within 10 %, or its word in any wording."""
    if fact["number"] is not None:
        return says(text, fact)
    name, word = fact["name"], str(fact["words"])
    if name == "material":
        named = any(names_material(one, word) for one in materials_in(text))
        return named or word.casefold() in text.casefold()
    if phrase_of(name, word).casefold() in text.casefold():
        return True
    return any((name, word) in term.meanings for term in terms_in(text))


def count_error(text: str, true: float) -> float:
    """Return the relative error of the first count of a text; 1 where it has none, or is worse.

    Examples
    --------
    >>> count_error("There are 45 particles of 20 nm.", 50.0), count_error("Many.", 50.0)
    (0.1, 1.0)
    """
    counts = [one for one in numbers_in(text) if one.quantity == "plain"]
    if not counts:
        return 1.0
    middle = (counts[0].low + counts[0].high) / 2
    error = abs(middle - true) / max(true, 1.0)
    return error if error < 1 else 1.0
