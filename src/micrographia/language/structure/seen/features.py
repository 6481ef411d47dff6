"""What the network sees of a picture: one sheet with its mean cell and what repeats, as waves.

The sheet (1, 48, 293) holds the mean cell in its first 48 columns. Beside it each row is one hint
of `repeats`: the cell, then peaks of the autocorrelation, then columns. A hint is five numbers,
said as 24 pairs of sine and cosine each (240 columns), whose periods span those by which `model`
orders the words of the answer, and then as they are (5 columns). Rows without a hint are 0.
Everything is said in the frame of the cell (a along x, b above), so that it does not matter how
the picture was turned or where it begins.
"""

from __future__ import annotations

import numpy as np

from micrographia.arrays import FloatArray, FloatImage
from micrographia.language.structure.seen.repeats import GRID, Repeats, find_repeats

#: Rows of the sheet; columns of the waves of its hints, and of their numbers.
ROWS, HINT, NUMBERS = GRID, 240, 5
#: Rows of hints: one of the cell, then peaks, then columns.
PEAKS, COLUMNS = 23, 24

#: Shortest and longest period of lengths [Å], areas [Å²], angles [degree], and fractions.
_LENGTH, _AREA, _ANGLE, _PART = (0.04, 80.0), (1.0, 2000.0), (0.4, 720.0), (0.04, 2.0)
#: The numbers of a hint: of the cell a, b, γ, correlation of its highest peak, area; of a peak x,
#: y, length, correlation over the highest, direction; of a column fractions of a and b, height,
#: distance from the origin, and place among the columns over their number.
_PERIODS = {
    "cell": (_LENGTH, _LENGTH, _ANGLE, _PART, _AREA),
    "peak": (_LENGTH, _LENGTH, _LENGTH, _PART, _ANGLE),
    "column": (_PART, _PART, _PART, _LENGTH, _PART),
}
_WAVES = 24


def features(picture: FloatImage) -> FloatImage:
    """Return the sheet (1, 48, 293) of a picture (256, 256) with pixels of 0.1 Å, any unit."""
    return sheet(find_repeats(picture))


def sheet(found: Repeats) -> FloatImage:
    """Return the sheet of what repeats; nothing but zeros where nothing does."""
    page = np.zeros((ROWS, GRID + HINT + NUMBERS), dtype=np.float32)
    page[:, :GRID] = found.mean
    cell = found.cell
    if cell is not None:
        lengths = np.hypot(*cell.T)
        gamma = float(np.degrees(np.arccos(cell[0] @ cell[1] / lengths.prod())))
        area = abs(float(np.linalg.det(cell)))
        page[0, GRID:] = _waves("cell", np.array([[*lengths, gamma, found.peaks[0, 2], area]]))
    if len(found.peaks):
        page[1 : 1 + PEAKS, GRID:] = _filled(PEAKS, _waves("peak", _peaks(found)))
    if len(found.columns):
        page[1 + PEAKS :, GRID:] = _filled(COLUMNS, _waves("column", _columns(found)))
    return page[None]


def _peaks(found: Repeats) -> FloatArray:
    """The highest peaks in the frame of the cell, the shortest first."""
    best = found.peaks[:PEAKS]
    places = best[:, :2]
    if found.cell is not None:
        a = found.cell[0] / np.hypot(*found.cell[0])
        up = np.array([-a[1], a[0]]) * np.sign(np.linalg.det(found.cell))
        places = places @ np.column_stack([a, up])
    # A vector and its opposite are the same peak.
    places = np.where((places[:, 1] < 0)[:, None], -places, places)
    lengths = np.hypot(*places.T)
    angles = np.degrees(np.arctan2(places[:, 1], places[:, 0]))
    order = np.argsort(lengths, kind="stable")
    numbers = np.column_stack([places, lengths, best[:, 2] / best[0, 2], angles])
    return np.asarray(numbers[order])


def _columns(found: Repeats) -> FloatArray:
    best = found.columns[:COLUMNS]
    # In the order in which an answer says the atoms of an element: by x, then y.
    steps = np.rint(best[:, :2] * 100).astype(np.int64) % 100
    best = best[np.lexsort((steps[:, 1], steps[:, 0]))]
    cell = np.eye(2) if found.cell is None else found.cell
    near = (best[:, :2] - np.rint(best[:, :2])) @ cell
    return np.column_stack([best, np.hypot(*near.T), np.arange(len(best)) / len(best)])


def _filled(count: int, rows: FloatImage) -> FloatImage:
    return np.concatenate([rows, np.zeros((count - len(rows), HINT + NUMBERS), dtype=np.float32)])


def _waves(kind: str, numbers: FloatArray) -> FloatImage:
    """Sines and cosines of numbers (n, 5), and the numbers themselves (n, 245)."""
    periods = np.array([np.geomspace(*ends, _WAVES) for ends in _PERIODS[kind]])
    phases = 2 * np.pi * numbers[:, :, None] / periods
    waves = np.concatenate([np.sin(phases), np.cos(phases)], axis=-1)
    whole = np.column_stack([waves.reshape(len(numbers), HINT), numbers])
    return np.asarray(whole, dtype=np.float32)
