"""Pixel size from the banner of an instrument: field of view, size, magnification.

Magnification alone fixes no pixel size, since every maker relates it to another width of
print; it only tells whether a bar's reading is of the right order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image as Pictures

from micrographia.arrays import FloatImage, GreyImage
from micrographia.curation.scale.parse import UNITS
from micrographia.curation.scale.readers.rapid import Rapid, as_grey, enlarged
from micrographia.curation.scale.readers.tesseract import read_pages
from micrographia.curation.scale.readers.tools import Tools

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
#: Pictures narrower than this have small letters [px].
_SMALL, _WIDE = 1000, 1300
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


def read_banner(unit: FloatImage, tools: Tools, factor: int = 1) -> Banner | None:
    """Read the banner of a picture; None where there is no banner or nobody to read it.

    Parameters
    ----------
    unit
        Picture on 0…1, reduced or not.
    tools
        The readers: RapidOCR, tesseract or both.
    factor
        By how much: what is read refers to the pixels before.
    """
    if tools.rapid is None and not tools.use_tesseract:
        return None
    first = find_banner(unit)
    if first is None:
        return None
    strip = as_grey(np.ascontiguousarray(unit[first:]))
    texts = []
    if tools.use_tesseract:
        large = enlarged(strip, 4 if unit.shape[1] < _SMALL else 2)
        dark = 255 - large if float(np.median(strip)) < 128 else large
        texts.append(read_pages([Pictures.fromarray(dark)], segmentation=6)[0])
    if tools.rapid is not None:
        texts.append(_words(tools.rapid, enlarged(strip, 2 if unit.shape[1] < _WIDE else 1)))
    return _together([parse_banner(text, unit.shape[1] * factor) for text in texts])


def _words(rapid: Rapid, strip: GreyImage) -> str:
    """Return the texts of a banner, a line each; a heading with what stands below it, as in FEI's.

    Texts side by side are not joined: between a heading and the bar's own label may be a blank.
    """
    words = [
        (box, rapid.read(strip[max(box[1], 0) : box[3], max(box[0], 0) : box[2]]).text)
        for box in rapid.find(strip)
        if box[3] > max(box[1], 0) and box[2] > max(box[0], 0)
    ]
    lines = [text for _, text in words]
    for box, text in words:
        if not any(char.isdigit() for char in text):
            middle, high = (box[0] + box[2]) / 2, box[3] - box[1]
            lines += [
                f"{text} {word}"
                for other, word in words
                if other[0] < middle < other[2] and -0.3 * high < other[1] - box[3] < 1.5 * high
            ]
    return "\n".join(lines)


def _together(banners: Sequence[Banner]) -> Banner:
    """Return what two readers read: what only one did, and nothing where they differ."""
    sizes = [one.nm for one in banners if one.nm is not None]
    scales = [one.magnification for one in banners if one.magnification is not None]
    return Banner(
        sizes[0] if sizes and max(sizes) <= 1.02 * min(sizes) else None,
        scales[0] if scales and max(scales) <= 1.02 * min(scales) else None,
        "\n".join(one.text for one in banners),
    )


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
