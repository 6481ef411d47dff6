"""A training crop: a part of a picture, turned, mirrored, enlarged, otherwise exposed.

Written on OpenCV, which the room uses anyway: albumentations, which UniEM-3M used, installs
opencv-python-headless over the opencv-python that the text detector needs.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from micrographia.arrays import BoolArray, FloatArray, FloatImage, LabelMask
from micrographia.config import SegmentationTraining


class Crop(NamedTuple):
    """A crop of side n.

    `image` is float32 about -1…1, `labels` int32, `inside` says where the labels are known;
    outside the picture the image is 0.
    """

    image: FloatImage
    labels: LabelMask
    inside: BoolArray


def draw_crop(
    image: FloatImage,
    labels: LabelMask,
    diameter: float,
    settings: SegmentationTraining,
    rng: np.random.Generator,
) -> Crop:
    """Draw a crop from a picture.

    Parameters
    ----------
    image
        What `tiling.normalise` returned.
    labels
        Its label mask; negative where nothing is known.
    diameter
        Median diameter of its instances [px]; NaN if there is none.
    settings
        Side of the crop and range of the enlargement.
    rng
        Every draw comes from it.
    """
    zoom = _zoom(diameter, settings, rng)
    matrix = _view(image.shape, zoom, settings.crop, rng)
    if zoom < 0.9:  # what the coarser grid cannot hold would turn up as noise
        image = cv2.GaussianBlur(image, (0, 0), 0.45 / zoom)
    side = (settings.crop, settings.crop)
    flat = cv2.warpAffine(image, matrix, side, flags=cv2.INTER_LINEAR)
    # OpenCV turns no int32, and float32 holds every number of a mask that fits into memory.
    turned = cv2.warpAffine(labels.astype(np.float32), matrix, side, flags=cv2.INTER_NEAREST)
    known = cv2.warpAffine(
        np.ones(image.shape, np.uint8), matrix, side, flags=cv2.INTER_NEAREST
    ).astype(bool)
    exposed = np.where(known, _expose(flat, rng), np.float32(0))
    known &= turned >= 0
    return Crop(exposed, np.maximum(turned, 0).astype(np.int32), known)


def _zoom(diameter: float, settings: SegmentationTraining, rng: np.random.Generator) -> float:
    """Enlargement that brings the median diameter to one drawn log-uniformly, within limits."""
    if settings.diameters is None:
        return float(np.exp(rng.uniform(*np.log(settings.zoom))))
    low, high = np.log(settings.diameters)
    typical = diameter if np.isfinite(diameter) else float(np.mean(settings.diameters))
    return float(np.clip(np.exp(rng.uniform(low, high)) / typical, *settings.zoom))


def _view(shape: tuple[int, ...], zoom: float, side: int, rng: np.random.Generator) -> FloatArray:
    """Affine matrix, shape (2, 3), from the picture to a crop turned and mirrored at random."""
    angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.5 else np.pi / 2 * rng.integers(4)
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = zoom * np.array([[cosine, -sine], [sine, cosine]])
    if rng.random() < 0.5:
        turn[:, 0] *= -1
    reach = side / (2 * zoom)
    centre = [
        rng.uniform(reach, length - reach)
        if length > 2 * reach
        else length / 2 + rng.uniform(-0.1, 0.1) * length
        for length in (shape[1], shape[0])
    ]
    shift = np.array([side / 2, side / 2]) - turn @ np.array(centre)
    return np.column_stack([turn, shift])


def _expose(image: FloatImage, rng: np.random.Generator) -> FloatImage:
    """Change brightness, contrast, gamma, shading, focus and noise; sometimes the sign."""
    unit = np.clip((image + 1) / 2, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.25)))
    if rng.random() < 0.1:
        unit = 1 - unit
    unit = (unit - 0.5) * rng.uniform(0.6, 1.3) + 0.5 + rng.uniform(-0.15, 0.15)
    if rng.random() < 0.3:
        slope = np.linspace(-0.5, 0.5, unit.shape[0]) * rng.uniform(-0.4, 0.4)
        unit = unit + (slope[:, None] if rng.random() < 0.5 else slope)
    unit = unit.astype(np.float32)
    if rng.random() < 0.3:
        unit = cv2.GaussianBlur(unit, (0, 0), rng.uniform(0.4, 1.6))
    if rng.random() < 0.5:
        noise = rng.standard_normal(unit.shape, dtype=np.float32)
        unit = unit + noise * np.float32(rng.uniform(0.0, 0.08))
    return np.clip(unit * 2 - 1, -1.5, 1.5).astype(np.float32)
