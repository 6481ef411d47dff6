"""Fibres as layered masks: each with all its pixels, and how deep it lies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from micrographia.arrays import BoolArray, IntArray, LabelMask
from micrographia.io.masks.run_lengths import compress, runs_of_places
from micrographia.segmentation.fibres.centre_line import Fibre
from micrographia.segmentation.measuring.layers import Layer

#: Fewest pixels in which two fibres lie on one another [px].
_FEWEST = 4


def layers_of_fibres(
    fibres: Sequence[Fibre], foreground: BoolArray, labels: LabelMask | None = None
) -> list[Layer]:
    """Return fibres as layers, labelled from 1 in their order.

    A fibre's pixels are those within half a width of its centre line that lie in the foreground;
    where it is joined across a gap of the foreground, those of the gap, too.

    Parameters
    ----------
    fibres
        Traced in the foreground.
    foreground
        Shape (H, W).
    labels
        Instances that were cut where another lies on them, shape (H, W): they tell which fibre is
        on top. None, or labels that do not tell: the longer is taken to be, which is arbitrary.
    """
    height, width = foreground.shape
    painted = [_places(fibre, foreground) for fibre in fibres]
    depths = _depths(painted, None if labels is None else labels.T.ravel())
    return [
        Layer(number, depth, compress(runs_of_places(places, (height, width))))
        for number, (places, depth) in enumerate(zip(painted, depths, strict=True), start=1)
        if len(places)
    ]


def _places(fibre: Fibre, foreground: BoolArray) -> IntArray:
    """Places of a fibre's pixels, column times height plus row, ascending."""
    height, width = foreground.shape
    found = []
    xs, ys = np.clip(fibre.points.round().astype(np.int64), 0, [width - 1, height - 1]).T
    bare = ~foreground[ys, xs]
    reach = int(np.ceil(fibre.widths.max() / 2)) + 1
    down, right = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    steps = np.column_stack([right.ravel(), down.ravel()])
    for part in np.array_split(np.arange(len(fibre.points)), len(fibre.points) // 256 + 1):
        middle = np.column_stack([xs[part], ys[part]])
        pixels = middle[:, None] + steps
        away = np.hypot(*(pixels - fibre.points[part][:, None]).transpose(2, 0, 1))
        x, y = pixels[..., 0], pixels[..., 1]
        inside = (away <= fibre.widths[part][:, None] / 2) & _within(x, y, width, height)
        x, y = x.clip(0, width - 1), y.clip(0, height - 1)
        inside &= foreground[y, x] | bare[part][:, None]
        found.append((x * height + y)[inside])
    return np.unique(np.concatenate(found))


def _within(x: IntArray, y: IntArray, width: int, height: int) -> BoolArray:
    return np.asarray((x >= 0) & (y >= 0) & (x < width) & (y < height))


def _depths(painted: Sequence[IntArray], labels: LabelMask | None) -> list[int]:
    """How deep each fibre lies: 0 if nothing is on it, else one below the deepest that is.

    What is on what can go round in a ring, of which the longest fibre is then put on top.
    """
    above: list[list[int]] = [[] for _ in painted]
    for upper, lower in _pairs_on_one_another(painted, labels):
        above[lower].append(upper)
    depths: dict[int, int] = {}
    while len(depths) < len(painted):
        left = [number for number in range(len(painted)) if number not in depths]
        free = [one for one in left if all(other in depths for other in above[one])]
        for number in free or left[:1]:
            known = [depths[other] for other in above[number] if other in depths]
            depths[number] = 1 + max(known, default=-1)
    return [depths[number] for number in range(len(painted))]


def _pairs_on_one_another(
    painted: Sequence[IntArray], labels: LabelMask | None
) -> list[tuple[int, int]]:
    """Fibres that share pixels: the upper, then the lower."""
    counts = [len(places) for places in painted]
    owner = np.repeat(np.arange(len(painted), dtype=np.int64), counts)
    place = np.concatenate([*painted, np.empty(0, np.int64)])
    order = np.lexsort((owner, place))
    owner, place = owner[order], place[order]
    shared: dict[tuple[int, int], list[int]] = {}
    # Sorted by place, those that share a pixel stand side by side.
    for step in range(1, 4):
        for here in np.flatnonzero(place[step:] == place[:-step]):
            pair = (int(owner[here]), int(owner[here + step]))
            shared.setdefault(pair, []).append(int(place[here]))
    several = np.array(sorted({one for places in shared.values() for one in places}), np.int64)
    own: dict[int, IntArray] = {}
    pairs = []
    for (one, other), places in sorted(shared.items()):
        if len(places) < _FEWEST:
            continue
        upper = one
        if labels is not None:
            for number in (one, other):
                if number not in own:
                    alone = painted[number][~np.isin(painted[number], several)]
                    own[number] = np.bincount(labels[alone], minlength=int(labels.max()) + 1)
            there = np.bincount(labels[places], minlength=int(labels.max()) + 1)
            # Whose own instances does the crossing belong to?
            mine, theirs = (_likeness(own[number], there) for number in (one, other))
            upper = other if theirs > mine else one
        pairs.append((upper, other if upper == one else one))
    return pairs


def _likeness(own: IntArray, there: IntArray) -> float:
    """Share of a crossing's pixels that have the labels of a fibre's own pixels."""
    shares = own / max(1, own.sum())
    return float((shares * there)[1:].sum())
