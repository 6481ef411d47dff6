"""Quality of a picture: five measures and their limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from micrographia.arrays import FloatImage, IntArray, RealArray
from micrographia.config import Curation
from micrographia.io.images import own_range, to_unit

#: Width of the Gaussian that keeps noise from passing for detail [px].
_SMOOTHING = 1.5
#: Tiles along the shorter side.
_TILES = 8
#: Side of the central part that is measured of a larger picture, to bound memory [px].
_LARGEST = 4096
#: Side of the blocks that JPEG compresses [px].
_BLOCK = 8
#: A tile whose smoothed values deviate by less than this share of the picture's contrast holds no
#: structure: white noise, of which a picture of nothing consists, deviates by 0.04.
_STRUCTURE = 0.05


@dataclass(frozen=True)
class Quality:
    """Measures of one picture.

    Attributes
    ----------
    sharpness
        Share of contrast in fine detail; see `_sharpness`.
    contrast
        1st to 99th percentile over full range, 0…1.
    clipping
        Share of pixels in the lowest or the highest 256th of the picture's own range, 0…1.
    blockiness
        See `blockiness`.
    emptiness
        Share of the tiles of an eighth of the side that hold no structure, 0…1.
    """

    sharpness: float
    contrast: float
    clipping: float = 0.0
    blockiness: float = 0.0
    emptiness: float = 0.0


def measure(pixels: NDArray[Any]) -> Quality:
    """Measure a picture of any size and type; of more than 4096 px a side, its middle.

    Cameras of 12 or 14 bits write 16-bit files, so the full range of a 16-bit picture is that
    of the fewest bits that hold its brightest pixel.
    """
    top, left = (max(side - _LARGEST, 0) // 2 for side in pixels.shape)
    pixels = pixels[top : top + _LARGEST, left : left + _LARGEST]
    unit = to_unit(pixels)
    scale = 1.0
    if pixels.dtype == np.uint16:
        scale = own_range(pixels)
        unit *= np.float32(scale)
    low, high, clipping = _levels(pixels, unit)
    smooth = ndimage.gaussian_filter(unit, _SMOOTHING)
    side = max(min(unit.shape) // _TILES, 1)
    tiles = _tiles(smooth, side).std(axis=1)
    empty = tiles < max(_STRUCTURE * (high - low), 1e-6)
    return Quality(
        _sharpness(smooth, side, tiles),
        high - low,
        clipping,
        blockiness(pixels),
        float(empty.mean()),
    )


def sharpness(unit: RealArray) -> float:
    """Return the fraction of a picture's contrast in fine detail.

    For each tile of an eighth of the side: standard deviation of the scale-normalised Laplacian
    of Gaussian (1.5 px) over that of the smoothed tile; then the median over the tiles, each
    weighted by its contrast up to the upper quartile. Tiles of bare ground weigh little, and
    sharp text burnt into a blurred picture weighs too little to hide the blur. Independent of
    brightness and contrast. A constant picture scores 0.
    """
    smooth = ndimage.gaussian_filter(unit.astype(np.float32), _SMOOTHING)
    side = max(min(unit.shape) // _TILES, 1)
    return _sharpness(smooth, side, _tiles(smooth, side).std(axis=1))


def _sharpness(smooth: FloatImage, side: int, contrast: FloatImage) -> float:
    if contrast.max() <= 1e-6:
        return 0.0
    detail = _SMOOTHING**2 * ndimage.laplace(smooth)
    # Where three quarters of a picture are constant, the quartile would leave no weight at all.
    most = np.percentile(contrast, 75) or contrast.max()
    ratio = _tiles(detail, side).std(axis=1) / np.maximum(contrast, 1e-9)
    order = np.argsort(ratio, kind="stable")
    weights = np.cumsum(np.minimum(contrast, most)[order].astype(np.float64))
    middle = int(np.searchsorted(weights, weights[-1] / 2))
    return float(ratio[order][middle])


def _levels(pixels: NDArray[Any], unit: FloatImage) -> tuple[float, float, float]:
    """Return the 1st and the 99th percentile, and the share of clipped pixels."""
    if pixels.dtype != np.uint8:
        low, high = np.percentile(unit, (1, 99))
        least, most = float(unit.min()), float(unit.max())
        edge = (most - least) / 256
        clipped = np.count_nonzero(unit < least + edge) + np.count_nonzero(unit > most - edge)
        return float(low), float(high), clipped / unit.size if most > least else 1.0
    # The percentiles of 256 levels need no sorting.
    counts = np.bincount(pixels.ravel(), minlength=256)
    levels = np.flatnonzero(counts)
    reached = np.cumsum(counts)
    low, high = (_percentile(reached, share) / 255 for share in (0.01, 0.99))
    ends = {int(levels[0]), int(levels[-1])}
    return low, high, sum(int(counts[level]) for level in ends) / pixels.size


def _percentile(reached: IntArray, share: float) -> float:
    """As `numpy.percentile` of the pixels whose cumulative histogram this is."""
    place = share * (int(reached[-1]) - 1)
    below, above = (
        int(np.searchsorted(reached, rank, side="right"))
        for rank in (np.floor(place), np.ceil(place))
    )
    return below + (above - below) * float(place - np.floor(place))


def blockiness(pixels: NDArray[Any]) -> float:
    """Return by how much the steps on an 8 x 8 grid exceed those beside it.

    The mean step between neighbouring columns is taken for each of the eight places that the
    grid of JPEG can have (a picture may have been cropped since); the greatest over the next,
    minus 1; then likewise of rows; the lesser of both, since a single edge is no grid. 0 is
    none; steps as high again as any other give 1.
    """
    if min(pixels.shape) < 4 * _BLOCK:
        return 0.0
    values = pixels.astype(np.int16 if pixels.dtype == np.uint8 else np.float32)
    return min(_grid(values), _grid(values.T))


def _grid(values: NDArray[Any]) -> float:
    steps = np.abs(values[:, 1:] - values[:, :-1]).mean(axis=0, dtype=np.float64)
    whole = steps[: steps.size // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    second, first = np.sort(whole.mean(axis=0))[-2:]
    return float(min(first / max(second, 1e-9) - 1, _BLOCK**2)) if first > 0 else 0.0


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
    for name, word in (("clipping", "clipped"), ("blockiness", "blocky"), ("emptiness", "empty")):
        value, limit = getattr(quality, name), getattr(settings, f"max_{name}")
        if value > limit:
            reasons.append(f"{word}: {name} {value:.3g} > {limit:g}")
    return "; ".join(reasons) or None


def _tiles(values: FloatImage, side: int) -> FloatImage:
    """Cut into whole square tiles, one row each."""
    rows, columns = values.shape[0] // side, values.shape[1] // side
    cut = values[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return cut.swapaxes(1, 2).reshape(-1, side * side)
