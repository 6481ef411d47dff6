"""Foreground of a picture of fibres: where the network sees matter, with edges from the picture.

The network was trained on particles. Its instances break off or vanish where a fibre is long,
since no flow leads to one middle; but what it takes for foreground still holds the fibres. Its
edges are a pixel or two off, which can be a third of a fibre's width, so they are put where the
grey level is half-way between the fibre and the ground around it.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage
from torch import nn

from micrographia.arrays import BoolArray, FloatImage
from micrographia.config import Network
from micrographia.segmentation import network_segmenter
from micrographia.segmentation.inference.tiling import normalise, predict_field
from micrographia.training.devices import choose_device, choose_precision

#: Enlargements of the picture at which the network looks; the surest look counts at each pixel.
_SCALES = (1.0, 0.5)
#: Probability from which a pixel is foreground.
_LEAST = 0.5
#: Grey levels are averaged within this distance, as a standard deviation [px].
_NEIGHBOURHOOD = 12.0
#: Edges are looked for this far from those of the network [px].
_BAND = 3
#: Smoothing of the picture before its edges are found, as a standard deviation [px].
_SMOOTHING = 0.8
#: Parts smaller than this are no fibres [px²].
_SPECK = 40
_ROUND = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _BAND + 1, 2 * _BAND + 1))


def fibre_foreground(image: FloatImage, settings: Network, name: str = "unet-small") -> BoolArray:
    """Return the pixels of a picture that lie on fibres, or on anything else that is no ground.

    Parameters
    ----------
    image
        Grey picture, 0..1, shape (H, W).
    settings
        Checkpoint, tiles, device.
    name
        Which network the checkpoint must be of.

    Raises
    ------
    MicrographiaError
        As `network_segmenter.segment`.
    """
    network = network_segmenter.load(settings, name)
    return with_edges(image, _probability(network, image, settings) > _LEAST)


def _probability(network: nn.Module, image: FloatImage, settings: Network) -> FloatImage:
    precision = choose_precision(settings.precision, choose_device(settings.device))
    height, width = image.shape
    normalised = normalise(image)
    found = np.zeros(image.shape, np.float32)
    for scale in _SCALES:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        look = cv2.resize(normalised, size, interpolation=cv2.INTER_AREA)
        field = predict_field(
            network, look, tile=settings.tile, overlap=settings.overlap, precision=precision
        )
        found = np.maximum(found, cv2.resize(field[2], (width, height)))
    return found


def with_edges(image: FloatImage, foreground: BoolArray) -> BoolArray:
    """Move the edges of a foreground to where the grey level is half-way to the ground.

    Parameters
    ----------
    image
        Grey picture, shape (H, W).
    foreground
        Whose edges are off by up to `_BAND` px, shape (H, W).

    Returns
    -------
    array
        Shape (H, W); parts of few pixels are left out.
    """
    if not foreground.any() or foreground.all():
        return foreground
    mask = foreground.astype(np.uint8)
    outer = cv2.dilate(mask, _ROUND)
    smooth = cv2.GaussianBlur(image.astype(np.float32), (0, 0), _SMOOTHING)
    inside, ground = _local_mean(smooth, foreground), _local_mean(smooth, outer == 0)
    middle = (inside + ground) / 2
    on = np.where(inside > ground, smooth > middle, smooth < middle) & (outer > 0)
    parts, count = ndimage.label(on, structure=np.ones((3, 3)))
    kept = np.bincount(parts.ravel(), minlength=count + 1) >= _SPECK
    kept[0] = False
    return np.asarray(kept[parts])


def _local_mean(image: FloatImage, where: BoolArray) -> FloatImage:
    """Mean grey level of some pixels around each pixel; far from all of them, their mean."""
    weight = cv2.GaussianBlur(where.astype(np.float32), (0, 0), _NEIGHBOURHOOD)
    total = cv2.GaussianBlur(np.where(where, image, 0).astype(np.float32), (0, 0), _NEIGHBOURHOOD)
    mean = np.float32(image[where].mean()) if where.any() else np.float32(image.mean())
    return np.where(weight > 1e-4, total / np.maximum(weight, 1e-4), mean)
