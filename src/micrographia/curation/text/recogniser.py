"""A second look at text regions: a region counts for sure where letters or digits can be read.

The look of annotation (edges, saturation, place) is also the look of scratches, particles in a
row and the edges of fibres; what no reader can read there is no reason to alter a picture. The
recogniser is that of PP-OCRv4 (Apache-2.0), whose network comes in the wheel of
`rapidocr-onnxruntime`. It is shown regions and lines alone: the detector of that package enlarges
small pictures until labels fall apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from micrographia.arrays import FloatImage, GreyImage
from micrographia.config import Text
from micrographia.curation.rapidocr import load_engine
from micrographia.curation.text.regions import Region

Box = tuple[int, int, int, int]
Reader = Callable[[list[GreyImage]], list[tuple[str, float]]]

#: Particles, gaps and scratches are read as these: of nothing but them no text is made.
_ROUND_OR_STRAIGHT = frozenset("0Oo8l1Ii")
#: The recogniser sees a line of at most this length, relative to its height; of longer strips
#: this many pieces are read.
_LONGEST, _PIECES = 8, 3
#: Border of a crop, relative to its height, and at least [px].
_BORDER, _LEAST_BORDER = 0.15, 2
#: A line of letters has at least this many rows; how many lines of a region are read.
_LEAST_TALL, _LINES = 5, 2
#: Confidence from which nothing more of a region is read, if it has several letters.
_CLEAR = 0.9
#: So many regions of a picture are read, the likeliest first; more are no annotation but noise.
_MOST_READ = 12
#: Fainter regions than `min_score` are read, too, down to this probability; they need a clearer
#: reading, and are no regions without it.
FAINT, _FAINT_READING = 0.03, 0.9
#: So does a single letter in a region that is less probable than this: crossing fibres are an X.
_LIKELY = 0.9


class Reading(NamedTuple):
    """What was read in a region: text, and the recogniser's mean probability 0…1."""

    text: str
    confidence: float


@cache
def load_reader() -> Reader:
    """Load the recogniser, once in a process: the same crop, the same text."""
    engine = load_engine()

    def read(crops: list[GreyImage]) -> list[tuple[str, float]]:
        colour: list[Any] = [np.repeat(crop[:, :, None], 3, axis=2) for crop in crops]
        return [(str(text), float(score)) for text, score in engine.text_rec(colour)[0]]

    return read


def confirm(
    regions: Sequence[Region], unit: FloatImage, settings: Text, read: Reader | None
) -> list[Region]:
    """Return regions, each with whether it is sure to be text.

    Parameters
    ----------
    regions
        Likeliest first, faint ones too.
    unit
        The picture, 0…1.
    settings
        `min_score`, `min_reading`, and `alone_score`, which counts where nothing can read.
    read
        From `load_reader`; None where nothing can read.
    """
    likely = [region for region in regions if region.score >= settings.min_score]
    if read is None:
        return [region._replace(sure=region.score >= settings.alone_score) for region in likely]
    told = []
    for region in regions[:_MOST_READ]:
        text, confidence = read_region(unit, region.box, read)
        faint = region.score < settings.min_score
        doubtful = faint or (region.score < _LIKELY and sum(map(str.isalnum, text)) == 1)
        sure = confidence >= (_FAINT_READING if doubtful else settings.min_reading)
        if sure or not faint:
            told.append(region._replace(sure=sure, reading=text))
    return [*told, *likely[_MOST_READ:]]


def read_region(unit: FloatImage, box: Box, read: Reader) -> Reading:
    """Return the best reading of a region that has letters or digits; none has confidence 0.

    The whole region is read first, then the lines of ink in it: a bar beside its label spoils
    the reading of both.

    Parameters
    ----------
    unit
        The picture, 0…1.
    box
        The region [px], ends exclusive.
    read
        From `load_reader`.
    """
    best = Reading("", 0.0)
    for line in _lines(unit, box):
        answers = read([_crop(unit, piece) for piece in _pieces(line)])
        best = max((best, *_legible(answers)), key=lambda reading: reading.confidence)
        if best.confidence >= _CLEAR and len(best.text.strip()) > 1:
            break
    return best


def _legible(answers: Iterable[tuple[str, float]]) -> Iterator[Reading]:
    for text, score in answers:
        letters = {char for char in text if char.isascii() and char.isalnum()}
        if letters - _ROUND_OR_STRAIGHT:
            yield Reading(text.strip(), score)


def _lines(unit: FloatImage, box: Box) -> Iterator[Box]:
    """Yield a region, and where it is not one line, its tallest lines of ink."""
    yield box
    x0, y0, x1, y1 = box
    inside = unit[y0:y1, x0:x1]
    ground = float(np.median(inside))
    low, high = (float(value) for value in np.percentile(inside, (1, 99)))
    step = (high if high - ground >= ground - low else low) - ground
    inked = ((inside - ground) * np.sign(step) > abs(step) / 2).any(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inked.astype(np.int8), [0]])))
    rows = [
        (int(top), int(bottom))
        for top, bottom in zip(edges[::2], edges[1::2], strict=True)
        if bottom - top >= _LEAST_TALL
    ]
    if len(rows) > 1 or (rows and rows[0][1] - rows[0][0] < 0.8 * (y1 - y0)):
        for top, bottom in sorted(rows, key=lambda row: row[0] - row[1])[:_LINES]:
            yield x0, y0 + top, x1, y0 + bottom


def _pieces(line: Box) -> Sequence[Box]:
    """Return a line, or pieces from one end of it to the other where it is too long."""
    x0, y0, x1, y1 = line
    wide = _LONGEST * (y1 - y0)
    count = min(-(-(x1 - x0) // wide), _PIECES)
    if count <= 1:
        return [line]
    starts = np.linspace(x0, x1 - wide, count).round().astype(int)
    return [(int(start), y0, int(start) + wide, y1) for start in starts]


def _crop(unit: FloatImage, box: Box) -> GreyImage:
    """Return a part of a picture with its border, its own range stretched to 0…255."""
    height, width = unit.shape
    x0, y0, x1, y1 = box
    border = max(_LEAST_BORDER, int(_BORDER * (y1 - y0)))
    rows = slice(max(y0 - border, 0), min(y1 + border, height))
    columns = slice(max(x0 - border - 2, 0), min(x1 + border + 2, width))
    part = unit[rows, columns]
    low, high = (float(value) for value in np.percentile(part, (0.5, 99.5)))
    stretched = (part - low) / max(high - low, 1e-3) * 255
    return np.asarray(np.clip(stretched, 0, 255), np.uint8)
