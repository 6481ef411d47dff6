"""Picture for an endpoint: the working part, reduced, 8-bit, as a data URL."""

from __future__ import annotations

import base64
import io
import os
from typing import Any

import numpy as np
from PIL import Image

from micrographia.annotation.annotator import Case
from micrographia.arrays import ColourImage
from micrographia.io.images import read_colours, read_micrograph, to_unit
from micrographia.io.working_picture import crop_of, without_text

#: Quality of the JPEG that is sent; part of what decides an answer.
QUALITY = 90
#: A picture is in colour where this share of its pixels has channels this far apart.
_COLOURED_SHARE, _COLOURED_SPAN = 0.02, 40


def read_colour(path: str | os.PathLike[str]) -> ColourImage | None:
    """Return a picture's colours, uint8 of shape (H, W, 3); None where it is grey.

    Raises
    ------
    ImageError
        The picture cannot be read.
    """
    colours = read_colours(path)
    if colours is None:
        return None
    span = colours.max(axis=2).astype(np.int16) - colours.min(axis=2)
    return colours if (span > _COLOURED_SPAN).mean() > _COLOURED_SHARE else None


def description(case: Case, max_side: int, full: bool) -> dict[str, Any]:
    """Return a cache key for the picture that is sent, without reading the picture."""
    text = {} if full else {name: case.row.get(name) for name in _TEXT_COLUMNS}
    return {
        "image_id": case.image_id,
        "max_side": max_side,
        "jpeg": QUALITY,
        "text": {name: _plain(value) for name, value in text.items()},
    }


_TEXT_COLUMNS = ("text_policy", "text_boxes", "crop_box")


def data_url(case: Case, max_side: int, full: bool) -> str:
    """Return the picture as a JPEG data URL, its longer side at most `max_side`.

    Parameters
    ----------
    case
        Whose picture; colours are kept.
    max_side
        Longer side [px]; a smaller picture is not enlarged.
    full
        Send all of it; otherwise only what `io.working` leaves of it: no banner, no text.

    Raises
    ------
    ImageError
        The picture cannot be read.
    """
    path = case.row["path"]
    colours = read_colour(path)
    if colours is None:
        pixels = read_micrograph(path).pixels
        # Of 16 bits a detector often fills 12: a model would see a black picture.
        grey = to_unit(pixels if pixels.dtype == np.uint8 else pixels.astype(np.float32))
        colours = np.rint(grey * 255).astype(np.uint8)[..., None]
    if not full:
        colours = _without_text(colours, case)
    picture = Image.fromarray(colours[..., 0] if colours.shape[2] == 1 else colours)
    picture.thumbnail((max_side, max_side), Image.Resampling.LANCZOS, reducing_gap=None)
    stream = io.BytesIO()
    picture.save(stream, format="JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def _without_text(colours: ColourImage, case: Case) -> ColourImage:
    height, width = colours.shape[:2]
    policy = case.row.get("text_policy")
    if policy in ("inpaint", "mask"):
        boxes = [[int(edge) for edge in box] for box in case.row.get("text_boxes") or ()]
        channels = [
            without_text(np.ascontiguousarray(colours[..., channel]), boxes, policy)
            for channel in range(colours.shape[2])
        ]
        return np.stack(channels, axis=2)
    x0, y0, x1, y1 = crop_of(case.row, width, height)
    return colours[y0:y1, x0:x1]


def _plain(value: Any) -> Any:
    """Return a cell as JSON can hold it; pandas' NaN is no value."""
    if isinstance(value, float) and value != value:
        return None
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
