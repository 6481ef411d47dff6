"""Working pictures: micrographs cropped, inpainted or filled where they contain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from micrographia.errors import MicrographiaError
from micrographia.io.images import MAX_PIXELS, read_micrograph

Box = tuple[int, int, int, int]

#: What can become of a picture with text.
POLICIES = ("crop", "inpaint", "mask", "none")
#: Border added to a text region before it is painted over [px].
MARGIN = 2
#: How far inpainting looks, and how wide the ring is whose median fills a region [px].
_RADIUS, _RING = 3, 6


@dataclass(frozen=True)
class WorkingPicture:
    """Part of a micrograph that later steps use.

    Attributes
    ----------
    pixels
        That part, of the file's type.
    box
        Where it lies in the whole picture: x0, y0, x1, y1, ends exclusive [px].
    shape
        Height and width of the whole picture [px].
    pixel_size_nm
        Side of a pixel [nm]; None when neither the table nor the file tells.
    text
        Text regions of this part, painted over or not: x0, y0, x1, y1, ends exclusive, counted
        from its corner [px].
    """

    pixels: NDArray[Any]
    box: Box
    shape: tuple[int, int]
    pixel_size_nm: float | None
    text: tuple[Box, ...] = ()

    def whole(self, labels: NDArray[np.integer]) -> NDArray[Any]:
        """Return a label mask of this part as one of the whole picture, 0 outside."""
        x0, y0, x1, y1 = self.box
        full = np.zeros(self.shape, dtype=labels.dtype)
        full[y0:y1, x0:x1] = labels
        return full


def most_pixels(row: Mapping[str, Any]) -> int:
    """Return the maximum number of pixels of a picture of a table: its size at ingestion.

    What `curation.max_pixels` let in must not be too large for the steps that follow.
    """
    width, height = (int(_value(row, name) or 0) for name in ("width", "height"))
    return max(MAX_PIXELS, width * height)


def read_working(row: Mapping[str, Any], max_pixels: int | None = None) -> WorkingPicture:
    """Read a micrograph and apply the crop and text policy of its row of `schemas.MICROGRAPHS`.

    Parameters
    ----------
    row
        Needs `path`; `text_policy`, `text_boxes` and `crop_box` count where they are there and
        not null. Where there is a `pixel_size_nm`, it counts even if it is null: curation has
        weighed the file's header against the scale bar.
    max_pixels
        Most pixels of a picture that is decoded; None for `most_pixels`.

    Raises
    ------
    ImageError
        The picture cannot be read.
    MicrographiaError
        The row's policy is unknown, or its crop box does not lie in the picture.
    """
    micrograph = read_micrograph(row["path"], max_pixels or most_pixels(row))
    height, width = micrograph.pixels.shape
    told = _value(row, "pixel_size_nm")
    size = None if told is None else float(told)
    if "pixel_size_nm" not in row:
        size = micrograph.pixel_size_nm
    policy = _value(row, "text_policy")
    if policy is not None and policy not in POLICIES:
        raise MicrographiaError(
            f"Row of {row['path']} has an unknown text_policy",
            seen=policy,
            allowed=", ".join(POLICIES),
        )
    box = crop_of(row, width, height)
    x0, y0, x1, y1 = box
    pixels = micrograph.pixels[y0:y1, x0:x1]
    found = _value(row, "text_boxes")
    shifted: list[Box] = [
        (int(left) - x0, int(top) - y0, int(right) - x0, int(bottom) - y0)
        for left, top, right, bottom in ([] if found is None else found)
        if left < x1 and right > x0 and top < y1 and bottom > y0
    ]
    if policy in ("crop", "inpaint", "mask"):
        # What a crop still shows of faint regions is inpainted.
        pixels = without_text(pixels, shifted, "mask" if policy == "mask" else "inpaint")
    whole = (height, width)
    return WorkingPicture(np.ascontiguousarray(pixels), box, whole, size, tuple(shifted))


def crop_of(row: Mapping[str, Any], width: int, height: int) -> Box:
    """Return the part of a picture given by its row: the crop box, or the whole picture.

    Raises
    ------
    MicrographiaError
        The crop box does not lie in the picture.
    """
    crop = _value(row, "crop_box")
    if crop is None:
        return 0, 0, width, height
    x0, y0, x1, y1 = (int(edge) for edge in crop)
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        raise MicrographiaError(
            f"The crop box of {row['path']} does not lie in the picture",
            seen=[x0, y0, x1, y1],
            allowed=f"within {width} x {height} px",
            remedy="Run curation again: the picture was replaced",
        )
    return x0, y0, x1, y1


def without_text(pixels: NDArray[Any], boxes: Sequence[Sequence[int]], how: str) -> NDArray[Any]:
    """Return a picture with its text regions painted over.

    Parameters
    ----------
    pixels
        Grey picture: uint8, uint16 or float32.
    boxes
        Text regions: x0, y0, x1, y1, ends exclusive [px]; `MARGIN` is added.
    how
        "inpaint" (Telea's fast marching, which continues what surrounds a region) or "mask"
        (the median of a ring around it).
    """
    height, width = pixels.shape
    regions = grown(boxes, MARGIN, width, height)
    if not regions:
        return pixels
    if how == "mask":
        return _filled(pixels, regions)
    import cv2

    hole = np.zeros(pixels.shape, dtype=np.uint8)
    for x0, y0, x1, y1 in regions:
        hole[y0:y1, x0:x1] = 1
    if hole.all():  # nothing is left to continue
        return pixels
    return np.asarray(cv2.inpaint(pixels, hole, _RADIUS, cv2.INPAINT_TELEA))


def grown(boxes: Sequence[Sequence[int]], margin: int, width: int, height: int) -> list[Box]:
    """Return boxes with a margin all around, cut at the picture's edges."""
    low, high = np.array([0, 0, 0, 0]), np.array([width, height, width, height])
    wider = np.array([list(box) for box in boxes], dtype=np.int64).reshape(
        -1, 4
    ) + margin * np.array([-1, -1, 1, 1])
    return [(int(x0), int(y0), int(x1), int(y1)) for x0, y0, x1, y1 in wider.clip(low, high)]


def _filled(pixels: NDArray[Any], regions: Sequence[Box]) -> NDArray[Any]:
    hole = np.zeros(pixels.shape, dtype=bool)
    for x0, y0, x1, y1 in regions:
        hole[y0:y1, x0:x1] = True
    filled = pixels.copy()
    for x0, y0, x1, y1 in regions:
        around = (slice(max(y0 - _RING, 0), y1 + _RING), slice(max(x0 - _RING, 0), x1 + _RING))
        ground = pixels[around][~hole[around]]
        value = np.median(ground if ground.size else pixels)
        filled[y0:y1, x0:x1] = value if pixels.dtype.kind == "f" else np.rint(value)
    return filled


def _value(row: Mapping[str, Any], name: str) -> Any:
    """Return a cell; None where it is absent or pandas' NaN for no value."""
    value = row.get(name)
    return None if isinstance(value, float) and value != value else value
