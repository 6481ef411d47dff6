"""From a picture to instances by way of a network's flow field."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import nn

from micrographia.config import Network
from micrographia.segmentation.flow_follow import Followed, follow
from micrographia.segmentation.tiling import Floats, predict_field

#: The first look is at a picture reduced to this longer side [px].
_FIRST_SIDE = 384
#: A scale this near to the one wanted will do.
_NEAR = 1.4
#: No look is at a scale further from the one before than by this factor.
_STRIDE = 3.0
_LARGEST_SCALE = 1.5
_MOST_LOOKS = 6

T = TypeVar("T")


def find(
    network: nn.Module, image: Floats, settings: Network, precision: str = "fp32"
) -> NDArray[np.int32]:
    """Return the label mask that a network finds.

    Parameters
    ----------
    network
        One of `networks.NETWORKS`, on its device.
    image
        What `tiling.normalise` returned.
    settings
        The diameter at which instances are looked at, tiles, and how the field is followed.
    precision
        'bf16' or 'fp32'.

    Notes
    -----
    Particles fill the picture or number thousands; the network knows them best at the sizes it
    was trained at. A small copy of the picture is looked at first, and then, as often as need
    be, one at the scale at which the instances just found have the diameter that is wanted.
    """
    return find_with_field(network, image, settings, precision)[0]


def find_with_field(
    network: nn.Module, image: Floats, settings: Network, precision: str = "fp32"
) -> tuple[NDArray[np.int32], Floats]:
    """Return what `find` finds, and the field, (3, H, W): flow along y, x, and foreground."""

    def look(part: Floats) -> tuple[Floats, NDArray[np.float64]]:
        field = predict_field(
            network, part, tile=settings.tile, overlap=settings.overlap, precision=precision
        )
        if settings.diameter is None:
            return field, np.empty(0)
        areas = _follow(field, settings).instances["area_px"].to_numpy()
        return field, np.sqrt(areas * (4 / np.pi))

    field, _ = search(look, image, settings.diameter)
    # The field is brought back to the picture's size, not the labels: outlines stay smooth.
    whole = _restored(field, image.shape)
    return _follow(whole, settings).labels, whole


def search(
    look: Callable[[Floats], tuple[T, NDArray[np.float64]]],
    image: Floats,
    diameter: float | None,
) -> tuple[T, float]:
    """Look at a picture at several scales, until its instances have the diameter wanted.

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


def _wanted(seen: NDArray[np.float64], scale: float, diameter: float) -> float:
    """The scale at which what was seen would have the diameter; larger if nothing was seen.

    A picture is not enlarged beyond its own pixels only because it is empty.
    """
    if not len(seen):
        return min(2 * scale, max(scale, 1.0))
    factor = float(np.clip(diameter / float(np.median(seen)), 1 / _STRIDE, _STRIDE))
    return min(scale * factor, _LARGEST_SCALE)


def _resized(image: Floats, scale: float) -> Floats:
    height, width = image.shape
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if size == (width, height):
        return image
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=how))


def _restored(field: Floats, shape: tuple[int, ...]) -> Floats:
    if field.shape[1:] == shape:
        return field
    whole = np.empty((3, *shape), np.float32)
    for part, channel in zip(whole, field, strict=True):
        cv2.resize(channel, shape[::-1], dst=part)
    return whole


def _follow(field: Floats, settings: Network) -> Followed:
    return follow(
        field[:2],
        field[2],
        threshold=settings.threshold,
        min_area=settings.min_area,
        max_flow_error=settings.max_flow_error,
        parting=settings.parting,
    )
