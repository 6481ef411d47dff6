"""Check whether the true composition is among the first results of a solver."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from ase.data import atomic_numbers
from ase.formula import Formula

#: How many answers count: the one given and the alternatives that follow it.
FIRST = 3

Composition = Counter[int]


def parse_composition(text: str) -> Composition | None:
    """Count the atoms in the formula with which an alternative begins.

    Parameters
    ----------
    text
        For example `"MoS2 (log-likelihood -12.3)"`.

    Returns
    -------
    Atoms of each atomic number; None when the text begins with no formula.

    Examples
    --------
    >>> parse_composition("MoS2 (log-likelihood -12.3)")
    Counter({16: 2, 42: 1})
    >>> parse_composition("cannot tell C from N") is None
    True
    """
    word = re.match(r"\s*([A-Z][A-Za-z0-9()]*)(?=\s|$|[,;:])", text)
    if word is None:
        return None
    try:
        counts = Formula(word.group(1)).count()
    except (ValueError, SyntaxError):
        return None
    if not counts or any(atomic_numbers.get(symbol, 0) == 0 for symbol in counts):
        return None
    return Counter({atomic_numbers[symbol]: count for symbol, count in counts.items() if count})


def is_among_first(
    answer: Sequence[int] | None,
    alternatives: Iterable[str],
    truth: Sequence[int],
    first: int = FIRST,
) -> bool:
    """Whether the true composition is that of the answer or of the next alternatives.

    Parameters
    ----------
    answer
        Atomic numbers in the answer's primitive projected cell; None for no answer.
    alternatives
        Texts that begin with a formula, the best first. Formulas that came before are skipped:
        they are another arrangement of the same atoms.
    truth
        Atomic numbers in the truth's primitive projected cell.
    first
        How many different compositions count.

    Notes
    -----
    An alternative may be stated for a cell that the answer was later reduced from, so a whole
    multiple of the true cell counts as the true composition there; a part of it never does.

    Examples
    --------
    >>> is_among_first([6, 6], ["BN (log-likelihood -4.0)", "CN", "N2"], [7, 7])
    False
    >>> is_among_first([6, 6], ["C2", "BN (log-likelihood -4.0)", "N2"], [7, 7])
    True
    """
    wanted = Counter(int(number) for number in truth)
    ranked: list[Composition] = []
    if answer is not None:
        ranked.append(Counter(int(number) for number in answer))
        if ranked[0] == wanted:
            return True
    for text in alternatives:
        found = parse_composition(text)
        if found is not None and found not in ranked:
            ranked.append(found)
    others = ranked[:first] if answer is None else ranked[1:first]
    return any(_is_multiple(found, wanted) for found in others)


def _is_multiple(found: Composition, wanted: Composition) -> bool:
    factor, rest = divmod(found.total(), wanted.total())
    return rest == 0 and all(
        found[number] == factor * wanted[number] for number in set(found) | set(wanted)
    )
