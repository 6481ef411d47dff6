"""Label mask to flow field: what a network learns, and what `flow_follow` turns back into labels.

Every pixel of an instance gets the direction of the cheapest way to the instance's centre, where
a step costs the inverse of the depth at which it is taken. Such ways are the geodesics of the
quasihyperbolic metric (Gehring and Palka, J. Anal. Math. 30, 172 (1976)): radial in a disc,
square to the walls and then along the middle in a fibre, whatever the scale.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from micrographia.arrays import FloatImage, IntArray, LabelMask
from micrographia.io.label_masks import check_labels
from micrographia.segmentation.flow.march import march
from micrographia.segmentation.flow.potential import centres, depths, number_parts, vertical_gaps


@dataclass(frozen=True)
class FlowField:
    """The field of a label mask.

    Attributes
    ----------
    field
        Unit vectors (y, x) toward the centre of the instance, 0 at the centres and on the
        background; shape (2, H, W), float32.
    foreground
        1 on instances, 0 elsewhere; shape (H, W), float32: the target of the probability.
    split
        Instances in several parts, which a field cannot hold together: label to the areas of
        its parts [px], the largest first. Each part has a centre of its own.
    """

    field: FloatImage
    foreground: FloatImage
    split: dict[int, list[int]]


def flow_field(labels: NDArray[np.integer], threads: int = 1) -> FlowField:
    """Return the flow field of a label mask.

    Parameters
    ----------
    labels
        Label mask, shape (H, W), 0 for background; gaps between labels, holes, nested and
        touching instances are welcome. Pixels touching at a corner belong together.
    threads
        Threads to use; the result does not depend on it.

    Raises
    ------
    ValueError
        The labels are no two-dimensional array of integers >= 0, or `threads` is below 1.

    Examples
    --------
    >>> flow_field(np.array([[0, 5, 5, 5, 0]])).field[1]
    array([[ 0.,  1.,  0., -1.,  0.]], dtype=float32)
    """
    _check(labels, threads)
    field, first, area = solve(labels, threads)
    inner = np.ascontiguousarray(field[:, 1:-1, 1:-1])
    return FlowField(inner, (labels > 0).astype(np.float32), _split(labels, first, area))


def solve(labels: NDArray[np.integer], threads: int) -> tuple[FloatImage, IntArray, IntArray]:
    """Return the field with a frame of one pixel, and what `_parts` says of the parts."""
    height, width = labels.shape
    parts, first, area = _parts(labels)
    shape = parts.shape
    cost = np.zeros(shape, np.float32)
    with ThreadPoolExecutor(threads) as pool:
        _bands(pool, threads, width, lambda a, b: vertical_gaps(parts, cost, a + 1, b + 1))
        _bands(pool, threads, height, lambda a, b: depths(parts, cost, a + 1, b + 1))
        centre = centres(parts, cost, len(area))
        _bands(pool, threads, shape[0], lambda a, b: _invert(cost[a:b], parts[a:b]))
        time = np.full(parts.size, np.inf, np.float32)
        field = np.zeros((2, parts.size), np.float32)
        state = parts.ravel()
        # Neighbouring numbers lie near each other: a chunk is a band of the picture.
        numbers = np.arange(1, len(area) + 1)
        shares = np.minimum(np.cumsum(area) * (8 * threads) // max(1, area.sum()), 8 * threads - 1)
        chunks = [numbers[shares == share] for share in np.unique(shares)]
        list(
            pool.map(
                lambda mine: march(state, cost.ravel(), shape[1], centre, mine, time, field),
                chunks,
            )
        )
    return field.reshape(2, *shape), first, area


def _invert(depth: FloatImage, parts: LabelMask) -> None:
    np.divide(1, depth, out=depth, where=parts > 0)


def _parts(
    labels: NDArray[np.integer],
) -> tuple[LabelMask, IntArray, IntArray]:
    """Return the connected parts, framed; the flat index of a pixel of each; their areas."""
    # Two compiled forms are enough for all integers.
    kind = np.int32 if np.can_cast(labels.dtype, np.int32) else np.int64
    parts = np.zeros((labels.shape[0] + 2, labels.shape[1] + 2), np.int32)
    first, area = number_parts(np.ascontiguousarray(labels, kind), parts)
    return parts, first, area


def _split(labels: NDArray[np.integer], first: IntArray, area: IntArray) -> dict[int, list[int]]:
    names = labels.ravel()[first]
    unique, counts = np.unique(names, return_counts=True)
    several = unique[counts > 1]
    return {int(name): sorted(area[names == name].tolist(), reverse=True) for name in several}


def _bands(
    pool: ThreadPoolExecutor, threads: int, size: int, work: Callable[[int, int], None]
) -> None:
    """Let each thread do a band of rows or columns."""
    edges = np.linspace(0, size, threads + 1).astype(int)
    list(pool.map(work, edges[:-1], edges[1:]))


def _check(labels: NDArray[np.integer], threads: int) -> None:
    check_labels(labels, "label mask")
    if threads < 1:
        raise ValueError(f"threads is {threads}; allowed: 1 and above")
