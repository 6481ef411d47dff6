"""Where RapidOCR finds text near bars: the boxes of words that look like a length."""

from __future__ import annotations

from collections.abc import Sequence

from micrographia.arrays import FloatImage, GreyImage
from micrographia.curation.scale.bars import Bar
from micrographia.curation.scale.lines import Box, window_of
from micrographia.curation.scale.parse import label_spans, may_be_label
from micrographia.curation.scale.readers.rapid import Rapid, Read, as_grey, enlarged

#: Pictures narrower than this are doubled: letters of ten pixels are too small for the detector.
_NARROW = 1300
#: Least height of a line [px].
_SMALLEST = 5
#: Widest space between the boxes of one label [height].
_SPACE = 1.6


def labels_near(unit: FloatImage, bars: Sequence[Bar], rapid: Rapid) -> list[Box]:
    """Return boxes of text near bars that may be the label of one, in the picture's pixels.

    Parameters
    ----------
    unit
        Picture on 0…1.
    bars
        Candidates.
    rapid
        The reader.
    """
    factor = 2 if unit.shape[1] < _NARROW else 1
    found: list[Box] = []
    for window in _joined([window_of(unit.shape, bar) for bar in bars]):
        strip = enlarged(as_grey(unit, window), factor)
        words = [(box, rapid.read(_cut(strip, box))) for box in rapid.find(strip)]
        for x0, y0, x1, y1 in _labels(words):
            box = (
                window[0] + int(x0) // factor,
                window[1] + int(y0) // factor,
                window[0] - (-int(x1) // factor),
                window[1] - (-int(y1) // factor),
            )
            if box[3] - box[1] >= _SMALLEST and box not in found:
                found.append(box)
    return found


def _cut(strip: GreyImage, box: Box) -> GreyImage:
    return strip[max(box[1], 0) : max(box[3], box[1] + 1), max(box[0], 0) : max(box[2], 1)]


def _labels(words: Sequence[tuple[Box, Read]]) -> list[tuple[float, float, float, float]]:
    """Return the boxes of what may be lengths in words, also where number and unit are apart."""
    out: list[tuple[float, float, float, float]] = []
    for (x0, y0, x1, y1), read in words:
        for start, end in label_spans(read.text):
            ends = [*read.starts, 1.0]
            # Half a letter of room: the steps of the network are wider than a stroke.
            room = 0.35 * (y1 - y0)
            left = x0 if start == 0 else x0 + read.starts[start] * (x1 - x0) - room
            right = x1 if end >= len(read.text) else x0 + ends[end] * (x1 - x0) + 0.3 * room
            out.append((max(left, x0), y0, min(right, x1), y1))
    ordered = sorted(words, key=lambda word: word[0][0])
    for at, (left_box, left_read) in enumerate(ordered):
        for right_box, right_read in ordered[at + 1 :]:
            if _side_by_side(left_box, right_box) and may_be_label(
                f"{left_read.text} {right_read.text}"
            ):
                out.append(
                    (
                        left_box[0],
                        min(left_box[1], right_box[1]),
                        right_box[2],
                        max(left_box[3], right_box[3]),
                    )
                )
    return out


def _side_by_side(left: Box, right: Box) -> bool:
    high = max(left[3] - left[1], right[3] - right[1])
    rows = min(left[3], right[3]) - max(left[1], right[1])
    return -0.3 * high <= right[0] - left[2] <= _SPACE * high and rows >= 0.5 * high


def _joined(windows: Sequence[Box]) -> list[Box]:
    """Return windows, those that share most of the smaller one made one."""
    out: list[Box] = []
    for window in windows:
        for at, other in enumerate(out):
            common = _area(
                (
                    max(window[0], other[0]),
                    max(window[1], other[1]),
                    min(window[2], other[2]),
                    min(window[3], other[3]),
                )
            )
            if common > 0.5 * min(_area(window), _area(other)):
                out[at] = (
                    min(window[0], other[0]),
                    min(window[1], other[1]),
                    max(window[2], other[2]),
                    max(window[3], other[3]),
                )
                break
        else:
            out.append(window)
    return out


def _area(box: Box) -> int:
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)
