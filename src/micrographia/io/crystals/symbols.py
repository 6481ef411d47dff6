"""Chemical elements of the sites of a CIF."""

from __future__ import annotations

import re
from collections.abc import Collection

from ase.data import atomic_numbers, chemical_symbols

from micrographia.errors import StructureError

#: A symbol of a scattering type with what may follow it: Mo4+, S2-, Fe3.
_TYPE = re.compile(r"([A-Za-z]{1,2})(?:\d*[+-]?|[+-]\d*)")
_LETTERS = re.compile(r"[^A-Za-z]*([A-Za-z]+)")
#: Deuterium has a symbol of its own; T is a tetrahedral site more often than tritium.
_ISOTOPES = {"D": "H"}


def element_of_type(text: str, name: str) -> str:
    """Element of an `_atom_site_type_symbol`; capitals (NI) are no other element.

    Raises
    ------
    StructureError
        It names several elements, or none.
    """
    found = _TYPE.fullmatch(text.strip())
    if not found:
        raise StructureError(
            f"{name} has a site of no single element",
            seen=text,
            allowed="symbols of chemical elements, with a charge at most (Mo, S2-)",
            remedy="Give an ordered model of this crystal, with one element for each site",
        )
    symbol = found[1].capitalize()
    symbol = _ISOTOPES.get(symbol, symbol)
    if symbol == chemical_symbols[0]:
        raise no_element(name)
    if symbol not in atomic_numbers:
        raise _unknown(symbol, name)
    return symbol


def element_of_label(text: str, formula: Collection[str], name: str) -> str:
    """Element that a label such as `Mo1` or `Ow` begins with.

    Parameters
    ----------
    text
        The `_atom_site_label` of a file without type symbols.
    formula
        Elements of the formula that it states, if any: CA1 may be calcium or an alpha carbon.
    name
        How messages call it.

    Raises
    ------
    StructureError
        No element begins so, or two do and nothing tells which is meant.
    """
    letters = _LETTERS.match(text)
    if not letters:
        raise _unknown(text, name)
    two, one = letters[1][:2].capitalize(), letters[1][0].upper()
    known = [symbol for symbol in dict.fromkeys((two, one)) if symbol in chemical_symbols[1:]]
    known = known or [_ISOTOPES[one]] if one in _ISOTOPES else known
    if not known:
        raise _unknown(two, name)
    named = [symbol for symbol in known if symbol in formula]
    if len(named) == 1:
        return named[0]
    if len(known) == 2 and letters[1][1].isupper():
        raise StructureError(
            f"{name} has a label that two elements begin with",
            seen=text,
            allowed=" or ".join(known),
            remedy="Give the column _atom_site_type_symbol",
        )
    return known[0]


def no_element(name: str) -> StructureError:
    """What to say of a crystal with a dummy atom (X)."""
    return StructureError(
        f"{name} has a site without an element",
        seen=chemical_symbols[0],
        allowed="symbols of chemical elements",
        remedy="Replace dummy atoms by elements, or remove them",
    )


def _unknown(symbol: str, name: str) -> StructureError:
    return StructureError(
        f"{name} has a site of no element: {symbol} is no chemical element",
        remedy="Check that every symbol is a chemical element and the file is complete",
    )
