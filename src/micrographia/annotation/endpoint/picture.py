"""Picture of a case for an endpoint: the working part, without text."""

from __future__ import annotations

from typing import Any

import numpy as np

from micrographia.annotation.annotator import Case
from micrographia.arrays import ColourImage
from micrographia.io.endpoint.pictures import QUALITY, data_url, read_sent
from micrographia.io.working_picture import crop_of, without_text


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


def url_of(case: Case, max_side: int, full: bool) -> str:
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
    colours = read_sent(case.row["path"])
    return data_url(colours if full else _without_text(colours, case), max_side)


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
