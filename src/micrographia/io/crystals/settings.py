"""Space groups by name: symbol, number, setting and origin give the operations.

The 530 settings of the International Tables with their operations are spglib's. ASE and pymatgen
know names of the standard settings alone, and pass over a setting or an origin that is stated.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import spglib

from micrographia.arrays import FloatArray
from micrographia.errors import StructureError
from micrographia.io.crystals.operations import Operations, misfit

#: Settings in spglib's database.
COUNT = 530
#: Greatest misfit (`operations.misfit`) of a group whose axes are those of the cell: rounding.
_CLOSE_FIT = 0.003
#: Greatest one of a group that the cell may have at all: lengths by 2.5 %, angles by 3 degrees.
POOR_FIT = 0.05
#: Choices that a number or a name stands for by itself.
_STANDARD = ("", "b", "b1", "H", "R", "1", "2")
#: Symbols of groups with a glide `e` before 1992, by number and choice of axes.
_BEFORE_E = {
    39: {"": "Abm2", "ba-c": "Bma2", "cab": "B2cm", "-cba": "C2mb", "bca": "Cm2a", "a-cb": "Ac2m"},
    41: {"": "Aba2", "ba-c": "Bba2", "cab": "B2cb", "-cba": "C2cb", "bca": "Cc2a", "a-cb": "Ac2a"},
    64: {"": "Cmca", "ba-c": "Ccmb", "cab": "Abma", "-cba": "Acam", "bca": "Bbcm", "a-cb": "Bmab"},
    67: {"": "Cmma", "ba-c": "Cmmb", "cab": "Abmm", "-cba": "Acmm", "bca": "Bmcm", "a-cb": "Bmam"},
    68: {"": "Ccca", "ba-c": "Cccb", "cab": "Abaa", "-cba": "Acaa", "bca": "Bbcb", "a-cb": "Bbab"},
}
#: What follows a symbol: `:2`, `:R`, `H`; Z and S are the ICSD's origin at a centre or elsewhere.
_SUFFIX = re.compile(
    r"(.+?)(?::\s*([-\w]+)|\s*\(?origin(?: choice)?\s*([12])\)?|\s+([HRSZ]))", re.IGNORECASE
)
_REMEDY = "Write the operations into the file (a _space_group_symop_operation_xyz loop)"


@dataclass(frozen=True)
class Stated:
    """What a file says of its group; empty where it says nothing."""

    name: str = ""
    number: int | None = None
    hall: str = ""
    code: str = ""


@dataclass(frozen=True)
class Setting:
    """One of the 530 settings.

    Attributes
    ----------
    hall_number
        1 to 530, as spglib counts.
    number
        Of the space group, 1 to 230.
    choice
        Axes and origin: `b1`, `cab`, `2`, `H`; empty where there is one.
    symbol
        Hermann-Mauguin symbol in this setting.
    hall, names
        Its Hall symbol, and all its Hermann-Mauguin symbols, in the form that is compared.
    """

    hall_number: int
    number: int
    choice: str
    symbol: str
    hall: str
    names: frozenset[str]

    @property
    def label(self) -> str:
        """Symbol with its choice, as `P 4/n m m :2`."""
        return f"{self.symbol} :{self.choice}" if self.choice else self.symbol

    @property
    def operations(self) -> Operations:
        """Operations of the setting, centring included."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # spglib, of its error handling
            found = spglib.get_symmetry_from_database(self.hall_number)
        return Operations(
            np.asarray(found["rotations"], dtype=int), np.asarray(found["translations"])
        )


@lru_cache(maxsize=1)
def settings() -> tuple[Setting, ...]:
    """All settings, in the order of spglib's database."""
    return tuple(_setting(number) for number in range(1, COUNT + 1))


def _setting(hall_number: int) -> Setting:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # spglib, of its error handling
        kind = spglib.get_spacegroup_type(hall_number)
    full, number, choice = kind.international_full, int(kind.number), str(kind.choice)
    first, *aliases = [part.strip() for part in kind.international.split("=")]
    names = {full, *aliases}
    if number <= 15:
        # `C 2/m` for `C 1 2/m 1`: the axes that do nothing are left out.
        short = " ".join([full.split()[0], *(one for one in full.split()[1:] if one != "1")])
        names.add(full if number <= 2 else short)
        symbol = full
    else:
        symbol = first.removesuffix(choice).strip() if choice else first
        names.add(symbol)
    axes = choice.lstrip("12")
    if number in _BEFORE_E:
        names.add(_BEFORE_E[number][axes])
    if 123 <= number <= 142 and "/" not in full.split()[-1]:
        head, _, last = full.rpartition(" ")
        names.add(f"{head} 2/{last}")
    if number >= 200:
        names |= {one.replace("-3", "3") for one in (symbol, full)}
    keys = frozenset(_key(one) for one in names)
    return Setting(hall_number, number, choice, symbol, _hall_key(kind.hall_symbol), keys)


def _key(symbol: str) -> str:
    return re.sub(r"[\s_()~'\"]", "", symbol.replace("−", "-")).lower()


def _hall_key(symbol: str) -> str:
    return re.sub(r"[\s_]+", " ", symbol.replace("=", '"').replace("''", '"')).strip().lower()


