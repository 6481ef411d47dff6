"""Reader of labels: a small convolutional network that runs with numpy only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from safetensors.numpy import load_file

from micrographia.arrays import Float32Array, FloatArray, RealArray
from micrographia.config import Scale
from micrographia.errors import ConfigError
from micrographia.io.resources import find_resource

#: What is told apart; '?' is any other character. The network's class 0 is "nothing here".
ALPHABET = "0123456789.nmµÅ?"
#: Size of the line that the network sees [px].
HEIGHT, WIDTH = 24, 128
#: (channels, kernel's height, kernel's width, padding's height and width, pooling) per layer.
LAYERS = (
    (16, 3, 3, 1, 1, (2, 2)),
    (32, 3, 3, 1, 1, (2, 1)),
    (48, 3, 3, 1, 1, (2, 1)),
    (96, 3, 3, 0, 1, (1, 1)),
    (96, 1, 5, 0, 2, (1, 1)),
    (96, 1, 5, 0, 2, (1, 1)),
)
_EPSILON = 1e-5


class Reading(NamedTuple):
    """One answer of a reader: the text, and how sure the reader is of it, 0…1."""

    text: str
    probability: float


def normalise(line: RealArray) -> Float32Array:
    """Return a line at the network's size: text bright, 2nd to 98th percentile on 0…1.

    Parameters
    ----------
    line
        Grey crop around one line of text, text brighter than its ground.
    """
    low, high = np.percentile(line, (2, 98))
    unit = np.clip((line - low) / max(float(high - low), 1e-6), 0, 1)
    wide = min(WIDTH, max(8, round(unit.shape[1] * HEIGHT / unit.shape[0])))
    grey = Image.fromarray(np.uint8(np.rint(unit * 255)))
    scaled = grey.resize((wide, HEIGHT), Image.Resampling.BICUBIC)
    out = np.zeros((HEIGHT, WIDTH), np.float32)
    out[:, :wide] = np.asarray(scaled, np.float32) / 255
    return out


class Reader:
    """Reads lines of text.

    Parameters
    ----------
    tensors
        Weights and statistics by name, as `load_reader` finds them.
    """

    def __init__(self, tensors: Mapping[str, RealArray]) -> None:
        weights = {name: np.asarray(value, np.float32) for name, value in tensors.items()}
        self.layers = []
        for number in range(len(LAYERS)):
            name = f"layers.{number}"
            scale = weights[f"{name}.norm.weight"] / np.sqrt(
                weights[f"{name}.norm.running_var"] + _EPSILON
            )
            kernel = weights[f"{name}.conv.weight"] * scale[:, None, None, None]
            offset = weights[f"{name}.norm.bias"] - weights[f"{name}.norm.running_mean"] * scale
            self.layers.append((kernel, offset))
        self.last = (weights["last.weight"], weights["last.bias"])

    def scores(self, lines: Float32Array) -> FloatArray:
        """Return log-probabilities of lines (N, HEIGHT, WIDTH) per step and class."""
        values = lines[:, None]
        for (kernel, offset), (*_, high, wide, pool) in zip(self.layers, LAYERS, strict=True):
            values = np.maximum(_convolve(values, kernel, high, wide) + offset[:, None, None], 0)
            values = _pool(values, pool)
        kernel, offset = self.last
        logits = _convolve(values, kernel, 0, 0) + offset[:, None, None]
        steps = logits[:, :, 0].transpose(0, 2, 1).astype(np.float64)
        steps -= steps.max(axis=2, keepdims=True)
        return np.asarray(steps - np.log(np.exp(steps).sum(axis=2, keepdims=True)))

    def read(self, line: RealArray) -> Reading:
        """Read one line, text brighter than its ground."""
        return decode(self.scores(normalise(line)[None])[0])


def decode(scores: FloatArray) -> Reading:
    """Return the likeliest text of (steps, classes), repeats and blanks dropped.

    Its probability is that of the best path: the product over all steps.

    Examples
    --------
    >>> import numpy as np
    >>> path = np.full((4, len(ALPHABET) + 1), -9.0)
    >>> for step, char in enumerate("55 n"):
    ...     path[step, 0 if char == " " else ALPHABET.index(char) + 1] = 0
    >>> decode(path).text
    '5n'
    """
    best = scores.argmax(axis=1)
    first = np.r_[True, best[1:] != best[:-1]]
    text = "".join(ALPHABET[index - 1] for index in best[first] if index)
    return Reading(text, float(np.exp(scores.max(axis=1).sum())))


def score_many(reader: Reader, lines: Float32Array) -> list[FloatArray]:
    """Return `Reader.scores` of each line, a few at a time to bound memory."""
    return [
        steps
        for start in range(0, len(lines), 32)
        for steps in reader.scores(lines[start : start + 32])
    ]


def load_reader(path: str | Path) -> Reader:
    """Load the reader's weights.

    Raises
    ------
    ConfigError
        The file is absent or holds another network.
    """
    file = find_resource(path)
    remedy = f"Use the shipped reader {Scale().reader}, or train one: curation train-scale"
    if not file.is_file():
        raise ConfigError(f"The reader of scale bars' labels {file} does not exist", remedy=remedy)
    try:
        return Reader(load_file(file))
    except Exception as error:  # safetensors' own error class is not public for every version
        raise ConfigError(f"{file} is not a reader of labels ({error})", remedy=remedy) from error


def _convolve(values: Float32Array, kernel: Float32Array, high: int, wide: int) -> Float32Array:
    padded = np.pad(values, ((0, 0), (0, 0), (high, high), (wide, wide)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[2:], axis=(2, 3))
    return np.asarray(
        np.tensordot(windows, kernel, axes=((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)
    )


def _pool(values: Float32Array, pool: tuple[int, int]) -> Float32Array:
    count, channels, height, width = values.shape
    blocks = values.reshape(count, channels, height // pool[0], pool[0], width // pool[1], pool[1])
    return np.asarray(blocks.max(axis=(3, 5)))
