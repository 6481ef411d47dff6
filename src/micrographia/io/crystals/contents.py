"""What a crystal is made of, against what its file states: occupancies, formula, Z."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import compress

import numpy as np
from ase import Atoms

from micrographia.arrays import FloatArray
from micrographia.errors import StructureError

#: An element with its count, as in `Mo1 S2`.
_PART = re.compile(r"([A-Z][a-z]?)(\d*\.?\d+|\d*)")
#: Sites of one place: their fractional coordinates differ by less.
_ONE_SITE = 1e-3


def check_site(shares: Mapping[str, object], name: str) -> None:
    """Refuse a site that is not occupied fully by one element.

    Parameters
    ----------
    shares
        Occupancy of each element there.
    name
        How the message calls the crystal.

    Raises
    ------
    StructureError
        Several elements share it, it is partly empty, or an occupancy is not a number.
    """
    numbers = {symbol: _share(share, name) for symbol, share in shares.items()}
    if len(numbers) > 1 or any(abs(share - 1) > 1e-3 for share in numbers.values()):
        raise StructureError(
            f"{name} has a partly occupied site",
            seen=", ".join(f"{symbol} {share:g}" for symbol, share in numbers.items()),
            allowed="sites that one element occupies fully",
            remedy="Give an ordered model of this crystal",
        )


def check_occupancy(
    shares: Sequence[object] | None, symbols: Sequence[str], fractions: FloatArray, name: str
) -> None:
    """Refuse sites (n) of a file, with fractional coordinates (n, 3), that are shared.

    Raises
    ------
    StructureError
        As `check_site`.
    """
    if shares is None:
        return
    for fraction, share in zip(fractions, shares, strict=False):
        if abs(_share(share, name) - 1) > 1e-3:
            step = fractions - fraction
            near = (np.abs(step - np.round(step)) < _ONE_SITE).all(axis=1)
            here = dict(compress(zip(symbols, shares, strict=False), near.tolist()))
            check_site(here, name)


def _share(value: object, name: str) -> float:
    """Occupancy of a site; one that is not given ('.' or '?') is 1, as the CIF dictionary says."""
    if str(value).strip() in (".", "?"):
        return 1.0
    try:
        return float(str(value))
    except ValueError:
        raise StructureError(
            f"{name} has an occupancy that is not a number", seen=value, allowed="0 to 1"
        ) from None


def elements_of(stated: object) -> dict[str, float]:
    """Elements and amounts of a `_chemical_formula_sum`; empty where it is no formula."""
    parts = [_PART.fullmatch(part) for part in str(stated or "").split()]
    amounts: dict[str, float] = defaultdict(float)
    for part in parts:
        if part is None:
            return {}
        # Deuterium is hydrogen to all who read this.
        amounts["H" if part[1] == "D" else part[1]] += float(part[2] or 1)
    return dict(amounts)


def check_formula(atoms: Atoms, stated: object, name: str) -> None:
    """Refuse atoms whose composition is another than the file's own formula.

    Parameters
    ----------
    atoms
        What the file was read as.
    stated
        The CIF's `_chemical_formula_sum`; anything that is no formula says nothing.
    name
        How the message calls it.

    Raises
    ------
    StructureError
        The proportions of the elements differ.
    """
    wanted = elements_of(stated)
    if not wanted:
        return
    found = Counter(atoms.get_chemical_symbols())
    total, there = sum(wanted.values()), sum(found.values())
    symbols = wanted.keys() | found.keys()
    if any(abs(wanted.get(one, 0) / total - found[one] / there) > 1e-3 for one in symbols):
        raise StructureError(
            f"{name} states another composition than its atoms have",
            seen=atoms.get_chemical_formula("metal"),
            allowed=str(stated),
            remedy="Check the symbols of its sites and its space group's setting and origin",
        )


def miscount(atoms: Atoms, stated: object, units: object) -> str:
    """Number of atoms that a file's formula and Z (`_cell_formula_units_Z`) tell, if another.

    Some programs (pymatgen) write the formula of the whole cell and Z beside it; both readings
    are good.

    Returns
    -------
    The number in words, or an empty string where the count agrees or the file does not tell.
    """
    amounts = elements_of(stated).values()
    try:
        number = float(str(units))
    except ValueError:
        return ""
    if not amounts or not number > 0:
        return ""
    allowed = {round(sum(amounts) * number, 3)}
    if all(amount % number == 0 for amount in amounts):
        allowed.add(round(sum(amounts), 3))
    if len(atoms) in allowed:
        return ""
    return " or ".join(f"{count:g} atoms" for count in sorted(allowed))
