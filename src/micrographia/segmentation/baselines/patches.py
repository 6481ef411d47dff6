"""Instances as a box-based detector gives them: a score, a box, and a small soft mask in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray

from micrographia.arrays import Float32Array, FloatArray, LabelMask

#: Side of the soft masks; that of Mask R-CNN.
SIDE = 28
#: Of two boxes from different tiles that overlap by more than this, the better one stays.
_MOST_IOU = 0.5
#: An instance of which less than this is left, after better ones were drawn, is dropped.
_LEAST_LEFT = 0.5


@dataclass(frozen=True)
class Patches:
    """`boxes` (n, 4) as x0, y0, x1, y1 [px]; `masks` (n, 28, 28), 0…1; `scores` (n,)."""

    boxes: FloatArray
    masks: Float32Array
    scores: FloatArray

    def centres(self) -> FloatArray:
        """Where each box's middle is, shape (n, 2): y, x [px]."""
        return (self.boxes[:, [1, 0]] + self.boxes[:, [3, 2]]) / 2

    def diameters(self) -> FloatArray:
        """Diameter of the disc of the same area, shape (n,) [px]."""
        sides = self.boxes[:, 2:] - self.boxes[:, :2]
        filled = (self.masks >= 0.5).mean(axis=(1, 2))
        return np.sqrt(sides.prod(axis=1) * filled * (4 / np.pi))

    def moved(self, y: float, x: float, scale: float) -> Patches:
        """Return them moved by y, x, then enlarged."""
        return Patches((self.boxes + np.array([x, y, x, y])) * scale, self.masks, self.scores)

    def chosen(self, which: NDArray[Any]) -> Patches:
        """Return those marked, or those numbered."""
        return Patches(self.boxes[which], self.masks[which], self.scores[which])

    def joined(self, other: Patches) -> Patches:
        """Return both."""
        return Patches(
            np.concatenate([self.boxes, other.boxes]),
            np.concatenate([self.masks, other.masks]),
            np.concatenate([self.scores, other.scores]),
        )

    def thinned(self) -> Patches:
        """Return them, best first, without boxes that overlap much with a better one."""
        from torchvision.ops import nms

        kept = nms(torch.from_numpy(self.boxes), torch.from_numpy(self.scores), _MOST_IOU)
        return self.chosen(kept.numpy())

    def render(self, shape: tuple[int, int], min_area: int) -> LabelMask:
        """Draw them in order, each on what is free; those that keep too little are left out."""
        labels = np.zeros(shape, np.int32)
        _paste(self.boxes, self.masks, labels, min_area, _LEAST_LEFT)
        return labels


def instances_of(labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Boxes and index map of the instances of a crop, for a detector to learn.

    Parameters
    ----------
    labels
        Label mask, shape (H, W).

    Returns
    -------
    boxes
        Shape (n, 4): x0, y0, x1, y1 around each instance, in order of the labels [px].
    index
        Shape (H, W): 0 for background, n + 1 for the instance of box n.
    """
    numbers, index = torch.unique(labels, return_inverse=True)
    if numbers[0] != 0:  # no pixel is background
        index = index + 1
    count = int(index.max())
    height, width = labels.shape
    y, x = (index > 0).nonzero(as_tuple=True)
    own = index[y, x] - 1
    low = torch.full((count, 2), max(height, width), device=labels.device)
    high = torch.zeros((count, 2), dtype=low.dtype, device=labels.device)
    place = torch.stack([x, y], dim=1)
    rows = own[:, None].expand(-1, 2)
    low.scatter_reduce_(0, rows, place, "amin")
    high.scatter_reduce_(0, rows, place + 1, "amax")
    return torch.cat([low, high], dim=1).float(), index


@numba.njit(nogil=True, cache=True)
def _paste(boxes: Any, masks: Any, labels: Any, min_area: int, least_left: float) -> None:
    """Write 1, 2 ... where the masks, enlarged to their boxes, are at least one half."""
    height, width = labels.shape
    drawn = 0
    for n in range(len(boxes)):
        x0, y0, x1, y1 = boxes[n]
        top, bottom = max(int(np.floor(y0)), 0), min(int(np.ceil(y1)), height)
        left, right = max(int(np.floor(x0)), 0), min(int(np.ceil(x1)), width)
        for stage in range(2):
            area, free = 0, 0
            for v in range(top, bottom):
                for u in range(left, right):
                    if not _holds(
                        masks[n], (v + 0.5 - y0) / (y1 - y0), (u + 0.5 - x0) / (x1 - x0)
                    ):
                        continue
                    area += 1
                    if labels[v, u] == 0:
                        free += 1
                        if stage:
                            labels[v, u] = drawn
            if stage == 0:
                if free < max(min_area, 1) or free < least_left * area:
                    break
                drawn += 1


@numba.njit(nogil=True, cache=True)
def _holds(mask: Any, y: float, x: float) -> bool:
    """Whether a mask is at least one half at a place, 0…1 along its sides; between its pixels
    it is interpolated."""
    if not (0 <= y < 1 and 0 <= x < 1):
        return False
    side = mask.shape[0]
    v, u = min(max(y * side - 0.5, 0.0), side - 1.0), min(max(x * side - 0.5, 0.0), side - 1.0)
    row, column = min(int(v), side - 2), min(int(u), side - 2)
    down, right = v - row, u - column
    upper = mask[row, column] * (1 - right) + mask[row, column + 1] * right
    lower = mask[row + 1, column] * (1 - right) + mask[row + 1, column + 1] * right
    return upper * (1 - down) + lower * down >= 0.5
