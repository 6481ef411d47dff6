"""Instances as a detector gives them, one by one: over tiles and scales to one label mask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from torch import nn

from micrographia.config import Network
from micrographia.segmentation.instances import search
from micrographia.segmentation.tiling import Floats


class Detections(Protocol):
    """Instances with scores, in the coordinates of some picture."""

    def centres(self) -> NDArray[np.float64]:
        """Where each instance is, shape (n, 2): y, x [px]."""

    def diameters(self) -> NDArray[np.float64]:
        """Diameter of the disc of the same area, shape (n,) [px]."""

    def moved(self, y: float, x: float, scale: float) -> Self:
        """Return them moved by y, x, then enlarged."""

    def chosen(self, which: NDArray[np.bool_]) -> Self:
        """Return those marked."""

    def joined(self, other: Self) -> Self:
        """Return both."""

    def thinned(self) -> Self:
        """Return them, best first, without those that mean an instance found already."""

    def render(self, shape: tuple[int, int], min_area: int) -> NDArray[np.int32]:
        """Draw them, best first, each on what is free; those that keep too little are dropped."""


Detect = Callable[[nn.Module, Floats, float, str], Detections]


def find_with(
    detect: Detect, network: nn.Module, image: Floats, settings: Network, precision: str = "fp32"
) -> NDArray[np.int32]:
    """Return the label mask that a detector finds, at the scale at which instances look usual.

    Parameters
    ----------
    detect
        Finds the instances of a tile.
    network
        Its network, on its device.
    image
        What `tiling.normalise` returned.
    settings
        The diameter at which instances are looked at, tiles, least score and area.
    precision
        'bf16' or 'fp32'.
    """

    def look(part: Floats) -> tuple[Detections, NDArray[np.float64]]:
        found = _over_tiles(detect, network, part, settings, precision)
        return found, found.diameters()

    found, scale = search(look, image, settings.diameter)
    height, width = image.shape
    return found.moved(0, 0, 1 / scale).render((height, width), settings.min_area)


def _over_tiles(
    detect: Detect, network: nn.Module, image: Floats, settings: Network, precision: str
) -> Detections:
    """Detect tile by tile; an instance counts where the tile sees as much of it as any does."""
    spans = [_spans(length, settings.tile, settings.overlap) for length in image.shape]
    every: Detections | None = None
    for top, bottom, first_y, last_y in spans[0]:
        for left, right, first_x, last_x in spans[1]:
            part = image[top:bottom, left:right]
            found = detect(network, part, settings.threshold, precision).moved(top, left, 1.0)
            y, x = found.centres().T
            own = (y >= first_y) & (y < last_y) & (x >= first_x) & (x < last_x)
            found = found.chosen(own)
            every = found if every is None else every.joined(found)
    assert every is not None
    return every.thinned()


def _spans(length: int, tile: int, overlap: int) -> list[tuple[int, int, float, float]]:
    """First pixel, last pixel + 1 of the tiles along an axis, and from where to where each counts.

    Examples
    --------
    >>> _spans(100, 60, 20)
    [(0, 60, -inf, 50.0), (40, 100, 50.0, inf)]
    """
    firsts = list(range(0, max(1, length - overlap), tile - overlap))
    if len(firsts) > 1:
        firsts[-1] = length - tile
    lasts = [min(first + tile, length) for first in firsts]
    edges = [(last + first) / 2 for last, first in zip(lasts[:-1], firsts[1:], strict=True)]
    return list(zip(firsts, lasts, [-np.inf, *edges], [*edges, np.inf], strict=True))
