"""How good a picture is, in two numbers, and whether that will do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from micrographia.config import Curation
from micrographia.io.images import to_unit

#: Width of the Gaussian that keeps noise from passing for detail [px].
_SMOOTHING = 1.5
#: Tiles along the shorter side.
_TILES = 8
#: Side of the central part that is measured of a larger picture, to bound memory [px].
_LARGEST = 4096


@dataclass(frozen=True)
class Quality:
    """Measures of one picture.

    Attributes
    ----------
    sharpness
        See `sharpness`.
    contrast
        1st to 99th percentile over full range, 0…1.
    """

    sharpness: float
    contrast: float


def measure(pixels: NDArray[Any]) -> Quality:
    """Measure a picture of any size and type; of more than 4096 px a side, its middle.

    Cameras of 12 or 14 bits write 16-bit files, so the full range of a 16-bit picture is that
    of the fewest bits that hold its brightest pixel.
    """
    top, left = (max(side - _LARGEST, 0) // 2 for side in pixels.shape)
    pixels = pixels[top : top + _LARGEST, left : left + _LARGEST]
    unit = to_unit(pixels)
    if pixels.dtype == np.uint16:
        bits = max(8, int(pixels.max()).bit_length())
        unit *= np.float32(65535 / (2**bits - 1))
    low, high = np.percentile(unit, (1, 99))
    return Quality(sharpness(unit), float(high - low))


def sharpness(unit: NDArray[np.floating[Any]]) -> float:
    """Return how much of a picture's contrast lies in fine detail.

    For each tile of an eighth of the side: standard deviation of the scale-normalised Laplacian
    of Gaussian (1.5 px) over that of the smoothed tile; then the median over the tiles, each
    weighted by its contrast up to the upper quartile. Tiles of bare ground weigh little, and
    sharp text burnt into a blurred picture weighs too little to hide the blur. Independent of
    brightness and contrast. A constant picture scores 0.
    """
    smooth = ndimage.gaussian_filter(unit.astype(np.float32), _SMOOTHING)
    detail = _SMOOTHING**2 * ndimage.laplace(smooth)
    side = max(min(unit.shape) // _TILES, 1)
    contrast = _tiles(smooth, side).std(axis=1)
    if contrast.max() <= 1e-6:
        return 0.0
    # Where three quarters of a picture are constant, the quartile would leave no weight at all.
    most = np.percentile(contrast, 75) or contrast.max()
    ratio = _tiles(detail, side).std(axis=1) / np.maximum(contrast, 1e-9)
    order = np.argsort(ratio, kind="stable")
    weights = np.cumsum(np.minimum(contrast, most)[order].astype(np.float64))
    middle = int(np.searchsorted(weights, weights[-1] / 2))
    return float(ratio[order][middle])


def verdict(width: int, height: int, quality: Quality, settings: Curation) -> str | None:
    """Return why a picture is rejected, each reason with value and threshold; None if it is not.

    Parameters
    ----------
    width, height
        Size [px].
    quality
        What `measure` found.
    settings
        The thresholds.
    """
    side = min(width, height)
    reasons = []
    if side < settings.min_side:
        reasons.append(f"too small: side {side} px < {settings.min_side} px")
    if quality.sharpness < settings.min_sharpness:
        reasons.append(f"blurred: sharpness {quality.sharpness:.3g} < {settings.min_sharpness:g}")
    if quality.contrast < settings.min_contrast:
        reasons.append(f"flat: contrast {quality.contrast:.3g} < {settings.min_contrast:g}")
    return "; ".join(reasons) or None


def _tiles(values: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Cut into whole square tiles, one row each."""
    rows, columns = values.shape[0] // side, values.shape[1] // side
    cut = values[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return cut.swapaxes(1, 2).reshape(-1, side * side)
