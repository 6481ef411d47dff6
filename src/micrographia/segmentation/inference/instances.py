"""Find the instances of a picture with the flow field of a network."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import cv2
import numpy as np
import torch
from torch import nn

from micrographia.arrays import FloatArray, FloatImage, LabelMask
from micrographia.config import Network
from micrographia.segmentation.flow import torch_follow
from micrographia.segmentation.flow.follow import Followed, follow
from micrographia.segmentation.inference.candidates import Quality, describe, settle
from micrographia.segmentation.inference.tiling import predict_field

LOG = logging.getLogger(__name__)

#: The first look is at a picture reduced to this longer side [px].
_FIRST_SIDE = 384
#: A scale this near to the one wanted will do.
_NEAR = 1.4
#: No look is at a scale further from the one before than by this factor.
_STRIDE = 3.0
_LARGEST_SCALE = 1.5
_MOST_LOOKS = 6

#: A picture reduced to less than this shows nothing [px].
_SMALLEST_SIDE = 48

T = TypeVar("T")


def find(
    network: nn.Module, image: FloatImage, settings: Network, precision: str = "fp32"
) -> LabelMask:
    """Return the label mask that a network finds.

    Parameters
    ----------
    network
        One of `networks.NETWORKS`, on its device; its attribute `quality` is a
        `candidates.Quality`, if it has one.
    image
        What `tiling.normalise` returned.
    settings
        The scales, tiles, how the field is followed, and what is kept.
    precision
        'bf16' or 'fp32'.

    Notes
    -----
    Particles fill the picture or number thousands; the network knows them best at the sizes it
    was trained at. So the picture is looked at on every scale, and what is found on all of them
    competes (`candidates`).
    """
    masks, tables = candidates_of(network, image, settings, precision)
    return settle(masks, tables, _quality(network), settings.least_quality)[0]


def candidates_of(
    network: nn.Module, image: FloatImage, settings: Network, precision: str = "fp32"
) -> tuple[list[LabelMask], list[FloatArray]]:
    """Return the label mask of each scale, and the features of its instances; see `describe`."""
    masks, tables = [], []
    for scale in _scales(image, settings):
        # Of a large picture a field is half a gigabyte: one is let go before the next is made.
        field = _look(network, image, scale, settings, precision)
        masks.append(_follow(field, settings, network).labels)
        tables.append(describe(field, masks[-1], scale))
        del field
    return masks, tables


def find_with_field(
    network: nn.Module, image: FloatImage, settings: Network, precision: str = "fp32"
) -> tuple[LabelMask, FloatImage]:
    """Return the label mask of `find` and its field (3, H, W): flow along y, x, foreground.

    Each instance has the field of the scale that it was found at; the rest has that of the scale
    at which most of the area was found.
    """
    scales = list(_scales(image, settings))
    looks = [_look(network, image, scale, settings, precision) for scale in scales]
    masks = [_follow(field, settings, network).labels for field in looks]
    tables = [
        describe(field, mask, scale)
        for field, mask, scale in zip(looks, masks, scales, strict=True)
    ]
    labels, sources = settle(masks, tables, _quality(network), settings.least_quality)
    source = np.concatenate([[-1], sources])[labels]
    areas = [np.count_nonzero(source == number) for number in range(len(looks))]
    whole = looks[int(np.argmax(areas))].copy()
    for number, field in enumerate(looks):
        whole[:, source == number] = field[:, source == number]
    return labels, whole


def _scales(image: FloatImage, settings: Network) -> Iterator[float]:
    """The scales of the settings at which there is something left to see."""
    for number, scale in enumerate(settings.scales):
        if not number or min(image.shape) * scale >= _SMALLEST_SIDE:
            yield scale


def _look(
    network: nn.Module, image: FloatImage, scale: float, settings: Network, precision: str
) -> FloatImage:
    """The field at the picture's own size, predicted at an enlargement of it."""
    field = predict_field(
        network,
        _resized(image, scale),
        tile=settings.tile,
        overlap=settings.overlap,
        precision=precision,
    )
    # The field is brought back to the picture's size, not the labels: outlines stay smooth.
    return _restored(field, image.shape)


def _quality(network: nn.Module) -> Quality | None:
    quality: Quality | None = getattr(network, "quality", None)
    return quality


def search(
    look: Callable[[FloatImage], tuple[T, FloatArray]],
    image: FloatImage,
    diameter: float | None,
) -> tuple[T, float]:
    """Rescale a picture until its instances have the requested median diameter.

    Parameters
    ----------
    look
        Gives what is found in a picture and the diameters of the instances [px].
    image
        The picture.
    diameter
        The median diameter that is wanted [px]; None to look once, at the picture as it is.

    Returns
    -------
    found, scale
        The last answer, and the enlargement of the picture that it is about.
    """
    wanted = 1.0 if diameter is None else min(1.0, _FIRST_SIDE / max(image.shape))
    for _ in range(_MOST_LOOKS):
        scale = wanted
        found, seen = look(_resized(image, scale))
        if diameter is None:
            break
        wanted = _wanted(seen, scale, diameter)
        if scale / _NEAR < wanted < scale * _NEAR:
            break
    return found, scale


def _wanted(seen: FloatArray, scale: float, diameter: float) -> float:
    """The scale at which what was seen would have the diameter; larger if nothing was seen.

    A picture is not enlarged beyond its own pixels only because it is empty.
    """
    seen = seen[seen > 0]  # a detection can have an empty mask
    if not len(seen):
        return min(2 * scale, max(scale, 1.0))
    factor = float(np.clip(diameter / float(np.median(seen)), 1 / _STRIDE, _STRIDE))
    return min(scale * factor, _LARGEST_SCALE)


def _resized(image: FloatImage, scale: float) -> FloatImage:
    height, width = image.shape
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if size == (width, height):
        return image
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=how))


def _restored(field: FloatImage, shape: tuple[int, ...]) -> FloatImage:
    if field.shape[1:] == shape:
        return field
    whole = np.empty((3, *shape), np.float32)
    for part, channel in zip(whole, field, strict=True):
        cv2.resize(channel, shape[::-1], dst=part)
    return whole


def _follow(field: FloatImage, settings: Network, network: nn.Module) -> Followed:
    """Follow a field to its instances, on the GPU if the network is on one."""
    options: dict[str, Any] = {
        "threshold": settings.threshold,
        "min_area": settings.min_area,
        "max_flow_error": settings.max_flow_error,
        "parting": settings.parting,
    }
    device = next(network.parameters()).device
    if device.type == "cuda":
        try:
            there = torch.from_numpy(field).to(device)
            return torch_follow.follow(there[:2], there[2], **options)
        except torch.OutOfMemoryError:
            LOG.info(
                "%s has too little memory for %d x %d pixels; the processor follows the "
                "flow instead",
                device,
                *field.shape[1:],
            )
    return follow(field[:2], field[2], **options)