def candidates(stated: Stated, cell: FloatArray, name: str) -> list[list[Setting]]:
    """Settings that a file may mean.

    Parameters
    ----------
    stated
        What it says of its group.
    cell
        Its lattice vectors as rows (3, 3) [Å]: they tell the axes of a monoclinic group, and
        hexagonal from rhombohedral ones.
    name
        How messages call it.

    Returns
    -------
    Settings in ranks: those of a rank that comes earlier are meant by convention (unique axis b
    before c before a; C m m e in its standard axes). Within one rank the file does not tell them
    apart.

    Raises
    ------
    StructureError
        The tables hold no such group, or what the file states contradicts itself or its cell.
    """
    found = _by_hall(stated, name) if stated.hall else _by_name(stated, name)
    fits = [misfit(one.operations, cell) for one in found]
    close = [one for one, fit in zip(found, fits, strict=True) if fit <= _CLOSE_FIT]
    close = close or [one for one, fit in zip(found, fits, strict=True) if fit <= POOR_FIT]
    if not close:
        raise StructureError(
            f"{name} names a space group that its cell does not have",
            seen=", ".join(one.label for one in found[:4]),
            remedy=f"Check the lattice constants and the group's setting. {_REMEDY}",
        )
    ranks: dict[int, list[Setting]] = {}
    for one in close:
        ranks.setdefault(_rank(one), []).append(one)
    return [ranks[rank] for rank in sorted(ranks)]


def _rank(setting: Setting) -> int:
    """Which of several settings of one name is meant first: unique axis b, standard axes."""
    if 3 <= setting.number <= 15:
        return "bca".index(setting.choice.lstrip("-")[0])
    return int(setting.choice not in _STANDARD)


def _by_hall(stated: Stated, name: str) -> list[Setting]:
    key = _hall_key(stated.hall)
    found = [one for one in settings() if one.hall == key]
    if not found:
        raise StructureError(
            f"{name} states a Hall symbol that is not in the tables",
            seen=stated.hall,
            allowed=f"those of the {COUNT} settings",
            remedy=_REMEDY,
        )
    symbol = _split(stated.name)[0]
    named = [one for one in settings() if _key(symbol) in one.names]
    if stated.number not in (None, found[0].number) or (named and found[0] not in named):
        raise _contradiction(stated, name)
    return found[:1]


def _by_name(stated: Stated, name: str) -> list[Setting]:
    symbol, code = _split(stated.name)
    code = stated.code or code
    if symbol:
        found = [one for one in settings() if _key(symbol) in one.names]
        if not found:
            raise StructureError(
                f"{name} names a space group that is not in the tables",
                seen=stated.name,
                allowed="Hermann-Mauguin symbols such as P -3 m 1, C 1 2/m 1 or P 4/n m m :2",
                remedy=_REMEDY,
            )
        numbers = {one.number for one in found}
        if stated.number is not None and stated.number not in numbers:
            raise _contradiction(stated, name)
        found = [one for one in found if stated.number in (None, one.number)]
    else:
        found = [one for one in settings() if one.number == stated.number]
        if not found:
            raise StructureError(
                f"{name} states a space group of no known number",
                seen=stated.number,
                allowed="1 to 230",
                remedy=_REMEDY,
            )
        if not code:
            return [one for one in found if one.choice in _STANDARD]
    return _with_code(found, code, stated, name) if code else found


def _split(symbol: str) -> tuple[str, str]:
    """Symbol and what follows it; a letter joined to it (`R-3mH`) counts too."""
    known = any(_key(symbol) in one.names for one in settings())
    match = None if known else _SUFFIX.fullmatch(symbol.strip())
    if match:
        return match[1].strip(), next(group for group in match.groups()[1:] if group)
    if not known and symbol[-1:].upper() in ("H", "R", "S", "Z"):
        return symbol[:-1], symbol[-1]
    return symbol, ""


def _with_code(found: list[Setting], code: str, stated: Stated, name: str) -> list[Setting]:
    wanted = code.lower()
    choices = {one.choice for one in found}
    numbered = any(choice[:1] in ("1", "2") for choice in choices)
    if wanted in ("s", "z") and numbered:
        wanted = "1" if wanted == "s" else "2"
    number = found[0].number
    same_group = (one for one in settings() if one.number == number)
    exact = [one for one in found if one.choice.lower() == wanted]
    origin = [one for one in found if wanted in ("1", "2") and one.choice.startswith(wanted)]
    # A code beside the symbol of the standard setting (`P m n a`, code `cab`).
    other = [one for one in same_group if one.choice.lower() == wanted]
    # Groups of one origin; the cell tells hexagonal from rhombohedral axes.
    first = wanted == "1" or (wanted == "2" and choices <= {"H", "R"})
    only = found if first and not numbered else []
    chosen = exact or origin or other or only
    if not chosen:
        allowed = ", ".join(sorted(filter(None, _choices(number)))) or "none for this group"
        raise StructureError(
            f"{name} names a setting or origin that is not in the tables",
            seen=f"{stated.name or number}, {code}" if stated.code else stated.name,
            allowed=allowed,
            remedy=_REMEDY,
        )
    return chosen


def _choices(number: int) -> Iterable[str]:
    return {one.choice for one in settings() if one.number == number}


def _contradiction(stated: Stated, name: str) -> StructureError:
    return StructureError(
        f"{name} states two different space groups",
        seen=", ".join(str(one) for one in (stated.name, stated.hall, stated.number) if one),
        remedy=f"Correct the wrong one. {_REMEDY}",
    )
