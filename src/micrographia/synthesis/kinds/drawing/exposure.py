"""From the ideal picture to what the microscope stores: faults, noise, grey levels, banner."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image

from micrographia.arrays import FloatImage, GreyImage
from micrographia.synthesis.kinds.drawing.fields import smooth
from micrographia.synthesis.kinds.drawing.lot import Lot
from micrographia.synthesis.procedural import annotation_bar
from micrographia.synthesis.procedural.rendering import charging, record, shading


def expose(ideal: FloatImage, lot: Lot, *, scanning: bool) -> GreyImage:
    """Record an ideal picture: gradient, charging, focus, astigmatism, contrast, noise.

    Parameters
    ----------
    ideal
        Brightness in any range, shape (size, size).
    lot
        Source of randomness.
    scanning
        Whether a scanning microscope took it (charging, line jitter).
    """
    rng, unit = lot.rng, ideal.shape[0] / 256
    picture = _focused(ideal, lot, unit)
    low, high = np.percentile(picture, [0.5, 99.5])
    dark, bright = lot.between(0.0, 0.22), lot.between(0.62, 1.05)
    flat = lot.chance(0.3)
    lot.note(low_contrast=flat)
    if flat:  # as the operator left it
        middle = lot.between(0.3, 0.6)
        dark, bright = middle - lot.between(0.12, 0.3), middle + lot.between(0.12, 0.3)
    span = max(float(high - low), 0.15 * max(float(picture.mean()), 1e-3))
    picture = dark + (bright - dark) * (picture - low) / np.float32(span)
    picture = np.sign(picture) * np.abs(picture) ** np.float32(lot.between(0.75, 1.3))
    charged = scanning and lot.chance(0.15)
    if charged:
        picture = charging(picture, rng).astype(np.float32)
    jittered = scanning and lot.chance(0.2)
    if jittered:
        picture = _jittered(picture, lot)
    picture = shading(picture.astype(np.float64), rng).astype(np.float32)
    electrons = lot.scale(120, 4000) if scanning else lot.scale(80, 2000)
    lot.note(charging=charged, line_jitter=jittered, electrons_per_pixel=electrons)
    grey = record(
        picture.astype(np.float64), rng, blur=0.3, electrons=electrons, gain=lot.between(0.0, 0.02)
    )
    return _re_encoded(grey, lot)


def banner(pixels: GreyImage, lot: Lot, *, scanning: bool) -> GreyImage:
    """Burn in a scale bar, and at random a letter or an instrument's banner."""
    wide_nm = lot.scale(300, 3e5) if scanning else lot.scale(50, 2000)
    contrast = "sem" if scanning else "tem"
    size = pixels.shape[0]
    plan = annotation_bar.plan(size, wide_nm / size, contrast, lot.rng)
    lot.note(field_of_view_nm=wide_nm, burnt_in=" | ".join(text[2] for text in plan.texts))
    return annotation_bar.draw(pixels, plan)


def _focused(ideal: FloatImage, lot: Lot, unit: float) -> FloatImage:
    """Blur by the probe: wider one way than the other where the stigmator is off."""
    width = lot.scale(0.4, 1.2) * unit
    astigmatic = lot.chance(0.2)
    lot.note(astigmatism=astigmatic)
    if not astigmatic:
        return smooth(ideal, width)
    long = width * lot.between(1.5, 3.0)
    half = int(np.ceil(3 * long))
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float32)
    angle = lot.rng.uniform(0, np.pi)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    kernel = np.exp(-0.5 * ((along / long) ** 2 + (across / width) ** 2)).astype(np.float32)
    blurred = cv2.filter2D(ideal, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, dtype=np.float32)


def _jittered(picture: FloatImage, lot: Lot) -> FloatImage:
    """Shift every line a little, as vibration and drift do."""
    size = picture.shape[0]
    y, x = np.mgrid[:size, :size].astype(np.float32)
    lines = lot.rng.normal(0, lot.between(0.1, 0.5), (size, 1)).astype(np.float32)
    drift = np.linspace(0, lot.rng.normal(0, 4), size, dtype=np.float32)[:, None]
    moved = cv2.remap(
        picture, x + lines + drift, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(moved, dtype=np.float32)


def _re_encoded(grey: GreyImage, lot: Lot) -> GreyImage:
    """Pass some pictures through JPEG, and some through a smaller size, as publishers do."""
    size = grey.shape[0]
    if lot.chance(0.3):
        share = lot.between(0.5, 0.9)
        part = max(int(size * share), 16)
        small = cv2.resize(grey, (part, part), interpolation=cv2.INTER_AREA)
        grey = np.asarray(cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC))
    compressed = lot.chance(0.4)
    lot.note(jpeg=compressed)
    if compressed:
        stream = io.BytesIO()
        Image.fromarray(grey).save(stream, format="JPEG", quality=lot.count(55, 95))
        grey = np.asarray(Image.open(stream))
    return np.asarray(grey, dtype=np.uint8)
