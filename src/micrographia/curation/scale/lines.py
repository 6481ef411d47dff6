"""Lines of text near a scale bar, cut out for the readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from micrographia.arrays import FloatImage
from micrographia.curation.scale.bars import Bar

Box = tuple[int, int, int, int]

#: How far from the bar text is searched [share of the height, least px].
_REACH, _LEAST_REACH = 0.15, 40
#: Heights of letters [px, share of the picture's height].
_SMALLEST, _TALLEST = 5, 0.13
#: How many cuts of one place are read, and how many make it as good as a place can be.
_CUTS, _STABLE = 3, 3
#: Least common area of two cuts of one place [share of the area of both together].
_ALIKE = 0.35
#: Widest space in a line [letters' height].
_SPACE = 1.3


@dataclass(frozen=True)
class Line:
    """One line of text.

    Attributes
    ----------
    box
        x0, y0, x1, y1, ends exclusive [px].
    crop
        Grey picture around it, text brighter than its ground.
    level
        Threshold at which it was found; None where a detector found it.
    place
        above | below | beside | within, as seen from the bar.
    distance
        Gap to the bar [letters' height].
    bright
        Whether the text is brighter than its ground.
    alike
        Whether text and bar are both brighter, or both darker, than their ground.
    """

    box: Box
    crop: FloatImage
    level: float | None
    place: str
    distance: float
    bright: bool
    alike: bool = True

    def variants(self) -> tuple[FloatImage, ...]:
        """Return the crop as it is, and with most of the ground below the threshold taken away.

        Where there is no threshold, it comes smoothed, and without what is darker than the middle
        grey: of an embossed letter the shadow, so that its face is left.
        """
        if self.level is None:
            smooth = ndimage.gaussian_filter(self.crop, self.crop.shape[0] / 30)
            face = np.clip(smooth - np.median(smooth), 0, None)
            return self.crop, smooth, np.asarray(face, np.float32)
        return self.crop, self._hardened(self.level)

    def _hardened(self, level: float) -> FloatImage:
        top = max(float(np.percentile(self.crop, 97)), level + 1e-3)
        low = level - 0.5 * (top - level)
        return np.asarray(np.clip((self.crop - low) / (top - low), 0, 1), np.float32)


def find_lines(
    unit: FloatImage, bar: Bar, hints: Sequence[Sequence[int]] = (), most: int = 8
) -> list[list[Line]]:
    """Return lines of text near a bar by place, nearest first; each as cut at some thresholds.

    Parameters
    ----------
    unit
        Picture on 0…1.
    bar
        The bar.
    hints
        Boxes of text that a detector found.
    most
        How many places to return at most.
    """
    window = window_of(unit.shape, bar)
    found: list[Line] = []
    for bright in (bar.bright, not bar.bright):
        values = _without(unit if bright else 1 - unit, bar)
        for level in _levels(values, bar, window, bright):
            for box in _text_boxes(values, level, window, unit.shape[0]):
                line = _line(values, box, bar, level, bright)
                if line is not None:
                    found.append(line)
    for hint in hints:
        box = (int(hint[0]), int(hint[1]), int(hint[2]), int(hint[3]))
        if _overlap(box, window) > 0.5 and box[3] - box[1] >= _SMALLEST:
            for bright in (True, False):
                values = _without(unit if bright else 1 - unit, bar)
                line = _line(values, box, bar, None, bright)
                if line is not None:
                    found.append(line)
    found.sort(key=lambda line: line.distance)
    places: list[list[Line]] = []
    for line in found:
        for group in places:
            if _common(line.box, group[0].box) > _ALIKE:
                group.append(line)
                break
        else:
            places.append([line])
    # Text stays the same over several thresholds, texture does not; a detector knows text.
    places.sort(key=lambda group: -_STABLE if _detected(group) else -min(len(group), _STABLE))
    kept = sorted(places[:most], key=lambda group: group[0].distance)
    return [_chosen(group) for group in kept]


def _chosen(group: Sequence[Line]) -> list[Line]:
    """Return a few cuts of one place, those in the bar's ink first, at spread thresholds.

    What a detector found comes first, in both inks: the label may be light beside a dark bar.
    """
    cuts = _cuts(group)
    inked = [line for line in cuts if line.alike] or cuts
    ordered = sorted(inked, key=lambda line: line.level or 0.0)
    spread = sorted({0, len(ordered) // 2, len(ordered) - 1}) if ordered else []
    detected: dict[bool, Line] = {}
    for line in group:
        if line.level is None:
            detected.setdefault(line.alike, line)
    return [*detected.values(), *(ordered[at] for at in spread)][: _CUTS + len(detected)]


def _detected(group: Sequence[Line]) -> bool:
    return any(line.level is None for line in group)


def _cuts(group: Sequence[Line]) -> list[Line]:
    """Return the lines that were cut out at a threshold."""
    return [line for line in group if line.level is not None]


def window_of(shape: tuple[int, ...], bar: Bar) -> Box:
    """Return where the label of a bar is searched: x0, y0, x1, y1, ends exclusive [px]."""
    height, width = shape
    reach = max(round(_REACH * height), _LEAST_REACH)
    aside = max(round(0.25 * bar.length), 90) + reach
    return (
        max(int(bar.x0) - aside, 0),
        max(bar.y0 - reach, 0),
        min(int(bar.x1) + aside, width),
        min(bar.y1 + reach, height),
    )


def _without(values: FloatImage, bar: Bar) -> FloatImage:
    """Return the picture with the bar's rows replaced by the ground on either side."""
    out = values.copy()
    spans = [(bar.x0, bar.x1)]
    if bar.gap is not None:
        spans = [(bar.x0, bar.gap[0]), (bar.gap[1], bar.x1)]
    grow = 6 if bar.kind == "capped" else 1
    for left, right in spans:
        y0, y1 = max(bar.y0 - grow, 0), min(bar.y1 + grow, values.shape[0])
        x0, x1 = max(int(left) - 3, 0), min(int(np.ceil(right)) + 3, values.shape[1])
        if bar.kind == "capped":
            # The strokes at the ends reach further than the line between them.
            for end in (x0, x1):
                low, high = max(end - 5, 0), min(end + 5, values.shape[1])
                column = slice(max(bar.y0 - 14, 0), min(bar.y1 + 14, values.shape[0]))
                out[column, low:high] = _ground(values, bar)
            y0, y1 = max(bar.y0 - 1, 0), min(bar.y1 + 1, values.shape[0])
        out[y0:y1, x0:x1] = _ground(values, bar)
    return out


def _ground(values: FloatImage, bar: Bar) -> float:
    rows = [row for row in (bar.y0 - 3, bar.y1 + 2) if 0 <= row < values.shape[0]]
    span = slice(max(int(bar.x0), 0), max(int(bar.x1), 1))
    return float(np.median([np.median(values[row, span]) for row in rows])) if rows else 0.0


def _levels(values: FloatImage, bar: Bar, window: Box, bright: bool) -> list[float]:
    """Return thresholds between the text and its ground."""
    x0, y0, x1, y1 = window
    patch = values[y0:y1, x0:x1]
    ground, top = float(np.median(patch)), float(np.percentile(patch, 99.7))
    if top - ground < 0.06:
        return []
    levels = [ground + share * (top - ground) for share in (0.5, 0.7, 0.88)]
    if bright == bar.bright and bar.kind != "ticks":
        levels += [bar.level - share * bar.contrast for share in (0.15, 0.4, 0.6)]
    return levels


def _text_boxes(values: FloatImage, level: float, window: Box, tall: int) -> list[Box]:
    """Return boxes of rows of components that may be letters."""
    x0, y0, x1, y1 = window
    marked, count = ndimage.label(values[y0:y1, x0:x1] > level, np.ones((3, 3), int))
    if not 0 < count < 1500:
        return []
    most = max(_TALLEST * tall, 14)
    letters = []
    for rows, columns in ndimage.find_objects(marked):
        high, wide = rows.stop - rows.start, columns.stop - columns.start
        if _SMALLEST <= high <= most and wide <= 7 * high and wide >= 1:
            letters.append(
                (columns.start + x0, rows.start + y0, columns.stop + x0, rows.stop + y0)
            )
    return _rows(sorted(letters))


def _rows(letters: Sequence[Box]) -> list[Box]:
    """Join letters of like height that stand side by side."""
    lines: list[list[int]] = []
    for x0, y0, x1, y1 in letters:
        high = y1 - y0
        best: list[int] | None = None
        for line in lines:
            tallest = line[4]
            overlap = min(line[3], y1) - max(line[1], y0)
            alike = 0.45 <= high / tallest <= 2.2
            near = x0 - line[2] <= _SPACE * max(tallest, high)
            beside = near and overlap >= 0.55 * min(high, line[3] - line[1])
            if alike and beside and (best is None or line[2] > best[2]):
                best = line
        if best is None:
            lines.append([x0, y0, x1, y1, high, 1])
        else:
            best[0], best[1] = min(best[0], x0), min(best[1], y0)
            best[2], best[3] = max(best[2], x1), max(best[3], y1)
            best[4], best[5] = max(best[4], high), best[5] + 1
    return [
        (line[0], line[1], line[2], line[3])
        for line in lines
        if 1.1 <= (line[2] - line[0]) / (line[3] - line[1]) <= 14
    ]


def _line(
    values: FloatImage, box: Box, bar: Bar, level: float | None, bright: bool
) -> Line | None:
    x0, y0, x1, y1 = box
    high = y1 - y0
    middle = (x0 + x1) / 2
    over = bar.x0 - 0.8 * (x1 - x0) <= middle <= bar.x1 + 0.8 * (x1 - x0)
    across = y0 < (bar.y0 + bar.y1) / 2 < y1
    if bar.gap is not None and bar.gap[0] - 4 <= x0 and x1 <= bar.gap[1] + 4 and across:
        place, gap = "within", 0.0
    elif over and y1 <= bar.y0 + 3:
        place, gap = "above", max(bar.y0 - y1, 0)
    elif over and y0 >= bar.y1 - 3:
        place, gap = "below", max(y0 - bar.y1, 0)
    elif y0 < bar.y1 + high and y1 > bar.y0 - high:
        aside = max(x0 - bar.x1, bar.x0 - x1)
        off = abs((y0 + y1) / 2 - (bar.y0 + bar.y1) / 2)
        beside = aside > -0.2 * high and off < 0.4 * high
        place, gap = "beside", max(aside, 0.0) + (0.0 if beside else 1.5 * high)
    else:
        return None
    # A detector's box has room around its letters.
    pad = 1 if level is None else max(2, round(0.22 * high))
    top, left = max(y0 - pad, 0), max(x0 - pad, 0)
    crop = values[top : y1 + pad, left : x1 + pad]
    return Line(
        box,
        np.ascontiguousarray(crop),
        level,
        place,
        float(gap) / high,
        bright,
        bright == bar.bright,
    )


def _common(first: Sequence[int], second: Sequence[int]) -> float:
    """Return the common area of two boxes over that of both together."""
    wide = min(first[2], second[2]) - max(first[0], second[0])
    high = min(first[3], second[3]) - max(first[1], second[1])
    if wide <= 0 or high <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return float(wide * high / (sum(areas) - wide * high))


def _overlap(first: Sequence[int], second: Sequence[int]) -> float:
    """Return how much of the smaller box lies in the other."""
    wide = min(first[2], second[2]) - max(first[0], second[0])
    high = min(first[3], second[3]) - max(first[1], second[1])
    if wide <= 0 or high <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return float(wide * high / max(min(areas), 1))
