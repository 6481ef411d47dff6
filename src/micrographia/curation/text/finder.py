"""The sure text of any picture, for steps that alter or avoid it; and why it is not looked for."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from micrographia.config import Text
from micrographia.io.images import to_own_range
from micrographia.io.resources import find_resource

if TYPE_CHECKING:
    from micrographia.curation.text.network import Detector

Box = tuple[int, int, int, int]

#: Confidence from which an instance is a letter. Of 339 true ones in corners of EMPS pictures
#: none was read with more than 0.90.
_LETTER = 0.97


class TextFinder:
    """Finds what is surely text in grey pictures of shape (H, W); boxes have exclusive ends [px].

    Parameters
    ----------
    detector
        The detector.
    """

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    def __call__(self, pixels: NDArray[Any]) -> list[Box]:
        """Return the boxes of the text regions that are sure."""
        return [region.box for region in self._detector(pixels) if region.sure]

    def letters(self, pixels: NDArray[Any], boxes: Sequence[Box]) -> list[Box]:
        """Return those of some boxes in which a letter or digit is read beyond doubt."""
        from micrographia.curation.text.recogniser import read_region

        read = self._detector.read
        if read is None or not boxes:
            return []
        unit = to_own_range(pixels)
        return [box for box in boxes if read_region(unit, box, read).confidence >= _LETTER]


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

    return TextFinder(load_detector(settings.weights, settings)), None
