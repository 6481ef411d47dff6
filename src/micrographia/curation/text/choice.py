"""Acceptance of proposals by a logistic regression on their features and the network's boxes.

Its few weights are fitted on labelled real pictures, or on the rendered ones that the network
learns from, and are kept in the detector's description. Where regions lie on one another the
likeliest stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from micrographia.arrays import BoolArray, FloatArray, RealArray
from micrographia.curation.text.proposals import Proposal
from micrographia.curation.text.regions import Region
from micrographia.curation.text.score import overlap

#: Overlap from which a box of the network supports a proposal in full; from which it counts.
_FULL, _TOUCHES = 0.5, 0.1
#: Classes of the network whose support is told apart, and kinds of proposals.
_SUPPORTS = ("panel_letter", "scale_bar", "text")
_KINDS = ("text", "scale_bar", "banner")
#: Of two regions that overlap more than this, or lie in one another by this share, one stays.
_MOST_IOU, _MOST_INSIDE = 0.3, 0.6
#: Largest ratio of sizes that are nearly the same (its logarithm).
_ALIKE = 0.35
#: Weight decay of the regression, whose features have unit variance.
_DECAY = 1.0
#: A feature that varies by less tells nothing.
_CONSTANT = 1e-3


@dataclass(frozen=True)
class Choice:
    """A logistic regression: features are centred and scaled, then weighted and summed up."""

    centre: list[float]
    scale: list[float]
    weights: list[float]
    bias: float

    def probability(self, features: RealArray) -> RealArray:
        """Return for each row of `describe` how likely it is a region."""
        centred = (features - np.array(self.centre)) / np.array(self.scale)
        return np.asarray(1 / (1 + np.exp(-(centred @ np.array(self.weights) + self.bias))))


def fit(features: RealArray, true: BoolArray) -> Choice:
    """Learn which proposals are regions.

    Parameters
    ----------
    features
        Rows of `describe`.
    true
        Whether each is a region.
    """
    centre, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale < _CONSTANT, 1.0, scale)
    centred = (features - centre) / scale
    sign = np.where(true, 1.0, -1.0)

    def loss(values: RealArray) -> tuple[float, RealArray]:
        margin = sign * (centred @ values[:-1] + values[-1])
        pull = -sign / (1 + np.exp(np.clip(margin, -500, 500)))
        gradient = np.append(centred.T @ pull + _DECAY * values[:-1], pull.sum())
        total = np.logaddexp(0, -margin).sum() + _DECAY * (values[:-1] ** 2).sum() / 2
        return float(total), gradient

    answer = minimize(loss, np.zeros(centred.shape[1] + 1), jac=True, method="L-BFGS-B")
    rounded = [[round(float(v), 6) for v in part] for part in (centre, scale, answer.x)]
    return Choice(rounded[0], rounded[1], rounded[2][:-1], rounded[2][-1])


def choose(
    unit: RealArray,
    seen: Sequence[Region],
    proposals: Sequence[Proposal],
    choice: Choice,
    least: float,
) -> list[Region]:
    """Return the regions that count, likeliest first.

    Parameters
    ----------
    unit
        The picture, 0…1.
    seen
        What the network saw in it, faint boxes too.
    proposals
        What may be text.
    choice
        The regression.
    least
        Least probability.
    """
    if not proposals:
        return []
    chances = choice.probability(describe(unit, proposals, seen))
    order = [int(i) for i in np.argsort(-chances, kind="stable") if chances[i] >= least]
    kept = apart([proposals[index].box for index in order])
    return [
        Region(item.box, _class_of(item, seen), round(float(chances[index]), 4))
        for index in (order[number] for number in kept)
        if (item := proposals[index])
    ]


def describe(unit: RealArray, proposals: Sequence[Proposal], seen: Sequence[Region]) -> RealArray:
    """Return the features of proposals, a row each: support, ink, ground, size and place."""
    covered = overlap([item.box for item in proposals], [region.box for region in seen])
    scores = np.array([region.score for region in seen])
    kinds = np.array([region.kind for region in seen])
    alike = _alike(proposals)
    rows = [
        [*_support(row, scores, kinds), *_ink(unit, item), *_place(unit.shape, item), number]
        for item, row, number in zip(proposals, covered, alike, strict=True)
    ]
    return np.array(rows, dtype=np.float64)


def apart(boxes: Sequence[Sequence[int]]) -> list[int]:
    """Return the indices of boxes, best first, that do not lie on a better one."""
    kept: list[int] = []
    edges = np.array([list(box) for box in boxes], dtype=np.float64).reshape(-1, 4)
    area = (edges[:, 2:] - edges[:, :2]).prod(axis=1)
    for index in range(len(edges)):
        low = np.maximum(edges[kept, :2], edges[index, :2])
        high = np.minimum(edges[kept, 2:], edges[index, 2:])
        common = np.maximum(high - low, 0).prod(axis=1)
        union = area[kept] + area[index] - common
        inside = common / np.minimum(area[kept], area[index])
        if not ((common > _MOST_IOU * union) | (inside > _MOST_INSIDE)).any():
            kept.append(index)
    return kept


def _class_of(item: Proposal, seen: Sequence[Region]) -> str:
    """Return the class of the network's best box there; a strip is a strip in any case."""
    if item.kind == "banner" or not seen:
        return item.kind
    scores = np.array([region.score for region in seen])
    supports = scores * overlap([item.box], [region.box for region in seen])[0]
    return seen[int(supports.argmax())].kind if supports.max() > 0 else item.kind


