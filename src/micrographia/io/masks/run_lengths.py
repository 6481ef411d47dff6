"""Run lengths of masks as COCO has them: 0 and 1 in turn, column by column, or compressed."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from micrographia.arrays import BoolArray, IntArray


def run_lengths(mask: BoolArray, x: int, y: int, shape: tuple[int, int]) -> list[int]:
    """Lengths of the runs of 0 and 1 in turn, column by column, of a mask in a larger picture.

    Parameters
    ----------
    mask
        Shape (h, w); some pixel is set.
    x, y
        Place of its upper left pixel in the picture.
    shape
        Height and width of the picture.

    Examples
    --------
    >>> run_lengths(np.ones((1, 2), bool), 1, 0, (2, 3))
    [2, 1, 1, 1, 1]
    """
    column, row = np.nonzero(mask.T)
    return runs_of_places((column + x) * shape[0] + row + y, shape)


def runs_of_places(places: IntArray, shape: tuple[int, int]) -> list[int]:
    """Run lengths of the pixels at some places, the inverse of `places_of_runs`.

    Parameters
    ----------
    places
        Column times height plus row of each pixel, ascending, at least one.
    shape
        Height and width of the picture.
    """
    breaks = np.flatnonzero(np.diff(places) > 1)
    starts = places[np.concatenate(([0], breaks + 1))]
    ends = places[np.concatenate((breaks, [len(places) - 1]))] + 1
    edges = np.column_stack([starts, ends]).ravel()
    runs: list[int] = np.diff(np.concatenate(([0], edges, [shape[0] * shape[1]]))).tolist()
    return runs if runs[-1] else runs[:-1]


def places_of_runs(counts: Sequence[int]) -> IntArray:
    """Places of the pixels of run lengths: column times height plus row, ascending.

    Examples
    --------
    >>> places_of_runs([2, 1, 1, 1, 1]).tolist()
    [2, 4]
    """
    ends = np.cumsum(np.array(counts, dtype=np.int64))
    stops = ends[1::2]
    starts = ends[::2][: len(stops)]
    lengths = stops - starts
    firsts = np.cumsum(lengths) - lengths
    within = np.arange(int(lengths.sum()), dtype=np.int64) - np.repeat(firsts, lengths)
    return np.asarray(np.repeat(starts, lengths) + within)


def compress(counts: list[int]) -> str:
    """Write run lengths as pycocotools does: differences of every second, five bits a letter.

    Examples
    --------
    >>> compress([2, 1, 1, 1, 1])
    '21100'
    """
    letters = []
    for place, count in enumerate(counts):
        # The fourth count is the first that is written as a difference.
        rest = count - counts[place - 2] if place > 2 else count
        while True:
            bits, rest = rest & 31, rest >> 5
            last = rest == (-1 if bits & 16 else 0)
            letters.append(chr(48 + bits + (0 if last else 32)))
            if last:
                break
    return "".join(letters)


def expand(text: str) -> list[int]:
    """Read compressed run lengths of pycocotools; the inverse of `compress`.

    Raises
    ------
    ValueError
        They are cut short, or no compressed run lengths.

    Examples
    --------
    >>> expand("21100")
    [2, 1, 1, 1, 1]
    """
    if not re.fullmatch(r"[0-o]*", text):
        raise ValueError("compressed run lengths with letters that have no meaning")
    counts: list[int] = []
    value = shift = 0
    for letter in text:
        bits = ord(letter) - 48
        value |= (bits & 31) << shift
        shift += 5
        if shift > 60:
            raise ValueError("compressed run lengths with a number too large")
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    if shift:
        raise ValueError("compressed run lengths that are cut short")
    return counts
