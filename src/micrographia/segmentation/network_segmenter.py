"""Segmentation with a trained network: flow networks and baselines."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from torch import nn

from micrographia.arrays import FloatImage, LabelMask
from micrographia.config import Network
from micrographia.io.images import refuse_no_picture
from micrographia.io.resources import find_resource
from micrographia.segmentation.baselines.detections import find_with
from micrographia.segmentation.baselines.registry import BASELINES
from micrographia.segmentation.inference.instances import find
from micrographia.segmentation.inference.tiling import normalise
from micrographia.segmentation.registry import load_network
from micrographia.training.checkpoint import load_checkpoint
from micrographia.training.devices import choose_device, choose_precision


def segment(image: FloatImage, settings: Network, name: str | None = None) -> LabelMask:
    """Find the instances of a micrograph with a trained network.

    Parameters
    ----------
    image
        Grey picture, any range, shape (H, W). NaN and -inf count as its least finite value, inf
        as its largest.
    settings
        Checkpoint, tiles, thresholds.
    name
        Which network the checkpoint must be of, a key of `NETWORKS` or `BASELINES`; None for
        any of `NETWORKS`.

    Returns
    -------
    array
        Label mask, int32: 0 is background, 1…n are instances.

    Raises
    ------
    MicrographiaError
        The array is no grey picture; the checkpoint is absent, damaged or of another network;
        there is no such device.
    """
    refuse_no_picture(image)
    network = load(settings, name)
    normalised = normalise(_finite(image))
    precision = choose_precision(settings.precision, choose_device(settings.device))
    if name in BASELINES:
        detect = BASELINES[name].detector()
        return find_with(detect, network, normalised, settings, precision)
    return find(network, normalised, settings, precision)


def _finite(image: FloatImage) -> FloatImage:
    """A picture without NaN and infinities: one of them would make its percentiles NaN."""
    finite = np.isfinite(image)
    if finite.all():
        return image
    low, high = (image[finite].min(), image[finite].max()) if finite.any() else (0.0, 0.0)
    return np.nan_to_num(image, nan=low, posinf=high, neginf=low)


def load(settings: Network, name: str | None = None) -> nn.Module:
    """Return the network, read from its checkpoint once per process.

    Raises
    ------
    MicrographiaError
        As `segment`.
    """
    return _network(str(find_resource(settings.checkpoint)), settings.device, name)


@lru_cache(maxsize=2)
def _network(path: str, device: str, name: str | None) -> nn.Module:
    return load_network(load_checkpoint(path), name).to(choose_device(device))


def seen_in_training(settings: Network) -> dict[str, str]:
    """Return "train" or "validation" by the `image_id` of each picture that a card lists.

    Raises
    ------
    MicrographiaError
        The checkpoint is absent or damaged.
    """
    card = _card(str(find_resource(settings.checkpoint)))
    seen = card.get("data", {}).get("seen", {})
    return {name: split for split, names in seen.items() for name in names}


@lru_cache(maxsize=2)
def _card(path: str) -> dict[str, Any]:
    return load_checkpoint(path).card
