"""Which regions count: the detector's sure ones, and proposals that it saw too, if only faintly.

A proposal's support is the score of the detector's box that covers it best, scaled down where they
overlap by less than a half. Proposals bring exact edges and so come first; where regions lie on
one another the best supported stays.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from micrographia.config import Text
from micrographia.curation.text import Region
from micrographia.curation.text_proposals import Proposal
from micrographia.curation.text_score import overlap

#: Overlap from which a detector's box supports a proposal in full.
_FULL = 0.5
#: How much more a proposal counts than the detector's own box of the same score.
_EXACT = 1.15
#: Of two regions that overlap more than this, or lie in one another by this share, one stays.
_MOST_IOU, _MOST_INSIDE = 0.3, 0.6


def choose(seen: Sequence[Region], proposals: Sequence[Proposal], settings: Text) -> list[Region]:
    """Return the regions that count, best first.

    Parameters
    ----------
    seen
        What the detector saw, faint ones too.
    proposals
        What may be text.
    settings
        Least score of a region of the detector alone, and least support of a proposal.
    """
    boxes = [region.box for region in seen]
    scores = np.array([region.score for region in seen])
    chosen: list[tuple[float, Region]] = [
        (region.score, region) for region in seen if region.score >= settings.min_score
    ]
    covered = overlap([item.box for item in proposals], boxes)
    for item, row in zip(proposals, covered, strict=True):
        supports = scores * np.minimum(row / _FULL, 1.0)
        if supports.size and supports.max() >= settings.min_support:
            best = int(supports.argmax())
            support = float(supports[best])
            kind = item.kind if item.kind == "banner" else seen[best].kind
            chosen.append((_EXACT * support, Region(item.box, kind, round(support, 4))))
    chosen.sort(key=lambda entry: -entry[0])
    regions = [region for _, region in chosen]
    return [regions[index] for index in apart([region.box for region in regions])]


def apart(boxes: Sequence[Sequence[int]]) -> list[int]:
    """Return the indices of boxes, best first, that do not lie on a better one."""
    kept: list[int] = []
    edges = np.array([list(box) for box in boxes], dtype=np.float64).reshape(-1, 4)
    area = (edges[:, 2:] - edges[:, :2]).prod(axis=1)
    for index in range(len(edges)):
        common = _common(edges[kept], edges[index])
        union = area[kept] + area[index] - common
        inside = common / np.minimum(area[kept], area[index])
        if not ((common > _MOST_IOU * union) | (inside > _MOST_INSIDE)).any():
            kept.append(index)
    return kept


def _common(boxes: NDArray[np.float64], box: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])
    return np.asarray(np.maximum(high - low, 0).prod(axis=1))
