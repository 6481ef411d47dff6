"""Instances as a detector gives them, one by one: over tiles and scales to one label mask.

From which score on they count is learned too: what suits one network after an hour of training
suits no other. The network carries it as its buffer `least_score`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol, Self

import numpy as np
import torch
from torch import nn

from micrographia.arrays import BoolArray, FloatArray, FloatImage, LabelMask
from micrographia.config import Network
from micrographia.segmentation.inference.instances import search
from micrographia.segmentation.samples.agreement import agreement
from micrographia.segmentation.samples.crops import CropLearner

#: Minimum scores that are tried, and the number of training pictures used for it.
_LEAST = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7)
_PICTURES = 12


class Detections(Protocol):
    """Instances with scores, in the coordinates of some picture."""

    @property
    def scores(self) -> FloatArray:
        """How sure each instance is, shape (n,)."""

    def centres(self) -> FloatArray:
        """Where each instance is, shape (n, 2): y, x [px]."""

    def diameters(self) -> FloatArray:
        """Diameter of the disc of the same area, shape (n,) [px]."""

    def moved(self, y: float, x: float, scale: float) -> Self:
        """Return them moved by y, x, then enlarged."""

    def chosen(self, which: BoolArray) -> Self:
        """Return those marked."""

    def joined(self, other: Self) -> Self:
        """Return both."""

    def thinned(self) -> Self:
        """Return the detections, best first, without duplicates of the same instance."""

    def render(self, shape: tuple[int, int], min_area: int) -> LabelMask:
        """Draw the detections, best first, on free pixels; drop those that keep too few."""


Detect = Callable[[nn.Module, FloatImage, float, str], Detections]


def with_least_score(network: nn.Module) -> nn.Module:
    """Store the minimum score of instances in a network."""
    network.register_buffer("least_score", torch.tensor(0.5))
    return network


def find_with(
    detect: Detect,
    network: nn.Module,
    image: FloatImage,
    settings: Network,
    precision: str = "fp32",
) -> LabelMask:
    """Return the label mask that a detector finds, at the scale at which instances look usual.

    Parameters
    ----------
    detect
        Finds the instances of a tile.
    network
        Its network, on its device, with its `least_score`.
    image
        What `tiling.normalise` returned.
    settings
        The diameter at which instances are looked at, tiles, least area.
    precision
        'bf16' or 'fp32'.
    """
    least = float(network.least_score)  # type: ignore[arg-type]
    found = _found(detect, network, image, settings, least, precision)
    return _rendered(found, image, settings)


def _found(
    detect: Detect,
    network: nn.Module,
    image: FloatImage,
    settings: Network,
    least: float,
    precision: str,
) -> Detections:
    def look(part: FloatImage) -> tuple[Detections, FloatArray]:
        found = _over_tiles(detect, network, part, settings, least, precision)
        return found, found.diameters()

    found, scale = search(look, image, settings.diameter)
    return found.moved(0, 0, 1 / scale)


def _rendered(found: Detections, image: FloatImage, settings: Network) -> LabelMask:
    height, width = image.shape
    return found.render((height, width), settings.min_area)


class DetectorLearner(CropLearner):
    """Common part of the training of all detectors."""

    @abstractmethod
    def detect(
        self, network: nn.Module, image: FloatImage, threshold: float, precision: str
    ) -> Detections:
        """Return every instance of at least the score `threshold` in a tile."""

    def find(self, model: nn.Module, image: FloatImage) -> LabelMask:
        """Return the label mask that the model finds in a normalised picture."""
        return find_with(self.detect, model, image, self.network)

    def validate(self, model: nn.Module, device: torch.device) -> dict[str, float]:
        """Set the model's minimum score on training pictures, then validate on held-out ones."""
        model.least_score.fill_(self._least_score(model))  # type: ignore[operator]
        return super().validate(model, device)

    def _least_score(self, model: nn.Module) -> float:
        """Return the least score of the best mean AP@0.5, the middle one of equal ones.

        What is found from the faintest score on holds what would be found from any other on:
        only instances with a better score stand in each other's way.
        """
        places = np.linspace(0, len(self.pictures) - 1, min(len(self.pictures), _PICTURES))
        total = np.zeros(len(_LEAST))
        for row in self.pictures.iloc[places.round().astype(int)].to_dict("records"):
            image, labels = self.shelf.read(row["path"], row["mask_path"])
            found = _found(self.detect, model, image, self.network, _LEAST[0], "fp32")
            for number, least in enumerate(_LEAST):
                mask = _rendered(found.chosen(found.scores >= least), image, self.network)
                total[number] += agreement(labels, mask).ap50
        best = np.flatnonzero(total == total.max())
        return _LEAST[int(best[len(best) // 2])]


def _over_tiles(
    detect: Detect,
    network: nn.Module,
    image: FloatImage,
    settings: Network,
    least: float,
    precision: str,
) -> Detections:
    """Detect tile by tile; an instance counts where the tile sees as much of it as any does."""
    spans = [_spans(length, settings.tile, settings.overlap) for length in image.shape]
    every: Detections | None = None
    for top, bottom, first_y, last_y in spans[0]:
        for left, right, first_x, last_x in spans[1]:
            part = image[top:bottom, left:right]
            found = detect(network, part, least, precision).moved(top, left, 1.0)
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
