"""Scale bars of a round length, in a corner of the picture where nothing is written."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np

from micrographia.arrays import BoolArray, GreyImage
from micrographia.report.page.blocks import Bar

Box = tuple[float, float, float, float]

#: A letter's width over its height; digits of DejaVu Sans, the widest of our fonts, have 0.64.
_LETTER = 0.64
#: Steps between neighbouring pixels from which there may be letters [grey levels]: burnt-in text
#: is black on white or white on black. With these values the bar lies on text in 4 of 166
#: pictures of EMPS when nobody tells where text is, and the usual corner alone in 72.
_STEP = 50
#: Share of such pixels from which a place is taken, and up to which places are equally calm.
_MOST_STEPS, _CALM = 0.03, 0.0005


def round_length(extent: float, unit: str) -> tuple[float, str]:
    """Choose a round length of about a quarter of the picture's width.

    Parameters
    ----------
    extent
        Width of the picture in `unit`.
    unit
        `nm`, `Å` or `px`.

    Returns
    -------
    share, label
        Length as a share of the width, and what to write beside it.

    Examples
    --------
    >>> round_length(48.0, "Å")
    (0.20833333333333334, '10 Å')
    >>> round_length(9000.0, "nm")[1]
    '2 µm'
    """
    power = 10.0 ** np.floor(np.log10(extent / 4))
    length = max(step * power for step in (1, 2, 5) if step * power <= extent / 4 * 1.0001)
    if unit == "nm" and length >= 1e6:
        return float(length / extent), f"{length / 1e6:g} mm"
    if unit == "nm" and length >= 1000:
        return float(length / extent), f"{length / 1000:g} µm"
    return float(length / extent), f"{length:g} {unit}"


def place_bar(
    grey: GreyImage,
    pixel_size: float,
    unit: str,
    taken: Sequence[Box] = (),
    busy: BoolArray | None = None,
    *,
    bare: bool = False,
) -> Bar | None:
    """Place a scale bar where it covers no text.

    Tried are the corners, then places along the lower and the upper edge. A place is free when
    it touches none of `taken` and its pixels do not step up and down as those of letters do, for
    a detector may have missed some: the calmest place is taken. Where nothing is free the bar
    goes below the picture.

    Parameters
    ----------
    grey
        The picture as it is shown (h, w).
    pixel_size
        Of these pixels, in `unit`.
    unit
        `nm` or `Å`.
    taken
        Boxes x0, y0, x1, y1 in px of `grey`, where text or a bar is burnt in.
    busy
        Pixels (h, w) that had better be seen, as those of instances; of equally calm places that
        with fewest of them is taken.
    bare
        Nothing can be written on the picture, since a program made it: the first corner is taken.

    Returns
    -------
    The bar; None where the pixel size is no positive number.
    """
    if not (math.isfinite(pixel_size) and pixel_size > 0):
        return None
    height, width = grey.shape
    share, label = round_length(width * pixel_size, unit)
    size = max(0.05 * max(width, height), 9.0)
    pad, thickness = 0.35 * size, 0.22 * size
    wide = max(share * width, _LETTER * size * len(label)) + 2 * pad
    high = size + thickness + 2.4 * pad
    boxes = [(x, y, x + wide, y + high) for x, y in _places(width, height, wide, high)]
    apart = [box for box in boxes if not any(_meet(box, other) for other in taken)]
    seen = [(0.0 if bare else _steps(grey, box), box) for box in apart]
    free = [(steps, box) for steps, box in seen if steps <= _MOST_STEPS]
    if not free:
        box = (0.0, 0.0, wide, high)
        return _bar(box, share * width, thickness, label, size, below=True)
    _, best = min(free, key=lambda one: (int(one[0] / _CALM), _covered(busy, one[1])))
    return _bar(best, share * width, thickness, label, size)


def _bar(
    box: Box, length: float, thickness: float, label: str, size: float, below: bool = False
) -> Bar:
    pad = 0.35 * size
    y = box[3] - pad - thickness / 2
    x = (box[0] + box[2] - length) / 2
    return Bar(x, y, length, thickness, label, size, box, below)


def _places(width: int, height: int, wide: float, high: float) -> Iterator[tuple[float, float]]:
    """Upper left corners of the boxes to try, the usual ones first; none leaves the picture."""
    margin = 0.02 * width
    right, low = width - wide - margin, height - high - margin
    if right < margin or low < margin:
        return
    yield from itertools.product((margin, right), (low,))
    yield from itertools.product((right, margin), (margin,))
    steps = max(2, math.ceil(2 * (right - margin) / wide))
    along = [margin + (right - margin) * step / steps for step in range(1, steps)]
    for y in (low, margin):
        yield from ((x, y) for x in along)


def _meet(one: Box, other: Box, gap: float = 2.0) -> bool:
    return (
        one[0] < other[2] + gap
        and other[0] < one[2] + gap
        and one[1] < other[3] + gap
        and other[1] < one[3] + gap
    )


def _covered(busy: BoolArray | None, box: Box) -> int:
    if busy is None:
        return 0
    x0, y0, x1, y1 = (round(edge) for edge in box)
    return int(busy[y0:y1, x0:x1].sum())


def _steps(grey: GreyImage, box: Box) -> float:
    """Share of pixels in and closely around a box that step up and down as letters do."""
    x0, y0, x1, y1 = (round(edge) for edge in box)
    around = round((y1 - y0) / 4)
    part = grey[max(y0 - around, 0) : y1 + around, max(x0 - around, 0) : x1 + around]
    values = part.astype(np.int16)
    if min(values.shape) < 2:
        return 0.0
    steps = np.abs(np.diff(values, axis=1))[:-1] > _STEP
    steps |= np.abs(np.diff(values, axis=0))[:, :-1] > _STEP
    return float(steps.mean())
