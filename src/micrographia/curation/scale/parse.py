"""Parse the label of a scale bar into nanometres; tolerate confused characters."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

#: Nanometres of a unit.
UNITS = {"Å": 0.1, "nm": 1.0, "µm": 1e3, "mm": 1e6}

#: How a unit may come out of a reader; longest first. "pm" is a misread µm: no bar is in pm.
_SPELLINGS = {
    "nm": ("nrn", "nrm", "nnm", "nmn", "n m", "rnm", "nin", "nm", "hm", "rm", "nn", "nM"),
    "µm": (
        "pum",
        "yum",
        "jum",
        "lum",
        "µrn",
        "urn",
        "prn",
        "um",
        "pm",
        "µm",
        "ym",
        "jm",
        "gm",
        "4m",
        "Um",
        "wm",
        "yn",
        "yun",
    ),
    "mm": ("rnm", "mrn", "mm"),
    "Å": ("Å", "A"),
}
_DIGITS = str.maketrans(
    {
        "O": "0",
        "o": "0",
        "Q": "0",
        "D": "0",
        "l": "1",
        "I": "1",
        "i": "1",
        "|": "1",
        "!": "1",
        "]": "1",
        "S": "5",
        "s": "5",
        "Z": "2",
        "z": "2",
        "B": "8",
        ",": ".",
    }
)
_NUMBER = r"(?P<number>[0-9OoQDlIi|!\]SsZzB]+(?:[.,][0-9OoQDlIi|!SsZzB]+)?)"
_UNIT = "|".join(
    re.escape(spelling)
    for spelling in sorted(
        {s for many in _SPELLINGS.values() for s in many}, key=len, reverse=True
    )
)
#: A stroke after the unit is the edge of something beside the label.
_LABEL = re.compile(
    rf"(?<![A-Za-z0-9.,]){_NUMBER}[ ._\-~'‘’]*(?P<unit>{_UNIT})(?P<stroke>[lI|!1]?)(?![A-Za-z0-9])"
)
_OF = {spelling: unit for unit, many in reversed(_SPELLINGS.items()) for spelling in many}

_ENDINGS = {"nm": "nm", "um": "µm", "µm": "µm", "mm": "mm", "A": "Å", "Å": "Å"}

#: Leading figures of the lengths that instruments and authors give their bars.
_USUAL = (1.0, 2.0, 5.0)
_SEEN = (1.2, 1.25, 1.5, 2.5, 3.0, 3.5, 4.0, 6.0, 7.5, 8.0)


class Label(NamedTuple):
    """One label: number, unit, and how many characters had to be put right."""

    value: float
    unit: str
    repairs: int

    @property
    def nm(self) -> float:
        """The length [nm]."""
        return self.value * UNITS[self.unit]

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}"


def parse_label(text: str) -> Label | None:
    """Return the first length in a text; None if there is none.

    Examples
    --------
    >>> [str(parse_label(text)) for text in ("500 nm", "0,5 um", "2OO nrn", "1pm", "5 0 A")]
    ['500 nm', '0.5 µm', '200 nm', '1 µm', 'None']
    """
    plain = text.replace("μ", "µ").replace("\n", " ").strip()
    for found in _LABEL.finditer(plain):
        raw, spelling = found["number"], found["unit"]
        digits = raw.translate(_DIGITS)
        most = {"A": 0, "nm": 3, "um": 3, "µm": 3}.get(spelling, 1)
        if not any(char.isdigit() for char in raw) and len(raw) > most:
            continue
        value, unit = float(digits), _OF[spelling]
        repairs = sum(a != b for a, b in zip(raw, digits, strict=True))
        repairs += spelling not in (unit, "um")
        repairs += bool(found["stroke"])
        if value > 0 and (unit != "Å" or spelling == "Å" or value >= 2):
            return Label(value, unit, repairs)
    return None


def label_spans(text: str) -> list[tuple[int, int]]:
    """Return where lengths stand in a text: the places of the first character and after the last.

    Examples
    --------
    >>> label_spans("SEI 15kV 1μm WD 8.1 mm")
    [(9, 12), (16, 22)]
    """
    return [
        (found.start(), found.end("unit")) for found in _LABEL.finditer(text.replace("μ", "µ"))
    ]


def unit_place(text: str) -> tuple[int, int] | None:
    """Return where the number of the last length ends and its unit begins; None without a length.

    Examples
    --------
    >>> unit_place("WD 8 mm 100 nm")
    (10, 12)
    """
    found = list(_LABEL.finditer(text.replace("μ", "µ")))
    return (found[-1].end("number") - 1, found[-1].start("unit")) if found else None


def parse_unit(text: str) -> str | None:
    """Return the unit that a text ends with; None for none, or an m that may be left of one.

    Examples
    --------
    >>> [parse_unit(text) for text in ("nm", "0um", "μm ", "m", "A")]
    ['nm', 'µm', 'µm', None, 'Å']
    """
    plain = text.replace("μ", "µ").strip()
    return next((unit for end, unit in _ENDINGS.items() if plain.endswith(end)), None)


def may_be_label(text: str) -> bool:
    """Return whether a text is a length and nothing else.

    Examples
    --------
    >>> may_be_label("100 nm"), may_be_label("100"), may_be_label("b) 100 nm")
    (True, False, False)
    """
    return _LABEL.fullmatch(text.replace("μ", "µ").strip()) is not None


def usualness(label: Label) -> int:
    """Return how usual a bar's length is: 2 for 1, 2, 5 times 10ⁿ, 1 for others seen, else 0.

    Numbers from 1000 on are written in the next unit, and below 0.1 in the one before.
    """
    if not 0.1 <= label.value < 1000 or (label.unit == "mm" and label.value > 10):
        return 0
    leading = label.value / 10 ** math.floor(math.log10(label.value) + 1e-9)
    for rank, known in ((2, _USUAL), (1, _SEEN)):
        if any(math.isclose(leading, one, rel_tol=1e-6) for one in known):
            return rank
    return 0
