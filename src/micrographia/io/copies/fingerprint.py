"""Fingerprint of a picture: thumbnail and perceptual hash, also rotated and mirrored."""

from __future__ import annotations

from typing import Any

import imagehash
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image

from micrographia.arrays import GreyImage, Hashes
from micrographia.io.copies.frame import Part, inside
from micrographia.io.copies.likeness import SIDE, TRANSFORMS, turned
from micrographia.io.images import to_unit
from micrographia.io.schemas import MICROGRAPHS

#: What one shard read: micrographs, with what the search for copies needs.
#: `thumbnail_inside` is null where there is neither bar nor margin.
INGESTED = pa.schema([*MICROGRAPHS, ("thumbnail", pa.binary()), ("thumbnail_inside", pa.binary())])
#: How far resizing carries the edge of a bar [px], at most this share of the side.
_EDGE, _EDGE_SHARE = 2, 0.025
#: Pictures of floats and 16 bits are thinned to about this side before they are scaled [px].
_THINNED = 2048


def thumbnail(pixels: NDArray[Any]) -> GreyImage:
    """Return a picture of 32 x 32 px, 8 bits: what the perceptual hash is made of."""
    small = _picture(pixels).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.asarray(small)


def thumbnail_inside(pixels: NDArray[Any]) -> GreyImage | None:
    """Return a thumbnail of the part inside data bars and margins, from black to white.

    None where there is no bar; see `frame.inside`. The part often has so little contrast beside
    the bar that whole grey levels would lose it, so it is stretched before it is rounded.
    """
    picture = _picture(pixels)
    part = inside(np.asarray(picture))
    if part is None:
        return None
    exact = picture.crop(_clear(part, picture.size)).convert("F")
    exact = exact.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    small = np.asarray(exact)
    low, high = float(small.min()), float(small.max())
    return np.rint((small - low) * (255 / max(high - low, 1e-3))).clip(0, 255).astype(np.uint8)


def _clear(part: Part, size: tuple[int, int]) -> Part:
    """Keep clear of a bar's edge: resizing carries it into the part."""
    width, height = size
    across, down = (min(_EDGE, round(_EDGE_SHARE * side)) for side in size)
    x0, y0, x1, y1 = part
    return (
        x0 + across * (x0 > 0),
        y0 + down * (y0 > 0),
        x1 - across * (x1 < width),
        y1 - down * (y1 < height),
    )


def perceptual_hash(pixels: NDArray[Any], name: str = "phash") -> str:
    """Return a 64-bit hash of `imagehash` in hexadecimal.

    The default, the signs of the 8 x 8 lowest cosine terms, hardly changes with brightness,
    contrast and moderate scaling.
    """
    return str(getattr(imagehash, name)(_picture(pixels)))


def hashes_in_all_ways(small: GreyImage, name: str) -> Hashes:
    """Return the hashes of a thumbnail turned and mirrored in all eight ways, as it is first."""
    texts = [perceptual_hash(turned(small, int(way)), name) for way in TRANSFORMS]
    return np.array([int(text, 16) for text in texts], dtype=np.uint64)


def _picture(pixels: NDArray[Any]) -> Image.Image:
    if pixels.dtype != np.uint8:
        # A hash sees 32 x 32 averages: every n-th pixel of a huge picture will do.
        step = max(1, min(pixels.shape) // _THINNED)
        pixels = pixels[::step, ::step]
        pixels = np.rint(to_unit(pixels.astype(np.float32)) * 255).astype(np.uint8)
    return Image.fromarray(pixels)
