"""Pictures for an endpoint: reduced, 8-bit, as data URLs."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from micrographia.arrays import ColourImage
from micrographia.io.endpoint.client import Question, picture_part, text_part
from micrographia.io.images import read_colours, read_micrograph, to_unit

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


def read_sent(path: str | os.PathLike[str]) -> ColourImage:
    """Return a picture as it is sent: uint8 of shape (H, W, 3), or (H, W, 1) where it is grey.

    Raises
    ------
    ImageError
        The picture cannot be read.
    """
    colours = read_colour(path)
    if colours is not None:
        return colours
    pixels = read_micrograph(path).pixels
    # Of 16 bits a detector often fills 12: a model would see a black picture.
    grey = to_unit(pixels if pixels.dtype == np.uint8 else pixels.astype(np.float32))
    return np.rint(grey * 255).astype(np.uint8)[..., None]


def data_url(colours: ColourImage, max_side: int) -> str:
    """Return a picture, shape (H, W, 1 or 3), as a JPEG data URL; it is never enlarged."""
    picture = Image.fromarray(colours[..., 0] if colours.shape[2] == 1 else colours)
    picture.thumbnail((max_side, max_side), Image.Resampling.LANCZOS, reducing_gap=None)
    stream = io.BytesIO()
    picture.save(stream, format="JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def question_about(
    path: str | os.PathLike[str],
    image_id: str,
    purpose: str,
    text: str,
    schema: Mapping[str, Any],
    max_side: int,
) -> Question:
    """Return a question about one picture, which is read when it is sent.

    Parameters
    ----------
    path, image_id
        The picture.
    purpose, text, schema
        As in `client.Question`.
    max_side
        Longest side that is sent [px].
    """

    def content() -> list[dict[str, Any]]:
        return [text_part(text), picture_part(data_url(read_sent(path), max_side))]

    identity = {"query": image_id, "max_side": max_side, "jpeg": QUALITY}
    return Question(image_id, purpose, text, schema, identity, content)
