"""The sure text of any picture, for steps that alter or avoid it; and why it is not looked for."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from micrographia.config import Text
from micrographia.io.resources import find_resource

Box = tuple[int, int, int, int]
TextFinder = Callable[[NDArray[Any]], list[Box]]


def why_not(settings: Text) -> str | None:
    """Return why text is not looked for here; None where it can be."""
    if not settings.detect:
        return "the settings say text.detect: false"
    if importlib.util.find_spec("ultralytics") is None:
        return "ultralytics is not installed (extra text-detection)"
    if not find_resource(settings.weights).is_file():
        return f"there is no detector {settings.weights}"
    return None


def text_finder(settings: Text) -> tuple[TextFinder | None, str | None]:
    """Return what finds the sure text regions of a grey picture, or why there is nothing.

    Parameters
    ----------
    settings
        Those of the detector.

    Returns
    -------
    find
        Takes a picture of shape (H, W) and returns boxes x0, y0, x1, y1, ends exclusive [px];
        None where text cannot be looked for.
    reason
        Why not; None where it can.

    Raises
    ------
    MicrographiaError
        The detector is damaged.
    """
    reason = why_not(settings)
    if reason is not None:
        return None, reason
    from micrographia.curation.text.network import load_detector

    detector = load_detector(settings.weights, settings)
    return lambda pixels: [region.box for region in detector(pixels) if region.sure], None
