"""Pixels of a TIFF page as one grey channel."""

from __future__ import annotations

from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from micrographia.errors import ImageError

#: Compressions that tifffile decodes by itself: none, and two names of deflate.
_CODECS = (1, 8, 32946)


def needs_pillow(page: tifffile.TiffPage) -> bool:
    """Return whether this page needs Pillow, because tifffile lacks its codec."""
    return int(page.compression) not in _CODECS or page.predictor > 1


def grey_of_page(name: str, page: tifffile.TiffPage, notes: list[str]) -> NDArray[Any]:
    """Decode a page and reduce its palette, colour or alpha to one grey channel.

    Parameters
    ----------
    name
        File name, for the error.
    page
        The page.
    notes
        What is done is appended here.

    Raises
    ------
    ImageError
        The page holds a volume.
    """
    pixels = page.asarray()
    if page.photometric == tifffile.PHOTOMETRIC.PALETTE and page.colormap is not None:
        notes.append("palette to grey")
        return _luminance(page.colormap[:, pixels]).astype(np.uint16)
    if page.samplesperpixel > 1:
        planes = pixels if page.planarconfig == 2 else np.moveaxis(pixels, -1, 0)
        if page.samplesperpixel in (2, 4):
            notes.append("alpha dropped")
        if page.samplesperpixel < 3:
            pixels = planes[0]
        elif page.samplesperpixel <= 4:
            notes.append("colour to grey")
            pixels = _luminance(planes[:3])
        else:
            notes.append(f"first of {page.samplesperpixel} channels")
            pixels = planes[0]
    if pixels.ndim != 2:
        raise ImageError(
            f"TIFF {name} is not a flat picture",
            seen=f"shape {pixels.shape}",
            allowed="height x width, or height x width x 3",
            remedy="Save the slice you want as its own file",
        )
    if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE and pixels.dtype.kind in "bu":
        pixels = ~pixels
    return pixels


def _luminance(planes: NDArray[Any]) -> NDArray[Any]:
    weights = np.array([0.299, 0.587, 0.114])
    grey = np.tensordot(weights, planes.astype(np.float64), axes=1)
    return (np.rint(grey) if planes.dtype.kind in "ui" else grey).astype(planes.dtype)
