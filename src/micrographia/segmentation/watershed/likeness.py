"""Likeness of a set of instances to particles, without ground truth."""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage

from micrographia.arrays import BoolArray, LabelMask


def particle_likeness(labels: LabelMask, border_weight: float) -> float:
    """Mean solidity of the instances minus the share of them that is cut by the border.

    Particles are mostly convex and mostly inside the picture; what is left between them is
    neither. Both means are weighted by area. The score tells the two polarities of a threshold
    apart, and good thresholds from bad ones.

    Parameters
    ----------
    labels
        Label mask, shape (H, W).
    border_weight
        Weight of the share that touches the border.

    Returns
    -------
    float
        At most 1; minus infinity when there is no instance.

    Examples
    --------
    >>> labels = np.zeros((9, 9), np.int32)
    >>> labels[2:7, 2:7] = 1
    >>> particle_likeness(labels, 0.5)
    1.0
    """
    height, width = labels.shape
    areas, solidities, cut = [], [], []
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        rows, columns = box
        mask = labels[box] == number
        areas.append(int(np.count_nonzero(mask)))
        solidities.append(solidity(mask))
        cut.append(
            rows.start == 0 or columns.start == 0 or rows.stop == height or columns.stop == width
        )
    if not areas:
        return float("-inf")
    return float(np.average(np.array(solidities) - border_weight * np.array(cut), weights=areas))


def solidity(mask: BoolArray) -> float:
    """Area of a mask over that of its convex hull, pixels taken as unit squares; 0 to 1.

    scikit-image's figure, found from the outline: fast enough for thousands of holes.

    Examples
    --------
    >>> solidity(np.ones((4, 7), bool))
    1.0
    """
    contours, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    hull = cv2.convexHull(np.concatenate(contours))
    # The hull runs through pixel centres; half of its length, and 1, complete the squares.
    area = cv2.contourArea(hull) + cv2.arcLength(hull, True) / 2 + 1
    return float(min(1.0, np.count_nonzero(mask) / area))
