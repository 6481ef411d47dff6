"""Views of a training picture that differ as micrographs of one subject do."""

from __future__ import annotations

import cv2
import numpy as np

from micrographia.arrays import FloatImage, GreyImage
from micrographia.classification.encoders.encoder import z_scored

#: Aspect, as the natural logarithm of height over width, at most.
_ASPECT = 0.3
#: Shares of the views with each change.
_TONED, _INVERTED, _COARSE, _NOISY, _LABELLED, _COMPRESSED = 0.8, 0.08, 0.3, 0.5, 0.25, 0.3
#: Exponents of grey levels, deviations of noise at most, and qualities of JPEG.
_GAMMA, _NOISE, _QUALITY = (0.5, 2.0), 0.12, (15, 80)


def view(
    pixels: GreyImage, side: int, smallest_crop: float, generator: np.random.Generator
) -> FloatImage:
    """Return a random view of a picture as an encoder's input.

    A crop of any aspect, turned and mirrored; of other tone, rarely inverted; coarser, noisier;
    with the remains of a label or banner; compressed.

    Parameters
    ----------
    pixels
        Grey picture, uint8, shape (H, W).
    side
        Of the view [px].
    smallest_crop
        Least area, as a fraction of the picture's.
    generator
        Of all that is random.

    Returns
    -------
    ndarray
        Of mean 0 and deviation 1, shape (side, side).
    """
    part = _turned(_cropped(pixels, smallest_crop, generator), generator)
    how = cv2.INTER_AREA if min(part.shape) > side else cv2.INTER_CUBIC
    grey = cv2.resize(part, (side, side), interpolation=how).astype(np.float32) / np.float32(255)
    if generator.random() < _COARSE:
        grey = _coarser(grey, generator)
    if generator.random() < _TONED:
        grey = _toned(grey, generator)
    if generator.random() < _INVERTED:
        grey = 1 - grey
    if generator.random() < _NOISY:
        deviation = generator.uniform(0, _NOISE)
        grey = grey + generator.normal(0, deviation, grey.shape).astype(np.float32)
    if generator.random() < _LABELLED:
        _label(grey, generator)
    if generator.random() < _COMPRESSED:
        grey = _compressed(grey, generator)
    return z_scored(np.asarray(grey, dtype=np.float32), side)


def _cropped(pixels: GreyImage, smallest: float, generator: np.random.Generator) -> GreyImage:
    share = np.sqrt(generator.uniform(smallest, 1.0))
    aspect = np.exp(generator.uniform(-_ASPECT, _ASPECT) / 2)
    height, width = (
        min(whole, max(16, round(whole * share * factor)))
        for whole, factor in zip(pixels.shape, (aspect, 1 / aspect), strict=True)
    )
    top = int(generator.integers(pixels.shape[0] - height + 1))
    left = int(generator.integers(pixels.shape[1] - width + 1))
    return pixels[top : top + height, left : left + width]


def _turned(part: GreyImage, generator: np.random.Generator) -> GreyImage:
    turned = np.rot90(part, int(generator.integers(4)))
    return np.ascontiguousarray(turned[:, ::-1] if generator.random() < 0.5 else turned)


def _coarser(grey: FloatImage, generator: np.random.Generator) -> FloatImage:
    """Blur a view, or show it with fewer pixels."""
    if generator.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(grey, (0, 0), generator.uniform(0.4, 1.6)))
    few = max(8, round(len(grey) * generator.uniform(0.4, 0.9)))
    small = cv2.resize(grey, (few, few), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, grey.shape[::-1], interpolation=cv2.INTER_LINEAR))


def _toned(grey: FloatImage, generator: np.random.Generator) -> FloatImage:
    """Change gamma, and clip what is darkest and brightest."""
    low, high = np.quantile(grey[::2, ::2], [generator.uniform(0, 0.03), 1 - generator.uniform(
        0, 0.03)])  # fmt: skip
    tone = np.clip((grey - low) / max(float(high - low), 1e-3), 0, 1)
    gamma = np.exp(generator.uniform(*np.log(_GAMMA)))
    return np.asarray(tone ** np.float32(gamma), dtype=np.float32)


def _label(grey: FloatImage, generator: np.random.Generator) -> None:
    """Cover a corner or an edge by a plain box with strokes, in place."""
    side = len(grey)
    height = round(side * generator.uniform(0.05, 0.15))
    width = side if generator.random() < 0.3 else round(side * generator.uniform(0.1, 0.5))
    top = int(generator.choice([0, side - height]))
    left = int(generator.integers(side - width + 1))
    box = grey[top : top + height, left : left + width]
    ground = float(generator.integers(2))
    if generator.random() < 0.6:
        box[:] = ground
    for _ in range(int(generator.integers(2, 9))):
        y, x = generator.integers(height), generator.integers(width)
        long, tall = generator.integers(1, max(width // 4, 2)), generator.integers(1, 4)
        box[y : y + tall, x : x + long] = 1 - ground


def _compressed(grey: FloatImage, generator: np.random.Generator) -> FloatImage:
    plain = np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)
    quality = int(generator.integers(*_QUALITY))
    _, coded = cv2.imencode(".jpg", plain, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
    assert decoded is not None, "what OpenCV coded it can decode"
    return np.asarray(decoded.astype(np.float32) / np.float32(255))
