"""A star-convex segmenter on the small U-Net: distances to the outline along 32 rays.

After StarDist (Schmidt et al., MICCAI 2018), written anew: at every second pixel the network
gives the probability that an instance's middle is near, and how far its outline is in each
direction. Of polygons that overlap the most probable stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from micrographia.arrays import FloatArray, FloatImage, LabelMask
from micrographia.segmentation.baselines.detections import DetectorLearner, with_least_score
from micrographia.segmentation.inference.tiling import framed
from micrographia.segmentation.networks.unet import SMALL_WIDTHS, UNet
from micrographia.segmentation.samples.weights import HEAVIEST, LIGHTEST, instance_weight
from micrographia.training.devices import autocast
from micrographia.training.loop import Batch

RAYS = 32
#: The network answers at every second pixel.
GRID = 2
#: Of two polygons that share more than this of the smaller one, the less probable is dropped.
_MOST_SHARED = 0.4
#: Natural logarithm of the distance that an untrained network gives [px].
_TYPICAL = 2.5
#: Weight of the distances in the loss.
_REACH = 2.0


class StarNet(UNet):
    """The small U-Net without its last enlargement: probability and logarithm of distances."""

    def __init__(self) -> None:
        widths = SMALL_WIDTHS
        super().__init__(widths)
        self.head = nn.Conv2d(widths[0], 1 + RAYS, 1)
        nn.init.normal_(self.head.weight, std=0.01)
        assert self.head.bias is not None
        with torch.no_grad():
            self.head.bias[1:] = _TYPICAL

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logit and distances, shape (N, 33, H/2, W/2)."""
        return self.head(self.features(x))


def build() -> nn.Module:
    """Make the network with random weights."""
    return with_least_score(StarNet())


class Learner(DetectorLearner):
    """Teaches distances and probabilities."""

    def sample(self, number: int) -> dict[str, np.ndarray]:
        """Return crop `number` of the series with its distances."""
        crop = self.crop(number)
        distances = measure(crop.labels, GRID)
        return {
            "image": crop.image[None],
            "distances": distances,
            "probability": probability(distances, crop.labels[::GRID, ::GRID])[None],
            "weight": instance_weight(crop.labels[::GRID, ::GRID])[None],
            "inside": crop.inside[None, ::GRID, ::GRID],
        }

    def loss(self, output: torch.Tensor, batch: Batch) -> Batch:
        """Cross entropy of the probability, and the logarithms' error where it is high.

        Pixels of small instances count more, as for the flow networks.
        """
        output, truth = output.float(), batch["probability"]
        inside = batch["inside"].float()
        weight = batch["weight"] * inside
        within = weight.gt(0)
        mean = weight.sum() / within.sum().clamp(min=1)
        weight = torch.where(
            within, (weight / mean.clamp(min=1e-6)).clamp(LIGHTEST, HEAVIEST), inside
        )
        entropy = functional.binary_cross_entropy_with_logits(
            output[:, :1], truth, reduction="none"
        )
        middle = (entropy * weight).sum() / weight.sum().clamp(min=1)
        wanted = batch["distances"].clamp(min=0.5).log()
        error = (output[:, 1:] - wanted).abs().mean(1, keepdim=True)
        reach = (error * truth * weight).sum() / (truth * weight).sum().clamp(min=1)
        return {"loss": middle + _REACH * reach, "middle": middle, "reach": reach}

    def detect(
        self, network: nn.Module, image: FloatImage, threshold: float, precision: str
    ) -> Stars:
        """Return every instance of at least the score `threshold` in a tile."""
        return detect(network, image, threshold, precision)


@dataclass(frozen=True)
class Stars:
    """Star-convex polygons: `points` (n, 2) as y, x; `rays` (n, 32) [px]; `scores` (n,)."""

    points: FloatArray
    rays: FloatArray
    scores: FloatArray

    def centres(self) -> FloatArray:
        """Where each polygon's rays meet, shape (n, 2): y, x [px]."""
        return self.points

    def diameters(self) -> FloatArray:
        """Diameter of the disc of the same area, shape (n,) [px]."""
        wedges = self.rays * np.roll(self.rays, -1, axis=1)
        return np.sqrt(wedges.sum(axis=1) * (2 / np.pi * np.sin(2 * np.pi / RAYS)))

    def moved(self, y: float, x: float, scale: float) -> Stars:
        """Return them moved by y, x, then enlarged; a pixel's middle stays its middle."""
        points: FloatArray = (self.points + np.array([y, x]) + 0.5) * scale - 0.5
        return Stars(points, self.rays * scale, self.scores)

    def chosen(self, which: NDArray[Any]) -> Stars:
        """Return those marked, or those numbered."""
        return Stars(self.points[which], self.rays[which], self.scores[which])

    def joined(self, other: Stars) -> Stars:
        """Return both."""
        return Stars(
            np.concatenate([self.points, other.points]),
            np.concatenate([self.rays, other.rays]),
            np.concatenate([self.scores, other.scores]),
        )

    def thinned(self) -> Stars:
        """Return them, most probable first, without those that share too much with one before."""
        if not len(self.scores):
            return self
        best = self.chosen(np.argsort(-self.scores, kind="stable"))
        bottom, right = (int(side) + 2 for side in self.points.max(axis=0))
        labels = np.zeros((bottom, right), np.int32)
        kept = _draw(best.points, best.rays, labels, 0, _MOST_SHARED)
        return best.chosen(kept)

    def render(self, shape: tuple[int, int], min_area: int) -> LabelMask:
        """Draw them in order, each on what is free; those smaller than `min_area` are left out."""
        labels = np.zeros(shape, np.int32)
        _draw(self.points, self.rays, labels, min_area, 2.0)
        return labels