def _support(covered: RealArray, scores: FloatArray, kinds: NDArray[np.str_]) -> list[float]:
    """What the network saw there: best score, best overlap, sum of scores, best by class."""
    if not scores.size:
        return [np.log(0.003), 0.0, *[np.log(0.01)] * (1 + len(_SUPPORTS))]
    best = float((scores * np.minimum(covered / _FULL, 1.0)).max())
    total = float(scores[covered > _TOUCHES].sum())
    near = covered > 0.3
    by_class = [float(scores[near & (kinds == kind)].max(initial=0.0)) for kind in _SUPPORTS]
    logs = [float(np.log(value + 0.01)) for value in (total, *by_class)]
    return [float(np.log(best + 0.003)), float(covered.max()), *logs]


def _ink(unit: RealArray, item: Proposal) -> list[float]:
    """How ink and ground part: contrast, rough ground, shares of ink, of between, of ground."""
    height, width = unit.shape
    x0, y0, x1, y1 = item.box
    inside = unit[y0:y1, x0:x1]
    reach = max(4, (y1 - y0) // 4)
    left, top = max(x0 - reach, 0), max(y0 - reach, 0)
    around = unit[top : min(y1 + reach, height), left : min(x1 + reach, width)]
    ring = np.ones(around.shape, dtype=bool)
    ring[y0 - top : y1 - top, x0 - left : x1 - left] = False
    outside = around[ring] if ring.any() else inside.ravel()
    ground = float(np.median(outside))
    low, high = (float(value) for value in np.percentile(inside, (1, 99)))
    ink = high if high - ground >= ground - low else low
    contrast = max(abs(ink - ground), 1e-3)
    share = np.sign(ink - ground) * (inside - ground) / contrast
    rough = float(np.percentile(np.abs(outside - ground), 70))
    return [
        contrast,
        rough / contrast,
        float((share >= 0.9).mean()),
        float(((share > 0.25) & (share < 0.75)).mean()),
        float((np.abs(share) < 0.2).mean()),
        min(abs(ink), abs(1 - ink)),
    ]


def _alike(proposals: Sequence[Proposal]) -> list[float]:
    """How many others have nearly the same size: particles do, and text seldom."""
    boxes = np.array([item.box for item in proposals], dtype=np.float64)
    sizes = np.log(boxes[:, 2:] - boxes[:, :2])
    near = (np.abs(sizes[:, None] - sizes[None]) < _ALIKE).all(axis=2)
    return [float(np.log(count)) for count in near.sum(axis=1)]


def _place(shape: tuple[int, ...], item: Proposal) -> list[float]:
    """Size, proportions, distances to the picture's edges, and kind of proposal."""
    height, width = shape
    x0, y0, x1, y1 = item.box
    x, y = (x0 + x1) / 2 / width, (y0 + y1) / 2 / height
    return [
        float(np.log((y1 - y0) / height)),
        float(np.log((x1 - x0) / width)),
        float(np.log((x1 - x0) / (y1 - y0))),
        min(x, 1 - x),
        min(y, 1 - y),
        y,
        min(x0, width - x1) / width,
        min(y0, height - y1) / height,
        *[float(item.kind == kind) for kind in _KINDS],
    ]
