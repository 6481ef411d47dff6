"""Lengths that files state: their units, which a pixel can have, and what they agree on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from micrographia.errors import ImageError

#: Nanometres per unit, as microscopes and ImageJ write them.
UNITS = {
    spelling: factor
    for factor, spellings in {
        1e9: ("m", "meter", "meters", "metre", "metres"),
        2.54e7: ("inch", "inches", "in"),
        1e7: ("cm", "centimeter", "centimeters", "centimetre", "centimetres"),
        1e6: ("mm", "millimeter", "millimeters", "millimetre", "millimetres"),
        1e3: (
            "um", "µm", "μm", "u_m", "micron", "microns", "micrometer", "micrometers",
            "micrometre", "micrometres", "\\u00b5m",  # ImageJ escapes the micro sign
        ),
        1.0: ("nm", "n_m", "nanometer", "nanometers", "nanometre", "nanometres"),
        0.1: ("å", "\\u00c5", "a", "angstrom", "angstroms", "ångström", "ångströms", "ångstrom"),
        1e-3: ("pm", "p_m", "picometer", "picometers", "picometre", "picometres"),
    }.items()
    for spelling in spellings
}  # fmt: skip
#: Smallest and largest side of a pixel of a picture [nm]: 1 pm to 1 cm. Patterns of diffraction
#: are stated in metres too, by some programs, and a "pixel" of theirs is larger than the Earth.
LEAST_NM, LARGEST_NM = 1e-3, 1e7
#: Sides of a pixel differ by less where it is square; so do witnesses that agree.
_SQUARE, _AGREED = 0.01, 0.02


@dataclass(frozen=True)
class Witness:
    """What one part of a file says of the pixel size.

    Attributes
    ----------
    source
        The part, as a user would name it ("FEI tag", "OME-XML").
    across_nm, down_nm
        Width and height of a pixel at the sample [nm].
    """

    source: str
    across_nm: float
    down_nm: float


def unit_nm(unit: Any) -> float | None:
    """Return the nanometres of a unit of length; None for any other unit.

    Examples
    --------
    >>> unit_nm("[n_m]"), unit_nm("µm"), unit_nm("1/nm"), unit_nm(None)
    (1.0, 1000.0, None, None)
    """
    word = str(unit).strip().strip("[]").strip().lower()
    return UNITS.get(word, UNITS.get(word.replace("_", "")))


def number(value: Any, scale: float = 1.0) -> float | None:
    """Return `scale` times a number above 0, also one that is written out; None for any other."""
    try:
        found = float(value) * scale
    except (TypeError, ValueError):
        return None
    return found if 0 < found < math.inf else None


def fault_of(size_nm: float) -> str | None:
    """Return why a length [nm] cannot be the side of a picture's pixel; None if it can.

    Examples
    --------
    >>> fault_of(2.5)
    >>> fault_of(1e17)
    '1e+17 nm is not within 1 pm to 1 cm'
    """
    if LEAST_NM * (1 - 1e-6) <= size_nm <= LARGEST_NM * (1 + 1e-6):  # rounded by the writer
        return None
    return f"{size_nm:.4g} nm is not within 1 pm to 1 cm"


def refuse_no_length(size_nm: float | None) -> None:
    """Refuse what a user gave as the side of a pixel [nm], if it cannot be; None is none.

    Raises
    ------
    ImageError
        It is no number, or not within 1 pm to 1 cm.
    """
    if size_nm is not None and (fault := fault_of(size_nm)):
        raise ImageError(f"The pixel size is no length of a pixel: {fault}")


def settle(witnesses: Iterable[Witness], notes: list[str]) -> tuple[float | None, str | None]:
    """Return the pixel size [nm] that a file states, and which of its parts does.

    The first witness counts, so the most exact one comes first. Where two disagree by more
    than 2 %, neither counts: the picture may have been resized, or a part of the file be of
    another. A pixel that is not square, or a length that no pixel has, is no pixel size.

    Parameters
    ----------
    witnesses
        What the parts of the file say, the most exact first.
    notes
        What is not believed is noted here, with the reason.
    """
    known: list[Witness] = []
    for witness in witnesses:
        fault = fault_of(witness.across_nm) or fault_of(witness.down_nm)
        if fault is None:
            known.append(witness)
        else:
            notes.append(f"pixel size of {witness.source} ignored: {fault}")
    if not known:
        return None, None
    first = known[0]
    for other in known:
        if _apart(other.across_nm, other.down_nm) > _SQUARE:
            sides = f"{other.across_nm:.4g} x {other.down_nm:.4g} nm"
            notes.append(f"pixel size ignored: not square by {other.source} ({sides})")
            return None, None
        if _apart(first.across_nm, other.across_nm) > _AGREED:
            notes.append(
                f"pixel size ignored: {first.source} says {first.across_nm:.4g} nm, "
                f"{other.source} {other.across_nm:.4g} nm"
            )
            return None, None
    return first.across_nm, first.source


def _apart(one: float, other: float) -> float:
    return abs(one - other) / max(one, other)
