"""Candidate foregrounds of a micrograph: several thresholds, both polarities.

No single threshold suits all micrographs: shading, thick carbon edges and half-transparent
particles move it. So several are tried, and the instances they lead to decide (`quality`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from skimage.filters import threshold_multiotsu, threshold_otsu

from micrographia.arrays import BoolArray, FloatImage, Uint8Array
from micrographia.segmentation.watershed.likeness import solidity

#: Grey levels below this range carry no particles that could be told from rounding.
_FLAT = 1e-3
_BINS = 64
#: Holes up to this area are noise, whatever their shape [px].
_SPECK = 16


def margins(image: FloatImage, smoothing: float, scales: Sequence[float]) -> list[FloatImage]:
    """Return the image minus each candidate threshold: above 0 is the brighter side.

    Parameters
    ----------
    image
        Grey image, 0..1, shape (H, W).
    smoothing
        Standard deviation of the Gaussian that damps noise [px].
    scales
        Scales of the shading that is removed before Otsu's threshold [share of the longer
        side]; 0 removes none, and adds the two thresholds of three-class Otsu.

    Returns
    -------
    list
        Arrays of shape (H, W); empty when the image is flat.

    Notes
    -----
    Otsu, IEEE Trans. SMC 9, 62 (1979); Liao et al., J. Inf. Sci. Eng. 17, 713 (2001).
    """
    smooth = image
    if smoothing > 0:
        smooth = np.asarray(cv2.GaussianBlur(image, (0, 0), smoothing), dtype=np.float32)
    found: list[FloatImage] = []
    for scale in scales:
        flat = smooth - _shading(smooth, scale * max(image.shape)) if scale > 0 else smooth
        low, high = np.percentile(flat, (0.5, 99.5))
        if high - low < _FLAT:
            continue
        # Hot pixels and burnt-in white text must not stretch the histogram.
        flat = np.clip((flat - low) / (high - low), 0, 1).astype(np.float32)
        found += [flat - np.float32(level) for level in _levels(flat, several=scale == 0)]
    return found


def masks(
    margin: FloatImage,
    polarities: Sequence[int],
    opening: int,
    max_hole: float,
    hole_solidity: float,
) -> Iterator[BoolArray]:
    """Yield a cleaned foreground for each polarity, +1 bright or -1 dark.

    Parameters
    ----------
    margin
        One of `margins`, shape (H, W).
    polarities
        +1 and/or -1.
    opening
        Radius of the opening that removes specks and thin bridges [px].
    max_hole
        Largest hole that is filled [share of the image's area].
    hole_solidity
        Least solidity of a hole that is filled.
    """
    size = 2 * opening + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    for polarity in polarities:
        mask = (margin * polarity > 0).astype(np.uint8)
        if opening > 0:
            mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel), dtype=np.uint8)
        yield _fill_holes(mask, max_hole, hole_solidity)


def _levels(image: FloatImage, several: bool) -> list[float]:
    counts, edges = np.histogram(image, bins=_BINS, range=(0, 1))
    centres = (edges[:-1] + edges[1:]) / 2
    levels = [float(threshold_otsu(hist=(counts, centres)))]
    if several and np.count_nonzero(counts) >= 3:
        three = threshold_multiotsu(classes=3, hist=(counts, centres))
        levels += [float(level) for level in three]
    return levels


def _shading(image: FloatImage, sigma: float) -> FloatImage:
    """Gaussian blur of width `sigma` [px], computed on a smaller copy: it is smooth anyway."""
    step = max(1, int(sigma / 8))
    height, width = image.shape
    small = cv2.resize(
        image, (max(1, width // step), max(1, height // step)), interpolation=cv2.INTER_AREA
    )
    blurred = cv2.GaussianBlur(small, (0, 0), sigma / step, borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.resize(blurred, (width, height)), dtype=np.float32)


def _fill_holes(mask: Uint8Array, max_hole: float, min_solidity: float) -> BoolArray:
    """Fill holes, but not the gaps that packed particles leave between them.

    A gap between round particles is a triangle with sides bent inwards, a hole within one
    particle (a dark centre, a speck of noise) is mostly convex.
    """
    height, width = mask.shape
    _, parts, boxes, _ = cv2.connectedComponentsWithStats(1 - mask, connectivity=4)
    left, top, wide, high, area = boxes.T
    inside = (left > 0) & (top > 0) & (left + wide < width) & (top + high < height)
    hole = inside & (area <= max_hole * mask.size)
    hole[0] = False  # part 0 is the foreground itself
    for number in np.flatnonzero(hole & (area > _SPECK)):
        box = np.s_[
            top[number] : top[number] + high[number], left[number] : left[number] + wide[number]
        ]
        hole[number] = solidity(parts[box] == number) >= min_solidity
    return np.asarray((mask > 0) | hole[parts])
