"""Objects of COCO JSON: polygons, and run lengths, plain or compressed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np

from micrographia.io.masks import run_lengths
from micrographia.io.masks.shapes import Drawn, Shape, fill, united
from micrographia.segmentation.importing.source import Drawing, DrawingError, Objects


def drawings(path: Path, document: dict[str, Any]) -> Iterator[Drawing]:
    """Yield what a COCO document holds of each of its pictures.

    Raises
    ------
    DrawingError
        It has no list of images and of annotations.
    """
    images, annotations = document.get("images"), document.get("annotations")
    if not isinstance(images, list) or not isinstance(annotations, list):
        raise DrawingError(f"{path} has no lists `images` and `annotations`", allowed="COCO JSON")
    by_image: dict[Any, list[dict[str, Any]]] = {}
    for entry in annotations:
        if isinstance(entry, dict):
            by_image.setdefault(str(entry.get("image_id")), []).append(entry)
    for image in images:
        if not isinstance(image, dict) or not isinstance(image.get("file_name"), str):
            raise DrawingError(f"{path} has an image without `file_name`", seen=image)
        # COCO made on Windows holds its paths.
        stem = PureWindowsPath(image["file_name"]).stem
        entries = by_image.get(str(image.get("id")), [])
        size = (image.get("height"), image.get("width"))
        stated = size if all(isinstance(side, int) and side > 0 for side in size) else None

        def draw(shape: Shape, entries: list[dict[str, Any]] = entries) -> Objects:
            return _objects(entries, shape)

        yield Drawing(str(path), "coco", (stem,), stated, draw)  # type: ignore[arg-type]


def _objects(entries: Sequence[dict[str, Any]], shape: Shape) -> Objects:
    found = Objects()
    for entry in entries:
        if entry.get("iscrowd") and not isinstance(entry.get("label"), int):
            found.skipped.append("a crowd (iscrowd)")
            continue
        label = entry.get("label")
        number = label if isinstance(label, int) and 0 < label < 2**31 else None
        try:
            found.drawn.append(_drawn(entry.get("segmentation"), shape)._replace(label=number))
        except DrawingError as error:
            found.skipped.append(str(error))
    return found


def _drawn(segmentation: Any, shape: Shape) -> Drawn:
    if isinstance(segmentation, dict):
        return _of_runs(segmentation, shape)
    if not isinstance(segmentation, list) or not segmentation:
        raise DrawingError("no segmentation, a box at most")
    parts = segmentation if isinstance(segmentation[0], list) else [segmentation]
    polygons = []
    for part in parts:
        corners = np.asarray(part, dtype=np.float64) if _numbers(part) else np.empty(0)
        if corners.size >= 6 and corners.size % 2 == 0 and np.isfinite(corners).all():
            polygons.append(corners.reshape(-1, 2))
    if not polygons:
        raise DrawingError("a polygon of fewer than three points")
    # The parts of an object in COCO are united; a hole needs run lengths.
    return united([fill([polygon], shape) for polygon in polygons])


def _numbers(part: Any) -> bool:
    return isinstance(part, list) and all(isinstance(value, int | float) for value in part)


def _of_runs(segmentation: dict[str, Any], shape: Shape) -> Drawn:
    """Return the pixels of run lengths: 0 and 1 in turn, column by column."""
    size, counts = segmentation.get("size"), segmentation.get("counts")
    if not isinstance(size, list) or tuple(size) != shape:
        raise DrawingError("run lengths of another size than the picture", seen=size)
    runs = np.array(expand(counts) if isinstance(counts, str) else _plain(counts), dtype=np.int64)
    if runs.size and (runs.min() < 0 or int(runs.sum()) != shape[0] * shape[1]):
        raise DrawingError("run lengths that do not fill the picture")
    places = run_lengths.places_of_runs(runs.tolist())
    columns, rows = np.divmod(places, shape[0])
    if not len(places):
        return Drawn(0, 0, np.zeros((0, 0), dtype=bool))
    top, left = int(rows.min()), int(columns.min())
    mask = np.zeros((int(rows.max()) - top + 1, int(columns.max()) - left + 1), dtype=bool)
    mask[rows - top, columns - left] = True
    return Drawn(top, left, mask)


def _plain(counts: Any) -> list[int]:
    if not isinstance(counts, list) or not all(isinstance(count, int) for count in counts):
        raise DrawingError("run lengths of another kind", seen=type(counts).__name__)
    return counts


def expand(text: str) -> list[int]:
    """Read compressed run lengths; what is wrong with them is a `DrawingError`."""
    try:
        return run_lengths.expand(text)
    except ValueError as error:
        raise DrawingError(str(error)) from None
