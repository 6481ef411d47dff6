"""Skeleton of a foreground as a graph: branches between crossings and free ends."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from skimage.morphology import skeletonize

from micrographia.arrays import BoolArray, FloatArray, Int32Array, IntArray

#: Smoothing of the outline before it is thinned [px]: steps of pixels would each grow a spur.
_SMOOTHING = 1.0
#: A branch with a free end is a spur up to this length [half-widths at its crossing]. The skeleton
#: forks into both corners of a flat end, which are √2 half-widths away.
_SPUR = 1.45
_MOST_PRUNINGS = 4
#: Turn of a branch from which it is two that meet [rad], over two half-widths, at least px.
_KINK, _LEAST_KINK = np.radians(50), 8
_AROUND = np.ones((3, 3), dtype=bool)


class Branch(NamedTuple):
    """Part of a skeleton without crossings.

    `path`, shape (n, 2), are its pixels in order, as x, y; `nodes` the numbers of the crossings
    at its start and end, -1 for a free end.
    """

    path: IntArray
    nodes: tuple[int, int]


class Skeleton(NamedTuple):
    """Skeleton of a foreground.

    `branches` lead from crossing to crossing; `centres`, shape (n, 2), are the crossings' x, y;
    `reach`, shape (n,), the largest distance of the outline at each crossing [px]; `distance`,
    shape (H, W), that of every pixel from the nearest pixel of the ground.
    """

    branches: list[Branch]
    centres: FloatArray
    reach: FloatArray
    distance: FloatArray


def skeleton_of(foreground: BoolArray) -> Skeleton:
    """Thin a foreground to lines and take them apart at their crossings; spurs are removed.

    Parameters
    ----------
    foreground
        Shape (H, W).

    Notes
    -----
    Thinning is that of Zhang & Suen, Commun. ACM 27, 236 (1984), in scikit-image.

    Examples
    --------
    >>> cross = np.zeros((41, 41), bool)
    >>> cross[18:23, 2:-2] = cross[2:-2, 18:23] = True
    >>> found = skeleton_of(cross)
    >>> len(found.branches), len(found.centres)
    (4, 1)
    """
    distance = np.asarray(ndimage.distance_transform_edt(np.pad(foreground, 1, mode="edge")))
    distance = distance[1:-1, 1:-1]
    smooth = ndimage.gaussian_filter(foreground.astype(np.float32), _SMOOTHING, mode="nearest")
    lines: BoolArray = skeletonize(smooth > 0.5)
    for _ in range(_MOST_PRUNINGS):
        found = _graph(lines, distance)
        spurs = [branch for branch in found.branches if _is_spur(branch, found.reach)]
        if not spurs:
            break
        for branch in spurs:
            lines[branch.path[:, 1], branch.path[:, 0]] = False
        lines = skeletonize(lines)
    return _graph(lines, distance)


def _is_spur(branch: Branch, reach: FloatArray) -> bool:
    nodes = [node for node in branch.nodes if node >= 0]
    if len(nodes) != 1:
        return False
    return bool(path_length(branch.path) < _SPUR * reach[nodes[0]])


def path_length(path: IntArray | FloatArray) -> float:
    """Length of a path through points, shape (n, 2)."""
    return float(np.hypot(*np.diff(path, axis=0).T).sum())


def _graph(lines: BoolArray, distance: FloatArray) -> Skeleton:
    """Take lines of one pixel's width apart where more than two lead on."""
    count = ndimage.convolve(lines.astype(np.uint8), _AROUND.astype(np.uint8), mode="constant")
    crossing = lines & (count > 3)
    nodes, number = ndimage.label(crossing, structure=_AROUND)
    index = np.arange(1, number + 1)
    centres = np.array(ndimage.center_of_mass(crossing, nodes, index)).reshape(-1, 2)[:, ::-1]
    reach = np.asarray(ndimage.maximum(distance, nodes, index), np.float64).reshape(-1)
    parts, _ = ndimage.label(lines & ~crossing, structure=_AROUND)
    branches = []
    for part, box in enumerate(ndimage.find_objects(parts), start=1):
        rows, columns = np.nonzero(parts[box] == part)
        pixels = np.column_stack([columns + box[1].start, rows + box[0].start])
        path = _in_order(pixels)
        branches += _cut_at_kinks(Branch(path, _ends(path, nodes)), distance)
    return Skeleton(branches, centres, reach, distance)


def _in_order(pixels: IntArray) -> IntArray:
    """Order the pixels of a line from end to end; of a ring from any of them."""
    left = {(int(x), int(y)): None for x, y in pixels}
    near = {
        (x, y): [
            (x + right, y + down)
            # Straight neighbours first: around a corner they lie between the oblique ones.
            for right, down in (
                (1, 0),
                (-1, 0),
                (0, 1),
                (0, -1),
                (1, 1),
                (1, -1),
                (-1, 1),
                (-1, -1),
            )
            if (x + right, y + down) in left
        ]
        for x, y in left
    }
    place = next((one for one in near if len(near[one]) < 2), next(iter(near)))
    path = [place]
    del left[place]
    while onward := next((one for one in near[place] if one in left), None):
        path.append(onward)
        del left[onward]
        place = onward
    return np.array(path, dtype=np.int64)


def _ends(path: IntArray, nodes: Int32Array) -> tuple[int, int]:
    """Crossings that the two ends of a path touch, -1 for none."""
    touched = [_touched(pixel, nodes) for pixel in (path[0], path[-1])]
    if len(path) == 1 and len(touched[0]) > 1:  # a single pixel between two crossings
        return touched[0][0], touched[0][1]
    first, last = (found[0] if found else -1 for found in touched)
    if len(path) == 1:
        last = -1
    return first, last


def _cut_at_kinks(branch: Branch, distance: FloatArray) -> list[Branch]:
    """Take a branch apart where it turns sharply: two fibres meet there, as at the border."""
    path = branch.path
    back = max(_LEAST_KINK, round(2 * float(np.median(distance[path[:, 1], path[:, 0]]))))
    if len(path) < 3 * back:
        return [branch]
    before = path[back:-back] - path[: -2 * back]
    after = path[2 * back :] - path[back:-back]
    turn = np.arctan2(
        np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]),
        (before * after).sum(axis=1),
    )
    place = int(np.argmax(turn))
    if turn[place] < _KINK:
        return [branch]
    place += back
    first = Branch(path[:place], (branch.nodes[0], -1))
    rest = Branch(path[place:], (-1, branch.nodes[1]))
    return [*_cut_at_kinks(first, distance), *_cut_at_kinks(rest, distance)]


def _touched(pixel: IntArray, nodes: Int32Array) -> list[int]:
    x, y = pixel
    around = nodes[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
    return [int(node) - 1 for node in np.unique(around) if node]
