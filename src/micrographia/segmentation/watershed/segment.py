"""Classical segmenter: thresholds, distance transform, watershed, best candidate."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from skimage.morphology import local_maxima, reconstruction
from skimage.segmentation import relabel_sequential
from skimage.segmentation import watershed as flood

from micrographia.arrays import BoolArray, FloatImage, LabelMask
from micrographia.config import Watershed
from micrographia.io.images import refuse_no_picture
from micrographia.segmentation.watershed.foreground import margins, masks
from micrographia.segmentation.watershed.likeness import particle_likeness

#: Longer side of the copy on which the candidates are compared [px].
_PREVIEW = 320
_POLARITIES = {"auto": (1, -1), "bright": (1,), "dark": (-1,)}


def segment(image: FloatImage, settings: Watershed) -> LabelMask:
    """Find the particles of a micrograph.

    Several thresholds in both polarities give candidate foregrounds; each is split where it
    narrows (watershed on the distance transform), and the candidate whose instances look most
    like particles is taken. The comparison is done on a reduced copy.

    Parameters
    ----------
    image
        Grey image, 0..1, shape (H, W). NaN and -inf count as 0, inf as 1.
    settings
        See `micrographia.config.Watershed`.

    Returns
    -------
    ndarray
        Label mask, shape (H, W), int32, labels 1…n without gaps; all 0 for a blank image.

    Raises
    ------
    ImageError
        The image is not two-dimensional or is empty.
    """
    refuse_no_picture(image)
    clean = np.nan_to_num(image.astype(np.float32), nan=0.0, posinf=1.0, neginf=0.0)
    shrink = min(1.0, _PREVIEW / max(image.shape))
    chosen = _best(_resized(clean, shrink), settings, shrink)
    if chosen is None:
        return np.zeros(image.shape, dtype=np.int32)
    index, polarity = chosen
    candidates = margins(clean, settings.smoothing, settings.backgrounds)
    if index >= len(candidates):
        return np.zeros(image.shape, dtype=np.int32)
    found = _masks(candidates[index], (polarity,), settings, 1.0)
    return _instances(next(found), settings, 1.0)


def _best(image: FloatImage, settings: Watershed, shrink: float) -> tuple[int, int] | None:
    """Return (number of the threshold, polarity) of the best candidate, None if there is none."""
    polarities = _POLARITIES[settings.polarity]
    best, chosen = float("-inf"), None
    for index, margin in enumerate(
        margins(image, settings.smoothing * shrink, settings.backgrounds)
    ):
        found = _masks(margin, polarities, settings, shrink)
        for polarity, mask in zip(polarities, found, strict=True):
            labels = _instances(mask, settings, shrink)
            score = particle_likeness(labels, settings.border_weight)
            if score > best:
                best, chosen = score, (index, polarity)
    return chosen


def _masks(
    margin: FloatImage, polarities: tuple[int, ...], settings: Watershed, shrink: float
) -> Iterator[BoolArray]:
    opening = round(settings.opening * shrink)
    return masks(margin, polarities, opening, settings.max_hole, settings.hole_solidity)


def _instances(mask: BoolArray, settings: Watershed, shrink: float) -> LabelMask:
    labels = split(mask, settings.seed_distance, settings.seed_smoothing * shrink)
    return _drop_small(labels, settings.min_area * shrink**2, settings.min_relative_area)


def split(mask: BoolArray, depth: float, smoothing: float) -> LabelMask:
    """Split a foreground where it narrows: watershed on its distance transform.

    Parameters
    ----------
    mask
        Foreground, shape (H, W).
    depth
        Two maxima of the distance get a seed each if the neck between them is narrower than
        (1 - depth) times the lower one. Being relative, it suits small and large particles.
    smoothing
        Gaussian smoothing of the distance map, against ragged outlines [px].

    Returns
    -------
    ndarray
        Label mask, shape (H, W), int32.
    """
    distance = cv2.distanceTransform(
        np.pad(mask, 1, mode="edge").astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5
    )[1:-1, 1:-1]
    if smoothing > 0:
        distance = cv2.GaussianBlur(distance, (0, 0), smoothing)
    # On the logarithm, an absolute depth (h-maxima) is the relative one that is wanted.
    lowest = np.float32(np.log(1e-2))
    height = np.where(mask, np.log(np.maximum(distance, 1e-2)), lowest).astype(np.float32)
    lowered = height + np.float32(np.log1p(-depth))
    peaks = local_maxima(reconstruction(lowered, height).astype(np.float32)) & mask
    _, seeds = cv2.connectedComponents(peaks.astype(np.uint8))
    return np.asarray(flood(-distance, seeds, mask=mask), dtype=np.int32)


def _drop_small(labels: LabelMask, min_area: float, min_share: float) -> LabelMask:
    """Drop instances that are small, absolutely or beside the typical one; close label gaps."""
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    if not areas.any():
        return labels
    ordered = np.sort(areas)
    # Half of the foreground lies in instances of this area or larger: specks do not count.
    typical = ordered[np.searchsorted(np.cumsum(ordered), ordered.sum() / 2)]
    keep = areas >= max(min_area, min_share * typical, 1)
    return np.asarray(relabel_sequential(np.where(keep[labels], labels, 0))[0], dtype=np.int32)


def _resized(image: FloatImage, factor: float) -> FloatImage:
    if factor == 1:
        return image
    height, width = (max(1, round(side * factor)) for side in image.shape)
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))
