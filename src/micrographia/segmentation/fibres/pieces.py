"""Pieces of fibres: branches of a skeleton without the surroundings of crossings and ends.

Near a crossing the skeleton bends towards its middle, and near an end into a corner, so neither
tells where a fibre leads. Branches that lie wholly in such surroundings, or that are wider than
all that lead to them, are where fibres lie on one another: their crossings are one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from micrographia.arrays import BoolArray, FloatArray, IntArray
from micrographia.segmentation.fibres.profiles import profiles
from micrographia.segmentation.fibres.skeleton import Branch, Skeleton

#: A place on a branch is in a crossing while the outline is further away than so many times the
#: branch's median; the distance of the outline grows by √2 where two equal fibres cross squarely.
_WIDENED = 1.15
#: Fewest points of a piece that leads somewhere.
_FEWEST = 3
#: A shorter piece between two crossings [radii] tells nothing of where fibres lead.
_SHORT = 4.0
#: Length over which the direction of an end is taken [half-widths, at least px].
_LOOK_BACK, _LEAST_LOOK_BACK = 5.0, 8


@dataclass(frozen=True)
class Piece:
    """Part of a fibre between crossings.

    Attributes
    ----------
    points
        Shape (n, 2), x, y [px].
    radius
        Half of the mean width [px].
    nodes
        Groups of crossings at its start and end; -1 where it ends freely.
    """

    points: FloatArray
    radius: float
    nodes: tuple[int, int]

    def leads(self, end: int) -> tuple[FloatArray, FloatArray]:
        """Place of an end (0 start, 1 end), and the direction outwards there as a unit vector."""
        points = self.points if end else self.points[::-1]
        back = max(_LEAST_LOOK_BACK, round(_LOOK_BACK * self.radius))
        part = points[-back - 1 :]
        steps = np.arange(len(part)) - (len(part) - 1)
        # A parabola follows the bend: a chord would lag behind it by half the look back.
        degree = 2 if len(part) > 2 * _LEAST_LOOK_BACK else 1
        fit = np.polynomial.polynomial.polyfit(steps, part, degree)
        direction = fit[1] / max(1e-9, np.hypot(*fit[1]))
        return fit[0], direction


def pieces_of(skeleton: Skeleton, foreground: FloatArray) -> list[Piece]:
    """Return the pieces of a skeleton; their `nodes` number groups of crossings.

    Parameters
    ----------
    skeleton
        What `skeleton_of` returned.
    foreground
        What it was made of: 1 on fibres, 0 elsewhere, shape (H, W).
    """
    radii = [_radius(branch.path, skeleton.distance) for branch in skeleton.branches]
    clear = [
        _clear(branch, skeleton, radius)
        for branch, radius in zip(skeleton.branches, radii, strict=True)
    ]
    covered = _covered(skeleton, radii, clear)
    group = _grouped(skeleton, covered)
    return [
        Piece(
            branch.path[good].astype(np.float64),
            _half_width(branch.path[good].astype(np.float64), foreground, radius),
            (_of(group, branch.nodes[0]), _of(group, branch.nodes[1])),
        )
        for branch, radius, good, lost in zip(
            skeleton.branches, radii, clear, covered, strict=True
        )
        if not lost
    ]


def _half_width(points: FloatArray, foreground: FloatArray, radius: float) -> float:
    """Half of the mean width across points; the distance of the outline where there is none."""
    # Steps of the skeleton's pixels would turn the profiles.
    smooth = uniform_filter1d(points, min(len(points), round(2 * radius) + 3), axis=0)
    _, widths, sure = profiles(foreground, smooth, radius)
    return float(widths[sure].mean()) / 2 if sure.any() else max(radius, 0.5)


def _of(group: IntArray, node: int) -> int:
    return -1 if node < 0 else int(group[node])


def _radius(path: IntArray, distance: FloatArray) -> float:
    return float(np.median(distance[path[:, 1], path[:, 0]]))


def _clear(branch: Branch, skeleton: Skeleton, radius: float) -> BoolArray:
    """Points of a branch beyond the surroundings of its two ends."""
    path = branch.path
    good = np.ones(len(path), dtype=bool)
    wide = skeleton.distance[path[:, 1], path[:, 0]] > _WIDENED * radius
    for node, end in zip(branch.nodes, (path[0], path[-1]), strict=True):
        centre, reach = (
            (end, radius) if node < 0 else (skeleton.centres[node], skeleton.reach[node])
        )
        good &= np.hypot(*(path - centre).T) > reach
    if branch.nodes[0] >= 0:
        good[: int(np.argmin(wide))] = False
    if branch.nodes[1] >= 0:
        good[len(path) - int(np.argmin(wide[::-1])) :] = False
    # Only the longest run: a branch may come back into the surroundings of its own end.
    edges = np.flatnonzero(np.diff(np.concatenate([[0], good.astype(np.int8), [0]])))
    if not len(edges):
        return good
    lengths = edges[1::2] - edges[::2]
    longest = int(np.argmax(lengths))
    kept = np.zeros_like(good)
    kept[edges[2 * longest] : edges[2 * longest + 1]] = True
    return kept


def _covered(skeleton: Skeleton, radii: list[float], clear: list[BoolArray]) -> list[bool]:
    """Whether each branch is no piece: too short, or where fibres lie on one another."""
    found = []
    for branch, radius, good in zip(skeleton.branches, radii, clear, strict=True):
        between = min(branch.nodes) >= 0
        fewest = max(_FEWEST, _SHORT * radius) if between else _FEWEST
        found.append(int(np.count_nonzero(good)) < fewest)
    group = _grouped(skeleton, found)
    arms: dict[int, list[int]] = {}
    for number, branch in enumerate(skeleton.branches):
        for node in branch.nodes:
            if not found[number] and node >= 0:
                arms.setdefault(int(group[node]), []).append(number)
    for number, branch in enumerate(skeleton.branches):
        if min(branch.nodes) < 0 or found[number]:
            continue
        widest = [
            max((radii[arm] for arm in arms[int(group[node])] if arm != number), default=np.inf)
            for node in branch.nodes
        ]
        found[number] = radii[number] > _WIDENED * max(widest)
    return found


def _grouped(skeleton: Skeleton, covered: list[bool]) -> IntArray:
    """Number of the group of each crossing: crossings that a covered branch connects are one."""
    group = np.arange(len(skeleton.centres))
    for branch, lost in zip(skeleton.branches, covered, strict=True):
        if lost and min(branch.nodes) >= 0:
            group[group == group[branch.nodes[1]]] = group[branch.nodes[0]]
    return group
