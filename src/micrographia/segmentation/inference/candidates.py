"""Choose among instances found at several scales by how well the flow field supports them.

A network knows particles of some tens of pixels best. Shown a picture at several scales it finds
each particle at the one that suits it, and debris at the others: fragments of large particles,
texture, clusters of small ones. What a field says of a mask tells them apart: how sure of its
foreground it is, and whether it flows as the flow of that very mask would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numba import njit
from scipy import ndimage

from micrographia.arrays import FloatArray, FloatImage, IntArray, LabelMask
from micrographia.segmentation.flow.field import flow_field

#: Columns of `describe`.
FEATURES = (
    "probability", "agreement", "error", "size", "size squared", "logit", "border",
)  # fmt: skip
#: An instance of which more than this share is taken by better ones is given up.
_MOST_TAKEN = 0.3
#: Least quality where none was fitted: the product of probability and agreement.
_LEAST_PRODUCT = 0.75
#: Instances count from this share of the quality that is typical of the picture, and never below
#: the floor. Set on the training pictures of unet-small.
_SHARE, _FLOOR = 0.9, 0.7


@dataclass(frozen=True)
class Quality:
    """How likely a candidate is an instance: a logistic model on standardised features.

    Attributes
    ----------
    mean, spread, weights
        One number for each of `FEATURES`.
    bias
        Of the model.
    least
        Candidates below this are dropped.
    """

    mean: tuple[float, ...]
    spread: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    least: float

    @classmethod
    def of(cls, card: Mapping[str, Any]) -> Quality | None:
        """Read the model from the card of a checkpoint; None if the card has none."""
        said = card.get("quality")
        if not said or tuple(said["features"]) != FEATURES:
            return None
        parts = {name: tuple(said[name]) for name in ("mean", "spread", "weights")}
        return cls(**parts, bias=float(said["bias"]), least=float(said["least"]))

    def to_card(self) -> dict[str, Any]:
        """What `of` reads."""
        return {"features": list(FEATURES), **asdict(self)}

    def rate(self, features: FloatArray) -> FloatArray:
        """Probabilities (n,) of candidates with features (n, len(FEATURES))."""
        standard = (features - np.array(self.mean)) / np.array(self.spread)
        exponent = np.clip(standard @ np.array(self.weights) + self.bias, -50, 50)
        return np.asarray(1 / (1 + np.exp(-exponent)))


def rate(features: FloatArray, quality: Quality | None, least: float | None = None) -> FloatArray:
    """Qualities (n,) of candidates; those that are to be dropped have -1.

    Parameters
    ----------
    features
        What `describe` returned.
    quality
        The checkpoint's model; without one, probability times agreement.
    least
        Least quality; None for the model's own.
    """
    if quality is None:
        found, own = features[:, 0] * features[:, 1].clip(0, 1), _LEAST_PRODUCT
    else:
        found, own = quality.rate(features), quality.least
    return np.where(found >= (own if least is None else least), found, -1.0)


def describe(field: FloatImage, labels: LabelMask, scale: float) -> FloatArray:
    """Features of the instances of a label mask that a field was followed to.

    Parameters
    ----------
    field
        Flow along y, along x, and probability, shape (3, H, W).
    labels
        Label mask, shape (H, W), 1…n.
    scale
        Enlargement at which the network saw the picture.

    Returns
    -------
    array
        Shape (n, len(FEATURES)): mean probability; mean scalar product of the field with the
        flow of the mask, and mean squared difference; logarithm of the diameter that the network
        saw [px], and its square; log odds of the probability; whether the mask touches the border.
    """
    count = int(labels.max(initial=0))
    sums = _sums(labels, field, flow_field(labels).field, count)
    area = sums[:, 0]
    probability, agreement, error = (sums[:, 1:] / area[:, None]).T
    probability = probability.clip(1e-4, 1 - 1e-4)
    size = np.log(np.sqrt(area * (4 / np.pi)) * scale)
    logit = np.log(probability / (1 - probability))
    border = np.zeros(count + 1)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        border[edge] = 1.0
    return np.column_stack([probability, agreement, error, size, size**2, logit, border[1:]])


@njit(cache=True, nogil=True)
def _sums(labels: LabelMask, field: FloatImage, flow: FloatImage, count: int) -> FloatArray:
    """Sums over each instance: pixels, probability, scalar product, squared difference."""
    sums = np.zeros((count + 1, 4))
    for y in range(labels.shape[0]):
        for x in range(labels.shape[1]):
            own = sums[labels[y, x]]
            v, u = field[0, y, x], field[1, y, x]
            j, i = flow[0, y, x], flow[1, y, x]
            own[0] += 1
            own[1] += field[2, y, x]
            own[2] += v * j + u * i
            own[3] += (v - j) ** 2 + (u - i) ** 2
    return sums[1:]


def settle(
    masks: Sequence[LabelMask],
    tables: Sequence[FloatArray],
    quality: Quality | None,
    least: float | None = None,
) -> tuple[LabelMask, IntArray]:
    """Rate the candidates of several label masks and combine the good ones into one mask.

    Parameters
    ----------
    masks
        Label masks of one shape (H, W).
    tables
        What `describe` says of the instances of each.
    quality
        The checkpoint's model. An instance counts from 0.9 of the quality that half of the found
        area reaches, at most from the model's least and not below 0.7: in a picture that is
        strange to the network throughout a fixed bar would drop everything. Pictures of mere
        noise pay for it: more often than by a fixed bar something is found in them.
    least
        A least quality that holds in all pictures.

    Returns
    -------
    labels, sources
        As `choose`.
    """
    bar = least
    if quality is not None and least is None:
        floor = min(_FLOOR, quality.least)
        labels, _, worth = choose(masks, [rate(table, quality, floor) for table in tables])
        if len(worth):
            bar = max(floor, min(quality.least, _SHARE * _typical(labels, worth)))
    labels, sources, _ = choose(masks, [rate(table, quality, bar) for table in tables])
    return labels, sources


def _typical(labels: LabelMask, worth: FloatArray) -> float:
    """The quality that instances of half of the area reach."""
    order = np.argsort(-worth, kind="stable")
    covered = np.cumsum(np.bincount(labels.ravel())[1:][order])
    return float(worth[order[np.searchsorted(covered, covered[-1] / 2)]])


def choose(
    masks: Sequence[LabelMask], qualities: Sequence[FloatArray]
) -> tuple[LabelMask, IntArray, FloatArray]:
    """Combine the candidates of several label masks into one mask, best candidates first.

    Parameters
    ----------
    masks
        Label masks of one shape (H, W).
    qualities
        Of the instances of each mask; below 0 for those to be dropped.

    Returns
    -------
    labels, sources, worth
        Label mask, 1…n in reading order; the number of the mask each instance is from (n,); and
        its quality (n,).
    """
    labels = np.zeros(masks[0].shape, np.int32)
    rows = [
        (-quality, number, label, box[0].start, box[0].stop, box[1].start, box[1].stop)
        for number, (mask, found) in enumerate(zip(masks, qualities, strict=True))
        for label, (box, quality) in enumerate(
            zip(ndimage.find_objects(mask), found, strict=True), start=1
        )
        if quality >= 0
    ]
    if not rows:
        return labels, np.empty(0, np.int64), np.empty(0)
    ranked = np.array(sorted(rows))
    order = ranked[:, 1:].astype(np.int64)
    first = np.full(len(order), -1, np.int64)
    for place, (number, label, top, bottom, left, right) in enumerate(order.tolist()):
        mask = masks[number]
        first[place] = _lay(mask, label, top, bottom, left, right, place + 1, labels, _MOST_TAKEN)
    laid = np.flatnonzero(first >= 0)
    laid = laid[np.argsort(first[laid])]
    number_of = np.zeros(len(order) + 1, np.int32)
    number_of[laid + 1] = np.arange(1, len(laid) + 1)
    return number_of[labels], order[laid, 0], -ranked[laid, 0]


@njit(cache=True, nogil=True)
def _lay(
    mask: LabelMask,
    label: int,
    top: int,
    bottom: int,
    left: int,
    right: int,
    number: int,
    labels: LabelMask,
    most_taken: float,
) -> int:
    """Write a candidate where nothing is yet; return its first pixel, or -1 if it is given up."""
    area, free, first = 0, 0, -1
    for y in range(top, bottom):
        for x in range(left, right):
            if mask[y, x] == label:
                area += 1
                if labels[y, x] == 0:
                    free += 1
                    if first < 0:
                        first = y * mask.shape[1] + x
    if free < (1 - most_taken) * area:
        return -1
    for y in range(top, bottom):
        for x in range(left, right):
            if mask[y, x] == label and labels[y, x] == 0:
                labels[y, x] = number
    return first
