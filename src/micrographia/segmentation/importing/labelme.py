"""Objects of LabelMe JSON: polygons, rectangles, circles, masks."""

from __future__ import annotations

import base64
import binascii
import io
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from micrographia.arrays import FloatArray
from micrographia.io.masks.shapes import (
    Drawn,
    Shape,
    ellipse,
    fill,
    place,
    united,
)
from micrographia.segmentation.importing.source import Drawing, DrawingError, Objects

#: Shapes without an area.
_LINES = ("line", "linestrip", "point", "points")


def drawing(path: Path, document: dict[str, Any]) -> Drawing:
    """Return what a LabelMe document holds.

    Raises
    ------
    DrawingError
        It has no list of shapes.
    """
    shapes = document.get("shapes")
    if not isinstance(shapes, list) or not all(isinstance(shape, dict) for shape in shapes):
        raise DrawingError(f"{path} has no list `shapes`", allowed="LabelMe JSON")
    told = document.get("imagePath")
    names = [path.stem]
    if isinstance(told, str) and told:
        names.insert(0, PureWindowsPath(told).stem)  # which reads / as well
    size = (document.get("imageHeight"), document.get("imageWidth"))
    stated = size if all(isinstance(side, int) and side > 0 for side in size) else None
    return Drawing(
        str(path),
        "labelme",
        tuple(dict.fromkeys(names)),
        stated,  # type: ignore[arg-type]
        lambda picture: _objects(shapes, picture),
    )


def _objects(shapes: list[dict[str, Any]], picture: Shape) -> Objects:
    """Draw shapes; those of one label and group are one object, as LabelMe means it."""
    found, groups = Objects(), dict[Any, list[Drawn]]()
    for number, shape in enumerate(shapes):
        try:
            drawn = _drawn(shape, picture)
        except DrawingError as error:
            found.skipped.append(str(error))
            continue
        group = shape.get("group_id")
        key = ("one", number) if group is None else ("group", str(group), str(shape.get("label")))
        groups.setdefault(key, []).append(drawn)
    found.drawn = [united(parts) for parts in groups.values()]
    return found


def _drawn(shape: dict[str, Any], picture: Shape) -> Drawn:
    kind = shape.get("shape_type") or "polygon"
    if kind in _LINES:
        raise DrawingError(f"a {kind}, which has no area")
    points = _points(shape.get("points"))
    if kind == "polygon" and len(points) >= 3:
        return fill([points], picture)
    if kind == "rectangle" and len(points) in (2, 4):
        (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
        return fill([np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])], picture)
    if kind == "circle" and len(points) == 2:
        (x, y), radius = points[0], float(np.hypot(*(points[1] - points[0])))
        return ellipse((x - radius, y - radius, x + radius, y + radius), picture)
    if kind == "mask" and len(points) == 2:
        x, y = (round(value) for value in points.min(axis=0).tolist())
        return place(_mask(shape.get("mask"), picture), x, y, picture)
    raise DrawingError(f"a {kind} of {len(points)} points")


def _points(value: Any) -> FloatArray:
    try:
        points = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        points = np.empty(0)
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise DrawingError("a shape whose points are no pairs of numbers")
    return points


def _mask(text: Any, picture: Shape) -> np.ndarray:
    """Read a mask: a picture in base64, in which all that is not 0 is set."""
    try:
        with Image.open(io.BytesIO(base64.b64decode(text, validate=True))) as image:
            if image.width > picture[1] or image.height > picture[0]:
                raise DrawingError("a mask larger than the picture", seen=image.size)
            pixels = np.asarray(image)
    except (TypeError, binascii.Error, UnidentifiedImageError, OSError, SyntaxError) as error:
        raise DrawingError(f"a mask that is no picture ({type(error).__name__})") from None
    if pixels.ndim == 3:
        pixels = pixels[..., 0]
    return np.asarray(pixels > 0)
