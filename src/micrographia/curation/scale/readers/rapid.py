"""RapidOCR, a second reader: other weights, trained on other pictures than the built-in one.

Its networks (PP-OCRv4, Apache-2.0) come in the wheel of `rapidocr-onnxruntime`. Its detector
finds text of any ink, outlined or embossed; its recogniser reads one line. Seen of version 1.4.4:
a small picture is enlarged until its shorter side is 736 px, which breaks labels apart, unless
the limit is of type "max"; the score that comes with a text is high for wrong ones too, so none
is used; blanks go missing; it knows Greek μ, not the micro sign, and no Å, for which it reads A.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from micrographia.arrays import FloatArray, FloatImage, GreyImage
from micrographia.curation.rapidocr import load_engine

LOG = logging.getLogger(__name__)

Box = tuple[int, int, int, int]

#: Characters that labels are made of, as this reader writes them. Class 0 is "nothing here", and
#: the class after the last any other character.
ALPHABET = "0123456789.nmuμÅA "
#: Height of a line that the recogniser sees, and the least width that it is filled up to [px].
_HEIGHT, _LEAST = 48, 320
#: Longest line, relative to its height.
_LONGEST = 30
_EPSILON = 1e-12


class Read(NamedTuple):
    """One line as read.

    Attributes
    ----------
    text
        The likeliest text.
    starts
        Where each of its characters begins, as a share of the line's width.
    scores
        Log-probabilities per step and class of `ALPHABET`.
    """

    text: str
    starts: list[float]
    scores: FloatArray


@cache
def load_rapid() -> Rapid:
    """Load the networks, once in a process."""
    return Rapid()


class Rapid:
    """Detector and recogniser on one thread, so that the same picture gives the same answer."""

    def __init__(self) -> None:
        engine = load_engine()
        self._engine: Any = engine
        self._letters: list[str] = list(engine.text_rec.postprocess_op.character)
        places = {char: at for at, char in enumerate(self._letters)}
        self._known = [0] + [places.get(char, -1) for char in ALPHABET]

    def find(self, grey: GreyImage) -> list[Box]:
        """Return upright boxes of text: x0, y0, x1, y1, ends exclusive [px].

        Parameters
        ----------
        grey
            Picture, uint8.
        """
        found, _ = self._engine(_colour(grey), use_det=True, use_cls=False, use_rec=False)
        boxes = []
        for corners in found or ():
            points = np.asarray(corners, float)
            low, high = np.floor(points.min(axis=0)), np.ceil(points.max(axis=0))
            boxes.append((int(low[0]), int(low[1]), int(high[0]), int(high[1])))
        return boxes

    def read(self, grey: GreyImage) -> Read:
        """Read one line of text, light or dark.

        Parameters
        ----------
        grey
            Crop around the line, uint8.
        """
        share = min(grey.shape[1] / grey.shape[0], _LONGEST)
        wide = max(int(np.ceil(_HEIGHT * share)), 1)
        line = np.asarray(
            Image.fromarray(grey).resize((wide, _HEIGHT), Image.Resampling.BILINEAR), np.float32
        )
        filled = np.zeros((1, 3, _HEIGHT, max(wide, _LEAST)), np.float32)
        filled[0, :, :, :wide] = line / 127.5 - 1
        chances = np.asarray(self._engine.text_rec.session(filled)[0][0], np.float64)
        best = chances.argmax(axis=1)
        first = np.flatnonzero(np.r_[True, best[1:] != best[:-1]] & (best > 0))
        text = "".join(self._letters[best[step]] for step in first)
        places = [float(step) * filled.shape[3] / (len(best) * wide) for step in first]
        return Read(text, places, self._condensed(chances))

    def _condensed(self, chances: FloatArray) -> FloatArray:
        """Return log-probabilities of the characters of labels, and of all others together."""
        here = [chances[:, at] if at >= 0 else np.zeros(len(chances)) for at in self._known]
        named = np.stack(here, axis=1)
        others = np.clip(1 - named.sum(axis=1, keepdims=True), 0, None)
        return np.asarray(np.log(np.concatenate([named, others], axis=1) + _EPSILON))


def as_grey(values: FloatImage, box: Sequence[int] | None = None) -> GreyImage:
    """Return a part of a picture on 0…1 as uint8."""
    part = values if box is None else values[box[1] : box[3], box[0] : box[2]]
    return np.asarray(np.rint(np.clip(part, 0, 1) * 255), np.uint8)


def enlarged(grey: GreyImage, factor: int) -> GreyImage:
    """Return a picture whole times larger."""
    if factor == 1:
        return grey
    size = (grey.shape[1] * factor, grey.shape[0] * factor)
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC))


def _colour(grey: GreyImage) -> GreyImage:
    return np.ascontiguousarray(np.repeat(grey[:, :, None], 3, axis=2))
