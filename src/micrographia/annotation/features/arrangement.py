"""How particles are arranged: neighbours, contacts, empty space, lattice."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from micrographia.arrays import FloatArray, IntArray, LabelMask

#: Side of the grid on which the point pattern's spectrum is taken.
_GRID = 96
_NOTHING = float("nan")
_POINTS = (
    "clark_evans",
    "nearest_cv",
    "nearest_over_diameter",
    "order_six",
    "order_four",
    "lattice_peak",
    "window_variance",
    "window_empty",
    "orientation_order",
)


def point_statistics(
    centres: FloatArray, diameter: float, orientations: FloatArray, shape: tuple[int, int]
) -> dict[str, float]:
    """Return the statistics of the pattern that the centres make.

    Parameters
    ----------
    centres
        Centres (x, y) of the instances, shape (n, 2) [px].
    diameter
        Typical diameter [px].
    orientations
        Directions of their long axes [degree]; NaN for round ones.
    shape
        Height and width of the picture [px].

    Notes
    -----
    Clark & Evans, Ecology 35, 445 (1954), with Donnelly's correction for the border (1978).
    Bond order: Steinhardt, Nelson & Ronchetti, Phys. Rev. B 28, 784 (1983), in two dimensions.
    """
    if len(centres) < 5:
        return dict.fromkeys(_POINTS, _NOTHING)
    n, (height, width) = len(centres), shape
    area = float(height * width)
    tree = cKDTree(centres)
    distances, neighbours = tree.query(centres, k=min(7, n))
    nearest = distances[:, 1]
    expected = 0.5 * np.sqrt(area / n)
    border = (0.051 + 0.041 / np.sqrt(n)) * 2 * (height + width) / n
    # A round particle points nowhere: it lowers the order, and leads it in no direction.
    doubled = np.nan_to_num(np.exp(2j * np.deg2rad(orientations)))
    windows = _windows(centres, shape)
    values = (
        nearest.mean() / (expected + border),
        nearest.std() / max(nearest.mean(), 1e-9),
        np.median(nearest) / max(diameter, 1.0),
        _bond_order(centres, neighbours, 6),
        _bond_order(centres, neighbours, 4),
        _lattice_peak(centres, shape),
        windows.var() / max(windows.mean(), 1e-9),
        np.mean(windows == 0),
        np.abs(doubled.mean()),
    )
    return dict(zip(_POINTS, map(float, values), strict=True))


def _bond_order(centres: FloatArray, neighbours: NDArray[np.integer], fold: int) -> float:
    """Median over the points of |mean over the nearest `fold` of exp(i·fold·angle)|."""
    around = neighbours[:, 1 : fold + 1]
    away = centres[around] - centres[:, None, :]
    angles = np.arctan2(away[..., 1], away[..., 0])
    return float(np.median(np.abs(np.exp(1j * fold * angles).mean(axis=1))))


def _lattice_peak(centres: FloatArray, shape: tuple[int, int]) -> float:
    """Highest structure factor over n near the reciprocal of the mean distance."""
    height, width = shape
    side = float(max(height, width))
    n, reach = len(centres), np.sqrt(len(centres) / (height * width)) * side
    waves = np.arange(-_GRID // 2, _GRID // 2 + 1) * max(3.0 * reach / _GRID, 0.5)
    kx, ky = (axis.ravel() for axis in np.meshgrid(waves, waves[_GRID // 2 :]))
    near = (np.hypot(kx, ky) > 0.7 * reach) & (np.hypot(kx, ky) < 1.5 * reach)
    some = centres[np.linspace(0, n - 1, min(n, 400)).astype(int)] / side
    phase = 2 * np.pi * (np.outer(kx[near], some[:, 0]) + np.outer(ky[near], some[:, 1]))
    power = np.abs(np.exp(1j * phase).mean(axis=1)) ** 2
    return float(power.max()) if power.size else 0.0


def _windows(centres: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Points in each of the square windows that would hold three on average."""
    height, width = shape
    pitch = np.sqrt(3.0 * height * width / len(centres))
    tall, wide = max(round(height / pitch), 2), max(round(width / pitch), 2)
    counted, _, _ = np.histogram2d(
        centres[:, 1], centres[:, 0], bins=(tall, wide), range=((0, height), (0, width))
    )
    return counted.ravel()


def mask_statistics(labels: LabelMask) -> dict[str, float]:
    """Return contacts between instances, and the shapes of what is covered and what is not.

    Parameters
    ----------
    labels
        Label mask, shape (H, W).
    """
    height, width = labels.shape
    side = float(np.sqrt(height * width))
    covered = labels > 0
    count = int(labels.max())
    touching, shared = _contacts(labels, count)
    number, _, boxes, _ = cv2.connectedComponentsWithStats(covered.astype(np.uint8))
    areas = boxes[1:, cv2.CC_STAT_AREA].astype(float)
    holes = cv2.connectedComponents(1 - covered.astype(np.uint8), connectivity=4)[0] - 1
    empty = ndimage.distance_transform_edt(~covered) if covered.any() else np.zeros((1, 1))
    depth = cv2.distanceTransform(covered.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    inside = depth[covered]
    scale = np.sqrt(height * width / max(count, 1))
    instances = max(count, 1)
    return {
        "touching_share": float(np.mean(touching > 0)) if count else 0.0,
        "touching_mean": float(touching.mean()) if count else 0.0,
        "shared_outline": shared,
        "parts_per_instance": (number - 1) / instances,
        "largest_part": float(areas.max() / areas.sum()) if areas.size else 0.0,
        "holes_per_instance": holes / instances,
        "empty_median": float(np.median(empty[empty > 0]) / scale) if (empty > 0).any() else 0.0,
        "empty_wide": float(np.quantile(empty, 0.95) / scale),
        "empty_widest": float(empty.max() / side),
        "depth_median": float(np.median(inside) / side) if inside.size else 0.0,
        "depth_deep": float(np.quantile(inside, 0.98) / side) if inside.size else 0.0,
        "slenderness": float(
            np.quantile(inside, 0.9) ** 2 * np.pi / max(covered.sum() / instances, 1)
        )
        if inside.size
        else 0.0,
    }


def _contacts(labels: LabelMask, count: int) -> tuple[IntArray, float]:
    """Neighbours that each instance touches, and the share of all outline that is shared."""
    pairs, edges, shared = [], 0, 0
    for gap in (1, 2):  # watershed lines and single pixels of ground between do not count
        for one, other in (
            (labels[gap:], labels[:-gap]),
            (labels[:, gap:], labels[:, :-gap]),
        ):
            differ = one != other
            both = differ & (one > 0) & (other > 0)
            if gap == 1:
                edges += int(differ.sum())
            shared += int(both.sum())
            pairs.append(np.column_stack([one[both], other[both]]))
    joined = np.sort(np.concatenate(pairs), axis=1)
    unique = np.unique(joined, axis=0) if joined.size else joined.reshape(0, 2)
    touching = np.bincount(unique.ravel(), minlength=count + 1)[1:] if count else np.zeros(0, int)
    return touching, shared / max(edges, 1)
