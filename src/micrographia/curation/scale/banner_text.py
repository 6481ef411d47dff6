"""Read the banner of a picture with RapidOCR, tesseract or both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image as Pictures

from micrographia.arrays import FloatImage, GreyImage
from micrographia.curation.scale.banner import Banner, find_banner, parse_banner
from micrographia.curation.scale.readers.rapid import Rapid, as_grey, enlarged
from micrographia.curation.scale.readers.tesseract import read_pages
from micrographia.curation.scale.readers.tools import Tools

#: Pictures narrower than this have small letters [px].
_SMALL, _WIDE = 1000, 1300


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
