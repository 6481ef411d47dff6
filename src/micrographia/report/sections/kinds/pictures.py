"""Pictures of the section: the hardest ones, and each class with its nearest neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from micrographia.arrays import FloatArray, GreyImage
from micrographia.errors import MicrographiaError
from micrographia.io.images import read_micrograph
from micrographia.report.collect import Results, locate
from micrographia.report.page import pictures
from micrographia.report.page.blocks import Gallery, Picture
from micrographia.report.sections.kinds.answers import Answers, Row, hardest
from micrographia.report.sections.names import file_name

#: Sides of a picture, and of a neighbour on a sheet [px]; the gap between two of a sheet.
_SIDE, _SMALL, _GAP = 240, 120, 4
#: Neighbours that are shown about a picture, and classes that have a sheet.
_NEIGHBOURS, _SHEETS = 5, 12


def hard_ones(found: Answers, results: Results, most: int) -> Gallery:
    """Return the pictures with the surest wrong answers, with true and predicted class."""
    shown = []
    for row in hardest(found, most):
        grey = _square(row["path"], results, None, _SIDE)
        lines = (
            f"true: {_words(row['label'])}",
            f"predicted: {_words(row['predicted'])} ({row['probability']:.2f})",
        )
        shown.append(_picture(grey, file_name(row["path"]), lines))
    caption = "Pictures with a wrong answer, the one that the classifier was surest of first."
    return Gallery(tuple(shown), caption, size="medium")


def one_picture(path: str, label: str | None, results: Results) -> Picture:
    """Return a picture by its file, with its class."""
    grey = _square(path, results, None, _SIDE)
    return _picture(grey, file_name(path), () if label is None else (_words(label),))


def neighbours(rows: Sequence[Row], vectors: FloatArray, results: Results) -> Gallery:
    """Return a sheet for each class: one of its pictures, and about it those most like it.

    Parameters
    ----------
    rows, vectors
        Pictures and their vectors in the space in which they are compared, shape (n, d).
    results
        Tables of the run.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    plain = vectors / np.where(lengths > 0, lengths, 1)
    labels = np.array([row["label"] for row in rows])
    shown = []
    for name in sorted(set(labels.tolist()))[:_SHEETS]:
        own = np.flatnonzero(labels == name)
        middle = plain[own].mean(axis=0)
        # The most typical picture of a class: the one nearest to the middle of all.
        query = int(own[np.argmax(plain[own] @ middle)])
        cosines = plain @ plain[query]
        cosines[query] = -np.inf
        nearest = np.argsort(-cosines, kind="stable")[:_NEIGHBOURS]
        large = _square(rows[query]["path"], results, rows[query]["thumbnail"], 2 * _SMALL + _GAP)
        parts = [
            _square(rows[n]["path"], results, rows[n]["thumbnail"], _SMALL)
            for n in nearest.tolist()
        ]
        same = int((labels[nearest] == name).sum())
        told = ", ".join(f"{_words(labels[n])} {cosines[n]:.2f}" for n in nearest)
        lines = (f"{same} of {len(nearest)} of the same class: {told}",)
        shown.append(_picture(_sheet(large, parts), _words(name), lines))
    caption = (
        "For each class its most typical picture (large) and, row by row, the five pictures of "
        "the set whose vectors are most like its own, with their classes and cosines."
    )
    return Gallery(tuple(shown), caption, size="large")


def _picture(grey: GreyImage, name: str, lines: tuple[str, ...]) -> Picture:
    height, width = grey.shape
    told = f"{name}: {'; '.join(lines)}" if lines else name
    return Picture(pictures.data_uri(grey), width, height, name, told, lines)


def _square(path: str, results: Results, thumbnail: Any, side: int) -> GreyImage:
    """Return the middle of a picture; of a file that is gone its thumbnail, or grey."""
    grey: GreyImage = np.full((side, side), 128, dtype=np.uint8)
    file = locate(path, results.root.parent, results.root)
    try:
        if file is not None:
            grey = pictures.to_grey(read_micrograph(file).pixels)
        elif thumbnail is not None:
            small = np.frombuffer(thumbnail, dtype=np.uint8)
            grey = small.reshape(round(small.size**0.5), -1)
    except MicrographiaError:
        pass  # the benchmark counts and tells the failure; here a grey field stands for it
    short = min(grey.shape)
    top, left = ((length - short) // 2 for length in grey.shape)
    return _sized(grey[top : top + short, left : left + short], side)


def _sized(grey: GreyImage, side: int) -> GreyImage:
    """Return a square picture at a side, shrunk by area, or enlarged by whole pixels."""
    shrunk = pictures.shrink(grey, side)
    if len(shrunk) == side:
        return shrunk
    place = (np.arange(side) * len(shrunk)) // side
    return shrunk[np.ix_(place, place)]


def _sheet(large: GreyImage, parts: Sequence[GreyImage]) -> GreyImage:
    """Return a large picture with small ones at its right and below it, row by row."""
    step = _SMALL + _GAP
    sheet: GreyImage = np.full((3 * step - _GAP, 3 * step - _GAP), 255, dtype=np.uint8)
    sheet[: len(large), : len(large)] = large
    places = [(0, 2), (1, 2), (2, 0), (2, 1), (2, 2)]
    for (row, column), part in zip(places, parts, strict=False):
        sheet[row * step :, column * step :][:_SMALL, :_SMALL] = part
    return sheet


def _words(name: str) -> str:
    return str(name).replace("_", " ")
