"""Fibres drawn on their picture, for the eye: outlines and centre lines, one colour a fibre."""

from __future__ import annotations

import os
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

from micrographia.arrays import FloatArray, FloatImage
from micrographia.io.atomic import atomic_path
from micrographia.segmentation.fibres.centre_line import Fibre
from micrographia.segmentation.fibres.profiles import normals

#: Okabe and Ito's colours, which the colour-blind can tell apart, without black and grey.
_COLOURS = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)
#: The drawing is enlarged up to this longer side [px]: lines are thinner than fibres then.
_SIDE, _MOST = 1400, 3
_SHIFT = 4  # binary places of a pixel in which cv2 takes coordinates


def write_fibres(path: str | os.PathLike[str], image: FloatImage, fibres: Sequence[Fibre]) -> None:
    """Write a picture with its fibres as PNG, atomically.

    Parameters
    ----------
    path
        Where to write.
    image
        Grey picture, 0..1, shape (H, W).
    fibres
        With a label each, from 1, beside its middle.
    """
    scale = max(1, min(_MOST, _SIDE // max(image.shape)))
    grey = np.repeat(np.repeat((np.clip(image, 0, 1) * 255).astype(np.uint8), scale, 0), scale, 1)
    colour = np.repeat(grey[..., None], 3, axis=2)
    for number, fibre in enumerate(fibres, start=1):
        hue = _COLOURS[(number - 1) % len(_COLOURS)]
        side = normals(fibre.points) * (fibre.widths / 2)[:, None]
        rim = np.concatenate([fibre.points + side, (fibre.points - side)[::-1]])
        cv2.polylines(colour, [_placed(rim, scale)], True, hue, 1, cv2.LINE_AA, _SHIFT)
        line = [_placed(fibre.points, scale)]
        cv2.polylines(colour, line, False, hue, 2, cv2.LINE_AA, _SHIFT)
        x, y = (fibre.points[len(fibre.points) // 2] + 0.5) * scale
        cv2.putText(
            colour, str(number), (int(x) + 4, int(y) - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.6, hue, 2
        )
    with atomic_path(path) as temporary:
        Image.fromarray(colour).save(temporary, format="PNG")


def _placed(points: FloatArray, scale: int) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """Points x, y of the picture in the enlarged one, as cv2 takes them."""
    enlarged = ((points + 0.5) * scale - 0.5) * 2**_SHIFT
    return enlarged.round().astype(np.int32)
