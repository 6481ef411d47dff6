"""Pixel size from the banner of an instrument: field of view, size, magnification.

Magnification alone fixes no pixel size, since every maker relates it to another width of
print; it only tells whether a bar's reading is of the right order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from micrographia.arrays import FloatImage
from micrographia.curation.scale.parse import UNITS

_UNIT = r"(?P<unit>nm|[µμupy]m|mm|Å)"
_NUMBER = r"(?P<number>\d+(?:[.,]\d+)?)"
_PIXEL = re.compile(rf"pixel\s*size\s*[=:]?\s*{_NUMBER}\s*{_UNIT}", re.IGNORECASE)
_FIELD = re.compile(
    rf"(?:HFW|HFV|FOV|WOF|field\s*of\s*view)[\s=:|]{{0,3}}{_NUMBER}\s*{_UNIT}", re.IGNORECASE
)
_MAGNIFICATIONS = (
    re.compile(
        r"mag(?:nification)?\s*[=:]?\s*[xX×]?\s*"
        r"(?P<number>\d[\d, ]*(?:\.\d+)?)\s*(?P<kilo>[kK])?\s*[xX×]",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?<![A-Za-z0-9])[xX×]\s*(?P<number>\d[\d,]*(?:\.\d+)?)"
        r"\s*(?P<kilo>[kK](?![a-z0-9]))?(?![a-z0-9.])"
    ),
)
#: Widths of print or screen that makers relate magnification to, with some room [mm].
_PRINT = (70.0, 450.0)
#: How much wider the frame may have been that a picture was cut from, banner and all.
_CROP = 5.0
#: What a point missed makes of a magnification, at most.
_POINT = 100.0
#: A banner is rows of one level: least share of a row, least rows [share of the height].
_FLAT, _DEEP, _DEEPEST = 0.45, 0.025, 0.2


@dataclass(frozen=True)
class Banner:
    """What was read in a banner.

    Attributes
    ----------
    nm
        Side of a pixel [nm]; None where nothing says it.
    magnification
        None where none was read.
    text
        All that was read.
    """

    nm: float | None
    magnification: float | None
    text: str


def find_banner(unit: FloatImage) -> int | None:
    """Return the first row of a banner along the lower edge, or None."""
    height, width = unit.shape
    rows = np.rint(unit[int((1 - _DEEPEST) * height) :] * 255).astype(int)
    low = np.array([np.bincount(row, minlength=256)[:256].max() for row in rows]) / width
    modes = np.array([np.bincount(row).argmax() for row in rows])
    ground = int(np.bincount(modes[-max(len(modes) // 3, 3) :]).argmax())
    near = np.array([np.mean(np.abs(row - ground) <= 6) for row in rows])
    flat = (near >= _FLAT) & (low > 0.15)
    misses = np.flatnonzero(~flat[: len(flat) - 2])
    first = int(misses.max()) + 1 if len(misses) else 0
    if len(flat) - first < max(_DEEP * height, 8) or first == 0:
        return None
    above = np.mean(np.abs(rows[max(first - 6, 0)] - ground) <= 6)
    return height - len(flat) + first if above < 0.8 else None


def parse_banner(text: str, width: int) -> Banner:
    """Return what a banner's text says.

    Parameters
    ----------
    text
        What was read.
    width
        Width of the picture, which a field of view refers to [px].

    Examples
    --------
    >>> parse_banner("HV 15.0 kV HFW 2.98 µm WD 8 mm", 1000).nm
    2.98
    >>> parse_banner("Pixel Size = 5.58 nm Mag = 50.00 K X", 1000).magnification
    50000.0
    >>> parse_banner("PIXEL SIZE = 5.58 NM", 1000).nm
    5.58
    >>> parse_banner("SU8010 5.0kV 8.9mm x500 LM(L)", 684).magnification
    500.0
    >>> parse_banner("EHT3.00kV x109.0kSE", 384).magnification
    109000.0
    """
    found = _PIXEL.search(text)
    nm = _length(found) if found else None
    if nm is None and (found := _FIELD.search(text)):
        nm = _length(found) / width
    return Banner(nm, _magnification(text), text)


def contradicts(banner: Banner | None, nm: float, width: int) -> bool:
    """Return whether a pixel size contradicts the magnification, for any plausible print width.

    The picture may be a part of the frame that the magnification is of. Readers often miss the
    point of "2.00 K X", so a hundredth of what they read may be meant.
    """
    if banner is None or banner.magnification is None:
        return False
    printed = nm * width * banner.magnification / 1e6
    return not _PRINT[0] / _CROP <= printed <= _PRINT[1] * _POINT


def _length(found: re.Match[str]) -> float:
    unit = found["unit"]
    # Upper case is the banner's, not a unit's; a misread µ is what is left.
    known = {"nm": "nm", "mm": "mm", "å": "Å"}.get(unit.lower(), "µm")
    return float(found["number"].replace(",", ".")) * UNITS[known]


def _magnification(text: str) -> float | None:
    for pattern in _MAGNIFICATIONS:
        if found := pattern.search(text):
            digits = found["number"].replace(" ", "").replace(",", "")
            value = float(digits) * (1000 if found["kilo"] else 1)
            if 10 <= value <= 5e6:
                return value
    return None