def detect(network: nn.Module, image: FloatImage, threshold: float, precision: str) -> Stars:
    """Return the polygons at peaks of the probability, of at least `threshold`, in a tile.

    Beside a peak are polygons of the same instance that would all be dropped, at a cost: a network
    that knows little yet is nowhere sure and nowhere sure of the contrary.
    """
    height, width = image.shape
    stride = int(network.stride)  # type: ignore[arg-type]
    device = next(network.parameters()).device
    with torch.inference_mode(), autocast(precision, device):
        answer = network(framed(image, stride, device))
    maps = answer[0, :, : -(-height // GRID), : -(-width // GRID)].float().cpu().numpy()
    scores = 1 / (1 + np.exp(-np.clip(maps[0].astype(float), -60, 60)))
    peaks = scores >= cv2.dilate(scores, np.ones((3, 3), np.uint8))
    y, x = np.nonzero(peaks & (scores >= threshold))
    rays: FloatArray = np.exp(np.clip(maps[1:, y, x].T.astype(float), -1, 8))
    points = np.stack([y, x], axis=1).astype(np.float64) * GRID
    return Stars(points, rays, scores[y, x])


def probability(distances: FloatImage, labels: LabelMask) -> FloatImage:
    """How near a pixel is to the middle: its least distance over the instance's largest such."""
    least = np.where(labels > 0, distances.min(axis=0), np.float32(0))
    numbers, index = np.unique(labels, return_inverse=True)
    most = np.zeros(len(numbers), np.float32)
    np.maximum.at(most, index.ravel(), least.ravel())
    return np.asarray(least / np.maximum(most[index].reshape(labels.shape), 1e-6), np.float32)


@numba.njit(nogil=True, cache=True)
def measure(labels: LabelMask, grid: int) -> Any:
    """Distance from every `grid`-th pixel to where its instance ends, along each ray [px].

    Returns
    -------
    array
        Shape (32, H / grid, W / grid), float32; 0 on background. Ray k has the angle 2πk/32 from
        the x axis towards y. The picture's edge ends an instance.
    """
    height, width = labels.shape
    rows, columns = (height + grid - 1) // grid, (width + grid - 1) // grid
    distances = np.zeros((RAYS, rows, columns), np.float32)
    for k in range(RAYS):
        angle = 2 * np.pi * k / RAYS
        down, right = np.sin(angle), np.cos(angle)
        for i in range(rows):
            for j in range(columns):
                y, x = i * grid, j * grid
                if labels[y, x] == 0:
                    continue
                steps = 0
                inside = True
                while inside:
                    steps += 1
                    v = int(np.floor(y + steps * down + 0.5))
                    u = int(np.floor(x + steps * right + 0.5))
                    inside = 0 <= v < height and 0 <= u < width and labels[v, u] == labels[y, x]
                distances[k, i, j] = steps - 0.5
    return distances


@numba.njit(nogil=True, cache=True)
def _draw(points: Any, rays: Any, labels: Any, min_area: int, most_shared: float) -> Any:
    """Draw polygons in order on what is free, leaving out what is found already or too small.

    One whose middle lies in an earlier one, or that shares more than `most_shared` of the
    smaller of the two with one, is left out (`most_shared` above 1 draws all that are large
    enough). Returns the numbers of those drawn, which are 1, 2 ... in `labels`.
    """
    height, width = labels.shape
    count = len(points)
    kept = np.zeros(count, np.int64)
    areas = np.zeros(count + 1, np.int64)
    shared = np.zeros(count + 1, np.int64)
    drawn = 0
    for n in range(count):
        y, x = points[n]
        row = min(max(int(np.floor(y + 0.5)), 0), height - 1)
        column = min(max(int(np.floor(x + 0.5)), 0), width - 1)
        if most_shared <= 1 and labels[row, column] > 0:
            continue
        reach = rays[n].max()
        top, bottom = max(int(y - reach), 0), min(int(y + reach) + 2, height)
        left, right = max(int(x - reach), 0), min(int(x + reach) + 2, width)
        shared[: drawn + 1] = 0
        for v in range(top, bottom):
            for u in range(left, right):
                if _holds(rays[n], v - y, u - x):
                    shared[labels[v, u]] += 1
        area = shared[: drawn + 1].sum()
        fits = shared[0] >= max(min_area, 1)
        for other in range(1, drawn + 1):
            fits = fits and shared[other] <= most_shared * min(area, areas[other])
        if not fits:
            continue
        kept[drawn] = n
        drawn += 1
        areas[drawn] = area
        for v in range(top, bottom):
            for u in range(left, right):
                if labels[v, u] == 0 and _holds(rays[n], v - y, u - x):
                    labels[v, u] = drawn
    return kept[:drawn]


@numba.njit(nogil=True, cache=True)
def _holds(rays: Any, y: float, x: float) -> bool:
    """Whether a polygon around the origin holds a point: it is below the edge in its direction."""
    distance = np.hypot(y, x)
    wedge = 2 * np.pi / RAYS
    angle = np.arctan2(y, x) % (2 * np.pi)
    k = min(int(angle / wedge), RAYS - 1)
    first, second, turned = rays[k], rays[(k + 1) % RAYS], angle - k * wedge
    beside = first * np.sin(turned) + second * np.sin(wedge - turned)
    return distance * beside <= first * second * np.sin(wedge) + 1e-9
