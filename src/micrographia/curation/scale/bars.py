"""Candidates for the scale bar of a picture, with sub-pixel length.

A bar is a rectangle of one grey level, brighter or darker than what is around it: at some
threshold it is a stack of rows that begin and end at the same columns. Its ends are where the
mean of its rows crosses half of the step. Four kinds: `solid`; `capped` |--|, measured from the
middle of one end tick to that of the other; `split` --- 2 um ---, two rectangles in one line;
and `ticks`, a row of eleven equidistant strokes as on Hitachi's pictures.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from micrographia.arrays import BoolArray, FloatImage, Int32Array, RealArray
from micrographia.curation.scale.ticks import tick_rows

Rectangle = tuple[int, int, int, int]

#: Thresholds that are tried, for bright bars and, on the negative, for dark ones.
_LEVELS = (0.12, 0.2, 0.28, 0.36, 0.44, 0.52, 0.6, 0.68, 0.76, 0.84, 0.91, 0.96)
#: Least length [px, share of the width], most length [share], most thickness [share of height].
_LEAST, _LEAST_SHARE, _MOST_SHARE, _MOST_THICK = 14, 0.02, 0.8, 0.075
_LEAST_ASPECT = 2.0
#: Sharpness of an end that lies on the picture's border, where the bar may be cut off.
CUT = 0.3
#: How far the ends of two rows of one bar may lie apart [px].
_RAGGED = 2
_LEAST_CONTRAST = 0.08
#: How far the middle of an end tick may lie outside the bar [px].
_BEYOND = 0.8
#: How far inside a stack the end of its bar may lie [px].
_INWARD = 7
#: Least depth of an outline, relative to the step, and to the noise of the ground, which is
#: taken so far from the end [px].
_OUTLINE, _NOISE, _FAR = 0.4, 3.0, 20
#: Most thickness of a bar with its label inside [px].
_MOST_SPLIT = 8


@dataclass(frozen=True)
class Bar:
    """One candidate.

    Attributes
    ----------
    x0, x1
        Ends [px], the left edge of the picture being 0.
    y0, y1
        First row and the row after the last.
    bright
        Whether it is brighter than its ground.
    kind
        solid | capped | split | ticks.
    level, contrast
        Its grey level 0…1, and the step to the ground.
    roughness
        Standard deviation of the grey level along it, relative to the step.
    sharpness
        Share of the step that falls within 2 px at the less sharp end, 0…1.
    gap
        Columns between the parts of a split bar.
    """

    x0: float
    x1: float
    y0: int
    y1: int
    bright: bool
    kind: str
    level: float
    contrast: float
    roughness: float
    sharpness: float
    gap: tuple[int, int] | None = None

    @property
    def length(self) -> float:
        """Length [px]."""
        return self.x1 - self.x0

    @property
    def score(self) -> float:
        """How much it looks like a bar; only the order counts."""
        if self.kind == "ticks":
            return 20.0
        aspect = min(self.length / max(self.y1 - self.y0, 2), 12.0) / 12
        value = self.contrast * self.sharpness**2 * (0.4 + aspect) / (0.06 + self.roughness)
        return value * {"split": 4.0, "capped": 1.5}.get(self.kind, 1.0)


def find_bars(unit: FloatImage, most: int = 8) -> list[Bar]:
    """Return the likeliest bars of a picture, best first.

    Parameters
    ----------
    unit
        Picture on 0…1.
    most
        How many to return at most.
    """
    found: list[Bar] = []
    for bright in (True, False):
        values = unit if bright else 1 - unit
        rectangles = _rectangles(values)
        bars = [bar for box in rectangles if (bar := _measured(values, box, bright)) is not None]
        bars += list(_split(values, bars))
        found += [_capped(values, bar) for bar in bars]
        found += [
            Bar(x0, x1, y0, y1, bright, "ticks", 1.0, 0.5, 0.0, 1.0)
            for x0, x1, y0, y1 in tick_rows(values)
        ]
    found.sort(key=lambda bar: -bar.score)
    kept: list[Bar] = []
    for bar in found:
        if all(not _same(bar, other) for other in kept):
            kept.append(bar)
            if len(kept) == most:
                break
    return kept


def _rectangles(values: FloatImage) -> list[Rectangle]:
    """Return boxes of stacked rows that begin and end together, at any threshold."""
    height, width = values.shape
    least = max(_LEAST, round(_LEAST_SHARE * width))
    boxes: dict[Rectangle, int] = {}
    for level in _LEVELS:
        mask = values > level
        if mask.mean() > 0.97:
            continue
        sums = np.zeros((height, width + 1), np.int32)
        np.cumsum(mask, axis=1, out=sums[:, 1:])
        for x0, y0, x1, y1 in _stacks(mask, least, round(_MOST_SHARE * width)):
            thick = y1 - y0
            flat = (x1 - x0) >= _LEAST_ASPECT * thick and thick <= max(_MOST_THICK * height, 4)
            if flat and _free(sums, (x0, y0, x1, y1)):
                boxes[x0, y0, x1, y1] = boxes.get((x0, y0, x1, y1), 0) + 1
    return list(boxes)


def _stacks(mask: BoolArray, least: int, most: int) -> Iterator[Rectangle]:
    """Yield boxes of runs in consecutive rows whose ends agree."""
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    padded[:, 1:-1] = mask
    steps = np.diff(padded, axis=1)
    rows, starts = np.nonzero(steps == 1)
    ends = np.nonzero(steps == -1)[1]
    fits = (ends - starts >= least) & (ends - starts <= most)
    open_: list[list[int]] = []
    current = -1
    for row, start, end in zip(
        rows[fits].tolist(), starts[fits].tolist(), ends[fits].tolist(), strict=True
    ):
        if row != current:
            done = [stack for stack in open_ if stack[3] < row]
            open_ = [stack for stack in open_ if stack[3] >= row]
            for stack in done:
                yield stack[0], stack[1], stack[2], stack[3]
            current = row
        for stack in open_:
            near = abs(stack[4] - start) <= _RAGGED and abs(stack[5] - end) <= _RAGGED
            if stack[3] == row and near:
                stack[0], stack[2] = min(stack[0], start), max(stack[2], end)
                stack[3], stack[4], stack[5] = row + 1, start, end
                break
        else:
            open_.append([start, row, end, row + 1, start, end])
    for stack in open_:
        yield stack[0], stack[1], stack[2], stack[3]


def _free(sums: Int32Array, box: Rectangle) -> bool:
    """Whether little of the mask goes on above and below a box, by its sums along the rows."""
    x0, y0, x1, y1 = box
    for row in (y0 - 2, y1 + 1):
        inside = 0 <= row < len(sums)
        if inside and int(sums[row, x1]) - int(sums[row, x0]) > 0.45 * (x1 - x0):
            return False
    return True


def _measured(values: FloatImage, box: Rectangle, bright: bool) -> Bar | None:
    """Measure a box: level, step, ends; None where there is no step around it."""
    x0, y0, x1, y1 = box
    height = values.shape[0]
    inset = max(1, (x1 - x0) // 12)
    rows = slice(y0, y1) if y1 - y0 < 3 else slice(y0 + 1, y1 - 1)
    inner = values[rows, x0 + inset : x1 - inset]
    level = float(np.median(inner))
    sides = [
        values[max(y0 - 4, 0) : max(y0 - 1, 0), x0:x1],
        values[min(y1 + 1, height) : min(y1 + 4, height), x0:x1],
    ]
    grounds = [float(np.median(side)) for side in sides if side.size]
    if not grounds or level - max(grounds) < _LEAST_CONTRAST:
        return None
    contrast = level - float(np.mean(grounds))
    profile = values[rows].mean(axis=0)
    left = _edge(profile, x0, -1, level)
    right = _edge(profile, x1 - 1, 1, level)
    if left is None or right is None:
        return None
    sharp = min(left[1], right[1])
    roughness = float(inner.mean(axis=0).std()) / contrast
    return Bar(left[0], right[0], y0, y1, bright, "solid", level, contrast, roughness, sharp)


def _edge(profile: RealArray, start: int, step: int, level: float) -> tuple[float, float] | None:
    """Return where a bar's row ends and how sharply; None without a fall of the level.

    `start` is the last column inside, `step` the direction outwards.
    """
    width = len(profile)
    outside = [column for column in range(start + 3 * step, start + 9 * step, step)]
    seen = [float(profile[column]) for column in outside if 0 <= column < width]
    if len(seen) < 2:  # the bar runs nearly to the border: at the border it may be cut off
        cut = start in (0, width - 1)
        return float(start if step < 0 else start + 1), CUT if cut else 0.6
    ground = float(np.median(seen))
    if level - ground < 0.5 * _LEAST_CONTRAST:
        return None
    half = (level + ground) / 2
    column = start - 3 * step
    # At a low threshold the stack may reach into bright ground beside the bar.
    while profile[column] < half and abs(column - start) < _INWARD:
        column -= step
    while 0 <= column + step < width and profile[column + step] >= half:
        column += step
        if abs(column - start) > 6:
            return None
    after = column + step
    if not 0 <= after < width:
        return None
    share = float((profile[column] - half) / max(profile[column] - profile[after], 1e-6))
    centre = column + step * min(max(share, 0.0), 1.0)
    inside, beyond = column - step, min(max(after + step, 0), width - 1)
    fall = float(profile[max(min(inside, width - 1), 0)] - profile[beyond])
    sharp = min(max(fall / (level - ground), 0.0), 1.0)
    outline = [column for column in range(after, after + 3 * step, step) if 0 <= column < width]
    lowest = min(outline, key=lambda column: profile[column])
    far = (
        profile[max(start - _FAR, 0) : start - 4]
        if step < 0
        else profile[start + 5 : start + _FAR]
    )
    deep = max(_OUTLINE * (level - ground), _NOISE * float(far.std()) if far.size > 3 else 0.0)
    if ground - profile[lowest] > deep:
        # An outline of the other polarity: the bar's end is drawn along its middle.
        return lowest + 0.5, sharp
    return centre + 0.5, sharp


def _split(values: FloatImage, bars: Sequence[Bar]) -> Iterator[Bar]:
    """Yield bars made of two equal parts in one line, with room for a label between them."""
    rows: dict[tuple[int, int], list[Bar]] = {}
    for bar in sorted(bars, key=lambda bar: bar.x0):
        if bar.y1 - bar.y0 <= _MOST_SPLIT:
            rows.setdefault((bar.y0, bar.y1), []).append(bar)
    starts = {rows_: [bar.x0 for bar in row] for rows_, row in rows.items()}
    for (y0, y1), row in rows.items():
        near = [(y0 + a, y1 + b) for a in (-1, 0, 1) for b in (-1, 0, 1)]
        for left in row:
            # The other part is as long to 15 %, so the gap is at most 2.5 / 0.85 lengths.
            least, most = left.x1 + 0.1 * left.length, left.x1 + 3 * left.length
            for other in near:
                first = bisect_left(starts.get(other, []), least)
                last = bisect_right(starts.get(other, []), most)
                for right in rows.get(other, [])[first:last]:
                    if _parts(values, left, right):
                        yield replace(
                            left,
                            x1=right.x1,
                            kind="split",
                            roughness=max(left.roughness, right.roughness),
                            sharpness=min(left.sharpness, right.sharpness),
                            gap=(round(left.x1), round(right.x0)),
                        )


def _parts(values: FloatImage, left: Bar, right: Bar) -> bool:
    """Whether two bars in one line are the parts of one."""
    gap, longer = right.x0 - left.x1, max(left.length, right.length)
    if not 0.1 * longer < gap < 2.5 * longer or abs(left.length - right.length) > 0.15 * longer:
        return False
    between = values[left.y0 : left.y1, round(left.x1) + 1 : round(right.x0) - 1]
    return not between.size or float(between.mean()) <= left.level - 0.3 * left.contrast


def _capped(values: FloatImage, bar: Bar) -> Bar:
    """Return a thin bar with strokes across both ends, measured from middle to middle."""
    if bar.y1 - bar.y0 > 6 or bar.kind != "solid":
        return bar
    height, width = values.shape
    middles = []
    for end in (bar.x0, bar.x1):
        low, high = max(round(end) - 6, 0), min(round(end) + 6, width)
        above = values[max(bar.y0 - 5, 0) : max(bar.y0 - 1, 0), low:high]
        below = values[min(bar.y1 + 1, height) : min(bar.y1 + 5, height), low:high]
        parts = [part.mean(axis=0) for part in (above, below) if part.shape[0] >= 2]
        if not parts:
            return bar
        rise = np.mean(parts, axis=0) - (bar.level - bar.contrast)
        rise = np.clip(rise - 0.35 * max(float(rise.max()), 1e-6), 0, None)
        if float(np.max(np.mean(parts, axis=0))) < bar.level - 0.45 * bar.contrast:
            return bar
        if np.count_nonzero(rise) > 7:
            return bar
        middles.append(low + float((rise * (np.arange(low, high) - low + 0.5)).sum() / rise.sum()))
    # A stroke belongs to the bar: what is bright beyond its end is an outline's halo.
    if middles[0] < bar.x0 - _BEYOND or middles[1] > bar.x1 + _BEYOND:
        return bar
    return replace(bar, x0=middles[0], x1=middles[1], kind="capped")


def _same(bar: Bar, other: Bar) -> bool:
    """Whether two candidates are one bar seen twice; the parts of a split bar are in it."""
    rows = min(bar.y1, other.y1) - max(bar.y0, other.y0)
    # What only borders on a bar and is of the other ink is its ground, or the bar of its ground.
    if rows < (bar.bright != other.bright):
        return False
    columns = min(bar.x1, other.x1) - max(bar.x0, other.x0)
    if other.kind in ("split", "ticks") and columns > 0.8 * bar.length:
        return True
    return columns > 0.8 * max(bar.length, other.length)
